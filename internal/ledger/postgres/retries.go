package postgres

import (
	"context"
	"database/sql"

	"publisher/internal/ledger"
	"publisher/internal/ledger/sqlutil"
)

// Retrying returns the deliveries that are in batches of retries which are not done.
func (b *Batches) Retrying(ctx context.Context) (map[ledger.DeliveryKey]bool, error) {
	all, err := sqlutil.CollectMap(ctx, b.engine.db, func(row sqlutil.Scanner) (k ledger.DeliveryKey, _ bool, err error) {
		err = row.Scan(&k.Edition, &k.Subscriber)
		return k, true, err
	}, "SELECT edition, unnest(ids) FROM batch WHERE state <> 'done' AND kind = 'retries'")
	return all, b.fail("read the batches", err)
}

// Lacking returns the editions of which retries could not be composed, because the bundle lacks some of
// their posts.
func (b *Batches) Lacking(ctx context.Context) (map[int64]bool, error) {
	all, err := sqlutil.CollectMap(ctx, b.engine.db, func(row sqlutil.Scanner) (edition int64, _ bool, err error) {
		err = row.Scan(&edition)
		return edition, true, err
	}, "SELECT edition FROM batch WHERE state = 'done' AND kind = 'retries' AND missed > 0")
	return all, b.fail("read the batches", err)
}

// ForgetRetries removes the batches of retries of an edition that are done.
func (b *Batches) ForgetRetries(ctx context.Context, edition int64) error {
	err := b.inTransaction(ctx, nil, func(tx *sql.Tx, _ *sql.Conn) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM batch WHERE edition = $1 AND state = 'done' AND kind = 'retries'", edition)
		return err
	})
	return b.fail("forget batches", err)
}
