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
	"publisher/internal/ledger/postgres"
	"publisher/internal/panics"
	"publisher/internal/publish/delivery"
	"publisher/internal/publish/editions"
	"publisher/internal/publish/report"
	"publisher/internal/publish/syndicate"
	"publisher/mailer/bounce"
)

// Daemon does by itself what cron does with `publisher run`. It looks at the tree when a file
// has changed, when something is due, and otherwise every so often, and updates the feeds
// right then. Mail goes out beside that, so that a long delivery delays no feed.
type Daemon struct {
	*Publisher
	ledger  *ledger.Ledger
	batches *postgres.Batches
	every   time.Duration
	wait    Wait

	surveys chan *pass // the newest survey that mail has not been sent for yet
	woken   chan struct{}
	poll    time.Duration
	mailed  func() // called after each survey's mail

	warned map[report.Warning]bool // warnings already logged

	mu     sync.Mutex
	faults map[string]error    // the last error of each part that fails
	tags   map[string][]string // of the published posts, by language

	storing sync.Mutex
	kept    map[string]string // the messages in the ledger of what fails, as far as known
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
	// Batches hand the mail out to several processes, of which this is one; nil if it is the only one.
	Batches *postgres.Batches
}

// Daemon returns a Daemon on an open ledger, whose lock the caller holds.
func (p *Publisher) Daemon(l *ledger.Ledger, o DaemonOptions) *Daemon {
	d := &Daemon{Publisher: p, ledger: l, batches: o.Batches, every: o.Every, wait: o.Wait, surveys: make(chan *pass, 1), woken: make(chan struct{}, 1), poll: o.Poll,
		mailed: func() {}, faults: map[string]error{}, kept: map[string]string{}, warned: map[report.Warning]bool{}}
	if d.every == 0 {
		d.every = time.Minute
	}
	if d.wait == nil {
		d.wait = d.waitByClock
	}
	return d
}

// WhenFeedsChange has f called after feeds were written, before hubs hear of them. It must be
// called before Run.
func (d *Daemon) WhenFeedsChange(f func()) { d.feedsChanged = f }

// Run works until ctx ends, then lets deliveries in flight finish. changed receives when a
// file of the tree has changed; nil for never.
func (d *Daemon) Run(ctx context.Context, changed <-chan struct{}) error {
	m, err := d.newMailing(ctx, d.ledger, d.poll, func(err error) { d.note(partSignUps, err) })
	if err != nil {
		return err
	}
	m.woken, m.batches = d.woken, d.batches
	if d.cfg.Mail.Mailbox == nil {
		d.keepFault(partMailbox, nil)
	}
	if d.cfg.LedgerKeep == 0 {
		d.keepFault(partPruning, nil)
	}
	defer m.close()
	m.note(unlessStopped(ctx, m.start(ctx)))
	var mailing sync.WaitGroup
	mailing.Go(func() { m.watchNotices(ctx) })
	mailing.Go(func() { d.sendMail(ctx, m) })
	mailing.Go(func() { d.readMailbox(ctx) })
	mailing.Go(func() { d.pruneOften(ctx) })
	if d.batches != nil {
		mailing.Go(func() {
			d.note("working", unlessStopped(ctx, d.work(ctx, func(err error) { d.note("the mail server", err) })))
		})
	}
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

// look surveys the tree, updates the feeds, hands the survey over for its mail, and returns
// when to look again.
func (d *Daemon) look(ctx context.Context) time.Time {
	next := d.now().Add(d.every)
	err := panics.Catch(func() error {
		s, err := d.newPass()
		if err != nil {
			return err
		}
		s.ledger, s.batches, s.live, s.daemon = d.ledger, d.batches, true, true
		err = s.prepare(ctx)
		if tagged := d.learnTags(ctx, s); err != nil || tagged != nil {
			return errors.Join(err, tagged)
		}
		r := s.report()
		d.logPass(r)
		d.count(s, r)
		kept := s.saveLastPass(ctx, "serve")
		if wake, err := s.wake(ctx); err != nil {
			return err
		} else if wake.Before(next) {
			next = wake
		}
		s.own.Errors = nil // reported here, once
		d.hand(s)          // from here on mailSurveys owns it
		return errors.Join(append(asErrors(r.Errors), kept)...)
	})
	d.note(partContent, unlessStopped(ctx, err))
	return next
}

// hand hands a survey over for its mail; one that still waits is replaced.
func (d *Daemon) hand(s *pass) {
	select {
	case <-d.surveys:
	default:
	}
	d.surveys <- s
}

// Wake has new sign-ups looked at, and notices sent, at once. It can be called at any time.
func (d *Daemon) Wake() {
	select {
	case d.woken <- struct{}{}:
	default:
	}
}

const (
	// firstRest is how long notices alone start no delivery after one failed, mostly because the
	// mail server cannot be used; it doubles each time, up to lastRest.
	firstRest, lastRest = 5 * time.Second, time.Minute
)

// sendMail sends what surveys find due and the notices that become due, until the surveys end.
func (d *Daemon) sendMail(ctx context.Context, m *mailing) {
	pause := firstRest
	var rest <-chan time.Time // nil: notices can be sent
	for {
		refilled := m.notices.Refilled()
		if rest != nil {
			refilled = nil
		}
		var s *pass
		select {
		case next, more := <-d.surveys:
			if !more {
				return
			}
			s = next
		case <-refilled:
		case <-rest:
			rest = nil
		}
		if s == nil && (ctx.Err() != nil || !m.notices.Pending()) {
			continue
		}
		if d.deliver(ctx, m, s) {
			pause = firstRest
		} else if rest == nil {
			rest = time.After(pause)
			pause = min(2*pause, lastRest)
		}
	}
}

// deliver sends the mail of a survey, or only notices if it is nil. It reports whether it could.
func (d *Daemon) deliver(ctx context.Context, m *mailing, s *pass) (ok bool) {
	if ctx.Err() == nil {
		err := panics.Catch(func() (err error) {
			s, err = m.deliver(ctx, s, d.surveys)
			return err
		})
		err = unlessStopped(ctx, err)
		ok = err == nil && !m.refused
		var faults []error
		if s != nil {
			r := s.report()
			d.logMail(r)
			faults = asErrors(r.Errors)
		}
		d.note(partMail, errors.Join(append(faults, err)...))
	}
	if s != nil {
		for range s.joined + 1 {
			d.mailed()
		}
	}
	return ok
}

// TakeEvent handles what a mail service reports; see delivery.Bounces.TakeEvent.
func (d *Daemon) TakeEvent(ctx context.Context, event *bounce.Report) error {
	b, err := delivery.NewBounces(d.cfg, d.ledger, d.log, d.now).TakeEvent(ctx, event)
	if err == nil {
		d.log.Info("a mail service reports", "is", b.Kind.String(), "subscriber", b.Subscriber, "status", b.Status, "ended", b.Ended, "stale", b.Stale)
	}
	return err
}

// mailboxPause is how often the mailbox of mail.bounces is read.
const mailboxPause = 5 * time.Minute

// readMailbox reads the mailbox of mail.bounces every so often until ctx ends, beside the
// passes, so that a server that is slow delays no mail.
func (d *Daemon) readMailbox(ctx context.Context) {
	for d.cfg.Mail.Mailbox != nil && ctx.Err() == nil {
		err := panics.Catch(func() error {
			r, err := delivery.NewBounces(d.cfg, d.ledger, d.log, d.now).ReadMailbox(ctx)
			for _, w := range r.Warnings {
				d.log.Warn(w.Message, "file", w.Path)
			}
			if r.Mails > 0 { // somebody may have signed up or confirmed
				d.Wake()
			}
			return errors.Join(append(r.Errors, err)...)
		})
		d.note(partMailbox, unlessStopped(ctx, err))
		if err := d.wait(ctx, d.now().Add(mailboxPause), nil); err != nil {
			return
		}
	}
}

// wake returns the next time after now at which something is due: a cadence, a retry, a
// post's date, or the end of its settling or of a subscriber's pause.
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
			earlier(editions.NextFire(cadence.Schedule, now, s.cfg.Site.Timezone))
		}
	}
	earlier(s.catalog.NextPostEvent())
	s.catalog.NextSettled(earlier)
	hub, hubErr := syndicate.NewHubs(s.cfg, s.ledger).NextTry(ctx)
	earlier(hub)
	retry, err := s.ledger.NextRetry(ctx)
	if err == nil && !retry.IsZero() {
		earlier(retry)
	}
	paused, pauseErr := s.ledger.NextPauseEnd(ctx, now)
	earlier(paused)
	return next, errors.Join(hubErr, err, pauseErr)
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
	d.keepFault(part, err)
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
	if ctx.Err() != nil && (errors.Is(err, context.Canceled) || errors.Is(err, context.Cause(ctx))) {
		return nil
	}
	return err
}
