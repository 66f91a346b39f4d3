package publish

import (
	"context"
	"errors"
	"time"

	"publisher/internal/hint"
	"publisher/internal/ledger"
	"publisher/internal/ledger/postgres"
	"publisher/internal/panics"
	"publisher/internal/publish/editions"
	"publisher/internal/publish/notices"
	"publisher/internal/publish/work"
	"publisher/mailer/smtp"
)

const (
	// lookAtBatches is how often the leader looks how far the others are.
	lookAtBatches = 500 * time.Millisecond
	// lookAtNotices is how often a pass looks whether notices are due.
	lookAtNotices = 100 * time.Millisecond
)

// work works batches until ctx ends, as one of the processes that deliver.
func (p *Publisher) work(ctx context.Context, o work.Options) error {
	return panics.Catch(func() error { return work.Run(ctx, o) })
}

// workOptions are those of a process with templates that runs a command.
func (p *Publisher) workOptions(command string) work.Options {
	place := Place(p.cfg)
	return work.Options{Config: p.cfg, DSN: place.DSN, StateDir: place.StateDir, Command: command, Version: p.build, Log: p.log, Now: p.now, Progress: p.progress, Metrics: p.metrics,
		Notices: &work.Notices{Open: p.openNotices, Woken: p.woken, Note: func(err error) {
			if err != nil {
				p.log.Error("looking for sign-ups", "error", err)
			}
		}}}
}

// Work works batches that the leader hands out, until ctx ends.
func (p *Publisher) Work(ctx context.Context) error {
	o := p.workOptions("publisher work")
	o.Notices = nil // it has no templates
	return p.work(ctx, o)
}

// working calls do, and works batches and sends notices meanwhile.
func (m *mailing) working(ctx context.Context, do func(context.Context) error) error {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	working, stop := context.WithCancel(ctx)
	defer stop()
	o := m.workOptions("publisher run")
	o.Note = func(err error) {
		if err != nil { // a pass tries once
			end(err)
		}
	}
	o.Notices.Open = func(ctx context.Context, l *ledger.Ledger) (*notices.Queue, error) {
		q, err := m.openNotices(ctx, l)
		if err == nil {
			m.mu.Lock()
			m.worked = append(m.worked, q)
			m.mu.Unlock()
		}
		return q, err
	}
	ended := make(chan error, 1)
	go func() {
		err := m.work(working, o)
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

// workNotices sends the notices that are due.
func (r *round) workNotices(ctx context.Context) error {
	if err := r.shareSettings(ctx, r.batches); err != nil {
		return err
	}
	err := r.working(ctx, r.noticesSent)
	var unreachable *smtp.ConnectError
	r.refused = errors.As(err, &unreachable)
	return err
}

// noticesSent waits until no notice is due, or under way.
func (r *round) noticesSent(ctx context.Context) error {
	look := time.NewTicker(lookAtNotices)
	defer look.Stop()
	for {
		if n, err := r.batches.NoticesLeft(ctx, r.now()); err != nil || n == 0 {
			return err
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// settleInterrupted settles what processes that are gone were sending.
func (s *pass) settleInterrupted(ctx context.Context) error {
	if s.batches == nil {
		warnings, err := s.interrupted.Settle(ctx)
		s.warn(warnings)
		return err
	}
	n, err := s.batches.SettleOrphans(ctx, s.cfg.Mail.HoldsUncertain(), s.start)
	if n > 0 {
		s.log.Warn("deliveries were interrupted", "count", n, "uncertain", s.cfg.Mail.Uncertain)
	}
	return err
}

// handOut has several processes deliver the mail of a pass, until nothing is left. What later surveys
// find due meanwhile joins it.
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
	if err := errors.Join(s.batches.ForgetProblems(ctx), s.batches.Prune(ctx)); err != nil {
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
		leader := &work.Leader{Config: r.cfg, Ledger: r.ledger, Batches: s.batches, Log: r.log, Now: r.now}
		handOut := func(ctx context.Context) error { return r.handOutAll(ctx, leader, before, later) }
		if s.daemon { // it works all the time
			err = handOut(ctx)
		} else {
			err = r.working(ctx, handOut)
		}
		if err == nil || ctx.Err() != nil {
			last, end := lastActs(ctx)
			err = errors.Join(err, leader.Settle(last))
			end()
		}
	}
	var unreachable *smtp.ConnectError
	if r.refused = errors.As(err, &unreachable); r.refused {
		r.pass.own.Fail(err)
		err = nil
	}
	last, end := lastActs(ctx)
	defer end()
	return errors.Join(unlessStopped(ctx, err), r.reportHanded(last, before), r.pass.closeMail(last))
}

// lastActsTime is how long a process that is to end goes on with what it has to record.
const lastActsTime = 5 * time.Second

// lastActs returns a context for what has to be recorded after ctx has ended. It ends some time later, since
// the ledger may not answer.
func lastActs(ctx context.Context) (last context.Context, end context.CancelFunc) {
	last, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(lastActsTime, cancel) })
	return last, func() {
		stop()
		cancel()
	}
}

// handOutAll hands out until nothing is left.
func (r *round) handOutAll(ctx context.Context, leader *work.Leader, before map[int64]ledger.Edition, later <-chan *pass) error {
	look := time.NewTicker(lookAtBatches)
	defer look.Stop()
	for {
		open, err := r.ledger.EditionsToSend(ctx)
		if err != nil {
			return err
		}
		for _, e := range open {
			if _, known := before[e.Number]; known {
				continue
			}
			counted, err := r.ledger.Edition(ctx, e.Number)
			if err != nil {
				return err
			}
			before[e.Number] = *counted
		}
		busy, err := leader.HandOut(ctx, r.latest.composer, open)
		if err != nil {
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
		r.pass.own.Fail(hint.Parse(p.Message))
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
