// Package sqlite keeps a ledger in one SQLite file, in WAL mode.
//
// Read engine.go for how a ledger is opened, recorder.go and journal.go for the durable
// step, clone_guard.go, lock.go and wal_check.go for what keeps two ledgers apart, and
// backup.go for copies.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"sync"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/grouped"
	"publisher/internal/ledger/lockwait"
)

// engine is a ledger.Engine with one SQLite file.
type engine struct {
	pools
	path     string       // as errors name it: of a private copy, that of the ledger
	file     string       // that is open
	remove   func() error // takes a private copy away; nil: not one
	wait     *lockwait.Wait
	journal  *journal
	recorder *recorder
	changes  *grouped.Changes
	marking  sync.Mutex // held by AdvanceCloneMark
}

// Open opens the ledger and upgrades its schema. It creates the ledger if necessary. dsn
// is "sqlite:/absolute/path".
func Open(ctx context.Context, dsn string) (*ledger.Ledger, error) {
	path, err := sqlitePath(dsn)
	if err != nil {
		return nil, err
	}
	return open(ctx, path, false)
}

// open opens the ledger at path. If doubtful, it checks its integrity first.
func open(ctx context.Context, path string, doubtful bool) (*ledger.Ledger, error) {
	e, err := openEngine(ctx, path, doubtful)
	if err != nil {
		return nil, err
	}
	return e.ledger(ctx)
}

func openEngine(ctx context.Context, path string, doubtful bool) (*engine, error) {
	if err := createFile(path); err != nil {
		return nil, fail(path, "open", err)
	}
	if err := checkWAL(ctx, path); err != nil {
		return nil, fail(path, "open", err)
	}
	e := &engine{path: path, file: path}
	return e, e.start(ctx, synced, doubtful)
}

func (e *engine) ledger(ctx context.Context) (*ledger.Ledger, error) {
	return ledger.OpenEngine(ctx, e, ledger.Options{Name: e.path, Spool: e.path + ".late", Private: e.private()})
}

// private reports whether the ledger is a private copy.
func (e *engine) private() bool { return e.file != e.path }

// OpenCopy opens a private copy of the ledger, which Close removes, for commands that only
// look (plan, posts, preview, check). If there is no ledger, the copy is empty and nothing
// is created at dsn.
func OpenCopy(ctx context.Context, dsn string) (*ledger.Ledger, error) {
	path, err := sqlitePath(dsn)
	if err != nil {
		return nil, err
	}
	e, remove, err := startCopy(ctx, path, os.TempDir(), copyPrefix, false)
	if err != nil {
		return nil, err
	}
	e.remove = remove
	return e.ledger(ctx)
}

// startCopy opens a copy of the ledger at path in a new folder in dir, which remove
// deletes.
func startCopy(ctx context.Context, path, dir, prefix string, doubtful bool) (e *engine, remove func() error, err error) {
	folder, remove, err := privateFolder(dir, prefix)
	if err != nil {
		return nil, nil, fail(path, "copy", err)
	}
	e = &engine{path: path}
	if e.file, err = copyTo(ctx, folder, path); err != nil {
		return nil, nil, errors.Join(fail(path, "copy", err), remove())
	}
	if err := e.start(ctx, unsynced, doubtful); err != nil {
		return nil, nil, errors.Join(err, remove())
	}
	return e, remove, nil
}

// start opens the engine's file.
func (e *engine) start(ctx context.Context, d durability, doubtful bool) (err error) {
	e.wait = newLockWait()
	if e.pools, err = openPools(ctx, e.file, d, e.wait); err != nil {
		return e.fail("open", err)
	}
	if doubtful {
		if err := e.CheckIntegrity(ctx); err != nil {
			return errors.Join(err, e.pools.close())
		}
	}
	if err := e.wait.Retry(ctx, func() error { return migrate(ctx, e.write) }); err != nil {
		return errors.Join(e.fail("upgrade", err), e.pools.close())
	}
	err = e.wait.Retry(ctx, func() (err error) {
		e.journal, err = newJournal(ctx, e.write.db)
		return err
	})
	if err == nil {
		err = e.write.log.sync()
	}
	if err != nil {
		return errors.Join(e.fail("open", err), e.pools.close())
	}
	e.recorder = newRecorder(e.write, e.journal)
	e.changes = newChanges(e.recorder)
	return nil
}

func (e *engine) fail(doing string, err error) error { return fail(e.path, doing, err) }

func fail(path, doing string, err error) error {
	return ledger.Failure(path, doing, advise(asDamaged(err, path)))
}

func (e *engine) Reader() *sql.DB { return e.read }

func (e *engine) Settle(ctx context.Context, about ledger.Touched) error {
	var waiting bool
	if err := e.read.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM journal)").Scan(&waiting); err != nil || !waiting {
		return err
	}
	if !about.Everybody() {
		if settled, err := e.recorder.isSettled(ctx, about); err != nil || settled {
			return err
		}
	}
	return e.recorder.fold(ctx, nil)
}

func (e *engine) Record(ctx context.Context, done *ledger.Result, next *ledger.Intent) (bool, error) {
	return e.recorder.queue.Record(ctx, done, next)
}

func (e *engine) Recipients(ctx context.Context, edition int64, read func() ([]ledger.Recipient, error)) ([]ledger.Recipient, error) {
	return e.recorder.prefetch(ctx, edition, read)
}

// importTables create the tables for an import's rows.
var importTables = []string{
	"DROP TABLE IF EXISTS import_row",
	"DROP TABLE IF EXISTS import_line",
	`CREATE TEMPORARY TABLE import_row (
		n INTEGER PRIMARY KEY, email_key TEXT NOT NULL, email TEXT NOT NULL, name TEXT NOT NULL, status TEXT NOT NULL,
		cadence TEXT NOT NULL, tags TEXT NOT NULL, language TEXT NOT NULL, created_at BIGINT, confirmed_at BIGINT, was TEXT
	)`,
	`CREATE TEMPORARY TABLE import_line (
		n INTEGER PRIMARY KEY, file INTEGER NOT NULL, line INTEGER NOT NULL, email_key TEXT NOT NULL, email TEXT NOT NULL,
		refused TEXT NOT NULL, left_out BOOLEAN NOT NULL
	)`,
}

func (e *engine) Stage(ctx context.Context, fill func(*sql.Tx) error, merge func(*sql.Tx) error) error {
	return e.write.hold(ctx, func(conn *sql.Conn) error {
		for _, query := range importTables {
			if _, err := conn.ExecContext(ctx, query); err != nil {
				return err
			}
		}
		// Read-only, since temporary tables do not count: the ledger is not locked.
		tx, err := conn.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
		if err != nil {
			return err
		}
		defer tx.Rollback()
		if err := fill(tx); err != nil {
			return err
		}
		return tx.Commit()
	}, func(tx *sql.Tx) error {
		if err := e.recorder.touch(ctx, tx, ledger.Touched{}); err != nil {
			return err
		}
		return merge(tx)
	})
}

func (e *engine) LimitLockWait(within time.Duration) { e.wait.Limit(within) }

func (e *engine) Close() error {
	err := errors.Join(e.recorder.stop(), e.pools.close())
	if e.remove != nil {
		err = errors.Join(err, e.remove())
	}
	return err
}
