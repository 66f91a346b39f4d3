package publish

import (
	"context"
	"errors"
	"sync"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/postgres"
	"publisher/internal/publish/delivery"
	"publisher/internal/publish/notices"
	"publisher/internal/publish/report"
	"publisher/mailer/smtp"
)

// mailing sends the mail of passes, and notices, over one Sender: its connections and limits are
// those of everything that goes out while a config stands.
type mailing struct {
	*Publisher
	ledger  *ledger.Ledger
	batches *postgres.Batches // by which several processes deliver; nil if this one does it alone
	notices *notices.Queue
	poll    time.Duration
	woken   chan struct{}
	note    func(error)      // told how each look for notices went
	sender  *delivery.Sender // nil until something is to be sent
	refused bool             // the server could not be used in the last round

	mu     sync.Mutex
	worked []*notices.Queue // of the lives in which this process has worked
}

// newMailing returns a mailing, which the caller has to close. Nothing is due yet. batches is nil if this
// process delivers alone.
func (p *Publisher) newMailing(ctx context.Context, l *ledger.Ledger, batches *postgres.Batches, poll time.Duration, note func(error)) (*mailing, error) {
	queue, err := p.openNotices(ctx, l)
	if err != nil {
		return nil, err
	}
	return &mailing{Publisher: p, ledger: l, batches: batches, notices: queue, poll: poll, woken: p.woken, note: note}, nil
}

// openNotices returns a queue of notices in which nothing is due yet.
func (p *Publisher) openNotices(ctx context.Context, l *ledger.Ledger) (*notices.Queue, error) {
	return notices.New(ctx, notices.Options{Config: p.cfg, Ledger: l, Templates: p.currentTemplates, Log: p.log, Now: p.now, Metrics: p.metrics})
}

// start takes over what an earlier process left.
func (m *mailing) start(ctx context.Context) error {
	if m.batches != nil {
		n, err := m.batches.SettleNotices(ctx, m.cfg.Mail.HoldsUncertain(), m.now())
		if n > 0 {
			m.log.Warn("notices were interrupted", "count", n, "uncertain", m.cfg.Mail.Uncertain)
		}
		return err // those who work look for what is due
	}
	if err := m.notices.Settle(ctx); err != nil {
		return err
	}
	return m.notices.Refresh(ctx)
}

// left reports whether notices are due, or were being sent by another process that may have died.
func (m *mailing) left(ctx context.Context) (bool, error) {
	if err := m.notices.Refresh(ctx); err != nil || m.batches == nil {
		return m.notices.Pending(), err
	}
	n, err := m.batches.NoticesLeft(ctx, m.now())
	return n > 0, err
}

// counts returns what became of the notices so far.
func (m *mailing) counts() report.Notices {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.notices.Counts()
	for _, q := range m.worked {
		more := q.Counts()
		c.Sent, c.Deferred, c.Failed, c.Uncertain = c.Sent+more.Sent, c.Deferred+more.Deferred, c.Failed+more.Failed, c.Uncertain+more.Uncertain
	}
	return c
}

func (m *mailing) close() {
	if m.sender != nil {
		m.sender.Close()
	}
}

// watchNotices asks the ledger for notices when woken, and every so often, until ctx ends. Where several
// processes deliver, that is done beside their batches.
func (m *mailing) watchNotices(ctx context.Context) {
	if m.batches == nil {
		m.notices.Watch(ctx, m.poll, m.woken, m.note)
	}
}

// openSender returns the sender, with the keys as they are now.
func (m *mailing) openSender() (*delivery.Sender, error) {
	signer, err := delivery.LoadSigner(m.cfg, m.log)
	if err != nil {
		return nil, err
	}
	if m.sender != nil {
		m.sender.Sign(signer)
		return m.sender, nil
	}
	if m.sender, err = delivery.NewSender(m.cfg, signer); err != nil {
		return nil, err
	}
	if m.metrics != nil {
		m.sender.Observe(m.metrics)
	}
	return m.sender, nil
}

// deliver sends the mail of a pass and the notices that are due, until there is nothing left. A
// nil pass is for notices alone; it returns the pass of the first later survey, if there was one.
func (m *mailing) deliver(ctx context.Context, s *pass, later <-chan *pass) (*pass, error) {
	r := &round{mailing: m, queue: notices.NewFirst(m.notices)}
	if m.batches != nil {
		if s == nil {
			return nil, r.workNotices(ctx)
		}
		err := r.handOut(ctx, s, later)
		return r.pass, err
	}
	err := r.run(ctx, s, later)
	return r.pass, err
}

// round is one delivery.
type round struct {
	*mailing
	queue    *notices.First
	pass     *pass           // that reports of the editions; nil while there are only notices
	latest   *pass           // the newest survey
	editions *delivery.Queue // nil: none is due
	sending  bool
}

func (r *round) run(ctx context.Context, s *pass, later <-chan *pass) error {
	var err error
	r.refused = false
	if s != nil {
		r.pass, r.latest = s, s
		err = r.open(ctx, s)
	} else {
		err = r.ledger.CheckCloneMark(ctx)
	}
	if err == nil && (r.editions != nil || r.notices.Pending()) {
		err = r.send(ctx, later)
	}
	if err != nil || r.pass == nil {
		return err
	}
	return r.pass.closeMail(context.WithoutCancel(ctx))
}

// open adds the editions of a survey, if any are due.
func (r *round) open(ctx context.Context, s *pass) error {
	queue, err := s.openMail(ctx)
	if err != nil || queue == nil {
		return err
	}
	if r.sending { // the mark records which numbers were given before any of them goes out
		if err := r.ledger.AdvanceCloneMark(ctx); err != nil {
			return err
		}
	}
	r.editions = queue
	r.queue.Add(queue)
	return nil
}

// send sends what is due and reports how far that came. A server that cannot be used is an error
// in the report: the pass itself was carried out.
func (r *round) send(ctx context.Context, later <-chan *pass) error {
	sender, err := r.openSender()
	if err != nil {
		return err
	}
	r.sending = true
	err = sender.Session(ctx, r.deliveryOptions(r.ledger), func(ctx context.Context) error { return r.sendAll(ctx, sender, later) })
	r.sending = false
	var unreachable *smtp.ConnectError
	r.refused = errors.As(err, &unreachable)
	if r.pass != nil {
		r.pass.own.Outbox = sender.Outbox()
		defer r.reportFailures()
	}
	unbroken := context.WithoutCancel(ctx)
	if marked := r.ledger.AdvanceCloneMark(unbroken); marked != nil {
		return errors.Join(err, marked)
	}
	if r.pass == nil {
		return err
	}
	switch {
	case r.refused:
		r.pass.own.Fail(err)
	case err != nil && ctx.Err() == nil:
		return err
	}
	if r.editions == nil {
		return nil
	}
	done, err := r.editions.Finish(unbroken)
	r.pass.own.Editions = append(r.pass.own.Editions, done...)
	return err
}

// reportFailures reports what failed without ending the pass.
func (r *round) reportFailures() {
	if r.editions != nil {
		r.pass.own.Fail(r.editions.Errors()...)
	}
}

// sendAll delivers until there is nothing left. What later surveys find due meanwhile is closed,
// and joins the queue.
func (r *round) sendAll(ctx context.Context, sender *delivery.Sender, later <-chan *pass) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	defer func() {
		if r.latest != r.pass {
			r.pass.absorb(r.latest)
		}
		if r.editions != nil {
			r.editions.Stop()
		}
	}()
	for {
		ended := make(chan error, 1)
		go func() { ended <- sender.Deliver(ctx, r.queue) }()
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
				if err := r.join(ctx, next); err != nil {
					stop(err)
				}
			}
		}
		released := r.notices.Release(context.WithoutCancel(ctx))
		if err := errors.Join(err, released); err != nil {
			return err
		}
		if more, err := r.more(ctx); err != nil || !more {
			return err
		}
	}
}

// join takes in a later survey.
func (r *round) join(ctx context.Context, next *pass) error {
	if r.pass == nil {
		r.pass = next
	} else {
		if r.latest != r.pass {
			r.pass.absorb(r.latest)
		}
		r.pass.joined++
	}
	r.latest = next
	if r.editions != nil {
		return next.join(ctx, r.editions)
	}
	return r.open(ctx, next)
}

// more reports whether there is something to deliver after all.
func (r *round) more(ctx context.Context) (bool, error) {
	if r.editions != nil {
		// Cadences that waited for an open edition are still due in this pass.
		if err := r.latest.join(ctx, r.editions); err != nil {
			return false, err
		}
		if more, err := r.editions.More(ctx); err != nil || more {
			return more, err
		}
	}
	return r.notices.Pending(), nil
}
