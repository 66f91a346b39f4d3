package ledger

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
)

// errUnsynced is of a commit that may not have reached the disk.
var errUnsynced = errors.New("the disk fails; check it and run again")

// wal is SQLite's write-ahead log. Commits that fill it can be synced apart from it,
// so that the next transaction runs while the disk works on the one before. That is
// what synchronous=FULL does, at another moment. nil is the log of a database that
// is thrown away. SQLite keeps the file while any connection is open, and locks the
// database and the index, but never this file.
type wal struct {
	path string
	file *os.File // nil before the first sync
	// failed stays: what one fsync could not write the next does not try again.
	failed error
}

// commit runs a transaction that is on the disk only after the next sync.
func (w *wal) commit(ctx context.Context, db *sql.DB, do func(*sql.Tx) error) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if w != nil {
		if _, err := conn.ExecContext(ctx, "PRAGMA synchronous = NORMAL"); err != nil {
			return err
		}
		defer syncAgain(ctx, conn)
	}
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := do(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// syncAgain has the connection's commits synced as they are made. If that cannot
// be, no other transaction uses the connection.
func syncAgain(ctx context.Context, conn *sql.Conn) {
	if _, err := conn.ExecContext(ctx, "PRAGMA synchronous = "+string(synced)); err != nil {
		_ = conn.Raw(func(any) error { return driver.ErrBadConn })
	}
}

// sync puts on the disk all that was committed before it was called.
func (w *wal) sync() error {
	if w == nil {
		return nil
	}
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
