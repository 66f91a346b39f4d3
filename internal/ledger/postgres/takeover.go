package postgres

import (
	"context"
	"database/sql"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/grouped"
	"publisher/internal/ledger/postgres/connect"
	"publisher/internal/ledger/sqlutil"
)

// lookAtWorkers is how often a worker looks at the others.
const lookAtWorkers = time.Second

// TakenOver is what a worker has taken over from another one, which it declared dead.
type TakenOver struct {
	Worker      int64
	Batches     int // which are handed out again
	Interrupted int // deliveries of which it is not known whether the server accepted them
	Notices     int // likewise
}

// Watch looks at the other workers until ctx ends, or this worker is dead. What those who are dead
// have left is handed out again; hold says what becomes of deliveries that they may have made. note
// is told of each, and of what fails.
func (w *Worker) Watch(ctx context.Context, hold bool, now func() time.Time, note func(TakenOver, error)) {
	every := time.NewTicker(lookAtWorkers)
	defer every.Stop()
	var o observer
	for {
		select {
		case <-every.C:
		case <-ctx.Done():
			return
		case <-w.lost.Done():
			return
		}
		began := time.Now()
		beats, err := w.others(ctx)
		if err != nil {
			if ctx.Err() == nil {
				note(TakenOver{}, err)
			}
			continue
		}
		for id, n := range o.look(began, time.Now(), beats) {
			took, err := w.takeOver(ctx, id, n, hold, now())
			if took != nil || err != nil && ctx.Err() == nil {
				if took == nil {
					took = &TakenOver{Worker: id}
				}
				note(*took, err)
			}
		}
	}
}

// others returns the counts of the other workers that live.
func (w *Worker) others(ctx context.Context) (map[int64]int64, error) {
	ctx, cancel := context.WithTimeout(ctx, longestGap)
	defer cancel()
	beats, err := sqlutil.CollectMap(ctx, w.engine.db, func(row sqlutil.Scanner) (id, n int64, err error) {
		err = row.Scan(&id, &n)
		return id, n, err
	}, "SELECT id, beats FROM worker WHERE NOT dead AND id <> $1", w.ID)
	return beats, w.fail("look at the other workers", err)
}

// whateverBeats stands for a worker that is known to be over.
const whateverBeats = -1

// Resume takes over what an earlier life of this process has left, which is over: it need not be
// silent for long. What servers answered, and the ledger could not take, is recorded before.
func (w *Worker) Resume(ctx context.Context, earlier Life, hold bool, now time.Time) error {
	if _, err := w.recordLate(ctx, earlier.worker); err != nil {
		return err
	}
	_, err := w.takeOver(ctx, earlier.worker, whateverBeats, hold, now)
	return err
}

// takeOver declares a worker dead, unless its count is another one now, and hands out again what it
// held. It returns nil if the worker lives, or somebody else was faster.
func (w *Worker) takeOver(ctx context.Context, id, beats int64, hold bool, now time.Time) (took *TakenOver, err error) {
	err = w.inTransaction(ctx, []ledger.Touched{{}}, func(tx *sql.Tx, conn *sql.Conn) error {
		took = nil
		done, err := tx.ExecContext(ctx, "UPDATE worker SET dead = TRUE, ended_at = "+connect.ServerNow+" WHERE id = $1 AND (beats = $2 OR $2 < 0) AND NOT dead", id, beats)
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil || n == 0 {
			return err
		}
		took = &TakenOver{Worker: id}
		if _, err := tx.ExecContext(ctx, endPlaces, id); err != nil {
			return err
		}
		if took.Interrupted, err = w.settle(ctx, tx, hold, now, interruptedOf, id); err != nil {
			return err
		}
		if took.Notices, err = settleNotices(ctx, tx, hold, now, "id IN (SELECT s.notice FROM notice_sender s WHERE s.worker = $4)", id); err != nil {
			return err
		}
		jobs, err := sqlutil.Collect(ctx, tx, func(row sqlutil.Scanner) (j Job, err error) {
			err = row.Scan(&j.Batch, &j.Fence)
			return j, err
		}, "UPDATE batch SET fence = fence + 1, state = 'open', worker = NULL WHERE worker = $1 AND state = 'held' RETURNING id, fence", id)
		if err != nil {
			return err
		}
		took.Batches = len(jobs)
		if beats != whateverBeats {
			if err := w.showTakeOver(ctx, tx, took); err != nil {
				return err
			}
		}
		return w.insertJobs(ctx, conn, jobs)
	})
	if err != nil {
		return nil, w.fail("take over from another worker", err)
	}
	return took, nil
}

// showTakeOver stores what was taken over, for people to see.
func (w *Worker) showTakeOver(ctx context.Context, tx *sql.Tx, took *TakenOver) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO takeover (number, worker, host, process, by_worker, at, batches, uncertain)
		SELECT (SELECT COALESCE(MAX(number), 0) + 1 FROM takeover), id, host, process, $2, `+connect.ServerNow+`, $3, $4 FROM worker WHERE id = $1`,
		took.Worker, w.ID, took.Batches, took.Interrupted+took.Notices)
	return err
}

// interruptedOf are the deliveries that a worker was making. A range has those who had no delivery
// when it was handed out; whose delivery is in a batch of retries is not of the range.
const interruptedOf = `
	SELECT d.edition, d.subscriber, e.canceled_at IS NOT NULL FROM batch b JOIN edition e ON e.number = b.edition
	JOIN delivery d ON d.edition = b.edition AND d.progress IN ('sending', 'deferred') AND d.progress <> 'deferred' AND CASE b.kind
		WHEN 'retries' THEN d.subscriber = ANY(b.ids)
		ELSE d.subscriber > b.after_id AND d.subscriber <= b.upto_id AND NOT EXISTS (SELECT 1 FROM batch r
			WHERE r.edition = b.edition AND r.kind = 'retries' AND r.state = 'held' AND d.subscriber = ANY(r.ids)) END
	WHERE b.worker = $1 AND b.state = 'held' ORDER BY d.edition, d.subscriber`

// settle settles the deliveries that a query selects, and returns their number.
func (b *Batches) settle(ctx context.Context, tx *sql.Tx, hold bool, now time.Time, query string, args ...any) (int, error) {
	group, err := sqlutil.Collect(ctx, tx, func(row sqlutil.Scanner) (*grouped.Call, error) {
		var edition, subscriber int64
		var canceled bool
		err := row.Scan(&edition, &subscriber, &canceled)
		return &grouped.Call{Done: ledger.InterruptedResult(edition, subscriber, canceled, hold, now)}, err
	}, query, args...)
	if err != nil || len(group) == 0 {
		return 0, err
	}
	step, err := readStep(ctx, tx, group)
	if err != nil {
		return 0, err
	}
	for _, call := range group {
		if _, err := step.Decide(call.Done, nil); err != nil {
			return 0, err
		}
	}
	return len(group), storeStep(ctx, tx, b.engine.recorder.settler, step)
}

// orphans are deliveries that were being made by somebody who is gone, and who worked no batch.
const orphans = `
	SELECT d.edition, d.subscriber, e.canceled_at IS NOT NULL FROM delivery d JOIN edition e ON e.number = d.edition
	WHERE d.progress IN ('sending', 'deferred') AND d.progress <> 'deferred' AND NOT EXISTS (
		SELECT 1 FROM batch b WHERE b.edition = d.edition AND b.state = 'held' AND CASE b.kind
			WHEN 'retries' THEN d.subscriber = ANY(b.ids) ELSE d.subscriber > b.after_id AND d.subscriber <= b.upto_id END)
	ORDER BY d.edition, d.subscriber`

// SettleOrphans settles the deliveries that are being made by nobody who holds a batch, and returns
// their number. Nobody else may deliver without one.
func (b *Batches) SettleOrphans(ctx context.Context, hold bool, now time.Time) (n int, err error) {
	err = b.inTransaction(ctx, []ledger.Touched{{}}, func(tx *sql.Tx, _ *sql.Conn) (err error) {
		n, err = b.settle(ctx, tx, hold, now, orphans)
		return err
	})
	return n, b.fail("settle interrupted deliveries", err)
}
