// Package ledger is the program's memory: posts seen, subscribers, editions and
// deliveries, in one SQLite file.
//
// Read post.go and subscriber.go for what is remembered, edition.go and
// audience.go for who is due what, delivery.go and record.go for the durable
// step in which a message is sent. Times come back in UTC, to the microsecond.
package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"sync"
)

// ErrClosed is returned by Record when Close was called before it.
var ErrClosed = errors.New("the ledger is closed")

// Ledger is an open ledger. It is safe for concurrent use.
type Ledger struct {
	pools
	patience    *patience
	path        string // as errors name it
	temp        string // the file of a private copy; "" otherwise
	removeTemp  func() error
	doubtful    bool // the last process to use it died: it is checked before it is read
	journal     *journal
	recorder    *recorder
	late        *late
	postInserts postInserts
	marking     sync.Mutex // held by Advance
	stopOnce    func() error
}

// Open opens the ledger and brings its schema up to date, making it where
// there is none. dsn is "sqlite:/absolute/path" .
func Open(ctx context.Context, dsn string) (*Ledger, error) {
	path, err := sqlitePath(dsn)
	if err != nil {
		return nil, err
	}
	return open(ctx, &Ledger{path: path})
}

func open(ctx context.Context, l *Ledger) (*Ledger, error) {
	path := l.path
	if err := create(path); err != nil {
		return nil, l.fail("open", err)
	}
	if err := belongs(ctx, path); err != nil {
		return nil, l.fail("open", err)
	}
	if err := l.start(ctx, path, synced); err != nil {
		return nil, err
	}
	return l, nil
}

// OpenCopy opens a private copy of the ledger that Close throws away: what
// looks without touching (plan, posts, preview, check) works on it. Where there
// is no ledger the copy is an empty one, and nothing is made at dsn.
func OpenCopy(ctx context.Context, dsn string) (*Ledger, error) {
	path, err := sqlitePath(dsn)
	if err != nil {
		return nil, err
	}
	l := &Ledger{path: path}
	if err := l.copyInto(ctx, os.TempDir(), copyPrefix); err != nil {
		return nil, err
	}
	return l, nil
}

// copyInto makes l a private copy in a folder of its own in dir.
func (l *Ledger) copyInto(ctx context.Context, dir, prefix string) error {
	folder, remove, err := privateFolder(dir, prefix)
	if err != nil {
		return l.fail("copy", err)
	}
	file, err := copyTo(ctx, folder, l.path)
	if err != nil {
		return errors.Join(l.fail("copy", err), remove())
	}
	l.temp, l.removeTemp = file, remove
	if err := l.start(ctx, file, unsynced); err != nil {
		return errors.Join(err, remove())
	}
	return nil
}

// start opens what l needs to work on the file.
func (l *Ledger) start(ctx context.Context, file string, d durability) error {
	var err error
	l.patience = newPatience()
	if l.pools, err = openPools(ctx, file, d, l.patience); err != nil {
		return l.fail("open", err)
	}
	if l.doubtful {
		if err := l.CheckIntegrity(ctx); err != nil {
			return errors.Join(err, l.pools.close())
		}
	}
	for _, step := range []func(context.Context, *writer) error{migrate, makeTokenKey} {
		if err := l.patience.retry(ctx, func() error { return step(ctx, l.write) }); err != nil {
			return errors.Join(l.fail("bring up to date", err), l.pools.close())
		}
	}
	err = l.patience.retry(ctx, func() (err error) {
		l.journal, err = newJournal(ctx, l.write.db)
		return err
	})
	if err == nil {
		err = l.write.log.sync()
	}
	if err != nil {
		return errors.Join(l.fail("open", err), l.pools.close())
	}
	l.recorder = newRecorder(l.write, l.journal)
	l.late = &late{path: l.path + ".late"}
	l.stopOnce = sync.OnceValue(l.stop)
	return nil
}

// Close waits for the records under way, then closes. Closing twice is fine.
func (l *Ledger) Close() error { return l.stopOnce() }

func (l *Ledger) stop() error {
	err := l.shut()
	if l.temp != "" {
		err = errors.Join(err, l.removeTemp())
	}
	return err
}

// shut closes the files and leaves them where they are.
func (l *Ledger) shut() error {
	return l.fail("close", errors.Join(l.recorder.stop(), l.pools.close(), l.late.close()))
}

// fail says which ledger, and what was being done; nil stays nil.
func (l *Ledger) fail(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("ledger %s: %s: %w", l.path, doing, advise(damaged(err, l.path)))
}

// change runs fn in one transaction, on tables that hold all that was recorded.
func (l *Ledger) change(ctx context.Context, doing string, fn func(*sql.Tx) error) error {
	return l.fail(doing, l.write.change(ctx, func(tx *sql.Tx) error {
		if err := l.journal.fold(ctx, tx); err != nil {
			return err
		}
		return fn(tx)
	}))
}

// store is change for what belongs to no subscriber and no delivery: what the recorder
// foresees stays as it is.
func (l *Ledger) store(ctx context.Context, doing string, fn func(*sql.Tx) error) error {
	return l.fail(doing, l.write.store(ctx, fn))
}

// rowsQuerier is a *sql.DB or *sql.Tx.
type rowsQuerier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// scanner is a *sql.Row or *sql.Rows.
type scanner interface{ Scan(dest ...any) error }

// collect reads all rows of a query.
func collect[T any](ctx context.Context, db rowsQuerier, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return scanAll(rows, scan)
}

func scanAll[T any](rows *sql.Rows, scan func(scanner) (T, error)) ([]T, error) {
	defer rows.Close()
	var all []T
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}
