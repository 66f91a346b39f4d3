package postgres

import (
	"context"
	"database/sql"
	"time"

	"publisher/internal/ledger/postgres/connect"
)

const (
	// deadAfter is how long a process is silent, by the database's clock, that is over without doubt: it held
	// nothing, and nobody lived for long enough to declare it dead.
	deadAfter = 24 * time.Hour
	// Rows about processes and take-overs are kept for people to see.
	keepWorkers   = 7 * 24 * time.Hour
	keepTakeOvers = 90 * 24 * time.Hour
	// keepJobs is how long jobs are kept that are over. River removes them too, after a day, where a process
	// works for longer than a run of cron.
	keepJobs = time.Hour
	// mostPruned limits the jobs that are removed at a time.
	mostPruned = 10_000
)

// Prune removes what is no longer needed: batches of editions that are over, processes that are long
// dead, and jobs that are done.
func (b *Batches) Prune(ctx context.Context) error {
	before := func(age time.Duration) []any { return []any{age.Microseconds()} }
	err := b.inTransaction(ctx, nil, func(tx *sql.Tx, _ *sql.Conn) error {
		for _, one := range []struct {
			query string
			args  []any
		}{
			{`DELETE FROM batch b WHERE b.state = 'done' AND NOT EXISTS (
				SELECT 1 FROM edition e WHERE e.number = b.edition AND e.done_at IS NULL AND e.canceled_at IS NULL)`, nil},
			{`WITH gone AS (UPDATE worker w SET dead = TRUE, ended_at = ` + connect.ServerNow + ` WHERE NOT w.dead AND COALESCE(w.beat_at, w.began_at) < ` + connect.ServerNow + ` - $1
				AND NOT EXISTS (SELECT 1 FROM batch b WHERE b.worker = w.id) AND NOT EXISTS (SELECT 1 FROM notice_sender s WHERE s.worker = w.id) RETURNING id)
				UPDATE place SET ended_at = place_now() FROM gone WHERE place.worker = gone.id AND place.ended_at IS NULL`, before(deadAfter)},
			{`DELETE FROM worker w WHERE w.dead AND w.ended_at < ` + connect.ServerNow + ` - $1
				AND NOT EXISTS (SELECT 1 FROM batch b WHERE b.worker = w.id) AND NOT EXISTS (SELECT 1 FROM notice_sender s WHERE s.worker = w.id)`, before(keepWorkers)},
			{"DELETE FROM takeover WHERE at < " + connect.ServerNow + " - $1 AND number < (SELECT MAX(number) FROM takeover)", before(keepTakeOvers)},
			{`DELETE FROM river_job WHERE id IN (SELECT id FROM river_job WHERE state IN ('completed', 'cancelled', 'discarded')
				AND finalized_at < clock_timestamp() - $1 * INTERVAL '1 microsecond' LIMIT $2)`, append(before(keepJobs), mostPruned)},
		} {
			if _, err := tx.ExecContext(ctx, one.query, one.args...); err != nil {
				return err
			}
		}
		return nil
	})
	return b.fail("remove what is no longer needed", err)
}
