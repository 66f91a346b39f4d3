package publish

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"publisher/internal/config"
	"publisher/internal/ledger"
	"publisher/internal/publish/report"
	"publisher/mailer/outbox"
	"publisher/mailer/smtp"
)

// mail carries on what an earlier pass left, closes what is due, delivers it, and
// reports what still waits. later brings what is surveyed while mail goes out; nil for
// nothing.
func (s *pass) mail(ctx context.Context, later <-chan *pass) error {
	if err := s.mailDue(ctx, later); err != nil || !s.live {
		return err
	}
	if err := s.reportInterrupted(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	editions, err := s.ledger.UnfinishedEditions(context.WithoutCancel(ctx))
	if err != nil {
		return err
	}
	for i := range editions {
		e := &editions[i]
		worked := slices.ContainsFunc(s.report.Editions, func(r report.Edition) bool { return r.Number == e.Number })
		if e.Deferred > 0 && !worked {
			r := s.editionReport(e)
			r.Deferred, r.Waiting = e.Deferred, true
			s.report.Editions = append(s.report.Editions, r)
		}
	}
	return nil
}

func (s *pass) mailDue(ctx context.Context, later <-chan *pass) error {
	if err := s.readBounces(ctx); err != nil {
		return err
	}
	if err := s.ledger.CheckCloneMark(ctx); err != nil && s.live {
		return err
	}
	if err := s.settleInterrupted(ctx); err != nil {
		return err
	}
	open, err := s.openEditions(ctx)
	if err != nil {
		return err
	}
	if idle, err := s.idle(ctx, open); err != nil || idle {
		return err
	}
	closed, err := s.closeWhatIsDue(ctx, open)
	if err != nil {
		return err
	}
	if !s.live {
		return s.planned(ctx, append(open, closed...))
	}
	work, err := s.work(ctx, append(open, closed...))
	if err != nil || work == nil {
		return err
	}
	return s.deliver(ctx, work, later)
}

// closeWhatIsDue closes the editions that are due beside those that are open.
func (s *pass) closeWhatIsDue(ctx context.Context, open []ledger.Edition) ([]ledger.Edition, error) {
	if err := errors.Join(s.loadTemplates(), s.recall(ctx)); err != nil {
		return nil, err
	}
	if err := errors.Join(s.mend(ctx), s.offerReturned(ctx), s.endWaits(ctx)); err != nil {
		return nil, err
	}
	return s.closeDue(ctx, open)
}

// settleInterrupted decides what becomes of deliveries whose process died
// between the message's body and the server's reply.
func (s *pass) settleInterrupted(ctx context.Context) error {
	if err := s.recordLate(ctx); err != nil {
		return err
	}
	left, err := s.ledger.Interrupted(ctx)
	if err != nil {
		return err
	}
	s.interrupted = map[int64]int{}
	canceled := map[int64]bool{}
	for _, d := range left {
		if _, known := canceled[d.Edition]; !known {
			e, err := s.ledger.Edition(ctx, d.Edition)
			if err != nil {
				return err
			}
			canceled[d.Edition] = e != nil && e.Canceled
		}
		r := ledger.Result{Edition: d.Edition, Subscriber: d.Subscriber, Status: ledger.Deferred, Next: s.start, At: s.start, Resend: true,
			Reply: "the program was stopped before the server's reply; it is sent again with the same Message-ID"}
		switch {
		case canceled[d.Edition]:
			r.Status, r.Resend = ledger.Failed, false
			r.Reply = "the program was stopped before the server's reply, and the edition was canceled"
		case s.holdsUncertain():
			r.Status, r.Resend = ledger.Uncertain, false
			r.Reply = "the program was stopped before the server's reply; mail.uncertain holds it"
			s.interrupted[d.Edition]++
		default:
			s.interrupted[d.Edition]++
		}
		if _, err := s.ledger.Record(ctx, &r, nil); err != nil {
			return err
		}
	}
	if len(left) > 0 {
		s.log.Warn("deliveries were interrupted", "count", len(left), "uncertain", s.cfg.Mail.Uncertain)
	}
	return nil
}

func (s *pass) holdsUncertain() bool { return s.cfg.Mail.Uncertain == "hold" }

// reportInterrupted tells of the deliveries that this pass found interrupted.
func (s *pass) reportInterrupted(ctx context.Context) error {
	for _, number := range slices.Sorted(maps.Keys(s.interrupted)) {
		n := s.interrupted[number]
		i := slices.IndexFunc(s.report.Editions, func(r report.Edition) bool { return r.Number == number })
		if i < 0 {
			e, err := s.ledger.Edition(ctx, number)
			if err != nil {
				return err
			}
			i = len(s.report.Editions)
			s.report.Editions = append(s.report.Editions, s.editionReport(e))
		}
		s.report.Editions[i].Uncertain += n
		what := "mail.uncertain holds them: `publisher editions retry %d` sends them again"
		if !s.holdsUncertain() {
			s.report.Editions[i].Resent += n
			what = "they are sent again with the same Message-ID, and may come twice: `publisher editions show %d` names them"
		}
		s.report.Warn(strings.TrimPrefix(s.cfg.Ledger, "sqlite:"), 0,
			fmt.Sprintf("edition %d: nobody knows whether %d deliveries were taken that were under way when the program was stopped; "+what, number, n, number))
	}
	return nil
}

// openEditions are those with recipients nobody tried, oldest first.
func (s *pass) openEditions(ctx context.Context) ([]ledger.Edition, error) {
	unfinished, err := s.ledger.UnfinishedEditions(ctx)
	if err != nil {
		return nil, err
	}
	slices.Reverse(unfinished)
	return slices.DeleteFunc(unfinished, func(e ledger.Edition) bool { return !e.Done.IsZero() }), nil
}

// planned reports editions without delivering them.
func (s *pass) planned(ctx context.Context, editions []ledger.Edition) error {
	for i := range editions {
		e := &editions[i]
		r := s.editionReport(e)
		b, err := s.bundleOf(ctx, e)
		if err != nil {
			return err
		}
		if len(b.Posts) > 0 {
			m, err := s.compose(b, e, b.numbers())
			if err != nil {
				return err
			}
			r.Bytes = m.HTMLSize
		}
		s.report.Editions = append(s.report.Editions, r)
	}
	return s.plannedRetries(ctx)
}

// plannedRetries adds the deliveries that would be tried again now.
func (s *pass) plannedRetries(ctx context.Context) error {
	due := map[int64]int{}
	var last ledger.Delivery
	for {
		page, err := s.ledger.Deferred(ctx, s.start, last.Edition, last.Subscriber, pageSize)
		if err != nil {
			return err
		}
		if len(page) == 0 {
			break
		}
		for _, d := range page {
			due[d.Edition]++
		}
		last = page[len(page)-1]
	}
	for _, number := range slices.Sorted(maps.Keys(due)) {
		i := slices.IndexFunc(s.report.Editions, func(r report.Edition) bool { return r.Number == number })
		if i >= 0 {
			continue // its recipients are counted already
		}
		e, err := s.ledger.Edition(ctx, number)
		if err != nil {
			return err
		}
		r := s.editionReport(e)
		r.Retries = due[number]
		s.report.Editions = append(s.report.Editions, r)
	}
	return nil
}

// postsOf returns the edition's posts that are still to be shown, newest first.
func (s *pass) postsOf(e *ledger.Edition) []entry {
	in := map[string]bool{}
	for _, id := range e.Posts {
		in[id] = true
	}
	var posts []entry
	for _, post := range s.mailable {
		if in[post.row.ID] {
			posts = append(posts, post)
		}
	}
	return posts
}

func (p *Publisher) editionReport(e *ledger.Edition) report.Edition {
	posts := e.Posts
	if posts == nil {
		posts = []string{}
	}
	return report.Edition{Number: e.Number, Cadence: e.Cadence, Language: report.Language(p.cfg, e.Language), Subject: e.Subject, Posts: posts, Recipients: e.Recipients, Before: e.Sent}
}

// deliver works the queue off and reports how far it came. A server that cannot
// be used is in the report: the pass itself went through.
func (s *pass) deliver(ctx context.Context, q *queue, later <-chan *pass) error {
	server := s.cfg.Mail.SMTP
	if s.cfg.Catches() {
		catcher, err := outbox.Start(s.cfg.Path(s.cfg.Mail.Outbox))
		if err != nil {
			return fmt.Errorf("starting the built-in catcher: %w", err)
		}
		defer catcher.Close()
		server = catcher.SMTP(server)
		s.report.Outbox = true
	}
	sender, err := s.newSender(server)
	if err != nil {
		return err
	}
	if err := s.ledger.AdvanceCloneMark(ctx); err != nil {
		return err
	}
	err = s.marking(ctx, func(ctx context.Context) error {
		return s.slowed(ctx, sender, func() error { return s.deliverAll(ctx, sender, q, later) })
	})
	q.stop()
	if marked := s.ledger.AdvanceCloneMark(context.WithoutCancel(ctx)); marked != nil {
		return errors.Join(err, marked)
	}
	var unreachable *smtp.ConnectError
	switch {
	case errors.As(err, &unreachable):
		s.report.Fail(err)
	case err != nil && ctx.Err() == nil:
		return err
	}
	return q.finish(context.WithoutCancel(ctx))
}

// deliverAll delivers until there is nothing left. Meanwhile what later surveys find
// due is closed, and joins what is under way.
func (s *pass) deliverAll(ctx context.Context, sender *smtp.Sender, q *queue, later <-chan *pass) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	latest := s
	for {
		ended := make(chan error, 1)
		go func() { ended <- sender.Deliver(ctx, q) }()
		var err error
		for underway := true; underway; {
			select {
			case err = <-ended:
				underway = false
			case next, more := <-later:
				if !more {
					later = nil
					continue
				}
				latest = next
				s.joined++
				if err := next.join(ctx, q); err != nil {
					stop(err)
				}
			}
		}
		if err != nil {
			return err
		}
		// Cadences that waited for an edition under way are due in this pass still.
		if err := latest.join(ctx, q); err != nil {
			return err
		}
		if more, err := q.more(ctx); err != nil || !more {
			return err
		}
	}
}

// join has the queue go on with what this survey found.
func (s *pass) join(ctx context.Context, q *queue) error {
	closed, err := s.closeWhatIsDue(ctx, q.unfinished())
	if err != nil {
		return err
	}
	if len(closed) > 0 { // the mark tells which numbers were given before any of them goes out
		if err := s.ledger.AdvanceCloneMark(ctx); err != nil {
			return err
		}
	}
	return q.adopt(ctx, s, closed)
}

// hello is the name that EHLO gives (RFC 5321 §4.1.1.1).
func hello(cfg *config.Config) string {
	if cfg.Catches() {
		return "localhost"
	}
	return domainOf(cfg.Mail.From.Address)
}

// retryPause is how long to wait before the next attempt: a minute, doubled each
// time up to an hour, spread by a fifth either way so that a full queue does not
// come back all at once.
func retryPause(attempts int, edition, subscriber int64) time.Duration {
	pause := time.Hour
	if attempts < 7 {
		pause = min(pause, time.Minute<<max(0, attempts-1))
	}
	// A hash of who and when spreads as well as a random number, and can be tested.
	h := uint64(edition)*0x9E3779B97F4A7C15 ^ uint64(subscriber)*0xBF58476D1CE4E5B9 ^ uint64(attempts)*0x94D049BB133111EB
	h ^= h >> 31
	share := float64(h%4001)/10000 - 0.2
	return pause + time.Duration(share*float64(pause))
}
