// Package delivery sends each recipient the mail of an edition, records what became of it, and
// handles what comes back.
package delivery

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"publisher/internal/config"
	"publisher/internal/ledger"
	"publisher/internal/metrics"
	"publisher/internal/publish/catalog"
	"publisher/internal/publish/editions"
	"publisher/internal/publish/report"
	"publisher/mailer/smtp"
)

// Options are what deliveries need besides the editions.
type Options struct {
	Config   *config.Config
	Ledger   *ledger.Ledger
	Log      *slog.Logger
	Now      func() time.Time
	Progress func(Progress) // called at the end of each delivery
	Metrics  *metrics.Metrics
}

// Progress is how far the deliveries of an edition have come.
type Progress struct {
	Edition, Recipients, Sent, Deferred, Failed, Uncertain int
	Before                                                 int // how many of them earlier passes sent, failed or held
}

// Queue is the ledger as an smtp.Queue: the retries that are due, and the recipients of each
// open edition, streamed by id. Open editions take turns, so that a long one does not delay
// the others; new ones join while mail goes out.
type Queue struct {
	Options
	links Links
	began time.Time // when the pass did

	mu       sync.Mutex
	from     material
	errors   []error
	editions []*openEdition
	byNumber map[int64]*openEdition
	messages messageCache
	turn     int
	retries  []ledger.Delivery
	retried  map[int64]int64 // up to which subscriber of each edition retries were read
	trying   map[retryKey]bool
	retryAt  time.Time // when the next deferred delivery is due, as far as this pass knows; zero for none
	waiting  []waiting // to be recorded
	missed   int       // recipients who were not handed out after all
	lacking  int       // of them: the bundle lacks some of their posts
	settled  func()    // called when an attempt has ended, with mu held
	// tell takes the answers where several processes deliver, with mu held. nil: this one decides by them.
	tell func(edition int64, a Reply)

	unclear atomic.Bool // the ledger did not take something

	congested map[retryKey]int // how often each was refused because too much was sent at once
}

// retryKey identifies a delivery.
type retryKey struct{ edition, subscriber int64 }

// openEdition is an edition with deliveries in this pass, and what became of them.
type openEdition struct {
	ledger.Edition
	bundle    *editions.Bundle
	own       ledger.Numbers // those of its posts
	shares    map[string]*share
	digests   map[int64]ledger.Digest // of deliveries that earlier passes deferred
	untried   recipients
	report    report.Edition
	exhausted bool // every recipient was handed out
	missed    bool // a recipient had changed since being read, and was not handed out
	rounds    int  // how often the recipients were read again
	handed    int  // jobs whose end is not known
	finished  bool // recorded as done
	refusals  refusals
	stopped   bool // because of too many refusals
	tooLarge  bool // a message was longer than the server accepts
}

// attempt is what a job is about.
type attempt struct {
	edition    *openEdition
	subscriber ledger.Recipient
	intent     ledger.Intent
	earlier    ledger.Delivery // zero for a first attempt
	queue      *Queue
	begun      bool // its intent was committed
}

// NewQueue returns the queue of these editions and of the retries that are due; nil if there
// is nothing to do.
func NewQueue(ctx context.Context, o Options, c *editions.Composer, open []ledger.Edition) (*Queue, error) {
	links, err := NewLinks(ctx, o.Config, o.Ledger)
	if err != nil {
		return nil, err
	}
	q := &Queue{Options: o, links: links, began: c.Catalog().Start(), from: newTree(c), settled: func() {}, byNumber: map[int64]*openEdition{}, retried: map[int64]int64{}, trying: map[retryKey]bool{}}
	for i := range open {
		if _, err := q.add(ctx, open[i]); err != nil {
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

// add adds an edition. Its web version is stored before anybody gets a link to it.
func (q *Queue) add(ctx context.Context, e ledger.Edition) (*openEdition, error) {
	b, err := q.from.Bundle(ctx, &e)
	if err != nil {
		return nil, err
	}
	if err := q.from.Archive(ctx, b, &e); err != nil {
		return nil, err
	}
	edition := &openEdition{Edition: e, bundle: b, own: q.from.NumbersOf(e.Posts).Union(b.Numbers()), shares: map[string]*share{}, report: editions.Report(q.Config, &e),
		refusals: refusals{Replies: Replies{Accepted: e.Accepted}}}
	audience := catalog.Audience(q.Config, e.Cadence, e.Language)
	edition.untried.read = func(ctx context.Context, after int64) ([]ledger.Recipient, error) { // without holding mu
		return q.Ledger.Recipients(ctx, e.Number, audience, after, pageSize, q.Now())
	}
	q.editions = append(q.editions, edition)
	q.byNumber[e.Number] = edition
	return edition, nil
}

// Continue continues with the posts of a later survey and with the editions that it closed.
func (q *Queue) Continue(ctx context.Context, c *editions.Composer, closed []ledger.Edition) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.from = newTree(c)
	for _, edition := range q.editions {
		clear(edition.shares)
	}
	for i := range closed {
		if _, err := q.add(ctx, closed[i]); err != nil {
			return err
		}
	}
	return q.finishDone(ctx)
}

func (q *Queue) stopped(number int64) bool {
	edition := q.byNumber[number]
	return edition != nil && edition.stopped
}

func (q *Queue) anyStopped() bool {
	return slices.ContainsFunc(q.editions, func(edition *openEdition) bool { return edition.stopped })
}

// Next implements smtp.Queue.
func (q *Queue) Next(ctx context.Context) (*smtp.Job, error) {
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
func (q *Queue) nextAttempt(ctx context.Context) (*attempt, error) {
	if !q.retryAt.IsZero() && !q.Now().Before(q.retryAt) {
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
		streaming := q.streaming()
		if len(streaming) == 0 {
			break
		}
		edition := streaming[0]
		if q.turn%4 != 1 {
			edition = slices.MinFunc(streaming, func(a, b *openEdition) int { return a.remaining() - b.remaining() })
		}
		if a, err := q.nextOf(ctx, edition); err != nil || a != nil {
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

// streaming returns the editions that have recipients left, oldest first.
func (q *Queue) streaming() []*openEdition {
	var open []*openEdition
	for _, edition := range q.editions {
		if !edition.exhausted && !edition.stopped {
			open = append(open, edition)
		}
	}
	return open
}

// remaining returns about how many recipients were not handed out yet.
func (r *openEdition) remaining() int {
	done := r.Sent + r.Failed + r.Deferred + r.Uncertain
	return r.Recipients - done - r.report.Sent - r.report.Failed - r.report.Deferred - r.report.Uncertain - r.handed
}

// nextOf takes the next recipient of an edition; nil if there is none left.
func (q *Queue) nextOf(ctx context.Context, edition *openEdition) (*attempt, error) {
	if len(edition.untried.page) == 0 {
		if err := edition.untried.fill(ctx); err != nil {
			return nil, err
		}
	}
	if len(edition.untried.page) == 0 {
		edition.exhausted = true
		edition.readAgain()
		return nil, nil
	}
	sub := edition.untried.take(ctx)
	return &attempt{edition: edition, subscriber: sub, intent: ledger.Intent{Edition: edition.Number, Subscriber: sub.ID,
		After: sub.Cursor, Owed: sub.Owed, Through: edition.Through, At: q.Now()}}, nil
}

// maxRounds limits how often the recipients of an edition are read again.
const maxRounds = 3

// readAgain has the recipients read once more if one of them had changed since being read:
// they may still be due the edition.
func (r *openEdition) readAgain() {
	if r.exhausted && r.missed && r.rounds < maxRounds {
		r.rounds++
		r.exhausted, r.missed, r.untried.last = false, false, 0
	}
}

// nextRetry takes the next of the retries that were read; nil if there is none left.
func (q *Queue) nextRetry(ctx context.Context) (*attempt, error) {
	for len(q.retries) > 0 {
		d := q.retries[0]
		q.retries = q.retries[1:]
		if len(q.retries) == 0 && len(q.retried) > 0 {
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

// retry returns the attempt of a deferred delivery; nil if its subscriber is gone or its
// edition is stopped.
func (q *Queue) retry(ctx context.Context, d ledger.Delivery) (*attempt, error) {
	edition := q.byNumber[d.Edition]
	if edition == nil {
		e, err := q.Ledger.Edition(ctx, d.Edition)
		if err != nil || e == nil {
			return nil, err
		}
		if edition, err = q.add(ctx, *e); err != nil {
			return nil, err
		}
		edition.exhausted, edition.finished = !e.Done.IsZero(), !e.Done.IsZero()
	}
	if edition.stopped {
		return nil, nil
	}
	sub, err := q.Ledger.SubscriberByID(ctx, d.Subscriber)
	if err != nil || sub == nil {
		return nil, err
	}
	to := ledger.Recipient{ID: sub.ID, Email: sub.Email, Name: sub.Name, Tags: sub.Tags, Due: sub.Due}
	return &attempt{edition: edition, subscriber: to, earlier: d, intent: ledger.Intent{Edition: d.Edition, Subscriber: d.Subscriber,
		After: d.After, Through: d.Through, At: q.Now()}}, nil
}

// More reports whether there is something to hand out.
func (q *Queue) More(ctx context.Context) (bool, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.streaming()) > 0 {
		return true, nil
	}
	err := q.loadRetries(ctx)
	return len(q.retries) > 0, err
}
