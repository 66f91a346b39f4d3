package ledger

import (
	"context"
	"database/sql"
	"time"
)

// softLimit is how many editions in a row a subscriber's mail may come back before
// they count as gone.
const softLimit = 5

// Bounce is one edition that came back.
type Bounce struct {
	Subscriber int64
	Edition    int64 // 0: unknown
	Hard       bool
	Reason     string
	At         time.Time
}

// RecordBounce stores it, and marks the subscriber bounced after one that is hard,
// or when the last editions sent to them all came back. It reports whether it did.
func (l *Ledger) RecordBounce(ctx context.Context, b Bounce) (marked bool, err error) {
	err = l.change(ctx, "record a bounce", func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO bounce (subscriber, edition, hard, at, reason) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (subscriber, edition) DO UPDATE SET hard = excluded.hard, reason = excluded.reason
			WHERE NOT bounce.hard`, b.Subscriber, b.Edition, b.Hard, instant(b.At), storable(b.Reason)); err != nil {
			return err
		}
		gone := b.Hard
		if !gone {
			var inARow int
			if err := tx.QueryRowContext(ctx, `
				SELECT COUNT(b.edition) FROM (
					SELECT e.number FROM edition e JOIN delivery d ON d.edition = e.number AND d.subscriber = $1
					WHERE d.progress = 'sent' AND e.number <= $2 ORDER BY e.number DESC LIMIT $3) sent
				LEFT JOIN bounce b ON b.subscriber = $1 AND b.edition = sent.number`,
				b.Subscriber, b.Edition, softLimit).Scan(&inARow); err != nil {
				return err
			}
			gone = inARow == softLimit
		}
		if gone {
			marked, err = end(ctx, tx, b.Subscriber, Bounced, b.At)
		}
		return err
	})
	return marked && err == nil, err
}

// EndSubscription gives a subscription that stands another status; it reports
// false where it does not stand.
func (l *Ledger) EndSubscription(ctx context.Context, subscriber int64, status Status, now time.Time) (ended bool, err error) {
	err = l.change(ctx, "end a subscription", func(tx *sql.Tx) error {
		ended, err = end(ctx, tx, subscriber, status, now)
		return err
	})
	return ended && err == nil, err
}

func end(ctx context.Context, tx *sql.Tx, subscriber int64, status Status, now time.Time) (bool, error) {
	result, err := tx.ExecContext(ctx, "UPDATE subscriber SET status = $2, status_at = $3 WHERE id = $1 AND status IN ('active', 'pending')",
		subscriber, status, instant(now))
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n > 0, err
}
