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
	"publisher/internal/ledger/lockwait"
	"publisher/internal/ledger/sqlutil"
)

// writer is the one connection that writes. SQLite does not sync its commits
// (synchronous=NORMAL); writer does, so that one group of the recorder can be committed
// while the disk works on the previous one.
type writer struct {
	db      *sql.DB
	log     *wal // nil: of what is thrown away
	wait    *lockwait.Wait
	commits commitNumber
	// unfolded is what the recorder knows of the journal.
	unfolded unfolded
	// Each transaction runs these.
	totalChanges, commitNumber, dataVersion *sql.Stmt
}

func newWriter(ctx context.Context, db *sql.DB, log *wal, wait *lockwait.Wait) (*writer, error) {
	w := &writer{db: db, log: log, wait: wait, unfolded: unfolded{subscribers: map[int64]bool{}}}
	return w, sqlutil.Prepare(ctx, db,
		sqlutil.Prepared{To: &w.totalChanges, Text: "SELECT total_changes()"},
		sqlutil.Prepared{To: &w.commitNumber, Text: readCommitNumber},
		sqlutil.Prepared{To: &w.dataVersion, Text: readDataVersion})
}

// number runs one of them.
func number(ctx context.Context, tx *sql.Tx, s *sql.Stmt) (n int64, err error) {
	err = tx.StmtContext(ctx, s).QueryRowContext(ctx).Scan(&n)
	return n, err
}

// run runs do in a transaction. It is on the disk after the next sync.
func (w *writer) run(ctx context.Context, do func(*sql.Tx) error) error {
	deadline := w.wait.Deadline()
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
	err := w.wait.RetryUntil(ctx, deadline, func() (err error) {
		tx, err = conn.BeginTx(ctx, nil)
		return err
	})
	if err != nil {
		return err
	}
	defer tx.Rollback()
	committed := false
	defer func() { w.unfolded.end(committed) }()
	if err := w.commits.within(ctx, w, tx, do); err != nil {
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
	if err := w.transaction(ctx, w.wait.Deadline(), conn, do); err != nil {
		return err
	}
	return w.log.share()
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
	recorded     time.Time // when the recorder's last sync ended
	// failed stays: what one fsync could not write, the next one does not try again.
	failed error
}

func newWAL(path string) *wal {
	w := &wal{path: path}
	w.oneEnded.L = &w.mu
	return w
}

const (
	// recordingTime is how long after the recorder's last sync the next one is expected.
	recordingTime = 10 * time.Millisecond
	// shareTime is how long others wait for it.
	shareTime = 5 * time.Millisecond
)

// sync syncs everything that was committed before the call. It is the recorder's.
func (w *wal) sync() error {
	if w == nil {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	err := w.syncFor(w.begun + 1)
	w.recorded = time.Now()
	return err
}

// share is like sync for others. While mail goes out it shares the recorder's next fsync, which
// would otherwise have to wait for another one.
func (w *wal) share() error {
	if w == nil {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	mine := w.begun + 1
	if w.expected() {
		late := false
		defer time.AfterFunc(shareTime, func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			late = true
			w.oneEnded.Broadcast()
		}).Stop()
		for w.ended < mine && w.failed == nil && !late {
			w.oneEnded.Wait()
		}
	}
	return w.syncFor(mine)
}

// recording reports whether mail goes out.
func (w *wal) recording() bool {
	if w == nil {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.expected()
}

// expected reports whether the recorder will sync soon.
func (w *wal) expected() bool { return time.Since(w.recorded) < recordingTime }

// syncFor waits for the end of an fsync by its number, or does it.
func (w *wal) syncFor(mine int) error {
	for w.ended < mine && w.failed == nil {
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
