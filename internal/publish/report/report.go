// Package report holds what a pass reports, in the form that programs read: its JSON does not
// change.
package report

import (
	"cmp"
	"slices"

	"publisher/internal/hint"
)

// Pass is what a pass did, or for a plan would do. Its JSON must not change.
type Pass struct {
	Posts    Posts     `json:"posts"`
	Feeds    Feeds     `json:"feeds"`
	Editions []Edition `json:"editions"`
	Warnings []Warning `json:"warnings"`
	// Held are the posts that the flood guard holds; a person has to release them.
	Held []string `json:"held,omitempty"`
	// Missing counts rows gone from subscribers.file that were not acted on.
	Missing int `json:"missing_subscribers,omitempty"`
	// Outbox says that the mail is in the outbox: nothing was sent.
	Outbox bool `json:"outbox,omitempty"`
	// Subscribers counts the active ones after the pass; nil if the pass did not get that far.
	Subscribers *int `json:"subscribers,omitempty"`
	// Notices counts the mails that are not digests, such as those that ask to confirm; nil if
	// there was none.
	Notices *Notices `json:"notices,omitempty"`
	// Errors are what failed without stopping the pass; another run tries again.
	Errors []string `json:"errors,omitempty"`
}

// Notices counts mails to one person each.
type Notices struct {
	Sent      int `json:"sent"`
	Deferred  int `json:"deferred"`
	Failed    int `json:"failed"`
	Uncertain int `json:"uncertain"`
	// Due counts, in a plan, those that would be sent.
	Due int `json:"due,omitempty"`
}

// Posts counts posts, and what the pass found of them.
type Posts struct {
	Total   int `json:"total"`
	New     int `json:"new"`
	Changed int `json:"changed"`
	Gone    int `json:"gone"`
	Invalid int `json:"invalid"`
}

// Feeds lists feed files by path, relative to config.yaml's folder.
type Feeds struct {
	Written   []string `json:"written"`
	Unchanged int      `json:"unchanged"`
	Removed   []string `json:"removed,omitempty"`
}

// Edition is one edition as far as the pass delivered it. Recipients to whom nothing was sent
// yet count as deferred.
type Edition struct {
	Number     int64    `json:"number"`
	Cadence    string   `json:"cadence"`
	Language   string   `json:"language,omitempty"` // "" if the site has one language
	Subject    string   `json:"subject"`
	Posts      []string `json:"posts"`
	Intro      bool     `json:"intro,omitempty"` // has the owner's words (digest.intro)
	Recipients int      `json:"recipients"`
	Sent       int      `json:"sent"`
	Deferred   int      `json:"deferred"`
	Failed     int      `json:"failed"`
	Uncertain  int      `json:"uncertain"`
	// Resent counts deliveries that are sent again although the server may have accepted them:
	// those found at the start, which are among Uncertain, and later ones.
	Resent int `json:"resent,omitempty"`
	// Before counts the recipients to whom earlier passes sent it.
	Before int `json:"sent_before,omitempty"`
	// Bytes is the size of the decoded HTML part that most recipients get.
	Bytes int `json:"bytes,omitempty"`
	// Retries counts, in a plan, the deliveries that would be tried again.
	Retries int `json:"retries,omitempty"`
	// Waiting says that nothing was tried: no retry was due yet.
	Waiting bool `json:"waiting,omitempty"`
}

// Warning is something for a person to fix that did not stop the pass.
type Warning struct {
	Path    string `json:"path"`
	Line    int    `json:"line"`
	Message string `json:"message"`
}

// New returns the report of a pass that has done nothing yet.
func New() *Pass {
	return &Pass{Feeds: Feeds{Written: []string{}}, Editions: []Edition{}, Warnings: []Warning{}}
}

// Unfinished reports whether something failed, or was left for the next pass.
func (r *Pass) Unfinished() bool {
	return len(r.Errors) > 0 || slices.ContainsFunc(r.Editions, func(e Edition) bool {
		return e.Deferred > 0 || e.Uncertain > e.Resent
	})
}

// NeedsPerson reports whether something waits for a person's decision.
func (r *Pass) NeedsPerson() bool { return len(r.Held) > 0 || r.Missing > 0 }

// Fail adds errors, as hint.Text has them.
func (r *Pass) Fail(errs ...error) {
	for _, err := range errs {
		r.Errors = append(r.Errors, hint.Text(err))
	}
}

// SortWarnings sorts the warnings by place, and removes duplicates.
func (r *Pass) SortWarnings() {
	slices.SortStableFunc(r.Warnings, func(a, b Warning) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line))
	})
	r.Warnings = slices.Compact(r.Warnings)
}

// Merge adds what a later survey of the same pass reports.
func (r *Pass) Merge(later *Pass) {
	r.Warnings = append(r.Warnings, later.Warnings...)
	r.Errors = append(r.Errors, later.Errors...)
	r.Posts.Total, r.Posts.Invalid = later.Posts.Total, later.Posts.Invalid
	r.Posts.New += later.Posts.New
	r.Posts.Changed += later.Posts.Changed
	r.Posts.Gone += later.Posts.Gone
	r.Feeds.Written = append(r.Feeds.Written, later.Feeds.Written...)
	r.Feeds.Removed = append(r.Feeds.Removed, later.Feeds.Removed...)
	r.Held, r.Missing = later.Held, later.Missing
}
