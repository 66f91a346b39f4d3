package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"publisher/internal/ledger"
	"publisher/internal/ledger/grouped"
	"publisher/internal/ledger/sqlutil"
)

// unread is what has to be read from the tables before a Step can be decided.
type unread struct {
	intents    []*ledger.Intent
	deliveries []ledger.DeliveryKey
}

func (u unread) none() bool { return len(u.intents)+len(u.deliveries) == 0 }

// step returns what is known about the requests: the deliveries that this process has
// begun, which nobody else changes, and the recipients who have not changed since they
// were read.
func (r *recorder) step(calls []*grouped.Call, recipients map[int64]prefetchedRecipient) (s *ledger.Step, u unread) {
	s = ledger.NewStep()
	for _, call := range calls {
		if call.Done != nil {
			r.add(ledger.DeliveryKey{Edition: call.Done.Edition, Subscriber: call.Done.Subscriber}, s, &u)
		}
		if call.Next == nil {
			continue
		}
		key := ledger.DeliveryKey{Edition: call.Next.Edition, Subscriber: call.Next.Subscriber}
		if known, ok := recipients[key.Subscriber]; ok && known.edition == key.Edition {
			s.Editions[key.Edition] = true
			if s.Subscribers[key.Subscriber] == nil {
				s.Subscribers[key.Subscriber] = &ledger.SubscriberState{Due: known.due}
			}
			if s.Deliveries[key] == nil {
				s.Add(key)
			}
			continue
		}
		r.add(key, s, &u)
		u.intents = append(u.intents, call.Next)
	}
	return s, u
}

func (r *recorder) add(key ledger.DeliveryKey, s *ledger.Step, u *unread) {
	if s.Deliveries[key] != nil {
		return
	}
	if d := r.underway[key]; d != nil {
		s.Deliveries[key] = d
		return
	}
	s.Add(key)
	u.deliveries = append(u.deliveries, key)
}

// stepStatements read the rest.
type stepStatements struct{ intent, delivery *sql.Stmt }

func prepareStep(ctx context.Context, db *sql.DB) (s stepStatements, err error) {
	err = sqlutil.Prepare(ctx, db,
		sqlutil.Prepared{To: &s.intent, Text: `
			SELECT s.cursor_seq, s.owed, (SELECT COUNT(*) FROM delivery o WHERE o.subscriber = s.id AND o.progress IN ('sending', 'deferred'))
			FROM edition e CROSS JOIN subscriber s
			WHERE e.number = $1 AND e.canceled_at IS NULL AND s.id = $2 AND s.status = 'active' AND (s.paused_until IS NULL OR s.paused_until <= $3)`},
		sqlutil.Prepared{To: &s.delivery, Text: "SELECT " + ledger.DeliveryColumns + " FROM delivery d WHERE d.edition = $1 AND d.subscriber = $2"})
	return s, err
}

func (s stepStatements) read(tx *sql.Tx, step *ledger.Step, u unread) error {
	for _, next := range u.intents {
		var state ledger.SubscriberState
		err := tx.Stmt(s.intent).QueryRow(next.Edition, next.Subscriber, sqlutil.Time(next.At)).Scan(&state.Due.Cursor, &state.Due.Owed, &state.Open)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return err
		}
		step.Editions[next.Edition] = true
		step.Subscribers[next.Subscriber] = &state
	}
	for _, key := range u.deliveries {
		d := new(ledger.StepDelivery)
		err := tx.Stmt(s.delivery).QueryRow(key.Edition, key.Subscriber).Scan(d.Fields()...)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return err
		}
		step.Deliveries[key] = d
	}
	return nil
}
