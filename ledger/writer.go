package ledger

import (
	"context"
	"database/sql"
	"sync/atomic"
)

// writer is the one connection that writes.
type writer struct {
	db *sql.DB
	// changes counts the transactions that were not the recorder's. It is counted up
	// and looked at by who has the connection.
	changes atomic.Int64
}

// change runs do in one transaction that others wait for.
func (w *writer) change(ctx context.Context, do func(*sql.Tx) error) error {
	return w.record(ctx, func(tx *sql.Tx) error {
		w.changes.Add(1)
		return do(tx)
	})
}

// record is change for the recorder's own transactions, and others that touch neither
// subscribers nor deliveries.
func (w *writer) record(ctx context.Context, do func(*sql.Tx) error) error {
	tx, err := w.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := do(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// hold keeps the connection from everybody else while do runs, which may change
// what it likes.
func (w *writer) hold(ctx context.Context, do func(*sql.Conn) error) error {
	conn, err := w.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	w.changes.Add(1)
	return do(conn)
}
