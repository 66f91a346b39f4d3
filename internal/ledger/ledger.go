// Package ledger is the program's memory: posts seen, subscribers, editions and
// deliveries. An Engine is the database that holds it: see package sqlite.
//
// Read post.go and subscriber.go for what is remembered, edition.go and audience.go for
// who is due what, delivery.go, record.go and step.go for the durable step in which a
// message is sent. Times come back in UTC, to the microsecond.
//
// The packages below this one hold the SQL of one subject each, as functions with the ledger as
// an argument. The methods of Ledger that run a transaction are for them alone.
package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"publisher/internal/ledger/mailtoken"
	"publisher/internal/ledger/spool"
	"publisher/internal/ledger/sqlutil"
)

// Ledger is an open ledger. It is safe for concurrent use.
type Ledger struct {
	engine    Engine
	read      *sql.DB // the engine's
	name      string
	spool     *spool.File
	spooled   sync.Mutex // held while what is spooled is recorded
	private   bool
	tokens    atomic.Pointer[mailtoken.Codec] // nil before they are needed
	erased    sync.Map                        // subscribers about whom Record stores no reply any more
	anyErased atomic.Bool                     // there is one
	closeOnce func() error
}

// Options describe a ledger beside its engine.
type Options struct {
	Name  string // of the ledger in errors
	Spool string // the file for results that the database would not take
	// SpoolOwner names this process where several spool beside it; "" for the file itself.
	SpoolOwner string
	// Private ledgers are copies that will be thrown away: nothing is spooled for them.
	Private bool
}

// OpenEngine returns the ledger that an engine holds. It closes the engine on failure.
func OpenEngine(ctx context.Context, engine Engine, o Options) (*Ledger, error) {
	l := &Ledger{engine: engine, read: engine.Reader(), name: o.Name, spool: spool.New(o.Spool), private: o.Private}
	if o.SpoolOwner != "" {
		l.spool = spool.NewOwned(o.Spool, o.SpoolOwner)
	}
	l.closeOnce = sync.OnceValue(func() error {
		return l.Fail("close", errors.Join(engine.Close(), l.spool.Close()))
	})
	if err := l.makeTokenKey(ctx); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// Close waits for pending records, then closes the ledger. It may be called twice.
func (l *Ledger) Close() error { return l.closeOnce() }

// LimitLockWait is called when the program is about to end: from now on, everything that
// waits for another process's lock does so for no longer than within, altogether, and then
// fails. Only the first call counts.
func (l *Ledger) LimitLockWait(within time.Duration) { l.engine.LimitLockWait(within) }

// CheckIntegrity has the database check all of the ledger, and returns a *DamagedError if
// something is wrong.
func (l *Ledger) CheckIntegrity(ctx context.Context) error { return l.engine.CheckIntegrity(ctx) }

// Fail wraps err with the ledger's name and what failed; nil stays nil.
func (l *Ledger) Fail(doing string, err error) error {
	return Failure(l.name, doing, l.engine.Advise(err))
}

// Failure returns err with the ledger's name and what failed; nil if err is nil.
func Failure(name, doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("ledger %s: %s: %w", name, doing, err)
}

// Change runs do in a transaction, on tables that contain everything recorded so far. It may
// touch everybody, so it stops the sending for a moment; see ChangeOf and Store.
func (l *Ledger) Change(ctx context.Context, doing string, do func(*sql.Tx) error) error {
	return l.Fail(doing, l.engine.Change(ctx, Touched{}, do))
}

// ChangeOf is Change for what touches one subscriber. do may run more than once, and only its
// last run counts.
func (l *Ledger) ChangeOf(ctx context.Context, doing string, subscriber int64, do func(*sql.Tx) error) error {
	return l.Fail(doing, l.engine.Change(ctx, Only(subscriber), do))
}

// Store is Change for what touches neither subscribers nor deliveries, nor whether an edition
// is canceled. do may run more than once, and only its last run counts.
func (l *Ledger) Store(ctx context.Context, doing string, do func(*sql.Tx) error) error {
	return l.Fail(doing, l.engine.Change(ctx, Only(), do))
}

// changeRow is Change for one statement.
func (l *Ledger) changeRow(ctx context.Context, doing, query string, args ...any) error {
	return l.Change(ctx, doing, exec(ctx, query, args))
}

// StoreRow is Store for one statement.
func (l *Ledger) StoreRow(ctx context.Context, doing, query string, args ...any) error {
	return l.Store(ctx, doing, exec(ctx, query, args))
}

func exec(ctx context.Context, query string, args []any) func(*sql.Tx) error {
	return func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, query, args...)
		return err
	}
}

// Settled returns the database for reading, once the tables contain everything recorded.
func (l *Ledger) Settled(ctx context.Context) (*sql.DB, error) {
	return l.read, l.engine.Settle(ctx, Touched{})
}

// SettledFor is Settled for queries about one subscriber.
func (l *Ledger) SettledFor(ctx context.Context, subscriber int64) (*sql.DB, error) {
	return l.read, l.engine.Settle(ctx, Only(subscriber))
}

// Reader returns the database for reading what calls of Record do not change.
func (l *Ledger) Reader() *sql.DB { return l.read }

// InsertRows inserts many rows in a transaction: see Engine.
func (l *Ledger) InsertRows(ctx context.Context, tx *sql.Tx, text string, columns int, args []any) error {
	return l.engine.InsertRows(ctx, tx, text, columns, args)
}

// Stage runs fill, and then merge in a transaction: see Engine.
func (l *Ledger) Stage(ctx context.Context, fill func(*sql.Tx) error, merge func(*sql.Tx) error) error {
	return l.engine.Stage(ctx, fill, merge)
}

// collectSettled is sqlutil.Collect on tables that contain everything recorded.
func collectSettled[T any](ctx context.Context, l *Ledger, scan func(sqlutil.Scanner) (T, error), query string, args ...any) ([]T, error) {
	db, err := l.Settled(ctx)
	if err != nil {
		return nil, err
	}
	return sqlutil.Collect(ctx, db, scan, query, args...)
}
