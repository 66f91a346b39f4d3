package publish

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/publish/report"
)

// Daemon does by itself what cron does with `publisher run`. It looks at the tree
// when told that something changed, at each time that something is due, and
// otherwise every so often; feeds are rewritten then and there. Mail goes out
// beside that, so that a long delivery holds up no feed.
type Daemon struct {
	*Publisher
	ledger *ledger.Ledger
	every  time.Duration
	wait   Wait

	surveys chan *pass // the newest survey that mail has not been sent for yet
	mailed  func()     // told after each survey's mail

	warned map[report.Warning]bool // warnings already logged

	mu     sync.Mutex
	faults map[string]error    // what failed last, by part
	tags   map[string][]string // of the published posts, by language
}

// Wait blocks until the time given, or until changed says that a file did. It
// returns ctx's error when that ends.
type Wait func(ctx context.Context, until time.Time, changed <-chan struct{}) error

// DaemonOptions are what the program around a Daemon provides.
type DaemonOptions struct {
	// Every is the longest time between two looks at the tree; 0: a minute.
	Every time.Duration
	// Wait is how time passes; nil: by the clock.
	Wait Wait
}

// Daemon makes a Daemon on an open ledger, whose lock the caller holds.
func (p *Publisher) Daemon(l *ledger.Ledger, o DaemonOptions) *Daemon {
	d := &Daemon{Publisher: p, ledger: l, every: o.Every, wait: o.Wait, surveys: make(chan *pass, 1),
		mailed: func() {}, faults: map[string]error{}, warned: map[report.Warning]bool{}}
	if d.every == 0 {
		d.every = time.Minute
	}
	if d.wait == nil {
		d.wait = d.waitByClock
	}
	return d
}

// Run works until ctx ends, then lets what is in flight finish. changed says that
// a file of the tree did; nil for never.
func (d *Daemon) Run(ctx context.Context, changed <-chan struct{}) error {
	var mailing sync.WaitGroup
	mailing.Go(func() { d.mailSurveys(ctx) })
	defer mailing.Wait()
	defer close(d.surveys)
	for {
		next := d.look(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err := d.wait(ctx, next, changed); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
	}
}

// look surveys the tree, writes the feeds, hands the survey to the mail, and tells
// when to look again.
func (d *Daemon) look(ctx context.Context) time.Time {
	next := d.now().Add(d.every)
	err := guarded(func() error {
		s, err := d.newPass()
		if err != nil {
			return err
		}
		s.ledger, s.live = d.ledger, true
		err = s.prepare(ctx)
		if tagged := d.learnTags(ctx, s); err != nil || tagged != nil {
			return errors.Join(err, tagged)
		}
		d.logPass(s.report)
		if wake, err := s.wake(ctx); err != nil {
			return err
		} else if wake.Before(next) {
			next = wake
		}
		faults := errors.Join(asErrors(s.report.Errors)...)
		s.report.Errors = nil
		d.hand(s) // from here on it is the mail's
		return faults
	})
	d.note("content and feeds", unlessStopped(ctx, err))
	return next
}

// hand gives a survey to the mail; one that still waits there is superseded.
func (d *Daemon) hand(s *pass) {
	select {
	case <-d.surveys:
	default:
	}
	d.surveys <- s
}

// mailSurveys sends what each survey finds due, one after the other.
func (d *Daemon) mailSurveys(ctx context.Context) {
	for s := range d.surveys {
		if ctx.Err() == nil {
			err := unlessStopped(ctx, guarded(func() error { return s.mail(ctx, d.surveys) }))
			d.logMail(s.report)
			d.note("mail", errors.Join(append(asErrors(s.report.Errors), err)...))
		}
		for range s.joined + 1 {
			d.mailed()
		}
	}
}

// wake is the next time after now at which something comes due: a cadence, a
// retry, a post's date or the end of its settling.
func (s *pass) wake(ctx context.Context) (time.Time, error) {
	now := s.start
	next := now.Add(24 * time.Hour)
	earlier := func(t time.Time) {
		if t.After(now) && t.Before(next) {
			next = t
		}
	}
	for _, cadence := range s.cfg.Digest.Cadences {
		if cadence.Schedule != nil {
			earlier(nextFire(cadence.Schedule, now, s.cfg.Site.Timezone))
		}
	}
	earlier(s.comingOfAge())
	for _, e := range s.entries {
		if e.row.Stage == ledger.New || e.row.Stage == ledger.Released {
			earlier(e.post.ModTime.Add(s.cfg.Digest.Settle))
		}
	}
	hub, hubErr := s.nextHub(ctx)
	earlier(hub)
	retry, err := s.ledger.NextRetry(ctx)
	if err == nil && !retry.IsZero() {
		earlier(retry)
	}
	return next, errors.Join(hubErr, err)
}

func (d *Daemon) waitByClock(ctx context.Context, until time.Time, changed <-chan struct{}) error {
	timer := time.NewTimer(until.Sub(d.now()))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
	case <-changed:
	}
	return nil
}

// Healthy names the parts that failed last and have not gone well since, in words
// that anybody may read.
func (d *Daemon) Healthy() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.faults) == 0 {
		return nil
	}
	parts := slices.Sorted(maps.Keys(d.faults))
	return fmt.Errorf("%s: failing; the log says why", strings.Join(parts, ", "))
}

// Tags are those of the published posts that subscribers with that language get,
// which they may choose from.
func (d *Daemon) Tags(_ context.Context, language string) ([]string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.tags[d.cfg.LanguageOf(language)], nil
}

// learnTags takes the tags of a survey over. A quiet one has the posts of the one
// before, if this process has made it.
func (d *Daemon) learnTags(ctx context.Context, s *pass) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.tags == nil && s.quiet {
		if err := s.recall(ctx); err != nil {
			return err
		}
	}
	if s.surveyed {
		d.tags = s.allTags()
	}
	return nil
}

// allTags lists the tags of published posts by language, each once, case ignored.
func (s *pass) allTags() map[string][]string {
	seen := map[string]map[string]string{}
	for _, e := range s.entries {
		if !s.published(e) || e.post.FeedOnly {
			continue
		}
		language := s.cfg.LanguageOf(e.post.Language)
		if seen[language] == nil {
			seen[language] = map[string]string{}
		}
		for _, tag := range e.post.Tags {
			if _, ok := seen[language][strings.ToLower(tag)]; !ok {
				seen[language][strings.ToLower(tag)] = tag
			}
		}
	}
	tags := map[string][]string{}
	for language, spelt := range seen {
		tags[language] = slices.Sorted(maps.Values(spelt))
	}
	return tags
}

// note logs a part's fault once, and that it is over.
func (d *Daemon) note(part string, err error) {
	d.mu.Lock()
	last := d.faults[part]
	if err == nil {
		delete(d.faults, part)
	} else {
		d.faults[part] = err
	}
	d.mu.Unlock()
	switch {
	case err != nil && (last == nil || last.Error() != err.Error()):
		d.log.Error(part+" failed; trying again", "error", err)
	case err == nil && last != nil:
		d.log.Info(part + " works again")
	}
}

func (d *Daemon) logPass(r *report.Pass) {
	current := map[report.Warning]bool{}
	for _, w := range r.Warnings {
		current[w] = true
		if !d.warned[w] {
			d.log.Warn(w.Message, "file", w.Path, "line", w.Line)
		}
	}
	d.warned = current
	if r.Posts.New+r.Posts.Changed+r.Posts.Gone > 0 {
		d.log.Info("posts", "total", r.Posts.Total, "new", r.Posts.New, "changed", r.Posts.Changed, "gone", r.Posts.Gone)
	}
	if len(r.Feeds.Written) > 0 {
		d.log.Info("feeds", "written", len(r.Feeds.Written), "unchanged", r.Feeds.Unchanged)
	}
	if len(r.Held) > 0 {
		d.log.Warn("posts are held: `publisher release` lets them go", "count", len(r.Held))
	}
}

func (d *Daemon) logMail(r *report.Pass) {
	for _, e := range r.Editions {
		if e.Waiting {
			continue
		}
		d.log.Info("edition", "edition", e.Number, "cadence", e.Cadence, "posts", len(e.Posts), "recipients", e.Recipients,
			"sent", e.Sent, "deferred", e.Deferred, "failed", e.Failed, "uncertain", e.Uncertain)
	}
}

// guarded turns a panic into an error that says where it began: one part's bug
// does not take the others down.
func guarded(do func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("a fault in the program, at %s: %v; please report it", origin(), v)
		}
	}()
	return do()
}

// origin is the place of the panic that is being recovered from.
func origin() string {
	pcs := make([]uintptr, 32)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(4, pcs)])
	for {
		frame, more := frames.Next()
		if frame.Function != "" && frame.Function[:min(8, len(frame.Function))] != "runtime." || !more {
			return fmt.Sprintf("%s (line %d)", frame.Function, frame.Line)
		}
	}
}

func asErrors(texts []string) []error {
	errs := make([]error, len(texts))
	for i, text := range texts {
		errs[i] = errors.New(text)
	}
	return errs
}
