package publish

import (
	"context"
	"errors"
	"sync"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/postgres"
	"publisher/internal/panics"
	"publisher/internal/publish/delivery"
	"publisher/internal/publish/editions"
	"publisher/internal/publish/syndicate"
)

// term is a time during which a daemon makes the passes: always, unless there are others with the same
// ledger.
type term struct {
	*Daemon
	ledger  *ledger.Ledger
	batches *postgres.Batches // by which several processes deliver; nil if this one does it alone
	surveys chan *pass        // the newest survey that mail has not been sent for yet
	lose    func()            // ends the term, since another process makes the passes
	again   chan struct{}     // receives when something is to be tried again before its time

	storing sync.Mutex
	kept    map[string]string // the messages in the ledger of what fails, as far as known
}

func (d *Daemon) newTerm(l *ledger.Ledger, b *postgres.Batches) *term {
	return &term{Daemon: d, ledger: l, batches: b, surveys: make(chan *pass, 1), lose: func() {}, again: make(chan struct{}, 1), kept: map[string]string{}}
}

// run makes the passes until ctx ends, then lets deliveries in flight finish.
func (d *term) run(ctx context.Context, changed <-chan struct{}) error {
	m, err := d.newMailing(ctx, d.ledger, d.batches, d.poll, func(err error) { d.note(partSignUps, err) })
	if err != nil {
		return err
	}
	if d.cfg.Mail.Mailbox == nil {
		d.keepFault(partMailbox, nil)
	}
	if d.cfg.LedgerKeep == 0 {
		d.keepFault(partPruning, nil)
	}
	defer m.close()
	err = unlessStopped(ctx, m.start(ctx))
	if err != nil && d.batches != nil {
		return err // the next term begins with that
	}
	m.note(err)
	changed = d.orAgain(ctx, changed)
	var mailing sync.WaitGroup
	mailing.Go(func() { m.watchNotices(ctx) })
	mailing.Go(func() { d.sendMail(ctx, m) })
	mailing.Go(func() { d.readMailbox(ctx) })
	mailing.Go(func() { d.pruneOften(ctx) })
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

// orAgain returns a channel that receives when one does, or again.
func (d *term) orAgain(ctx context.Context, changed <-chan struct{}) <-chan struct{} {
	if d.batches == nil {
		return changed
	}
	either := make(chan struct{}, 1)
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-changed:
			case <-d.again:
			}
			select {
			case either <- struct{}{}:
			default:
			}
		}
	}()
	return either
}

// tryAgain has the next look come soon: the ledger could not be reached.
func (d *term) tryAgain() {
	time.AfterFunc(againAfter, func() {
		select {
		case d.again <- struct{}{}:
		default:
		}
	})
}

// againAfter is how long after that.
const againAfter = 5 * time.Second

// look surveys the tree, updates the feeds, hands the survey over for its mail, and returns
// when to look again.
func (d *term) look(ctx context.Context) time.Time {
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
func (d *term) hand(s *pass) {
	select {
	case <-d.surveys:
	default:
	}
	d.surveys <- s
}

const (
	// firstRest is how long notices alone start no delivery after one failed, mostly because the
	// mail server cannot be used; it doubles each time, up to lastRest.
	firstRest, lastRest = 5 * time.Second, time.Minute
)

// sendMail sends what surveys find due and the notices that become due, until the surveys end.
func (d *term) sendMail(ctx context.Context, m *mailing) {
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
func (d *term) deliver(ctx context.Context, m *mailing, s *pass) (ok bool) {
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
			d.mailed(s.newest)
		}
	}
	return ok
}

// mailboxPause is how often the mailbox of mail.bounces is read.
const mailboxPause = 5 * time.Minute

// readMailbox reads the mailbox of mail.bounces every so often until ctx ends, beside the
// passes, so that a server that is slow delays no mail.
func (d *term) readMailbox(ctx context.Context) {
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
