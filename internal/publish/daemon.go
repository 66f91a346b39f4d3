package publish

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"publisher/internal/hint"
	"publisher/internal/ledger"
	"publisher/internal/publish/delivery"
	"publisher/internal/publish/report"
	"publisher/mailer/bounce"
)

// Daemon does by itself what cron does with `publisher run`. It looks at the tree when a file
// has changed, when something is due, and otherwise every so often, and updates the feeds
// right then. Mail goes out beside that, so that a long delivery delays no feed.
//
// Of several daemons that share a ledger, one leads: see roles.go.
type Daemon struct {
	*Publisher
	ledger *ledger.Ledger // in which anybody may store something who does not make the passes
	lease  Lease          // nil: there is no other daemon
	begin  func()         // has this process deliver, as one of several
	every  time.Duration
	wait   Wait

	poll   time.Duration
	mailed func(looked time.Time)

	warned map[report.Warning]bool // warnings already logged

	mu     sync.Mutex
	leads  bool                // of several processes, this one makes the passes
	faults map[string]error    // the last error of each part that fails
	tags   map[string][]string // of the published posts, by language
}

// Wait blocks until the time given, or until changed says that a file has changed. It returns
// ctx's error when ctx ends.
type Wait func(ctx context.Context, until time.Time, changed <-chan struct{}) error

// DaemonOptions are what the program around a Daemon provides.
type DaemonOptions struct {
	// Every is the longest time between two looks at the tree; 0 for a minute.
	Every time.Duration
	// Wait is how time passes; nil for by the clock.
	Wait Wait
	// Poll is how often the ledger is asked for notices without Wake; 0 for two seconds.
	Poll time.Duration
	// Mailed is called when what a look at the tree found due has been mailed, with when that look
	// began; nil for nothing.
	Mailed func(looked time.Time)
	// Lease makes this process lead others with the same ledger; nil if there are none.
	Lease Lease
}

// Daemon returns a Daemon on an open ledger. Without a lease, the caller holds its lock.
func (p *Publisher) Daemon(l *ledger.Ledger, o DaemonOptions) *Daemon {
	d := &Daemon{Publisher: p, ledger: l, lease: o.Lease, every: o.Every, wait: o.Wait, poll: o.Poll,
		mailed: o.Mailed, faults: map[string]error{}, warned: map[report.Warning]bool{}}
	if d.every == 0 {
		d.every = time.Minute
	}
	if d.wait == nil {
		d.wait = d.waitByClock
	}
	if d.mailed == nil {
		d.mailed = func(time.Time) {}
	}
	return d
}

// WhenFeedsChange has f called after feeds were written, before hubs hear of them. It must be
// called before Run.
func (d *Daemon) WhenFeedsChange(f func()) { d.feedsChanged = f }

// Run works until ctx ends, then lets deliveries in flight finish. changed receives when a
// file of the tree has changed; nil for never.
func (d *Daemon) Run(ctx context.Context, changed <-chan struct{}) error {
	if d.lease != nil {
		return d.runShared(ctx, changed)
	}
	return d.newTerm(d.ledger, nil).run(ctx, changed)
}

// Wake has new sign-ups looked at, and notices sent, at once. It can be called at any time.
func (d *Daemon) Wake() {
	select {
	case d.woken <- struct{}{}:
	default:
	}
}

// TakeEvent handles what a mail service reports; see delivery.Bounces.TakeEvent.
func (d *Daemon) TakeEvent(ctx context.Context, event *bounce.Report) error {
	b, err := delivery.NewBounces(d.cfg, d.ledger, d.log, d.now).TakeEvent(ctx, event)
	if err == nil {
		d.log.Info("a mail service reports", "is", b.Kind.String(), "subscriber", b.Subscriber, "status", b.Status, "ended", b.Ended, "stale", b.Stale)
	}
	return err
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

// Healthy returns an error that names the parts that have failed and not worked since, in
// words that anybody may read.
func (d *Daemon) Healthy() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.faults) == 0 {
		return nil
	}
	parts := slices.Sorted(maps.Keys(d.faults))
	return fmt.Errorf("%s: failing; the log says why", strings.Join(parts, ", "))
}

// Tags returns the tags of the published posts in a language, which its subscribers may
// choose from.
func (d *Daemon) Tags(_ context.Context, language string) ([]string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.tags[d.cfg.LanguageOf(language)], nil
}

// learnTags takes the tags of a survey. One that found nothing changed has those of the
// previous one, if this process made it.
func (d *Daemon) learnTags(ctx context.Context, s *pass) error {
	if s.catalog == nil {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.tags == nil && s.catalog.Unchanged() {
		if err := s.catalog.Load(ctx); err != nil {
			return err
		}
	}
	if s.catalog.Loaded() {
		d.tags = s.catalog.Tags()
	}
	return nil
}

// note logs once that a part fails, and that it works again.
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

func asErrors(texts []string) []error {
	errs := make([]error, len(texts))
	for i, text := range texts {
		errs[i] = hint.Parse(text)
	}
	return errs
}

// unlessStopped returns err, or nil if it only says that ctx has ended: the next start
// continues.
func unlessStopped(ctx context.Context, err error) error {
	if ctx.Err() != nil && (errors.Is(err, context.Canceled) || errors.Is(err, context.Cause(ctx)) || isLocked(context.Cause(ctx)) && isLocked(err)) {
		return nil
	}
	return err
}
