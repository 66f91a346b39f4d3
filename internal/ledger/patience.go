package ledger

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

// patience decides how long a locked ledger is waited for. All waiting for other
// processes goes through it, so that one call ends it all.
type patience struct {
	once    sync.Once
	hurried chan struct{} // closed once until is set
	until   time.Time
}

func newPatience() *patience { return &patience{hurried: make(chan struct{})} }

// LimitLockWait is called when the program is about to end: from now on all that waits for
// another process's lock does so no longer than within, all in all, and then fails.
// The first call counts.
func (l *Ledger) LimitLockWait(within time.Duration) { l.patience.hurry(within) }

func (p *patience) hurry(within time.Duration) {
	p.once.Do(func() {
		p.until = time.Now().Add(within)
		close(p.hurried)
	})
}

// retry calls try until it fails for another reason than a lock, or time is up.
func (p *patience) retry(ctx context.Context, try func() error) error {
	return p.retryUntil(ctx, p.deadline(), try)
}

// deadline is when who begins to wait now gives up.
func (p *patience) deadline() time.Time { return time.Now().Add(lockTimeout) }

// retryUntil is retry for who may have waited already. It tries at least once.
func (p *patience) retryUntil(ctx context.Context, deadline time.Time, try func() error) error {
	err := try()
	hurried := p.hurried
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

// IsBusy reports whether an error says that another program has the ledger locked.
func IsBusy(err error) bool { return isBusy(err) }

func isBusy(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code()&primaryCode == sqlite3.SQLITE_BUSY
}
