package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/grouped"

	"github.com/jackc/pgx/v5"
)

// beginStep takes the lock that steps share, and sets how the statements after it are planned,
// until the end of the transaction. A plan that is made while a table is empty, or was never
// analyzed, would go over all of delivery, or of another index, for each group, and be kept after
// the table has grown. Planning takes longer than the statement, so it is done once.
const beginStep = `SELECT set_config('lock_timeout', $2, TRUE), pg_advisory_xact_lock_shared($1), set_config('synchronous_commit', 'on', TRUE),
	set_config('plan_cache_mode', 'force_generic_plan', TRUE), set_config('jit', 'off', TRUE), set_config('enable_seqscan', 'off', TRUE),
	set_config('enable_bitmapscan', 'off', TRUE), set_config('enable_hashjoin', 'off', TRUE), set_config('enable_mergejoin', 'off', TRUE),
	set_config('enable_material', 'off', TRUE), set_config('enable_sort', 'off', TRUE)`

// lockSubscribers locks the rows of subscribers whose ids are in order. It is not for their keys,
// which nobody changes.
const lockSubscribers = `
	SELECT COUNT(*) FROM unnest($1::BIGINT[]) AS k (id)
	CROSS JOIN LATERAL (SELECT 1 FROM subscriber s WHERE s.id BETWEEN k.id AND k.id ORDER BY s.id LIMIT 1 FOR NO KEY UPDATE) locked`

// stepStatement decides requests about subscribers of whom there is only one, and stores what they
// change. It decides as ledger.Step does, or leaves a request as it is and says so: where a delivery
// was deferred or has no intent, something is owed, the edition was canceled, or the subscriber was
// erased.
//
// There is only one way to read each table, however little the server knows about it: rows are looked
// up in subqueries, which cannot be joined in another order because of their limit. Where several
// indexes have the column, only the right one has it in order, and rows that were read are changed
// by their place.
const stepStatement = `
WITH found AS MATERIALIZED (
	SELECT c.*, d.ctid AS r_place, d.progress AS r_was, d.through_seq AS r_reached, d.digest AS r_digest,
		c.r_status <> 'deferred' AND (d.again OR NOT c.r_kept) AS r_settles, r.ctid AS s_place, r.owed AS r_owed,
		(SELECT i.progress FROM delivery i WHERE i.edition = c.i_edition AND i.subscriber = c.i_subscriber LIMIT 1) AS i_was
	FROM unnest($1::BIGINT[], $2::BIGINT[], $3::TEXT[], $4::BIGINT[], $5::TEXT[], $6::BIGINT[], $7::BIGINT[], $8::BOOLEAN[], $9::BOOLEAN[],
			$10::BOOLEAN[], $11::BOOLEAN[], $12::BIGINT[], $13::BIGINT[], $14::BIGINT[], $15::BIGINT[], $16::TEXT[], $17::BIGINT[], $18::BIGINT[])
		WITH ORDINALITY AS c (r_edition, r_subscriber, r_status, r_code, r_reply, r_next, r_at, r_fresh, r_resend,
			r_kept, r_hidden, i_edition, i_subscriber, i_after, i_through, i_owed, i_digest, i_at, n)
	LEFT JOIN LATERAL (SELECT d.ctid, d.progress, d.again, d.through_seq, d.digest FROM delivery d
		WHERE d.edition = c.r_edition AND d.subscriber = c.r_subscriber LIMIT 1) d ON TRUE
	LEFT JOIN LATERAL (SELECT s.ctid, s.owed FROM subscriber s
		WHERE s.id BETWEEN c.r_subscriber AND c.r_subscriber ORDER BY s.id LIMIT 1) r ON TRUE
), judged AS MATERIALIZED (
	SELECT f.*, f.r_edition = 0 OR COALESCE(f.r_was IN ('sending', 'uncertain'), FALSE) AS valid,
		COALESCE(f.i_was = 'deferred', FALSE) OR CASE
			WHEN f.r_edition = 0 THEN FALSE
			WHEN f.r_was IS NULL THEN f.r_fresh
			WHEN f.r_was = 'deferred' THEN TRUE
			WHEN f.r_was NOT IN ('sending', 'uncertain') THEN FALSE
			WHEN f.r_owed IS NULL THEN TRUE
			WHEN f.r_settles THEN f.r_owed <> ''
				OR COALESCE((SELECT g.returned <> '' FROM digest g WHERE g.edition = f.r_edition AND g.number = f.r_digest LIMIT 1), FALSE)
			ELSE (SELECT e.canceled_at IS NOT NULL FROM edition e WHERE e.number = f.r_edition LIMIT 1)
		END AS unclear,
		f.i_edition > 0 AND f.i_was IS NULL AND COALESCE((
			SELECT s.status = 'active' AND s.cursor_seq = f.i_after AND s.owed = f.i_owed AND (s.paused_until IS NULL OR s.paused_until <= f.i_at)
				AND (SELECT 1 FROM delivery o WHERE o.subscriber BETWEEN f.i_subscriber AND f.i_subscriber AND o.progress IN ('sending', 'deferred')
					ORDER BY o.subscriber LIMIT 1) IS NULL
			FROM subscriber s WHERE s.id BETWEEN f.i_subscriber AND f.i_subscriber ORDER BY s.id LIMIT 1), FALSE)
			AND COALESCE((SELECT e.canceled_at IS NULL FROM edition e WHERE e.number = f.i_edition LIMIT 1), FALSE) AS allowed
	FROM found f
), decided AS MATERIALIZED (
	SELECT j.*, j.r_edition > 0 AND j.valid AND NOT j.unclear AS ends, j.allowed AND j.valid AND NOT j.unclear AS begins FROM judged j
), ended AS (
	UPDATE delivery d SET progress = c.r_status, last_at = c.r_at, next_at = CASE c.r_status WHEN 'deferred' THEN NULLIF(c.r_next, 0) END,
		kept = CASE WHEN c.r_status = 'deferred' AND c.r_hidden THEN 3 WHEN c.r_status = 'deferred' OR c.r_settles THEN 0 ELSE 1 END,
		code = c.r_code, reply = c.r_reply, resent = d.resent + CASE WHEN c.r_resend THEN 1 ELSE 0 END
	FROM decided c WHERE c.ends AND d.ctid = c.r_place
), moved AS (
	UPDATE subscriber s SET cursor_seq = c.r_reached FROM decided c
	WHERE c.ends AND c.r_settles AND s.ctid = c.s_place AND s.cursor_seq < c.r_reached
), begun AS (
	INSERT INTO delivery (edition, subscriber, after_seq, through_seq, progress, attempts, first_at, last_at, digest)
	SELECT c.i_edition, c.i_subscriber, c.i_after, c.i_through, 'sending', 1, NULLIF(c.i_at, 0), NULLIF(c.i_at, 0), c.i_digest
	FROM decided c WHERE c.begins
), paced AS (
	INSERT INTO pace (at, count) SELECT (MAX(c.r_at) / 1000000 + 1) * 1000000, COUNT(*) FROM decided c WHERE c.ends HAVING COUNT(*) > 0
	ON CONFLICT (at) DO UPDATE SET count = pace.count + excluded.count
)
SELECT n, valid, unclear, begins FROM decided`

// stepArgs are the columns of the requests; an edition of 0 stands for no result, or no intent.
type stepArgs struct {
	rEdition, rSubscriber, rCode, rNext, rAt              []int64
	rStatus, rReply                                       []string
	rFresh, rResend, rKept, rHidden                       []bool
	iEdition, iSubscriber, iAfter, iThrough, iDigest, iAt []int64
	iOwed                                                 []string
}

func newStepArgs(group []*grouped.Call) *stepArgs {
	a := new(stepArgs)
	for _, call := range group {
		var done ledger.Result
		if call.Done != nil {
			done = *call.Done
		}
		a.rEdition, a.rSubscriber = append(a.rEdition, done.Edition), append(a.rSubscriber, done.Subscriber)
		a.rStatus, a.rCode, a.rReply = append(a.rStatus, string(done.Status)), append(a.rCode, int64(done.Code)), append(a.rReply, done.Reply)
		a.rNext, a.rAt = append(a.rNext, micros(done.Next)), append(a.rAt, micros(done.At))
		a.rFresh, a.rResend = append(a.rFresh, done.Through > 0), append(a.rResend, done.Resend)
		a.rKept, a.rHidden = append(a.rKept, done.KeepCursor), append(a.rHidden, done.PostHidden)
		var next ledger.Intent
		if call.Next != nil {
			next = *call.Next
		}
		a.iEdition, a.iSubscriber = append(a.iEdition, next.Edition), append(a.iSubscriber, next.Subscriber)
		a.iAfter, a.iThrough, a.iOwed = append(a.iAfter, next.After), append(a.iThrough, next.Through), append(a.iOwed, next.Owed.String())
		a.iDigest, a.iAt = append(a.iDigest, next.Digest), append(a.iAt, micros(next.At))
	}
	return a
}

func (a *stepArgs) all() []any {
	return []any{a.rEdition, a.rSubscriber, a.rStatus, a.rCode, a.rReply, a.rNext, a.rAt, a.rFresh, a.rResend, a.rKept, a.rHidden,
		a.iEdition, a.iSubscriber, a.iAfter, a.iThrough, a.iOwed, a.iDigest, a.iAt}
}

// micros returns a time as it is stored, and 0 for the zero time.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// verdict is what stepStatement says about a request.
type verdict struct{ valid, unclear, begins bool }

// step decides requests with stepStatement in one round trip, and answers those that it has
// decided. It returns the others.
func (r *recorder) step(ctx context.Context, group []*grouped.Call) (left []*grouped.Call, err error) {
	var verdicts []verdict
	args := newStepArgs(group).all()
	err = r.engine.wait.Retry(ctx, func() (err error) {
		verdicts, err = r.runStep(ctx, len(group), subscribersOf(group...), args)
		return err
	})
	if err != nil {
		return nil, err
	}
	for i, call := range group {
		v := verdicts[i]
		if v.unclear {
			left = append(left, call)
			continue
		}
		if !v.valid {
			call.Err = notOpen(call.Done)
		} else {
			r.note(call.Done, call.Next, v.begins)
		}
		call.Begun = v.begins
		call.Answer <- nil
	}
	return left, nil
}

// runStep sends the statements of a step together. They are one transaction.
func (r *recorder) runStep(ctx context.Context, requests int, subscribers []int64, args []any) (verdicts []verdict, err error) {
	ctx, cancel := context.WithTimeout(ctx, stepTime)
	defer cancel()
	conn, err := r.acquire(ctx)
	if err != nil {
		return nil, err
	}
	batch := new(pgx.Batch)
	batch.Queue(beginStep, int64(stepsLock), attemptLockTimeout(r.engine.wait))
	slices.Sort(subscribers)
	batch.Queue(lockSubscribers, slices.Compact(subscribers))
	permit := r.engine.permit
	if permit.query != "" {
		batch.Queue(permit.query, permit.args()...)
	}
	batch.Queue(stepStatement, args...)
	results := conn.SendBatch(ctx, batch)
	beats, err := permit.read(results)
	if err != nil {
		return nil, errors.Join(err, results.Close())
	}
	rows, err := results.Query()
	if err == nil {
		verdicts = make([]verdict, requests)
		var n int
		var v verdict
		_, err = pgx.ForEachRow(rows, []any{&n, &v.valid, &v.unclear, &v.begins}, func() error {
			verdicts[n-1] = v
			return nil
		})
	}
	// The commit comes with the end of the batch.
	if closed := results.Close(); err == nil {
		err = closed
	}
	if err == nil {
		permit.committed(beats)
	}
	return verdicts, err
}

// read reads the results of a step up to that of the permit, and returns what it says.
func (p permit) read(results pgx.BatchResults) (beats int64, err error) {
	for range 2 { // the locks
		if _, err := results.Exec(); err != nil {
			return 0, err
		}
	}
	switch {
	case p.query == "":
	case p.beats == nil:
		_, err = results.Exec()
	default:
		err = results.QueryRow().Scan(&beats)
	}
	return beats, err
}

// note keeps count of the deliveries under way.
func (r *recorder) note(done *ledger.Result, next *ledger.Intent, begun bool) {
	if done != nil {
		delete(r.underway, ledger.DeliveryKey{Edition: done.Edition, Subscriber: done.Subscriber})
	}
	if begun {
		r.underway[ledger.DeliveryKey{Edition: next.Edition, Subscriber: next.Subscriber}] = true
	}
}

// notOpen returns the error of ledger.Step for a result of a delivery that is not open.
func notOpen(done *ledger.Result) error {
	s := ledger.NewStep()
	s.Add(ledger.DeliveryKey{Edition: done.Edition, Subscriber: done.Subscriber})
	without := *done
	without.Through = 0
	_, err := s.Decide(&without, nil)
	if err == nil {
		err = fmt.Errorf("edition %d to subscriber %d is not open", done.Edition, done.Subscriber)
	}
	return err
}
