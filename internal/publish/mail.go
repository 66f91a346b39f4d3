package publish

import (
	"context"
	"errors"
	"slices"
	"sync"

	"publisher/internal/ledger"
	"publisher/internal/ledger/noticequeue"
	"publisher/internal/ledger/signups"
	"publisher/internal/publish/delivery"
	"publisher/internal/publish/editions"
	"publisher/internal/publish/report"
)

// mailAll does the mail of a pass: continues what an earlier pass left, closes the editions that
// are due, delivers them along with the notices, and reports what still waits. Meanwhile, the
// tree is surveyed again every so often.
func (s *pass) mailAll(ctx context.Context) error {
	if !s.live {
		_, err := s.openMail(ctx)
		return errors.Join(err, s.planNotices(ctx))
	}
	m, err := s.newMailing(ctx, s.ledger, s.batches, 0, func(err error) {
		if err != nil {
			s.log.Error("looking for sign-ups", "error", err)
		}
	})
	if err != nil {
		return err
	}
	defer m.close()
	if err := errors.Join(m.start(ctx), m.notices.Refresh(ctx)); err != nil {
		return err
	}
	if err := s.deliverMeanwhile(ctx, m); err != nil {
		return err
	}
	if !m.refused && ctx.Err() == nil {
		err = unlessStopped(ctx, s.deliverRest(ctx, m))
	}
	if counts := m.counts(); counts != (report.Notices{}) {
		s.own.Notices = &counts
	}
	return err
}

// deliverRest sends what has become due by the end of a pass: replies that it has read may have
// confirmed something.
func (s *pass) deliverRest(ctx context.Context, m *mailing) error {
	if left, err := m.left(ctx); err != nil || !left {
		return err
	}
	_, err := m.deliver(ctx, nil, nil)
	if m.sender != nil || m.batches != nil {
		s.own.Outbox = s.cfg.Catches()
	}
	if m.refused {
		s.own.Fail(err)
		return nil
	}
	return err
}

// deliverMeanwhile delivers while the tree, and the sign-ups, are looked at again and again.
func (s *pass) deliverMeanwhile(ctx context.Context, m *mailing) error {
	watching, end := context.WithCancel(ctx)
	var watch sync.WaitGroup
	watch.Go(func() { m.watchNotices(watching) })
	defer watch.Wait()
	defer end()
	later, stop := s.surveyMeanwhile(ctx)
	defer stop()
	_, err := m.deliver(ctx, s, later)
	return err
}

// planNotices reports how many notices would be sent.
func (s *pass) planNotices(ctx context.Context) error {
	if _, err := signups.Handle(ctx, s.ledger, s.cfg.Signup.MailsPerHour, s.start); err != nil {
		return err
	}
	due, err := noticequeue.CountDue(ctx, s.ledger, s.start)
	if due > 0 {
		s.own.Notices = &report.Notices{Due: due}
	}
	return err
}

// openMail continues what an earlier pass left, and closes the editions that are due. It returns
// what is to be delivered; nil if there is nothing.
func (s *pass) openMail(ctx context.Context) (*delivery.Queue, error) {
	open, any, err := s.openEditions(ctx)
	if err != nil || !any {
		return nil, err
	}
	if !s.live {
		planned, err := delivery.Plan(ctx, s.composer, open)
		s.own.Editions = append(s.own.Editions, planned...)
		return nil, err
	}
	return delivery.NewQueue(ctx, s.deliveryOptions(s.ledger), s.composer, open)
}

// openEditions continues what an earlier pass left, and closes the editions that are due. It returns
// the open ones, and whether anything may be due.
func (s *pass) openEditions(ctx context.Context) (open []ledger.Edition, any bool, err error) {
	s.interrupted = delivery.NewInterrupted(s.cfg, s.ledger, s.log, s.start)
	if s.live {
		returned, err := s.readReturned(ctx)
		s.warn(returned.Warnings)
		s.own.Fail(returned.Errors...)
		if err != nil {
			return nil, false, err
		}
		if err := s.ledger.CheckCloneMark(ctx); err != nil {
			return nil, false, err
		}
	}
	err = s.settleInterrupted(ctx)
	if err != nil {
		return nil, false, err
	}
	open, err = editions.ListOpen(ctx, s.ledger)
	if err != nil {
		return nil, false, err
	}
	if !s.catalog.Loaded() {
		if due, err := editions.AnyDue(ctx, s.catalog, open, s.now()); err != nil || !due {
			return nil, false, err
		}
	}
	closed, err := s.closeDue(ctx, open)
	if err != nil {
		return nil, false, err
	}
	open = append(open, closed...)
	return open, true, nil
}

// closeMail adds to the report what was interrupted, and what still waits.
func (s *pass) closeMail(ctx context.Context) error {
	all, warnings, err := s.interrupted.Report(ctx, s.own.Editions)
	s.own.Editions = all
	s.warn(warnings)
	if err != nil {
		return err
	}
	unfinished, err := s.ledger.UnfinishedEditions(ctx)
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

// readReturned handles the mail that came back. A daemon reads the mailbox on its own.
func (s *pass) readReturned(ctx context.Context) (delivery.BounceReport, error) {
	returned := delivery.NewBounces(s.cfg, s.ledger, s.log, s.now)
	if s.daemon {
		return returned.ReadMaildir(ctx)
	}
	return returned.Read(ctx)
}

func (p *Publisher) deliveryOptions(l *ledger.Ledger) delivery.Options {
	return delivery.Options{Config: p.cfg, Ledger: l, Log: p.log, Now: p.now, Progress: p.progress, Metrics: p.metrics}
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
	closed, warnings, err := editions.NewCloser(s.composer, Place(s.cfg).OnPostgreSQL()).CloseDue(ctx, open)
	s.warn(warnings)
	return closed, err
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
