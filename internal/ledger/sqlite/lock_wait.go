package sqlite

import (
	"errors"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"publisher/internal/ledger/lockwait"
)

const (
	// lockTimeout is how long this process waits in all for a lock that another holds.
	lockTimeout = 30 * time.Second
	// sqliteTimeout is how long SQLite waits by itself, which nothing can end.
	sqliteTimeout         = 5 * time.Millisecond
	firstPause, lastPause = time.Millisecond, 64 * time.Millisecond
)

func newLockWait() *lockwait.Wait { return lockwait.New(lockTimeout, firstPause, lastPause, isBusy) }

func isBusy(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code()&primaryCode == sqlite3.SQLITE_BUSY
}
