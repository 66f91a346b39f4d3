package sqlite

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

const (
	// lockTimeout is how long this process waits in all for a lock that another holds.
	lockTimeout = 30 * time.Second
	// sqliteTimeout is how long SQLite waits by itself, which nothing can end.
	sqliteTimeout = 5 * time.Millisecond
	// The pauses between two tries double from the first to the last.
	firstPause, lastPause = time.Millisecond, 64 * time.Millisecond
)

// lockWait decides how long to wait for a locked ledger. All waiting for other processes
// goes through it, so that one call can limit all of it.
type lockWait struct {
	once    sync.Once
	limited chan struct{} // closed once until is set
	until   time.Time
}

func newLockWait() *lockWait { return &lockWait{limited: make(chan struct{})} }

func (p *lockWait) limit(within time.Duration) {
	p.once.Do(func() {
		p.until = time.Now().Add(within)
		close(p.limited)
	})
}

// retry calls try until it succeeds, fails for a reason other than a lock, or time is up.
func (p *lockWait) retry(ctx context.Context, try func() error) error {
	return p.retryUntil(ctx, p.deadline(), try)
}

// deadline returns when a wait that begins now ends.
func (p *lockWait) deadline() time.Time { return time.Now().Add(lockTimeout) }

// retryUntil is like retry for a caller that may have waited already. It tries at least
// once.
func (p *lockWait) retryUntil(ctx context.Context, deadline time.Time, try func() error) error {
	err := try()
	hurried := p.limited
	for pause := firstPause; isBusy(err); pause = min(2*pause, lastPause) {
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
			if p.until.Before(deadline) {
				deadline = p.until
			}
		case <-timer.C:
			err = try()
		}
		timer.Stop()
	}
	return err
}

func isBusy(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code()&primaryCode == sqlite3.SQLITE_BUSY
}
