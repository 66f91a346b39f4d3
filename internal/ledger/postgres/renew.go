package postgres

import (
	"context"
	"database/sql"

	"publisher/internal/ledger/sqlutil"
)

// lostJobs are batches that nobody holds, and whose job nobody will work either: River gave it to a
// process that died, or lost the database, before it took the batch.
const lostJobs = `
	UPDATE batch SET fence = fence + 1 WHERE state = 'open' AND (id::TEXT, fence::TEXT) NOT IN (
		SELECT COALESCE(j.args ->> 'batch', ''), COALESCE(j.args ->> 'fence', '') FROM river_job j
		WHERE j.queue = '` + MailQueue + `' AND (j.state IN ('available', 'pending', 'retryable', 'scheduled')
			OR j.state = 'running' AND j.attempted_at > clock_timestamp() - INTERVAL '10 seconds'))
	RETURNING id, fence`

// RenewLost gives batches new jobs whose jobs were lost, and returns their number. An earlier job has
// nothing to do then, should it be worked after all.
func (b *Batches) RenewLost(ctx context.Context) (n int, err error) {
	err = b.inTransaction(ctx, nil, func(tx *sql.Tx, conn *sql.Conn) error {
		jobs, err := sqlutil.Collect(ctx, tx, func(row sqlutil.Scanner) (j Job, err error) {
			err = row.Scan(&j.Batch, &j.Fence)
			return j, err
		}, lostJobs)
		if n = len(jobs); err != nil {
			return err
		}
		return b.insertJobs(ctx, conn, jobs)
	})
	return n, b.fail("hand out batches again", err)
}
