// Package postgres keeps a ledger in a PostgreSQL database, which processes on several machines
// may use.
//
// Read engine.go for how a ledger is opened, connect.go and server.go for how a server is reached
// and what it has to be, locks.go for who waits for whom, recorder.go and
// step.go for the durable step, and clone_guard.go for what keeps two ledgers apart.
package postgres

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/grouped"
	"publisher/internal/ledger/lockwait"
	"publisher/internal/ledger/postgres/connect"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
)

// engine is a ledger.Engine with one database.
type engine struct {
	name     string // as errors name it, without a password
	pool     *pgxpool.Pool
	db       *sql.DB // on the pool
	stateDir string
	permit   permit // of each transaction
	owner    string // of the file of results, where several processes use the folder
	wait     *lockwait.Wait
	changes  *grouped.Changes
	recorder *recorder
}

// The files in state.dir.
const (
	markName  = "ledger.mark"
	spoolName = "ledger.late"
)

// Options say what a ledger has beside its database.
type Options struct {
	// StateDir is the folder for what belongs to this machine: see markName and spoolName.
	StateDir string

	permit permit // of each transaction of the ledger
}

// Open opens the ledger and upgrades its schema. It creates the ledger if the database is empty.
func Open(ctx context.Context, dsn string, o Options) (*ledger.Ledger, error) {
	e, err := openAddress(ctx, dsn, o)
	if err != nil {
		return nil, err
	}
	return e.ledger(ctx)
}

func openAddress(ctx context.Context, dsn string, o Options) (*engine, error) {
	a, err := connect.ParseAddress(dsn)
	if err != nil {
		return nil, err
	}
	pool, err := a.Connect(ctx)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(o.StateDir, 0o700); err != nil {
		pool.Close()
		return nil, ledger.Failure(a.Name, "create state.dir", err)
	}
	return openEngine(ctx, pool, a.Name, o)
}

// openEngine returns the engine with a pool of connections to a server that was checked. It
// upgrades the schema. It closes the pool on failure.
func openEngine(ctx context.Context, pool *pgxpool.Pool, name string, o Options) (*engine, error) {
	e := &engine{name: name, pool: pool, db: stdlib.OpenDBFromPool(pool), stateDir: o.StateDir, permit: o.permit, wait: newLockWait()}
	err := e.wait.Retry(ctx, func() error { return migrate(ctx, e.db, pool) })
	if err == nil {
		e.recorder, err = newRecorder(ctx, e)
	}
	if err != nil {
		err = errors.Join(e.fail("open", err), e.db.Close())
		pool.Close()
		return nil, err
	}
	e.changes = &grouped.Changes{Transaction: e.transaction}
	return e, nil
}

// ledger returns the ledger that the engine holds. It closes the engine on failure.
func (e *engine) ledger(ctx context.Context) (*ledger.Ledger, error) {
	return ledger.OpenEngine(ctx, e, ledger.Options{Name: e.name, Spool: filepath.Join(e.stateDir, spoolName), SpoolOwner: e.owner})
}

func (e *engine) fail(doing string, err error) error {
	return ledger.Failure(e.name, doing, connect.Advise(err))
}

// Reader implements [ledger.Engine].
func (e *engine) Reader() *sql.DB { return e.db }

// Change implements [ledger.Engine].
func (e *engine) Change(ctx context.Context, touched ledger.Touched, do func(*sql.Tx) error) error {
	return e.changes.Run(ctx, touched, do)
}

// Settle implements [ledger.Engine]: what is recorded is in the tables.
func (e *engine) Settle(context.Context, ledger.Touched) error { return nil }

// Record implements [ledger.Engine].
func (e *engine) Record(ctx context.Context, done *ledger.Result, next *ledger.Intent) (bool, error) {
	return e.recorder.queue.Record(ctx, done, next)
}

// Recipients implements [ledger.Engine]. An intent is checked against the tables anyway, so
// nothing is remembered.
func (e *engine) Recipients(_ context.Context, _ int64, read func() ([]ledger.Recipient, error)) ([]ledger.Recipient, error) {
	return read()
}

// LimitLockWait implements [ledger.Engine].
func (e *engine) LimitLockWait(within time.Duration) { e.wait.Limit(within) }

// Close implements [ledger.Engine].
func (e *engine) Close() error {
	e.recorder.stop()
	// Saying good-bye takes 15 seconds for each connection on which nobody answers.
	closed := make(chan error, 1)
	go func() {
		err := e.db.Close()
		e.pool.Close()
		closed <- err
	}()
	select {
	case err := <-closed:
		return err
	case <-time.After(lastTime):
		return nil
	}
}

// Unavailable implements [ledger.Engine].
func (e *engine) Unavailable(err error) bool { return connect.IsUnavailable(err) }

// Advise implements [ledger.Engine].
func (e *engine) Advise(err error) error { return connect.AdviseOnLedger(err) }
