package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"publisher/internal/hint"
)

// writer is the one connection that writes. SQLite does not sync its commits
// (synchronous=NORMAL); writer does, so that one group of the recorder can be committed
// while the disk works on the previous one.
type writer struct {
	db      *sql.DB
	log     *wal // nil: of what is thrown away
	wait    *lockWait
	commits commitNumber
	// changes counts the transactions that were not the recorder's, and those that it
	// failed to commit.
	changes atomic.Int64
}

// change runs do in a transaction. It is on the disk when change returns.
func (w *writer) change(ctx context.Context, do func(*sql.Tx) error) error {
	return w.store(ctx, func(tx *sql.Tx) error {
		w.changes.Add(1)
		return do(tx)
	})
}

// store is like change for what touches neither subscribers nor deliveries.
func (w *writer) store(ctx context.Context, do func(*sql.Tx) error) error {
	if err := w.record(ctx, do); err != nil {
		return err
	}
	return w.log.sync()
}

// record runs a transaction of the recorder. It is on the disk after the next sync.
func (w *writer) record(ctx context.Context, do func(*sql.Tx) error) error {
	deadline := w.wait.deadline()
	conn, err := w.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	return w.transaction(ctx, deadline, conn, do)
}

// transaction runs do in a numbered transaction on the writing connection. It keeps the
// connection while it waits for another process's lock, because everybody else would wait
// for the same lock.
func (w *writer) transaction(ctx context.Context, deadline time.Time, conn *sql.Conn, do func(*sql.Tx) error) error {
	var tx *sql.Tx
	err := w.wait.retryUntil(ctx, deadline, func() (err error) {
		tx, err = conn.BeginTx(ctx, nil)
		return err
	})
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := w.commits.within(ctx, tx, do); err != nil {
		return err
	}
	return tx.Commit()
}

// hold keeps the connection from everybody else while prepare runs, and then do in a
// transaction. The changes are on the disk when hold returns.
func (w *writer) hold(ctx context.Context, prepare func(*sql.Conn) error, do func(*sql.Tx) error) error {
	conn, err := w.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	w.changes.Add(1)
	if err := prepare(conn); err != nil {
		return err
	}
	if err := w.transaction(ctx, w.wait.deadline(), conn, do); err != nil {
		return err
	}
	return w.log.sync()
}

func (w *writer) close() error { return errors.Join(w.db.Close(), w.log.close()) }

// errUnsynced means that a commit may not have reached the disk.
var errUnsynced = hint.With(errors.New("the disk failed"), "check it and run again")

// wal is SQLite's write-ahead log. SQLite keeps the file while any connection is
// open, and locks the database and the index, but never this file.
type wal struct {
	path string

	mu   sync.Mutex
	file *os.File // nil before the first sync
	// failed stays: what one fsync could not write, the next one does not try again.
	failed error
}

// sync syncs everything that was committed before the call.
func (w *wal) sync() error {
	if w == nil {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.file == nil && w.failed == nil {
		w.file, w.failed = os.OpenFile(w.path, os.O_RDWR, 0)
	}
	if w.failed == nil {
		w.failed = w.file.Sync()
	}
	if w.failed != nil {
		return fmt.Errorf("%w (%w)", errUnsynced, w.failed)
	}
	return nil
}

func (w *wal) close() error {
	if w == nil || w.file == nil {
		return nil
	}
	return w.file.Close()
}
