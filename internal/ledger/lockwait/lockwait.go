// Package lockwait decides how long an engine waits for locks that others hold.
package lockwait

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// Wait is what all waiting of an engine for others goes through, so that one call can limit all
// of it.
type Wait struct {
	// longest is how long a caller waits in all.
	longest time.Duration
	// The pauses between two tries double from the first to the last.
	firstPause, lastPause time.Duration
	// isBusy reports whether an error says that another holds the lock.
	isBusy func(error) bool

	once    sync.Once
	limited chan struct{} // closed once until is set
	until   time.Time
}

// New returns a Wait.
func New(longest, firstPause, lastPause time.Duration, isBusy func(error) bool) *Wait {
	return &Wait{longest: longest, firstPause: firstPause, lastPause: lastPause, isBusy: isBusy, limited: make(chan struct{})}
}

// Limit ends all waiting after a time, also that which has begun. Only the first call counts.
func (w *Wait) Limit(within time.Duration) {
	w.once.Do(func() {
		w.until = time.Now().Add(within)
		close(w.limited)
	})
}

// Within returns how long an attempt that begins now may wait by itself: usual, or what is left of
// the time that Limit has set, but at least shortest.
func (w *Wait) Within(usual, shortest time.Duration) time.Duration {
	select {
	case <-w.limited:
		return min(usual, max(time.Until(w.until), shortest))
	default:
		return usual
	}
}

// Deadline returns when a wait that begins now ends.
func (w *Wait) Deadline() time.Time { return time.Now().Add(w.longest) }

// Retry calls try until it succeeds, fails for a reason other than a lock, or time is up.
func (w *Wait) Retry(ctx context.Context, try func() error) error {
	return w.RetryUntil(ctx, w.Deadline(), try)
}

// RetryUntil is like Retry for a caller that may have waited already. It tries at least once.
func (w *Wait) RetryUntil(ctx context.Context, deadline time.Time, try func() error) error {
	err := try()
	hurried := w.limited
	for pause := w.firstPause; w.isBusy(err); pause = min(2*pause, w.lastPause) {
		left := time.Until(deadline)
		if left <= 0 {
			return err
		}
		// Several processes that wait should not try at the same moments.
		timer := time.NewTimer(min(left, pause/2+rand.N(pause)))
		select {
		case <-ctx.Done():
			err = ctx.Err()
		case <-hurried:
			hurried = nil
			if w.until.Before(deadline) {
				deadline = w.until
			}
		case <-timer.C:
			err = try()
		}
		timer.Stop()
	}
	return err
}
