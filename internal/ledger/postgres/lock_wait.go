package postgres

import (
	"fmt"
	"time"

	"publisher/internal/ledger/lockwait"
	"publisher/internal/ledger/postgres/connect"
)

const (
	// lockTimeout is how long this process waits in all for a lock that another holds: an import
	// of a long list takes minutes.
	lockTimeout = 5 * time.Minute
	// attemptTimeout is how long an attempt waits at most, so that a limit which is set meanwhile
	// holds; shortestAttempt is enough for a lock that nobody has.
	attemptTimeout        = 2 * time.Second
	shortestAttempt       = 100 * time.Millisecond
	firstPause, lastPause = 2 * time.Millisecond, 128 * time.Millisecond
)

func newLockWait() *lockwait.Wait {
	return lockwait.New(lockTimeout, firstPause, lastPause, connect.IsConflict)
}

// attemptLockTimeout returns the lock_timeout of an attempt that begins now.
func attemptLockTimeout(w *lockwait.Wait) string {
	return fmt.Sprintf("%dms", w.Within(attemptTimeout, shortestAttempt).Milliseconds())
}
