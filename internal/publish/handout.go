package publish

import (
	"context"
	"errors"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/postgres"
	"publisher/internal/panics"
	"publisher/internal/publish/editions"
	"publisher/internal/publish/notices"
	"publisher/internal/publish/work"
	"publisher/mailer/smtp"
)

// lookAtBatches is how often the leader looks how far the others are.
const lookAtBatches = 500 * time.Millisecond

// work works batches until ctx ends, as one of the processes that deliver. note is told how each
// delivery went.
func (p *Publisher) work(ctx context.Context, command string, note func(error)) error {
	o := p.workOptions(command)
	o.Note = note
	return panics.Catch(func() error { return work.Run(ctx, o) })
}

func (p *Publisher) workOptions(command string) work.Options {
	place := Place(p.cfg)
	return work.Options{Config: p.cfg, DSN: place.DSN, StateDir: place.StateDir, Command: command, Version: p.build, Log: p.log, Now: p.now, Progress: p.progress}
}

// Work works batches that the leader hands out, until ctx ends.
func (p *Publisher) Work(ctx context.Context) error { return p.work(ctx, "publisher work", nil) }

// working calls do, and works batches meanwhile; a daemon does that all the time.
func (s *pass) working(ctx context.Context, do func(context.Context) error) error {
	if s.daemon {
		return do(ctx)
	}
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	working, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() {
		err := s.work(working, "publisher run", func(err error) {
			if err != nil { // a pass tries once
				end(err)
			}
		})
		if err != nil {
			end(err)
		}
		ended <- err
	}()
	err := do(ctx)
	stop()
	worked := <-ended
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		return cause
	}
	return errors.Join(worked, err)
}

// shareSettings tells the processes that deliver what mail is made of.
func (p *Publisher) shareSettings(ctx context.Context, b *postgres.Batches) error {
	settings, err := work.Settings(p.cfg)
	if err != nil {
		return err
	}
	return b.SetSettings(ctx, settings)
}

// settleInterrupted settles what processes that are gone were sending.
func (s *pass) settleInterrupted(ctx context.Context) error {
	if s.batches == nil {
		warnings, err := s.interrupted.Settle(ctx)
		s.warn(warnings)
		return err
	}
	n, err := s.batches.SettleOrphans(ctx, s.cfg.Mail.Uncertain == "hold", s.start)
	if n > 0 {
		s.log.Warn("deliveries were interrupted", "count", n, "uncertain", s.cfg.Mail.Uncertain)
	}
	return err
}

// handOut has several processes deliver the mail of a pass, until nothing is left. What later surveys
// find due meanwhile joins it; notices are sent by this process.
func (r *round) handOut(ctx context.Context, s *pass, later <-chan *pass) error {
	r.pass, r.latest, r.refused = s, s, false
	open, any, err := s.openEditions(ctx)
	if err == nil && any && len(open) == 0 {
		var due []ledger.Delivery
		due, err = r.ledger.Deferred(ctx, r.now(), 0, 0, 1)
		any = len(due) > 0
	}
	if err != nil {
		return err
	}
	if err := s.batches.ForgetProblems(ctx); err != nil {
		return err
	}
	before := map[int64]ledger.Edition{}
	if any {
		if err := s.shareSettings(ctx, s.batches); err != nil {
			return err
		}
		if err := r.ledger.AdvanceCloneMark(ctx); err != nil { // it records which numbers were given before any of them goes out
			return err
		}
		err = s.working(ctx, func(ctx context.Context) error { return r.handOutAll(ctx, before, later) })
	}
	var unreachable *smtp.ConnectError
	if r.refused = errors.As(err, &unreachable); r.refused {
		r.pass.own.Fail(err)
		err = nil
	} else if err == nil {
		err = r.sendNotices(ctx)
	}
	unbroken := context.WithoutCancel(ctx)
	return errors.Join(unlessStopped(ctx, err), r.reportHanded(unbroken, before), r.pass.closeMail(unbroken))
}

// handOutAll hands out until nothing is left.
func (r *round) handOutAll(ctx context.Context, before map[int64]ledger.Edition, later <-chan *pass) error {
	leader := &work.Leader{Config: r.cfg, Ledger: r.ledger, Batches: r.pass.batches, Log: r.log, Now: r.now}
	look := time.NewTicker(lookAtBatches)
	defer look.Stop()
	for {
		open, err := r.ledger.UnfinishedEditions(ctx)
		if err != nil {
			return err
		}
		for _, e := range open {
			if _, known := before[e.Number]; !known {
				before[e.Number] = e
			}
		}
		busy, err := leader.HandOut(ctx, r.latest.composer, open)
		if err != nil {
			return err
		}
		if err := r.sendNotices(ctx); err != nil {
			return err
		}
		if !busy {
			open, err := editions.ListOpen(ctx, r.ledger)
			if err != nil {
				return err
			}
			closed, err := r.latest.closeDue(ctx, open) // cadences that waited for an open edition
			if err != nil || len(closed) == 0 {
				return err
			}
			continue
		}
		select {
		case next, more := <-later:
			if !more {
				later = nil
				continue
			}
			if err := r.joinHanded(ctx, next); err != nil {
				return err
			}
		case <-look.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// joinHanded takes in a later survey.
func (r *round) joinHanded(ctx context.Context, next *pass) error {
	if r.latest != r.pass {
		r.pass.absorb(r.latest)
	}
	r.pass.joined++
	r.latest = next
	open, err := editions.ListOpen(ctx, r.ledger)
	if err != nil {
		return err
	}
	_, err = next.closeDue(ctx, open)
	return err
}

// sendNotices sends the notices that are due.
func (r *round) sendNotices(ctx context.Context) error {
	if !r.notices.Pending() {
		return nil
	}
	alone := &round{mailing: r.mailing, queue: notices.NewFirst(r.notices)}
	return alone.run(ctx, nil, nil)
}

// reportHanded reports what became of the editions that were handed out.
func (r *round) reportHanded(ctx context.Context, before map[int64]ledger.Edition) error {
	if r.latest != r.pass {
		r.pass.absorb(r.latest)
	}
	r.pass.own.Outbox = r.cfg.Catches()
	problems, err := r.pass.batches.Problems(ctx)
	if err != nil {
		return err
	}
	for _, p := range problems {
		r.pass.own.Fail(errors.New(p.Message))
	}
	for number, was := range before {
		is, err := r.ledger.Edition(ctx, number)
		if err != nil {
			return err
		}
		e := editions.Report(r.cfg, is)
		e.Before = was.Sent
		e.Recipients, e.Sent, e.Failed, e.Deferred = is.Recipients, is.Sent-was.Sent, is.Failed-was.Failed, is.Deferred
		if is.Done.IsZero() { // nothing was sent yet to some
			e.Deferred += max(0, is.Recipients-is.Sent-is.Failed-is.Deferred-is.Uncertain)
		}
		e.Uncertain, e.Resent = max(0, is.Uncertain-was.Uncertain), is.Resent-was.Resent
		r.pass.own.Editions = append(r.pass.own.Editions, e)
	}
	return nil
}
