package postgres

import (
	"context"
	"strconv"

	"publisher/internal/ledger/sqlutil"
)

// RecordLate records what mail servers have answered and the database did not take: what this worker was
// told, and what earlier lives on this machine were, once these are over.
func (w *Worker) RecordLate(ctx context.Context) (recorded int, err error) {
	return w.recordLate(ctx, 0)
}

// recordLate does so, and takes for granted that an earlier life is over; 0 for none.
func (w *Worker) recordLate(ctx context.Context, earlier int64) (recorded int, err error) {
	return w.Ledger.RecordLate(ctx, func(owner string) (bool, error) {
		id, err := strconv.ParseInt(owner, 10, 64)
		if err != nil {
			return false, nil // somebody else's file
		}
		if id == earlier {
			return true, nil
		}
		var dead bool
		known, err := sqlutil.Row(ctx, w.engine.db, "SELECT dead FROM worker WHERE id = $1", []any{id}, &dead)
		return err == nil && (dead || !known), err
	})
}
