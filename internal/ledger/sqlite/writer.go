package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"sync"
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
	// unfolded is what the recorder knows of the journal.
	unfolded unfolded
}

// run runs do in a transaction. It is on the disk after the next sync.
func (w *writer) run(ctx context.Context, do func(*sql.Tx) error) error {
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
	committed := false
	defer func() { w.unfolded.end(committed) }()
	if err := w.commits.within(ctx, tx, do); err != nil {
		return err
	}
	err = tx.Commit()
	committed = err == nil
	return err
}

// hold keeps the connection from everybody else while prepare runs, and then do in a
// transaction. The changes are on the disk when hold returns.
func (w *writer) hold(ctx context.Context, prepare func(*sql.Conn) error, do func(*sql.Tx) error) error {
	conn, err := w.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
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

	mu           sync.Mutex
	file         *os.File // nil before the first sync
	begun, ended int      // fsyncs
	oneEnded     sync.Cond
	// failed stays: what one fsync could not write, the next one does not try again.
	failed error
}

func newWAL(path string) *wal {
	w := &wal{path: path}
	w.oneEnded.L = &w.mu
	return w
}

// sync syncs everything that was committed before the call. Callers that come while the disk
// works share the next fsync.
func (w *wal) sync() error {
	if w == nil {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for mine := w.begun + 1; w.ended < mine && w.failed == nil; {
		if w.begun > w.ended {
			w.oneEnded.Wait()
			continue
		}
		w.begun++
		w.mu.Unlock()
		err := w.fsync()
		w.mu.Lock()
		w.ended++
		w.failed = err
		w.oneEnded.Broadcast()
	}
	if w.failed != nil {
		return fmt.Errorf("%w (%w)", errUnsynced, w.failed)
	}
	return nil
}

// fsync is called by one caller at a time.
func (w *wal) fsync() (err error) {
	if w.file == nil {
		if w.file, err = os.OpenFile(w.path, os.O_RDWR, 0); err != nil {
			return err
		}
	}
	return w.file.Sync()
}

func (w *wal) close() error {
	if w == nil || w.file == nil {
		return nil
	}
	return w.file.Close()
}
