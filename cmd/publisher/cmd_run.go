package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"publisher/internal/config"
	"publisher/internal/publish"
)

func (a *app) runCommand() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:   "run",
		Short: "One pass: scan, write feeds, mail the digests that are due",
		Long: `One pass, for cron or by hand: finds what is new in the content tree, writes the
feeds that changed, and mails each subscriber the posts that are due. Safe to
repeat: what was done is remembered, and what was cut short is carried on.`,
		Example: "  publisher run\n  */15 * * * *  cd /srv/blog && publisher run      (in a crontab)",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			show, done := a.progressLine()
			p, cfg, err := a.publisher(show)
			if err != nil {
				return err
			}
			report, err := p.Run(c.Context(), "publisher run")
			done()
			return a.report(cfg, report, err, did)
		},
	})
}

func (a *app) planCommand() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:     "plan",
		Short:   "What run would do now, changing nothing",
		Example: "  publisher plan\n  publisher plan --json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			p, cfg, err := a.publisher(nil)
			if err != nil {
				return err
			}
			report, err := p.Plan(c.Context())
			return a.report(cfg, report, err, would)
		},
	})
}

func (a *app) feedsCommand() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:   "feeds",
		Short: "Write the feeds only",
		Long: `Scans the content tree and writes the feeds that changed. Mails nothing, and
leaves it to the first run to decide which posts are new.`,
		Example: "  publisher feeds",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			p, cfg, err := a.publisher(nil)
			if err != nil {
				return err
			}
			report, err := p.Feeds(c.Context(), "publisher feeds")
			return a.report(cfg, report, err, wrote)
		},
	})
}

// mood is whether a report tells what was done, or what would be.
type mood int

const (
	did mood = iota
	would
	wrote // feeds alone
)

// report prints what a pass did and decides the exit code.
func (a *app) report(cfg *config.Config, r *publish.Report, err error, m mood) error {
	if r == nil {
		return err
	}
	if a.json {
		if jsonErr := a.printJSON(r); jsonErr != nil {
			return jsonErr
		}
	} else {
		a.warn(r.Warnings)
		a.sayPosts(cfg, r)
		a.sayFeeds(cfg, r, m)
		if m != wrote {
			a.sayMail(cfg, r, m)
		}
	}
	for _, fault := range r.Errors {
		a.hint("publisher: %s", fault)
	}
	switch {
	case err != nil:
		return err
	case m != would && r.Unfinished(), len(r.Errors) > 0:
		a.exit = exitFailed
	case r.NeedsPerson():
		a.exit = exitHeld
	}
	return nil
}

func (a *app) sayPosts(cfg *config.Config, r *publish.Report) {
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
	a.say("%s in %s: %s", count(r.Posts.Total, "post"), cfg.Content.Dir, strings.Join(news, ", "))
}

func (a *app) sayFeeds(cfg *config.Config, r *publish.Report, m mood) {
	verb := "wrote"
	if m == would {
		verb = "would write"
	}
	if n := len(r.Feeds.Written); n > 0 {
		a.say("feeds: %s %s (%s), %d unchanged", verb, count(n, "file"), some(r.Feeds.Written, 3), r.Feeds.Unchanged)
	} else {
		a.say("feeds: %d unchanged in %s", r.Feeds.Unchanged, cfg.Feeds.Dir)
	}
	if n := len(r.Feeds.Removed); n > 0 {
		a.say("feeds: removed %s that no post is left of (%s)", count(n, "file"), some(r.Feeds.Removed, 3))
	}
}

func (a *app) sayMail(cfg *config.Config, r *publish.Report, m mood) {
	for _, e := range r.Editions {
		if m == would && e.Retries > 0 {
			a.say("mail: would try %s of edition %d again: %s", count(e.Retries, "delivery"), e.Number, e.Subject)
			continue
		}
		if m == would {
			a.say("mail: would send edition %d (%s, %s, %d bytes) to %s: %s", e.Number, inLanguage(e.Cadence, e.Language), count(len(e.Posts), "post"), e.Bytes, count(e.Recipients, "subscriber"), e.Subject)
			continue
		}
		if e.Waiting {
			a.say("mail: edition %d: %d deferred, not due for another try yet; `publisher editions show %d` says why", e.Number, e.Deferred, e.Number)
			continue
		}
		sent := fmt.Sprintf("%d of %s", e.Sent, count(e.Recipients, "subscriber"))
		if e.Before > 0 {
			sent = fmt.Sprintf("%d more of %s, %d in all", e.Sent, count(e.Recipients, "subscriber"), e.Before+e.Sent)
		}
		a.say("mail: edition %d (%s, %s) sent to %s: %s", e.Number, inLanguage(e.Cadence, e.Language), count(len(e.Posts), "post"), sent, e.Subject)
		if e.Deferred+e.Failed+e.Uncertain > 0 {
			a.say("      %d deferred, %d failed, %d uncertain; `publisher editions show %d` says why", e.Deferred, e.Failed, e.Uncertain, e.Number)
		}
	}
	switch {
	case len(r.Editions) > 0 && r.Outbox:
		a.say("      nobody was mailed: mail.smtp.host is empty, so the messages are in %s/", strings.TrimSuffix(cfg.Mail.Outbox, "/"))
	case len(r.Editions) == 0 && r.Subscribers != nil && *r.Subscribers == 0:
		a.say("mail: nobody subscribes yet; `publisher subscribers add ADDRESS` adds one")
	case len(r.Editions) == 0 && r.Subscribers != nil:
		a.say("mail: nothing is due for the %s", count(*r.Subscribers, "subscriber"))
	}
	if n := len(r.Held); n > 0 {
		a.say("held: %s came at once, more than digest.hold_above (%d): %s", count(n, "new post"), cfg.Digest.HoldAbove, some(r.Held, 3))
		a.say("      `publisher release` lets them all go into the next mail, `publisher release POST…` some of them")
	}
	if r.Unfinished() && m == did {
		a.say("not all is done; the next `publisher run` carries on")
	}
}
