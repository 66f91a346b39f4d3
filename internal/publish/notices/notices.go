// Package notices sends the mails to one person that are not digests: asking to confirm, saying
// welcome and the like. It decides about sign-ups, and composes and hands out what is due, ahead
// of digests and over the same connections.
package notices

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"publisher/internal/config"
	"publisher/internal/ledger"
	"publisher/internal/ledger/noticequeue"
	"publisher/internal/ledger/signups"
	"publisher/internal/metrics"
	"publisher/internal/panics"
	"publisher/internal/publish/delivery"
	"publisher/internal/publish/report"
	"publisher/mailer/smtp"
	"publisher/templates"
)

const (
	// pageSize is how many notices are read from the ledger at a time.
	pageSize = 500
	// expireEvery is how often what is no longer needed is deleted.
	expireEvery = time.Minute
)

// Options are what notices need.
type Options struct {
	Config    *config.Config
	Ledger    *ledger.Ledger
	Templates func() (*templates.Set, error)
	Log       *slog.Logger
	Now       func() time.Time
	Metrics   *metrics.Metrics
}

// Queue is the notices of a ledger that are due, in memory: Refresh reads them. With First they
// are handed out ahead of other mail.
type Queue struct {
	Options
	links    delivery.Links
	refilled chan struct{}

	confirmations confirmations

	refreshing sync.Mutex
	expired    time.Time // when signups.Expire was last called

	mu     sync.Mutex
	ready  []noticequeue.Notice
	taken  map[int64]bool // by id: handed out, without a result yet
	counts report.Notices
}

// New returns a queue in which nothing is due yet.
func New(ctx context.Context, o Options) (*Queue, error) {
	links, err := delivery.NewLinks(ctx, o.Config, o.Ledger)
	if err != nil {
		return nil, err
	}
	return &Queue{Options: o, links: links, refilled: make(chan struct{}, 1), taken: map[int64]bool{}}, nil
}

// Settle decides about the notices that were going out when an earlier process died:
// mail.uncertain says whether they are sent again.
func (q *Queue) Settle(ctx context.Context) error {
	n, err := noticequeue.Settle(ctx, q.Ledger, !q.Config.Mail.HoldsUncertain(), q.Now())
	if n > 0 {
		q.Log.Warn("notices were interrupted", "count", n, "uncertain", q.Config.Mail.Uncertain)
	}
	return err
}

// Refresh decides about new sign-ups and reads what is due.
func (q *Queue) Refresh(ctx context.Context) error {
	q.refreshing.Lock()
	defer q.refreshing.Unlock()
	now := q.Now()
	if _, err := signups.Handle(ctx, q.Ledger, q.Config.Signup.MailsPerHour, now); err != nil {
		return err
	}
	if now.Sub(q.expired) >= expireEvery || now.Before(q.expired) {
		givenUp, err := signups.Expire(ctx, q.Ledger, now)
		if err != nil {
			return err
		}
		if givenUp > 0 {
			q.Log.Warn("requests to subscribe by mail have waited for a day, and are given up; signup.mails_per_hour allows too few", "count", givenUp)
		}
		q.expired = now
	}
	due, err := noticequeue.Due(ctx, q.Ledger, now, pageSize)
	if err != nil {
		return err
	}
	q.mu.Lock()
	q.ready = slices.DeleteFunc(due, func(n noticequeue.Notice) bool { return q.taken[n.ID] })
	some := len(q.ready) > 0
	q.mu.Unlock()
	if some {
		q.refill()
	}
	return nil
}

const (
	// lookEvery is how often the ledger is asked for notices that another process planned.
	lookEvery = 2 * time.Second
	// lookGap is the shortest time between two such looks.
	lookGap = 200 * time.Millisecond
)

// Watch refreshes the queue when woken, and every so often, until ctx ends. A poll of 0 is the usual time.
// note is told how each look went.
func (q *Queue) Watch(ctx context.Context, poll time.Duration, woken <-chan struct{}, note func(error)) {
	tick := time.NewTicker(cmp.Or(poll, lookEvery))
	defer tick.Stop()
	gap := time.NewTimer(0)
	defer gap.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-woken:
		}
		err := panics.Catch(func() error { return q.Refresh(ctx) })
		if ctx.Err() != nil && errors.Is(err, context.Canceled) {
			err = nil
		}
		note(err)
		// Each look that finds sign-ups is a commit: many sign-ups share one.
		gap.Reset(lookGap)
		select {
		case <-ctx.Done():
			return
		case <-gap.C:
		}
	}
}

func (q *Queue) refill() {
	select {
	case q.refilled <- struct{}{}:
	default:
	}
}

// Refilled receives after something has become due.
func (q *Queue) Refilled() <-chan struct{} { return q.refilled }

// Pending reports whether something is due, as far as Refresh has seen.
func (q *Queue) Pending() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.ready) > 0
}

// Release makes what was handed out and not tried due again, once no delivery is under way.
func (q *Queue) Release(ctx context.Context) error {
	q.mu.Lock()
	clear(q.taken)
	q.mu.Unlock()
	return q.Refresh(ctx)
}

// Counts returns what became of the notices so far.
func (q *Queue) Counts() report.Notices {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.counts
}

// take returns the next notice that is due; nil if there is none.
func (q *Queue) take() *noticequeue.Notice {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.ready) == 0 {
		return nil
	}
	n := q.ready[0]
	q.ready = q.ready[1:]
	q.taken[n.ID] = true
	return &n
}

// Urgent returns the next notice that is due; nil if there is none.
func (q *Queue) Urgent(ctx context.Context) (*smtp.Job, error) {
	for {
		n := q.take()
		if n == nil {
			return nil, nil
		}
		job, err := q.job(ctx, n)
		if job != nil {
			return job, nil
		}
		if err != nil {
			q.Log.Error("composing a notice", "notice", n.ID, "kind", string(n.Kind), "error", err)
			err = q.end(ctx, n, q.retried(n, 0, "it could not be composed"))
		} else {
			// The reason for it has gone, which this records.
			_, err = noticequeue.Begin(ctx, q.Ledger, n.ID, nil, q.Now())
			q.release(n.ID)
		}
		if err != nil {
			return nil, err
		}
	}
}

func (q *Queue) release(id int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.taken, id)
}
