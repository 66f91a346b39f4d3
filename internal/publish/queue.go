package publish

import (
	"context"
	"io"
	"math"
	"slices"
	"sync"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/publish/report"
	"publisher/mailer/smtp"
)

// queue is the ledger seen as a smtp.Queue: the retries that are due, and the
// recipients of each open edition, streamed by id. Editions under way take turns, so
// that a long one holds up no other; new ones join while mail goes out.
type queue struct {
	*Publisher
	ledger *ledger.Ledger
	tokens *ledger.Tokens
	// What stands before a token in links; "" without a web server.
	unsubscribe, preferences string

	began time.Time // the pass

	mu       sync.Mutex
	s        *pass // which posts can be shown now
	report   *report.Pass
	editions []*running
	byNumber map[int64]*running
	messages messageCache
	turn     int
	retries  []ledger.Delivery
	retried  retryKey // up to where retries were read
	trying   map[retryKey]bool
	retryAt  time.Time // when the next deferred delivery is due, as far as this pass knows; zero for none
	waiting  []waiting // to be recorded

	crowded map[retryKey]int // how often each was refused because too much was sent at once
}

// retryKey tells one delivery from another.
type retryKey struct{ edition, subscriber int64 }

// running is an edition underway and what became of it in this pass.
type running struct {
	ledger.Edition
	bundle    *bundle
	own       ledger.Numbers // those of its posts
	shares    map[string]*share
	digests   map[int64]ledger.Digest // those that deliveries of earlier passes hold
	untried   recipients
	report    report.Edition
	exhausted bool // every recipient was handed out
	missed    bool // somebody was to be handed out and was not as they had been read
	sweeps    int  // how often the recipients were gone through again
	handed    int  // jobs whose end is not known
	begun     bool // some recipient, or a retry, was
	finished  bool // noted as done
	refusals  refusals
	stopped   bool // for too many of them
	tooLarge  bool // a message was longer than the server accepts
}

// attempt is what a job is about.
type attempt struct {
	run        *running
	subscriber ledger.Recipient
	intent     ledger.Intent
	earlier    ledger.Delivery // zero for a first attempt
}

// work makes the queue of these editions and of the retries that are due; nil
// where there is nothing to do.
func (s *pass) work(ctx context.Context, editions []ledger.Edition) (*queue, error) {
	tokens, err := s.ledger.Tokens(ctx)
	if err != nil {
		return nil, err
	}
	q := newQueue(s, tokens)
	for i := range editions {
		if _, err := q.add(ctx, editions[i]); err != nil {
			return nil, err
		}
	}
	if err := q.loadRetries(ctx); err != nil {
		return nil, err
	}
	if len(q.editions) == 0 && len(q.retries) == 0 {
		return nil, nil
	}
	return q, nil
}

func newQueue(s *pass, tokens *ledger.Tokens) *queue {
	q := &queue{Publisher: s.Publisher, ledger: s.ledger, s: s, report: s.report, began: s.start, tokens: tokens, byNumber: map[int64]*running{}, trying: map[retryKey]bool{}}
	if url := s.cfg.Server.URL; url != nil {
		q.unsubscribe, q.preferences = url.JoinPath("unsubscribe").String()+"/", url.JoinPath("preferences").String()+"/"
	}
	return q
}

// add takes in an edition. Its web version is kept before anybody gets a link to it.
func (q *queue) add(ctx context.Context, e ledger.Edition) (*running, error) {
	b, err := q.s.bundleOf(ctx, &e)
	if err != nil {
		return nil, err
	}
	if err := q.s.archive(ctx, b, &e); err != nil {
		return nil, err
	}
	run := &running{Edition: e, bundle: b, own: q.s.numbersOf(e.Posts).Union(b.numbers()), shares: map[string]*share{}, report: q.s.editionReport(&e),
		refusals: refusals{accepted: e.Accepted}}
	audience := q.audience(e.Cadence, e.Language)
	run.untried.read = func(ctx context.Context, after int64) ([]ledger.Recipient, error) { // beside whatever holds mu
		return q.ledger.Recipients(ctx, e.Number, audience, after, pageSize)
	}
	q.editions = append(q.editions, run)
	q.byNumber[e.Number] = run
	return run, nil
}

// adopt goes on with what a later survey found, and with the editions that it closed.
func (q *queue) adopt(ctx context.Context, s *pass, closed []ledger.Edition) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.s = s
	for _, run := range q.editions {
		clear(run.shares)
	}
	if s.report != q.report {
		q.report.Merge(s.report)
	}
	for i := range closed {
		if _, err := q.add(ctx, closed[i]); err != nil {
			return err
		}
	}
	return q.finishDone(ctx)
}

// loadRetries reads the next deferred deliveries that are due by now, save those
// that are being tried and those of editions that are stopped.
func (q *queue) loadRetries(ctx context.Context) error {
	for len(q.retries) == 0 {
		page, err := q.ledger.Deferred(ctx, q.now(), q.retried.edition, q.retried.subscriber, pageSize)
		if err != nil {
			return err
		}
		if len(page) == 0 {
			q.retried = retryKey{} // the next look begins anew
			q.retryAt, err = q.ledger.NextRetry(ctx)
			if soon := q.now().Add(time.Second); q.anyStopped() && q.retryAt.Before(soon) {
				q.retryAt = soon // it may be one of those, which this pass leaves
			}
			return err
		}
		last := page[len(page)-1]
		q.retried = retryKey{last.Edition, last.Subscriber}
		if q.stopped(last.Edition) {
			q.retried.subscriber = math.MaxInt64
		}
		q.retries = slices.DeleteFunc(page, func(d ledger.Delivery) bool {
			return q.stopped(d.Edition) || q.trying[retryKey{d.Edition, d.Subscriber}]
		})
	}
	return nil
}

func (q *queue) stopped(edition int64) bool {
	run := q.byNumber[edition]
	return run != nil && run.stopped
}

func (q *queue) anyStopped() bool {
	return slices.ContainsFunc(q.editions, func(run *running) bool { return run.stopped })
}

// Next implements smtp.Queue.
func (q *queue) Next(ctx context.Context) (*smtp.Job, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for {
		a, err := q.nextAttempt(ctx)
		if err == io.EOF {
			err = q.recordWaiting(ctx)
			if err == nil {
				err = io.EOF
			}
		}
		if err != nil {
			return nil, err
		}
		job, err := q.job(ctx, a)
		if err != nil || job != nil {
			return job, err
		}
	}
}

// nextAttempt takes from the retries and the editions in turn: of four attempts one is
// a retry, one of the oldest edition, and two are of the edition that is nearest to
// its end.
func (q *queue) nextAttempt(ctx context.Context) (*attempt, error) {
	if !q.retryAt.IsZero() && !q.now().Before(q.retryAt) {
		if err := q.loadRetries(ctx); err != nil {
			return nil, err
		}
	}
	for {
		q.turn++
		if q.turn%4 == 0 || len(q.streaming()) == 0 {
			if a, err := q.nextRetry(ctx); err != nil || a != nil {
				return a, err
			}
		}
		open := q.streaming()
		if len(open) == 0 {
			break
		}
		run := open[0]
		if q.turn%4 != 1 {
			run = slices.MinFunc(open, func(a, b *running) int { return a.rest() - b.rest() })
		}
		if a, err := q.nextOf(ctx, run); err != nil || a != nil {
			return a, err
		}
	}
	if err := q.loadRetries(ctx); err != nil {
		return nil, err
	}
	if a, err := q.nextRetry(ctx); err != nil || a != nil {
		return a, err
	}
	return nil, io.EOF
}

// streaming are the editions that have recipients left, oldest first.
func (q *queue) streaming() []*running {
	var open []*running
	for _, run := range q.editions {
		if !run.exhausted && !run.stopped {
			open = append(open, run)
		}
	}
	return open
}

// rest is about how many recipients were not handed out yet.
func (r *running) rest() int {
	done := r.Sent + r.Failed + r.Deferred + r.Uncertain
	return r.Recipients - done - r.report.Sent - r.report.Failed - r.report.Deferred - r.report.Uncertain - r.handed
}

// nextOf takes the next recipient of an edition; nil where there is none left.
func (q *queue) nextOf(ctx context.Context, run *running) (*attempt, error) {
	if len(run.untried.page) == 0 {
		if err := run.untried.fill(ctx); err != nil {
			return nil, err
		}
	}
	if len(run.untried.page) == 0 {
		run.exhausted = true
		run.lookAgain()
		return nil, nil
	}
	sub := run.untried.take(ctx)
	return &attempt{run: run, subscriber: sub, intent: ledger.Intent{Edition: run.Number, Subscriber: sub.ID,
		After: sub.Cursor, Owed: sub.Owed, Through: run.Through, At: q.now()}}, nil
}

// sweepsMost bounds how often the recipients of an edition are gone through.
const sweepsMost = 3

// lookAgain has the recipients gone through once more where somebody was not as they
// had been read: they may be due it all the same.
func (r *running) lookAgain() {
	if r.exhausted && r.missed && r.sweeps < sweepsMost {
		r.sweeps++
		r.exhausted, r.missed, r.untried.last = false, false, 0
	}
}

// nextRetry takes up the retries that were read; nil where there is none left.
func (q *queue) nextRetry(ctx context.Context) (*attempt, error) {
	for len(q.retries) > 0 {
		d := q.retries[0]
		q.retries = q.retries[1:]
		if len(q.retries) == 0 && q.retried != (retryKey{}) {
			if err := q.loadRetries(ctx); err != nil {
				return nil, err
			}
		}
		a, err := q.retry(ctx, d)
		if err != nil {
			return nil, err
		}
		if a != nil {
			q.trying[retryKey{d.Edition, d.Subscriber}] = true
			return a, nil
		}
	}
	return nil, nil
}

// retry takes up a deferred delivery; nil where its subscriber is gone.
func (q *queue) retry(ctx context.Context, d ledger.Delivery) (*attempt, error) {
	run := q.byNumber[d.Edition]
	if run == nil {
		e, err := q.ledger.Edition(ctx, d.Edition)
		if err != nil || e == nil {
			return nil, err
		}
		if run, err = q.add(ctx, *e); err != nil {
			return nil, err
		}
		run.exhausted, run.finished = !e.Done.IsZero(), !e.Done.IsZero()
	}
	if run.stopped {
		return nil, nil
	}
	sub, err := q.ledger.SubscriberByID(ctx, d.Subscriber)
	if err != nil || sub == nil {
		return nil, err
	}
	to := ledger.Recipient{ID: sub.ID, Email: sub.Email, Name: sub.Name, Tags: sub.Tags, Due: sub.Due}
	return &attempt{run: run, subscriber: to, earlier: d, intent: ledger.Intent{Edition: d.Edition, Subscriber: d.Subscriber,
		After: d.After, Through: d.Through, At: q.now()}}, nil
}

// more reports whether there is something to hand out.
func (q *queue) more(ctx context.Context) (bool, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.streaming()) > 0 {
		return true, nil
	}
	err := q.loadRetries(ctx)
	return len(q.retries) > 0, err
}
