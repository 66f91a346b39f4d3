package postgres

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

const (
	// lockTimeout is how long this process waits in all for a lock that another holds: an import
	// of a long list takes minutes.
	lockTimeout = 5 * time.Minute
	// attemptTimeout is how long an attempt waits at most, so that a limit which is set meanwhile
	// holds; shortestAttempt is enough for a lock that nobody has.
	attemptTimeout  = 2 * time.Second
	shortestAttempt = 100 * time.Millisecond
	// The pauses between two tries double from the first to the last.
	firstPause, lastPause = 2 * time.Millisecond, 128 * time.Millisecond
)

// lockWait decides how long to wait for other transactions.
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

// attempt returns the lock_timeout of an attempt that begins now.
func (p *lockWait) attempt() string {
	timeout := attemptTimeout
	select {
	case <-p.limited:
		timeout = min(timeout, max(time.Until(p.until), shortestAttempt))
	default:
	}
	return fmt.Sprintf("%dms", timeout.Milliseconds())
}

// retry calls try until it succeeds, fails for a reason other than another transaction, or
// time is up.
func (p *lockWait) retry(ctx context.Context, try func() error) error {
	deadline := time.Now().Add(lockTimeout)
	err := try()
	hurried := p.limited
	for pause := firstPause; isConflict(err); pause = min(2*pause, lastPause) {
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
