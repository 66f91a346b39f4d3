package ledger

import (
	"context"
	"database/sql"
	"time"
)

// How many editions in a row have to come back, or to be refused in words that prove
// nothing, and on how many different days they have to have been sent, until a subscriber
// counts as gone.
const (
	reportsLimit  = 5 // reports and refusals together
	refusalsLimit = 3 // refusals alone
	daysLimit     = 3
)

// Bounce is one edition that came back.
type Bounce struct {
	Subscriber int64
	Edition    int64 // 0: unknown
	Hard       bool
	Reason     string
	At         time.Time
	refused    refused
}

// refused says whether a delivery came back since the server that it was given to refused it.
type refused int

const (
	reported       refused = iota // it came back later
	refusedForNow                 // the mailbox is full or the like
	refusedUnclear                // in words that prove nothing
)

// RecordBounce stores it, and marks the subscriber bounced after one that is hard,
// or when the last editions sent to them all came back, on different days. It reports
// whether it did.
func (l *Ledger) RecordBounce(ctx context.Context, b Bounce) (marked bool, err error) {
	err = l.change(ctx, "record a bounce", func(tx *sql.Tx) error {
		marked, err = recordBounce(ctx, tx, b)
		return err
	})
	return marked && err == nil, err
}

func recordBounce(ctx context.Context, tx *sql.Tx, b Bounce) (marked bool, err error) {
	if _, err := tx.ExecContext(ctx, `
		INSERT INTO bounce (subscriber, edition, hard, at, reason, refused) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (subscriber, edition) DO UPDATE SET hard = excluded.hard, at = excluded.at, reason = excluded.reason,
			refused = excluded.refused, forgiven = FALSE
		WHERE NOT bounce.hard OR bounce.forgiven`,
		b.Subscriber, b.Edition, b.Hard, instant(b.At), storable(b.Reason), b.refused); err != nil {
		return false, err
	}
	gone := b.Hard
	if !gone {
		if gone, err = inARow(ctx, tx, b.Subscriber, b.Edition); err != nil {
			return false, err
		}
	}
	if !gone {
		return false, nil
	}
	return end(ctx, tx, b.Subscriber, Bounced, b.At)
}

// inARow reports whether enough editions up to that one came back from the subscriber,
// with none between that arrived, and none from before they were restored.
func inARow(ctx context.Context, tx *sql.Tx, subscriber, edition int64) (bool, error) {
	type row struct {
		progress           Progress
		at                 instant
		returned, forgiven bool
		refused            refused
	}
	all, err := collect(ctx, tx, func(s scanner) (r row, err error) {
		err = s.Scan(&r.progress, &r.at, &r.returned, &r.refused, &r.forgiven)
		return r, err
	}, `
		SELECT d.progress, d.last_at, b.edition IS NOT NULL, COALESCE(b.refused, 0), COALESCE(b.forgiven, FALSE)
		FROM edition e JOIN delivery d ON d.edition = e.number AND d.subscriber = $1
			LEFT JOIN bounce b ON b.subscriber = $1 AND b.edition = e.number
		WHERE e.number <= $2 AND (d.progress = 'sent' OR d.progress = 'failed' AND b.edition IS NOT NULL)
		ORDER BY e.number DESC LIMIT $3`, subscriber, edition, page)
	if err != nil {
		return false, err
	}
	refusals, days, refusedOn := 0, map[string]bool{}, map[string]bool{}
	for i, r := range all {
		arrived := r.progress == Sent && (!r.returned || r.refused != reported) // it was tried again, and taken
		if arrived || r.forgiven {
			break
		}
		day := time.Time(r.at).UTC().Format(time.DateOnly)
		if days[day] = true; r.refused == refusedUnclear {
			refusals++
			refusedOn[day] = true
		}
		if i+1 >= reportsLimit && len(days) >= daysLimit || refusals >= refusalsLimit && len(refusedOn) >= daysLimit {
			return true, nil
		}
	}
	return false, nil
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
