package postgres

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/grouped"
	"publisher/internal/ledger/sqlutil"
)

// decide has package ledger decide requests, one after the other, and stores what they change.
func (r *recorder) decide(ctx context.Context, group []*grouped.Call) error {
	var step *ledger.Step
	err := r.engine.wait.Retry(ctx, func() (err error) {
		ctx, cancel := context.WithTimeout(ctx, stepTime)
		defer cancel()
		tx, err := r.engine.db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer tx.Rollback()
		if err := r.lockStep(ctx, tx, group); err != nil {
			return err
		}
		if step, err = readStep(ctx, tx, group); err != nil {
			return err
		}
		for _, call := range group {
			call.Begun, call.Err = step.Decide(call.Done, call.Next)
		}
		if err := storeStep(ctx, tx, r.settler, step); err != nil {
			return err
		}
		return tx.Commit()
	})
	if err != nil {
		return err
	}
	for _, d := range step.Changed {
		if d.Status == ledger.Sending {
			r.underway[d.Key()] = true
		} else {
			delete(r.underway, d.Key())
		}
	}
	for _, call := range group {
		call.Answer <- nil
	}
	return nil
}

// lockStep locks everything that the requests depend on.
func (r *recorder) lockStep(ctx context.Context, tx *sql.Tx, group []*grouped.Call) error {
	if _, err := tx.ExecContext(ctx, beginStep, int64(stepsLock), attemptLockTimeout(r.engine.wait)); err != nil {
		return err
	}
	subscribers := subscribersOf(group...)
	slices.Sort(subscribers)
	if _, err := tx.ExecContext(ctx, lockSubscribers, slices.Compact(subscribers)); err != nil || r.engine.permit.query == "" {
		return err
	}
	_, err := tx.ExecContext(ctx, r.engine.permit.query, r.engine.permit.args()...)
	return err
}

// readStep reads everything that the requests depend on.
func readStep(ctx context.Context, tx *sql.Tx, group []*grouped.Call) (*ledger.Step, error) {
	step := ledger.NewStep()
	var intents []*ledger.Intent
	for _, call := range group {
		if call.Done != nil {
			step.Add(ledger.DeliveryKey{Edition: call.Done.Edition, Subscriber: call.Done.Subscriber})
		}
		if call.Next != nil {
			step.Add(ledger.DeliveryKey{Edition: call.Next.Edition, Subscriber: call.Next.Subscriber})
			intents = append(intents, call.Next)
		}
	}
	if err := readDeliveries(ctx, tx, step); err != nil {
		return nil, err
	}
	return step, readIntents(ctx, tx, step, intents)
}

func readDeliveries(ctx context.Context, tx *sql.Tx, step *ledger.Step) error {
	var editions, subscribers []int64
	for key := range step.Deliveries {
		editions, subscribers = append(editions, key.Edition), append(subscribers, key.Subscriber)
	}
	_, err := sqlutil.Collect(ctx, tx, func(row sqlutil.Scanner) (_ struct{}, err error) {
		d := new(ledger.StepDelivery)
		if err = row.Scan(d.Fields()...); err == nil {
			step.Deliveries[d.Key()] = d
		}
		return struct{}{}, err
	}, "SELECT "+ledger.DeliveryColumns+` FROM unnest($1::BIGINT[], $2::BIGINT[]) AS k (edition, subscriber)
		JOIN delivery d ON d.edition = k.edition AND d.subscriber = k.subscriber`, editions, subscribers)
	return err
}

func readIntents(ctx context.Context, tx *sql.Tx, step *ledger.Step, intents []*ledger.Intent) error {
	var editions, subscribers, at []int64
	for _, next := range intents {
		editions, subscribers, at = append(editions, next.Edition), append(subscribers, next.Subscriber), append(at, micros(next.At))
	}
	_, err := sqlutil.Collect(ctx, tx, func(row sqlutil.Scanner) (_ struct{}, err error) {
		var n int
		var state ledger.SubscriberState
		if err = row.Scan(&n, &state.Due.Cursor, &state.Due.Owed, &state.Open); err == nil {
			step.Editions[intents[n-1].Edition] = true
			step.Subscribers[intents[n-1].Subscriber] = &state
		}
		return struct{}{}, err
	}, `
		SELECT i.n, s.cursor_seq, s.owed, (SELECT COUNT(*) FROM delivery o WHERE o.subscriber = s.id AND o.progress IN ('sending', 'deferred'))
		FROM unnest($1::BIGINT[], $2::BIGINT[], $3::BIGINT[]) WITH ORDINALITY AS i (edition, subscriber, at, n)
		JOIN edition e ON e.number = i.edition AND e.canceled_at IS NULL
		JOIN subscriber s ON s.id = i.subscriber AND s.status = 'active' AND (s.paused_until IS NULL OR s.paused_until <= i.at)
		ORDER BY i.n`, editions, subscribers, at)
	return err
}

const saveDeliveries = `
	INSERT INTO delivery (edition, subscriber, after_seq, through_seq, progress, attempts, first_at, last_at, next_at, code, reply,
		digest, kept, resent, again)
	SELECT edition, subscriber, after_seq, through_seq, progress, attempts, NULLIF(first_at, 0), NULLIF(last_at, 0), NULLIF(next_at, 0),
		code, reply, digest, kept, resent, again
	FROM unnest($1::BIGINT[], $2::BIGINT[], $3::BIGINT[], $4::BIGINT[], $5::TEXT[], $6::BIGINT[], $7::BIGINT[], $8::BIGINT[], $9::BIGINT[],
			$10::BIGINT[], $11::TEXT[], $12::BIGINT[], $13::BIGINT[], $14::BIGINT[], $15::BOOLEAN[])
		AS d (edition, subscriber, after_seq, through_seq, progress, attempts, first_at, last_at, next_at, code, reply, digest, kept, resent, again)
	ON CONFLICT (edition, subscriber) DO UPDATE SET progress = excluded.progress, attempts = excluded.attempts,
		last_at = excluded.last_at, next_at = excluded.next_at, code = excluded.code, reply = excluded.reply,
		digest = excluded.digest, kept = excluded.kept, resent = excluded.resent, again = excluded.again`

// storeStep stores what a step has changed.
func storeStep(ctx context.Context, tx *sql.Tx, settler *ledger.Settler, step *ledger.Step) error {
	if len(step.Changed) == 0 {
		return nil
	}
	if err := endOver(ctx, tx, step); err != nil {
		return err
	}
	numbers := [11][]int64{}
	var statuses, replies []string
	var settled []ledger.Delivery
	for _, d := range step.Changed {
		for i, v := range []int64{d.Edition, d.Subscriber, d.After, d.Through, int64(d.Attempts), micros(d.FirstTried), micros(d.LastTried), micros(d.NextTry),
			int64(d.Code), d.Digest, int64(d.DueReason)} {
			numbers[i] = append(numbers[i], v)
		}
		statuses, replies = append(statuses, string(d.Status)), append(replies, d.Reply)
		if d.Settled {
			settled = append(settled, d.Delivery)
		}
	}
	resent, again := make([]int64, len(step.Changed)), make([]bool, len(step.Changed))
	for i, d := range step.Changed {
		resent[i], again[i] = int64(d.Resent), d.ManualRetry
	}
	_, err := tx.ExecContext(ctx, saveDeliveries, numbers[0], numbers[1], numbers[2], numbers[3], statuses, numbers[4], numbers[5], numbers[6], numbers[7],
		numbers[8], replies, numbers[9], numbers[10], resent, again)
	if err != nil {
		return err
	}
	if err := settler.Settle(tx, settled); err != nil || step.Ended == 0 {
		return err
	}
	return ledger.LogSends(ctx, tx, step.LastEnd, step.Ended)
}

// endOver ends deliveries that would go on although their edition was canceled, or their
// subscriber was erased, of whom no server's words are stored either.
func endOver(ctx context.Context, tx *sql.Tx, step *ledger.Step) error {
	var editions, subscribers []int64
	for _, d := range step.Changed {
		editions, subscribers = append(editions, d.Edition), append(subscribers, d.Subscriber)
	}
	canceled, err := set(ctx, tx, "SELECT number FROM edition WHERE number = ANY($1) AND canceled_at IS NOT NULL", editions)
	if err != nil {
		return err
	}
	known, err := set(ctx, tx, "SELECT id FROM subscriber WHERE id = ANY($1)", subscribers)
	if err != nil {
		return err
	}
	for _, d := range step.Changed {
		if canceled[d.Edition] && d.EndCanceled() {
			d.Settled = true
		}
		if known[d.Subscriber] {
			continue
		}
		d.Reply = ""
		if d.Status == ledger.Deferred {
			d.Status, d.NextTry, d.DueReason = ledger.Failed, time.Time{}, ledger.NotDue
		}
	}
	return nil
}

// set returns the numbers that a query selects among some.
func set(ctx context.Context, tx *sql.Tx, query string, among []int64) (map[int64]bool, error) {
	return sqlutil.CollectMap(ctx, tx, func(row sqlutil.Scanner) (n int64, _ bool, err error) {
		err = row.Scan(&n)
		return n, true, err
	}, query, among)
}
