package main

import (
	"fmt"
	"strings"

	"publisher/internal/config"
	"publisher/internal/publish/report"
)

// reportKind is what a report is about.
type reportKind int

const (
	performed reportKind = iota // what a pass did
	planned                     // what a pass would do
	feedsOnly                   // a pass that wrote feeds and nothing else
)

// printReport prints a report and returns an error that decides the exit code: err, or an
// exitStatus, or nil.
func (u *ui) printReport(cfg *config.Config, r *report.Pass, err error, kind reportKind) error {
	if r == nil {
		return err
	}
	if u.json {
		if jsonErr := u.printJSON(r); jsonErr != nil {
			return jsonErr
		}
	} else {
		u.printWarnings(r.Warnings)
		u.printPosts(cfg, r)
		u.printFeeds(cfg, r, kind)
		if kind != feedsOnly {
			u.printMail(cfg, r, kind)
		}
	}
	for _, fault := range r.Errors {
		for i, line := range strings.Split(fault, "\n") {
			if i == 0 {
				line = "publisher: " + line
			}
			u.note("%s", line)
		}
	}
	switch {
	case err != nil:
		return err
	case kind != planned && r.Unfinished(), len(r.Errors) > 0:
		return exitStatus(exitFailed)
	case r.NeedsPerson():
		return exitStatus(exitHeld)
	}
	return nil
}

func (u *ui) printPosts(cfg *config.Config, r *report.Pass) {
	var news []string
	for _, n := range []struct {
		n    int
		word string
	}{{r.Posts.New, "new"}, {r.Posts.Changed, "changed"}, {r.Posts.Gone, "gone"}, {r.Posts.Invalid, "invalid"}} {
		if n.n > 0 {
			news = append(news, fmt.Sprintf("%d %s", n.n, n.word))
		}
	}
	if len(news) == 0 {
		news = []string{"nothing new"}
	}
	u.print("%s in %s: %s", count(r.Posts.Total, "post"), cfg.Content.Dir, strings.Join(news, ", "))
}

func (u *ui) printFeeds(cfg *config.Config, r *report.Pass, kind reportKind) {
	verb := "wrote"
	if kind == planned {
		verb = "would write"
	}
	if n := len(r.Feeds.Written); n > 0 {
		u.print("feeds: %s %s (%s), %d unchanged", verb, count(n, "file"), some(r.Feeds.Written, 3), r.Feeds.Unchanged)
	} else {
		u.print("feeds: %d unchanged in %s", r.Feeds.Unchanged, cfg.Feeds.Dir)
	}
	if n := len(r.Feeds.Removed); n > 0 {
		u.print("feeds: removed %s (%s): no posts left", count(n, "file"), some(r.Feeds.Removed, 3))
	}
}

func (u *ui) printMail(cfg *config.Config, r *report.Pass, kind reportKind) {
	for _, e := range r.Editions {
		if kind == planned {
			u.printPlannedEdition(e)
		} else {
			u.printEdition(e)
		}
	}
	u.printNotices(r.Notices)
	switch {
	case (len(r.Editions) > 0 || r.Notices != nil) && r.Outbox:
		u.print("      no mail was sent: mail.smtp.host is not set; messages are in %s/", strings.TrimSuffix(cfg.Mail.Outbox, "/"))
	case len(r.Editions) == 0 && r.Subscribers != nil && *r.Subscribers == 0 && r.Notices == nil:
		u.print("mail: no subscribers yet; `publisher subscribers add ADDRESS` adds one")
	case len(r.Editions) == 0 && r.Subscribers != nil:
		u.print("mail: nothing is due for the %s", count(*r.Subscribers, "subscriber"))
	}
	if n := len(r.Held); n > 0 {
		u.print("held: %s at once, more than digest.hold_above (%d): %s", count(n, "new post"), cfg.Digest.HoldAbove, some(r.Held, 3))
		u.print("      `publisher release` puts them all into the next mail, `publisher release POST…` some of them")
	}
	if r.Unfinished() && kind == performed {
		u.print("some deliveries are pending; the next `publisher run` will continue")
	}
}

func (u *ui) printPlannedEdition(e report.Edition) {
	if e.Retries > 0 {
		u.print("mail: would retry %s of edition %d: %s", count(e.Retries, "delivery"), e.Number, e.Subject)
		return
	}
	u.print("mail: would send edition %d (%s, %s, %s) to %s: %s", e.Number, inLanguage(e.Cadence, e.Language),
		contents(e), count(e.Bytes, "byte"), count(e.Recipients, "subscriber"), e.Subject)
}

// contents says what an edition has.
func contents(e report.Edition) string {
	if e.Intro {
		return count(len(e.Posts), "post") + " and digest.intro"
	}
	return count(len(e.Posts), "post")
}

// printNotices prints what became of mails such as those that ask to confirm.
func (u *ui) printNotices(n *report.Notices) {
	if n == nil {
		return
	}
	if n.Due > 0 {
		u.print("mail: would send %s about subscribing", count(n.Due, "mail"))
		return
	}
	u.print("mail: sent %s about subscribing", count(n.Sent, "mail"))
	if n.Deferred+n.Failed+n.Uncertain > 0 {
		u.print("      %d deferred, %d failed, %d uncertain", n.Deferred, n.Failed, n.Uncertain)
	}
}

func (u *ui) printEdition(e report.Edition) {
	if e.Waiting {
		u.print("mail: edition %d: %d deferred, not yet due for a retry; `publisher editions show %d` says why", e.Number, e.Deferred, e.Number)
		return
	}
	sent := fmt.Sprintf("%d of %s", e.Sent, count(e.Recipients, "subscriber"))
	if e.Before > 0 {
		sent = fmt.Sprintf("%d more of %s, %d in all", e.Sent, count(e.Recipients, "subscriber"), e.Before+e.Sent)
	}
	u.print("mail: edition %d (%s, %s) sent to %s: %s", e.Number, inLanguage(e.Cadence, e.Language), contents(e), sent, e.Subject)
	if e.Deferred+e.Failed+e.Uncertain > 0 {
		u.print("      %d deferred, %d failed, %d uncertain; `publisher editions show %d` says why", e.Deferred, e.Failed, e.Uncertain, e.Number)
	}
}
