package subscription

import (
	"context"
	"database/sql"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/mailtoken"
	"publisher/internal/ledger/sqlutil"
)

// The number of editions in a row that have to come back, or to be refused for an unclear
// reason, and the number of different days on which they have to have been sent, before a
// subscription ends.
const (
	reportsLimit  = 5 // reports and refusals together
	refusalsLimit = 3 // refusals alone
	daysLimit     = 3
)

// Bounce is a report that an edition came back.
type Bounce struct {
	Subscriber int64
	Edition    int64             // 0: unknown
	Proof      mailtoken.Purpose // the token that says whose it is
	Hard       bool
	Reason     string
	At         time.Time
	refused    refused
}

// refused says whether a server refused the delivery or it came back later.
type refused int

const (
	reported       refused = iota // it came back later
	refusedForNow                 // the mailbox is full or the like
	refusedUnclear                // in words that prove nothing
	reportedWeakly                // it came back later, and no return path proves it
)

// RecordBounce stores a bounce. It ends the subscription after a hard one, or when the
// last editions sent to the subscriber all came back, on different days; the rights table
// decides with which status. It returns that status, "" if the subscription goes on. stale
// reports that the mail is unknown or too old, and that nothing was stored.
func RecordBounce(ctx context.Context, l *ledger.Ledger, b Bounce) (ended ledger.Status, stale bool, err error) {
	act := SoftBounce
	if b.Hard {
		act = HardBounce
	}
	if b.Proof != mailtoken.ReturnPath {
		b.refused = reportedWeakly
	}
	err = l.ChangeOf(ctx, "record a bounce", b.Subscriber, func(tx *sql.Tx) error {
		ended, stale = "", false
		s, err := ledger.SubscriberWhere(ctx, tx, "s.id = $1", b.Subscriber)
		if err != nil || s == nil {
			return err
		}
		mailed, err := mailedAt(ctx, tx, b.Subscriber, b.Edition)
		if err != nil {
			return err
		}
		if stale = !countsAt(mailed, b.At); stale || rights[b.Proof][act] == nothing {
			return nil
		}
		gone, err := recordBounce(ctx, tx, b)
		if err != nil || !gone {
			return err
		}
		changed, err := apply(ctx, tx, s, effectOf(s, b.Proof, act, mailed, b.At), "", b.At)
		if changed {
			ended = s.Status
		}
		return err
	})
	if err != nil {
		return "", false, err
	}
	return ended, stale, nil
}

// recordBounce reports whether enough came back for the subscription to end.
func recordBounce(ctx context.Context, tx *sql.Tx, b Bounce) (gone bool, err error) {
	if _, err := tx.ExecContext(ctx, `
		INSERT INTO bounce (subscriber, edition, hard, at, reason, refused) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (subscriber, edition) DO UPDATE SET hard = excluded.hard, at = excluded.at, reason = excluded.reason,
			refused = excluded.refused, forgiven = FALSE
		WHERE bounce.forgiven OR CASE WHEN bounce.refused = $7 THEN excluded.refused <> $7 OR NOT bounce.hard
			ELSE excluded.refused <> $7 AND NOT bounce.hard END`,
		b.Subscriber, b.Edition, b.Hard, sqlutil.Time(b.At), ledger.Storable(b.Reason), b.refused, reportedWeakly); err != nil {
		return false, err
	}
	if b.Hard {
		return true, nil
	}
	return bouncedInARow(ctx, tx, b.Subscriber, b.Edition, b.refused == reportedWeakly)
}

// bouncedInARow reports whether enough editions up to that one came back, with none in
// between that arrived and none from before the subscriber was restored. Weakly proved
// reports count only with weak: a subscription ends as bounced only if a return path
// proves every report.
func bouncedInARow(ctx context.Context, tx *sql.Tx, subscriber, edition int64, weak bool) (bool, error) {
	type row struct {
		progress           ledger.DeliveryStatus
		at                 sqlutil.Time
		returned, forgiven bool
		refused            refused
	}
	all, err := sqlutil.Collect(ctx, tx, func(s sqlutil.Scanner) (r row, err error) {
		err = s.Scan(&r.progress, &r.at, &r.returned, &r.refused, &r.forgiven)
		return r, err
	}, `
		SELECT d.progress, d.last_at, b.edition IS NOT NULL, COALESCE(b.refused, 0), COALESCE(b.forgiven, FALSE)
		FROM edition e JOIN delivery d ON d.edition = e.number AND d.subscriber = $1
			LEFT JOIN bounce b ON b.subscriber = $1 AND b.edition = e.number
		WHERE e.number <= $2 AND (d.progress = 'sent' OR d.progress = 'failed' AND b.edition IS NOT NULL)
		ORDER BY e.number DESC LIMIT $3`, subscriber, edition, ledger.BatchSize)
	if err != nil {
		return false, err
	}
	refusals, days, refusedOn := 0, map[string]bool{}, map[string]bool{}
	for i, r := range all {
		arrived := r.progress == ledger.Sent && (!r.returned || r.refused == refusedForNow || r.refused == refusedUnclear) // it was tried again, and taken
		unproved := r.refused == reportedWeakly && !weak
		if arrived || unproved || r.forgiven {
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

// EndAs gives an ongoing subscription another status. It reports false if the subscription
// had ended already.
func EndAs(ctx context.Context, tx *sql.Tx, subscriber int64, status ledger.Status, now time.Time) (bool, error) {
	result, err := tx.ExecContext(ctx, "UPDATE subscriber SET status = $2, status_at = $3, undo_to = '' WHERE id = $1 AND status"+ledger.OngoingSQL,
		subscriber, status, sqlutil.Time(now))
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n > 0, err
}
