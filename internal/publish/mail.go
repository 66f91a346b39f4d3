package publish

import (
	"context"
	"errors"
	"slices"

	"publisher/internal/ledger"
	"publisher/internal/publish/delivery"
	"publisher/internal/publish/editions"
	"publisher/internal/publish/report"
	"publisher/mailer/smtp"
)

// mail continues what an earlier pass left, closes the editions that are due, delivers them,
// and reports what still waits. later receives surveys that are made while mail goes out; nil
// for none.
func (s *pass) mail(ctx context.Context, later <-chan *pass) error {
	interrupted := delivery.NewInterrupted(s.cfg, s.ledger, s.log, s.start)
	if err := s.mailDue(ctx, interrupted, later); err != nil || !s.live {
		return err
	}
	unbroken := context.WithoutCancel(ctx)
	all, warnings, err := interrupted.Report(unbroken, s.own.Editions)
	s.own.Editions = all
	s.warn(warnings)
	if err != nil {
		return err
	}
	unfinished, err := s.ledger.UnfinishedEditions(unbroken)
	if err != nil {
		return err
	}
	for i := range unfinished {
		e := &unfinished[i]
		reported := slices.ContainsFunc(s.own.Editions, func(r report.Edition) bool { return r.Number == e.Number })
		if e.Deferred > 0 && !reported {
			r := editions.Report(s.cfg, e)
			r.Deferred, r.Waiting = e.Deferred, true
			s.own.Editions = append(s.own.Editions, r)
		}
	}
	return nil
}

func (s *pass) mailDue(ctx context.Context, interrupted *delivery.Interrupted, later <-chan *pass) error {
	if s.live {
		returned, err := s.readReturned(ctx)
		s.warn(returned.Warnings)
		s.own.Fail(returned.Errors...)
		if err != nil {
			return err
		}
		if err := s.ledger.CheckCloneMark(ctx); err != nil {
			return err
		}
	}
	warnings, err := interrupted.Settle(ctx)
	s.warn(warnings)
	if err != nil {
		return err
	}
	open, err := editions.ListOpen(ctx, s.ledger)
	if err != nil {
		return err
	}
	if !s.catalog.Loaded() {
		if due, err := editions.AnyDue(ctx, s.catalog, open, s.now()); err != nil || !due {
			return err
		}
	}
	closed, err := s.closeDue(ctx, open)
	if err != nil {
		return err
	}
	open = append(open, closed...)
	if !s.live {
		planned, err := delivery.Plan(ctx, s.composer, open)
		s.own.Editions = append(s.own.Editions, planned...)
		return err
	}
	queue, err := delivery.NewQueue(ctx, s.deliveryOptions(), s.composer, open)
	if err != nil || queue == nil {
		return err
	}
	return s.deliver(ctx, queue, later)
}

// readReturned handles the mail that came back. A daemon reads the mailbox on its own.
func (s *pass) readReturned(ctx context.Context) (delivery.BounceReport, error) {
	returned := delivery.NewBounces(s.cfg, s.ledger, s.log, s.now)
	if s.daemon {
		return returned.ReadMaildir(ctx)
	}
	return returned.Read(ctx)
}

func (s *pass) deliveryOptions() delivery.Options {
	return delivery.Options{Config: s.cfg, Ledger: s.ledger, Log: s.log, Now: s.now, Progress: s.progress}
}

// closeDue closes the editions that are due beside those that are open.
func (s *pass) closeDue(ctx context.Context, open []ledger.Edition) ([]ledger.Edition, error) {
	if err := errors.Join(s.loadComposer(), s.catalog.Load(ctx)); err != nil {
		return nil, err
	}
	warnings, err := delivery.CatchUp(ctx, s.catalog)
	s.warn(warnings)
	if err != nil {
		return nil, err
	}
	closed, warnings, err := editions.NewCloser(s.composer).CloseDue(ctx, open)
	s.warn(warnings)
	return closed, err
}

// deliver sends what is in the queue and reports how far that came. A server that cannot be
// used is an error in the report: the pass itself was carried out.
func (s *pass) deliver(ctx context.Context, queue *delivery.Queue, later <-chan *pass) error {
	signer, err := delivery.LoadSigner(s.cfg, s.log)
	if err != nil {
		return err
	}
	sender, err := delivery.NewSender(s.cfg, signer)
	if err != nil {
		return err
	}
	defer sender.Close()
	s.own.Outbox = sender.Outbox()
	err = sender.Session(ctx, s.deliveryOptions(), func(ctx context.Context) error { return s.deliverAll(ctx, sender, queue, later) })
	queue.Stop()
	defer func() { s.own.Fail(queue.Errors()...) }()
	if marked := s.ledger.AdvanceCloneMark(context.WithoutCancel(ctx)); marked != nil {
		return errors.Join(err, marked)
	}
	var unreachable *smtp.ConnectError
	switch {
	case errors.As(err, &unreachable):
		s.own.Fail(err)
	case err != nil && ctx.Err() == nil:
		return err
	}
	done, err := queue.Finish(context.WithoutCancel(ctx))
	s.own.Editions = append(s.own.Editions, done...)
	return err
}

// deliverAll delivers until there is nothing left. What later surveys find due meanwhile is
// closed, and joins the queue.
func (s *pass) deliverAll(ctx context.Context, sender *delivery.Sender, queue *delivery.Queue, later <-chan *pass) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	latest := s
	defer func() {
		if latest != s {
			s.absorb(latest)
		}
	}()
	for {
		ended := make(chan error, 1)
		go func() { ended <- sender.Deliver(ctx, queue) }()
		var err error
		for delivering := true; delivering; {
			select {
			case err = <-ended:
				delivering = false
			case next, more := <-later:
				if !more {
					later = nil
					continue
				}
				if latest != s {
					s.absorb(latest)
				}
				latest = next
				s.joined++
				if err := next.join(ctx, queue); err != nil {
					stop(err)
				}
			}
		}
		if err != nil {
			return err
		}
		// Cadences that waited for an open edition are still due in this pass.
		if err := latest.join(ctx, queue); err != nil {
			return err
		}
		if more, err := queue.More(ctx); err != nil || !more {
			return err
		}
	}
}

// join lets the queue go on with the posts of this survey and what it closes.
func (s *pass) join(ctx context.Context, queue *delivery.Queue) error {
	closed, err := s.closeDue(ctx, queue.Unfinished())
	if err != nil {
		return err
	}
	if len(closed) > 0 { // the mark records which numbers were given before any of them goes out
		if err := s.ledger.AdvanceCloneMark(ctx); err != nil {
			return err
		}
	}
	return queue.Continue(ctx, s.composer, closed)
}
