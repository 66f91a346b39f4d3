package publish

import (
	"context"
	"errors"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/postgres"
	"publisher/internal/panics"
	"publisher/internal/publish/delivery"
	"publisher/internal/publish/notices"
	"publisher/internal/publish/work"
	"publisher/mailer/smtp"
)

const (
	// noticePoll is how often the ledger is asked for notices that another process planned.
	noticePoll = 2 * time.Second
	// noticeGap is the shortest time between two such looks.
	noticeGap = 200 * time.Millisecond
)

// mailing sends the mail of passes, and notices, over one Sender: its connections and limits are
// those of everything that goes out while a config stands.
type mailing struct {
	*Publisher
	ledger  *ledger.Ledger
	notices *notices.Queue
	poll    time.Duration
	woken   chan struct{}
	note    func(error)       // told how each look for notices went
	batches *postgres.Batches // of the processes that share mail.smtp.rate; nil if this one is alone
	sender  *delivery.Sender  // nil until something is to be sent
	unshare func()            // ends what the sender shares; nil if it does not
	refused bool              // the server could not be used in the last round
}

// newMailing returns a mailing, which the caller has to close. Nothing is due yet.
func (p *Publisher) newMailing(ctx context.Context, l *ledger.Ledger, poll time.Duration, note func(error)) (*mailing, error) {
	queue, err := notices.New(ctx, notices.Options{Config: p.cfg, Ledger: l, Templates: p.currentTemplates, Log: p.log, Now: p.now, Metrics: p.metrics})
	if err != nil {
		return nil, err
	}
	if poll == 0 {
		poll = noticePoll
	}
	return &mailing{Publisher: p, ledger: l, notices: queue, poll: poll, woken: make(chan struct{}, 1), note: note}, nil
}

// start takes over what an earlier process left.
func (m *mailing) start(ctx context.Context) error {
	if err := m.notices.Settle(ctx); err != nil {
		return err
	}
	return m.notices.Refresh(ctx)
}

func (m *mailing) close() {
	if m.unshare != nil {
		m.unshare()
	}
	if m.sender != nil {
		m.sender.Close()
	}
}

// watchNotices asks the ledger for notices when woken, and every so often, until ctx ends.
func (m *mailing) watchNotices(ctx context.Context) {
	tick := time.NewTicker(m.poll)
	defer tick.Stop()
	gap := time.NewTimer(0)
	defer gap.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-m.woken:
		}
		m.note(unlessStopped(ctx, panics.Catch(func() error { return m.notices.Refresh(ctx) })))
		// Each look that finds sign-ups is a commit: many sign-ups share one.
		gap.Reset(noticeGap)
		select {
		case <-ctx.Done():
			return
		case <-gap.C:
		}
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
	if m.batches != nil {
		m.unshare = work.Share{Config: m.cfg, Batches: m.batches, Version: m.build, Log: m.log, Now: m.now}.Keep(m.sender)
	}
	return m.sender, nil
}

// deliver sends the mail of a pass and the notices that are due, until there is nothing left. A
// nil pass is for notices alone; it returns the pass of the first later survey, if there was one.
func (m *mailing) deliver(ctx context.Context, s *pass, later <-chan *pass) (*pass, error) {
	r := &round{mailing: m, queue: notices.NewFirst(m.notices)}
	if s != nil && s.batches != nil {
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
