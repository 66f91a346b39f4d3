// Package engines opens ledgers in whichever database an address names.
package engines

import (
	"context"
	"errors"
	"strings"
	"time"

	"publisher/internal/hint"
	"publisher/internal/ledger"
	"publisher/internal/ledger/postgres"
	"publisher/internal/ledger/postgres/fleet"
	"publisher/internal/ledger/sqlite"
)

// Place is where a ledger is.
type Place struct {
	DSN      string // "sqlite:/absolute/path" or "postgres://…"
	StateDir string // this machine's folder beside a ledger in PostgreSQL
}

// OnPostgreSQL reports whether the ledger is in PostgreSQL.
func (p Place) OnPostgreSQL() bool {
	return strings.HasPrefix(p.DSN, "postgres:") || strings.HasPrefix(p.DSN, "postgresql:")
}

func (p Place) options() postgres.Options { return postgres.Options{StateDir: p.StateDir} }

// Open opens the ledger and upgrades its schema. It creates the ledger if necessary.
func Open(ctx context.Context, at Place) (*ledger.Ledger, error) {
	if at.OnPostgreSQL() {
		return postgres.Open(ctx, at.DSN, at.options())
	}
	return sqlite.Open(ctx, at.DSN)
}

// OpenCopy opens the ledger as it is now, for commands that only look: what they change is thrown
// away by Close. If there is no ledger, it is empty, and nothing is created.
func OpenCopy(ctx context.Context, at Place) (*ledger.Ledger, error) {
	if at.OnPostgreSQL() {
		return postgres.OpenCopy(ctx, at.DSN, at.options())
	}
	return sqlite.OpenCopy(ctx, at.DSN)
}

// View calls look with the ledger as it is at one moment, for commands that look often. look may be
// called more than once; only the last call counts.
func View(ctx context.Context, at Place, look func(*ledger.Ledger) error) error {
	if !at.OnPostgreSQL() {
		return sqlite.View(ctx, at.DSN, look)
	}
	l, err := OpenCopy(ctx, at)
	if err != nil {
		return err
	}
	return errors.Join(look(l), l.Close())
}

// Holder returns what holds the lock of the ledger, as it describes itself; "" if nothing does.
func Holder(ctx context.Context, at Place) (string, error) {
	if at.OnPostgreSQL() {
		return postgres.Holder(ctx, at.DSN)
	}
	return sqlite.Holder(at.DSN)
}

// Lock is held by one pass at a time.
type Lock interface {
	// Open opens the ledger for the pass that holds the lock.
	Open(ctx context.Context) (*ledger.Ledger, error)
	// Held returns a context that ends when ctx does, or when the lock is lost, with a
	// *ledger.LockedError as its cause.
	Held(ctx context.Context) (context.Context, context.CancelFunc)
	// Release releases the lock, once the ledger is closed. It may be called twice.
	Release() error
}

// TakeLock takes the lock, or fails with a *ledger.LockedError. command and now describe the
// holder to others.
func TakeLock(ctx context.Context, at Place, command string, now time.Time) (Lock, error) {
	if at.OnPostgreSQL() {
		lock, err := postgres.TakeLock(ctx, at.DSN, at.options(), command, now)
		if err != nil {
			return nil, err
		}
		return lock, nil
	}
	lock, err := sqlite.TakeLock(ctx, at.DSN, command, now)
	if err != nil {
		return nil, err
	}
	return lock, nil
}

// AwaitLock takes the lock of a ledger in PostgreSQL once nobody has it. What fails is tried again until
// ctx ends.
func AwaitLock(ctx context.Context, at Place, command string, now func() time.Time, w postgres.Waiting) (Lock, error) {
	lock, err := postgres.AwaitLock(ctx, at.DSN, at.options(), command, now, w)
	if err != nil {
		return nil, err
	}
	return lock, nil
}

// Fleet returns what the processes with a ledger in PostgreSQL do; nil for one in SQLite.
func Fleet(ctx context.Context, at Place, l *ledger.Ledger) (*fleet.Fleet, error) {
	if !at.OnPostgreSQL() {
		return nil, nil
	}
	return fleet.ReadFleet(ctx, l)
}

// TreeIsOurs reports whether the posts of a ledger were last recorded from the content tree here. There is no
// other one with a ledger in SQLite.
func TreeIsOurs(ctx context.Context, at Place, l *ledger.Ledger) (bool, error) {
	if !at.OnPostgreSQL() {
		return true, nil
	}
	return postgres.TreeIsOurs(ctx, l, at.StateDir)
}

// OpenShared opens the ledger for the pass that holds a lock, and what hands its mail out to several
// processes; nil where there is only one.
func OpenShared(ctx context.Context, lock Lock) (*ledger.Ledger, *postgres.Batches, error) {
	if shared, ok := lock.(*postgres.Lock); ok {
		return shared.OpenWithBatches(ctx)
	}
	l, err := lock.Open(ctx)
	return l, nil, err
}

// Backup writes a copy of a ledger in SQLite to a file.
func Backup(ctx context.Context, at Place, file string, now time.Time) error {
	if at.OnPostgreSQL() {
		return forSQLite("use pg_dump -Fc: see docs/postgresql.md")
	}
	return sqlite.Backup(ctx, at.DSN, file, now)
}

// Restore puts a backup in the place of a ledger in SQLite. It returns the files that it moved
// aside.
func Restore(ctx context.Context, at Place, file string, now time.Time) (aside []string, err error) {
	if at.OnPostgreSQL() {
		return nil, forSQLite("use pg_restore into an empty database, then `publisher adopt`: see docs/postgresql.md")
	}
	return sqlite.Restore(ctx, at.DSN, file, now)
}

func forSQLite(instead string) error {
	return &ledger.AddressError{Err: hint.With(errors.New("the ledger is in PostgreSQL, whose own programs back it up"), "%s", instead)}
}
