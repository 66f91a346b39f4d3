package publish

import (
	"context"
	"slices"
	"strings"
	"time"

	"publisher/content"
	"publisher/internal/config"
	"publisher/internal/ledger"
	"publisher/internal/ledger/engines"
	"publisher/internal/ledger/erasure"
	"publisher/internal/ledger/passstate"
	"publisher/internal/ledger/postgres"
	"publisher/internal/publish/catalog"
	"publisher/internal/publish/delivery"
	"publisher/internal/publish/editions"
	"publisher/internal/publish/report"
	"publisher/internal/publish/subscribers"
	"publisher/internal/publish/syndicate"
	"publisher/templates"
)

// pass is one pass: the order of its steps, and what they report. It works on the ledger
// itself (live), or on a copy of it, where nothing leaves the program.
type pass struct {
	*Publisher
	live      bool
	plans     bool // says what a live one would do
	feedsOnly bool
	daemon    bool // a Daemon's
	start     time.Time
	tree      *content.Tree
	templates *templates.Set // nil until something needs them
	ledger    *ledger.Ledger
	batches   *postgres.Batches // by which several processes deliver; nil if this one does it alone
	memory    *passstate.Own    // set if another process makes the passes, and only the feeds are this one's
	catalog   *catalog.Catalog
	composer  *editions.Composer // nil until something is to be mailed

	interrupted *delivery.Interrupted // set by openMail

	isPrepared bool // all but the mail is done
	prepared   int  // errors that were reported by then

	own    *report.Pass // what the steps report, except of posts
	later  *report.Pass // what later surveys that joined this pass's mail report; nil for none
	joined int          // how many they were
	newest time.Time    // when the newest of them began, or this one
}

// run does the whole pass, in the order that keeps its promises: subscribers before posts get
// numbers, feeds before the mail that links to the site.
func (s *pass) run(ctx context.Context) error {
	err := s.prepare(ctx)
	s.prepared = len(s.own.Errors)
	if err != nil {
		return err
	}
	s.isPrepared = true
	if s.live {
		defer s.pruneMeanwhile(ctx)()
	}
	if err := s.mailAll(ctx); err != nil {
		return err
	}
	n, err := s.ledger.CountSubscribers(ctx, ledger.Active)
	if err != nil {
		return err
	}
	s.own.Subscribers = &n
	return nil
}

// prepare does all of a pass but its mail.
func (s *pass) prepare(ctx context.Context) error {
	if s.live {
		if err := erasure.Finish(ctx, s.ledger); err != nil {
			s.own.Fail(err) // mail and feeds do not depend on it
		}
	}
	if err := s.survey(ctx); err != nil {
		return err
	}
	return s.updateFeeds(ctx)
}

// survey brings subscribers and posts up to date.
func (s *pass) survey(ctx context.Context) error {
	var list subscribers.FileReport
	if !s.feedsOnly {
		var err error
		if list, err = subscribers.NewFile(s.cfg, s.ledger, s.build).Read(ctx, s.start); err != nil {
			return err
		}
		s.own.Warnings = append(s.own.Warnings, list.Warnings...)
		s.own.Missing = list.Missing
		if list.Unread != nil {
			s.own.Fail(list.Unread)
		}
	}
	source := catalog.Source{Config: s.cfg, Tree: s.tree, Ledger: s.ledger, Log: s.log, Build: s.build}
	if s.memory != nil {
		source.Memory = s.memory
	}
	s.catalog = catalog.New(source, s.start)
	if err := s.surveyTree(ctx, catalog.Options{FeedsOnly: s.feedsOnly, NumberNone: list.Unread != nil, LoadAll: !s.live, Follow: s.memory != nil}); err != nil || s.feedsOnly {
		return err
	}
	warnings, err := editions.WarnOfIntro(ctx, s.catalog)
	s.warn(warnings)
	return err
}

// surveyTree brings the posts up to date, and records whose content tree they are from.
func (s *pass) surveyTree(ctx context.Context, o catalog.Options) error {
	if s.plans || s.batches != nil {
		ours, err := engines.TreeIsOurs(ctx, Place(s.cfg), s.ledger)
		if err != nil {
			return err
		}
		o.Strange = !ours
	}
	if err := s.catalog.Survey(ctx, o); err != nil || s.batches == nil {
		return err
	}
	return s.batches.SetTree(ctx)
}

// updateFeeds brings the feeds up to date, and records that all but the mail is done.
func (s *pass) updateFeeds(ctx context.Context) error {
	feeds := syndicate.NewFeeds(s.catalog)
	update := feeds.Update
	if !s.live {
		update = feeds.Plan
	}
	updated, err := update(ctx)
	s.own.Feeds.Written = append(s.own.Feeds.Written, updated.Feeds.Written...)
	s.own.Feeds.Unchanged, s.own.Feeds.Removed = updated.Feeds.Unchanged, updated.Feeds.Removed
	s.own.Fail(updated.Errors...)
	if s.live && len(updated.Feeds.Written)+len(updated.Feeds.Removed) > 0 {
		s.feedsChanged()
	}
	if err != nil || !s.live {
		return err
	}
	if updated.Complete {
		if err := s.catalog.SaveNote(ctx); err != nil {
			return err
		}
	}
	if s.memory != nil {
		return nil
	}
	warnings, err := syndicate.NewHubs(s.cfg, s.ledger).Notify(ctx, s.start)
	s.warn(warnings)
	return err
}

func (s *pass) warn(warnings []report.Warning) { s.own.Warnings = append(s.own.Warnings, warnings...) }

// report returns what the pass has done so far.
func (s *pass) report() *report.Pass {
	r := *s.own
	r.Warnings = slices.Clone(r.Warnings)
	if s.catalog != nil {
		posts := s.catalog.Report()
		r.Posts, r.Held = posts.Counts, posts.Held
		r.Warnings = append(r.Warnings, posts.Warnings...)
	}
	if s.later != nil {
		r.Merge(s.later)
	}
	r.SortWarnings()
	return &r
}

// absorb takes over what a later survey reports, which joined this pass's mail.
func (s *pass) absorb(later *pass) {
	s.newest = later.newest
	if s.later == nil {
		s.later = later.report()
		return
	}
	s.later.Merge(later.report())
}

// Place returns where the ledger is.
func Place(cfg *config.Config) engines.Place {
	return engines.Place{DSN: DSN(cfg), StateDir: cfg.Path(cfg.State.Dir)}
}

// DSN returns the ledger's address with its path made absolute.
func DSN(cfg *config.Config) string {
	if file, ok := strings.CutPrefix(cfg.Ledger, "sqlite:"); ok {
		return "sqlite:" + cfg.Path(file)
	}
	return cfg.Ledger
}
