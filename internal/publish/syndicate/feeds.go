// Package syndicate keeps the feeds up to date, and notifies hubs.
package syndicate

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"publisher/content"
	"publisher/content/post"
	"publisher/feed"
	"publisher/internal/config"
	"publisher/internal/ledger"
	"publisher/internal/ledger/passstate"
	"publisher/internal/publish/catalog"
	"publisher/internal/publish/report"
)

// Feeds keeps the feeds of a catalog up to date.
type Feeds struct {
	cfg     *config.Config
	ledger  *ledger.Ledger
	catalog *catalog.Catalog
}

// NewFeeds returns the feeds of a catalog.
func NewFeeds(c *catalog.Catalog) *Feeds { return &Feeds{cfg: c.Config, ledger: c.Ledger, catalog: c} }

// Report is what an update of the feeds did.
type Report struct {
	Feeds report.Feeds
	// Errors are the feeds that could not be written or removed.
	Errors []error
	// Complete is set if every feed was built and written.
	Complete bool
	// Clashes warn of tags whose feeds do not have the address that their name gives.
	Clashes []report.Warning
}

// Update builds the feeds of all published posts, as far as they may have changed, and
// writes those that have. A feed that fails does not keep the others from being written.
func (f *Feeds) Update(ctx context.Context) (Report, error) {
	return f.unlessCurrent(ctx, f.update)
}

// Plan reports what Update would do, and writes nothing.
func (f *Feeds) Plan(ctx context.Context) (Report, error) { return f.unlessCurrent(ctx, f.preview) }

// Check builds all feeds, even if they are up to date, and writes nothing.
func (f *Feeds) Check(ctx context.Context) (Report, error) {
	last, err := f.catalog.Memory.LoadFeedState(ctx)
	if err != nil {
		return Report{}, err
	}
	return f.preview(ctx, last)
}

// unlessCurrent calls build unless all feeds are up to date.
func (f *Feeds) unlessCurrent(ctx context.Context, build func(context.Context, passstate.FeedState) (Report, error)) (Report, error) {
	last, err := f.catalog.Memory.LoadFeedState(ctx)
	if err != nil {
		return Report{}, err
	}
	if !f.catalog.Unchanged() || !f.current(last) {
		return build(ctx, last)
	}
	for _, problem := range catalog.ContentProblems(last.LeftOut) {
		f.catalog.LeaveOut(problem)
	}
	return Report{Feeds: report.Feeds{Unchanged: last.Feeds}, Complete: true}, nil
}

func (f *Feeds) preview(ctx context.Context, last passstate.FeedState) (Report, error) {
	if err := f.catalog.Load(ctx); err != nil {
		return Report{}, err
	}
	memory, err := f.memory(ctx)
	if err != nil {
		return Report{}, err
	}
	result, err := feed.Preview(ctx, f.cfg, f.items(), f.catalog.Render, memory)
	if ctx.Err() != nil {
		return Report{}, ctx.Err()
	}
	r := f.report(result, err)
	for _, old := range last.Files {
		if !slices.ContainsFunc(result.Documents, func(d feed.Document) bool { return d.Path == old.Path }) {
			r.Feeds.Removed = append(r.Feeds.Removed, old.Path)
		}
	}
	return r, nil
}

func (f *Feeds) update(ctx context.Context, last passstate.FeedState) (Report, error) {
	if err := f.catalog.Load(ctx); err != nil {
		return Report{}, err
	}
	memory, err := f.memory(ctx)
	if err != nil {
		return Report{}, err
	}
	previous := feed.Previous{Dependencies: make(map[string]feed.Dependencies, len(last.Dependencies)), Memory: memory, Build: f.catalog.Build, Start: f.catalog.Start()}
	for path, d := range last.Dependencies {
		previous.Dependencies[path] = feed.Dependencies(d)
	}
	var written []feed.Document
	for _, file := range last.Files {
		written = append(written, feed.Document(file.FeedDocument))
		if f.intact(file) {
			previous.Documents = append(previous.Documents, feed.Document(file.FeedDocument))
		}
	}
	result, err := feed.Update(ctx, f.cfg, f.items(), f.catalog.Render, previous)
	if ctx.Err() != nil {
		return Report{}, ctx.Err()
	}
	r := f.report(result, err)
	if err := f.catalog.Memory.SaveFeedNames(ctx, passstate.FeedNames{IDs: result.Memory.IDs, Folders: result.Memory.Tags}); err != nil {
		return r, err
	}
	// The feeds of tags and months that no longer have posts go.
	if r.Feeds.Removed, err = feed.Prune(f.cfg, written, result.Documents); err != nil {
		r.Errors = append(r.Errors, errorsOf(err)...)
	}
	return r, f.catalog.Memory.SaveFeedState(ctx, f.state(result, r.Complete))
}

// report returns what an update reports, and adds the posts that feeds cannot show to the
// catalog's report.
func (f *Feeds) report(result feed.Result, err error) Report {
	for _, l := range result.LeftOut {
		var failed *content.RenderError
		if !errors.As(l.Err, &failed) { // else Render has reported it
			f.catalog.LeaveOut(post.Problem{Path: l.Post, Invalid: true, Message: "the post is left out of feeds: " + l.Err.Error()})
		}
	}
	return Report{Feeds: report.Feeds{Written: result.Written, Unchanged: result.Unchanged}, Errors: errorsOf(err), Complete: err == nil, Clashes: f.clashes(result.Clashes)}
}

// state returns what the next pass has to know. If a feed failed, none counts as intact, so
// that the next pass builds them all.
func (f *Feeds) state(result feed.Result, complete bool) passstate.FeedState {
	next := passstate.FeedState{Settings: f.settings(), Feeds: result.Unchanged + len(result.Written), Files: make([]passstate.FeedFile, len(result.Documents)),
		Dependencies: make(map[string]passstate.Dependencies, len(result.Dependencies)), LeftOut: catalog.LedgerProblems(f.catalog.ProblemsLeftOut())}
	for path, d := range result.Dependencies {
		next.Dependencies[path] = passstate.Dependencies(d)
	}
	for i, doc := range result.Documents {
		next.Files[i].FeedDocument = passstate.FeedDocument(doc)
		if info, err := os.Stat(f.cfg.Path(doc.Path)); err == nil && complete {
			next.Files[i].Size, next.Files[i].Modified = info.Size(), info.ModTime()
		}
	}
	return next
}

// current reports whether the feeds are up to date for posts that have not changed: the
// settings, the files of the feeds, and the files that renderings depend on are the same.
func (f *Feeds) current(last passstate.FeedState) bool {
	if last.Settings != f.settings() || len(last.Files) == 0 && f.cfg.Feeds.RSS+f.cfg.Feeds.Atom+f.cfg.Feeds.JSON != "" {
		return false
	}
	for _, file := range last.Files {
		if !f.intact(file) {
			return false
		}
	}
	for _, d := range last.Dependencies {
		if !feed.Dependencies(d).Unchanged(f.catalog.Start()) {
			return false
		}
	}
	return true
}

// intact reports whether a file of a feed is as it was written.
func (f *Feeds) intact(file passstate.FeedFile) bool {
	info, err := os.Stat(f.cfg.Path(file.Path))
	return err == nil && info.Size() == file.Size && info.ModTime().Equal(file.Modified)
}

// settings returns everything but the posts that decides what is in a feed.
func (f *Feeds) settings() string {
	site := f.cfg.Site
	settings := fmt.Sprintf("%q %q %q %q %q %q %v %+v", f.catalog.Build, site.Title, site.URL, site.Description, site.Language, site.Timezone, site.Author, f.cfg.Feeds)
	for _, l := range f.cfg.Languages {
		settings += fmt.Sprintf(" %q %q %q %q %q", l.Folder, l.Tag, l.Title, l.Description, l.URL)
	}
	return settings
}

func (f *Feeds) items() []feed.Item {
	var items []feed.Item
	for _, e := range f.catalog.Entries() {
		if f.catalog.Published(e) && !e.Post.MailOnly {
			items = append(items, feed.Item{Post: e.Post, ID: e.Row.ID, FirstSeen: e.Row.FirstSeen, Updated: Updated(e)})
		}
	}
	return items
}

// Updated returns the author's lastmod, or when an edit was first seen, or the date.
func Updated(e catalog.Entry) time.Time {
	switch {
	case !e.Post.Updated.IsZero():
		return e.Post.Updated
	case !e.Row.Updated.IsZero() && e.Row.Updated.After(e.Post.Date):
		return e.Row.Updated.Truncate(time.Second).In(e.Post.Date.Location())
	}
	return e.Post.Date
}

// memory returns the ids of Atom feeds and the folders of tag feeds, which never change once
// they are in use.
func (f *Feeds) memory(ctx context.Context) (feed.Memory, error) {
	names, err := passstate.LoadFeedNames(ctx, f.ledger)
	return feed.Memory{IDs: names.IDs, Tags: names.Folders}, err
}

func (f *Feeds) clashes(clashes []feed.Clash) []report.Warning {
	var warnings []report.Warning
	for _, c := range clashes {
		owner := " are"
		if c.Earlier {
			owner = ", which came first, stay"
		}
		warnings = append(warnings, report.Warning{Path: f.cfg.File, Message: fmt.Sprintf(
			"feeds.tags: two tags make one address: the feeds of %q%s in %s/, and those of %q in %s/; give both posts one spelling if they mean the same", c.Owner, owner, c.Taken, c.Tag, c.Dir)})
	}
	return warnings
}

// errorsOf takes joined errors apart.
func errorsOf(err error) []error {
	if err == nil {
		return nil
	}
	var joined interface{ Unwrap() []error }
	if errors.As(err, &joined) {
		return joined.Unwrap()
	}
	return []error{err}
}
