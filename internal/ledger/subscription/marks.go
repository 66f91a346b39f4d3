package subscription

import (
	"context"
	"database/sql"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/sqlutil"
)

// Mark is the end of a subscription.
type Mark struct {
	Status   ledger.Status
	At       time.Time
	Edition  int64     // the one whose refusal or bounce was the reason; 0: unknown
	Reason   string    // the server's; "" where they are unknown
	Restored time.Time // zero: the mark stands
}

// Marked returns the addresses, by id, of the subscribers who have had that status since
// then and, unless edition is 0, because of a refusal or a bounce of that edition.
func Marked(ctx context.Context, l *ledger.Ledger, status ledger.Status, edition int64, since time.Time) ([]string, error) {
	const doing = "find the marked subscribers"
	db, err := l.Settled(ctx)
	if err != nil {
		return nil, l.Fail(doing, err)
	}
	found, err := sqlutil.Column[string](ctx, db, `
		SELECT s.email FROM subscriber s WHERE s.status = $1 AND COALESCE(s.status_at, 0) >= $3
			AND (CAST($2 AS BIGINT) = 0 OR s.id IN (
				SELECT d.subscriber FROM delivery d WHERE d.edition = $2 AND d.progress = 'failed' AND d.last_at = s.status_at
				UNION SELECT b.subscriber FROM bounce b WHERE b.edition = $2 AND b.at = s.status_at AND b.subscriber = s.id))
		ORDER BY s.id`, status, edition, since.UnixMicro())
	return found, l.Fail(doing, err)
}

// Restore makes a subscriber whose subscription had ended active again, as SetStatus does,
// and stores how it had ended. Earlier bounces no longer count. It reports false if there
// is no such subscriber, or they are active.
func Restore(ctx context.Context, l *ledger.Ledger, email, defaultCadence string, now time.Time) (restored bool, err error) {
	found, err := l.ChangeSubscriber(ctx, "restore "+email, email, func(tx *sql.Tx, s *ledger.Subscriber) error {
		if restored = false; s.Status == ledger.Active {
			return nil
		}
		mark, err := markOf(ctx, tx, s)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO restoration (subscriber, restored_at, status, marked_at, edition, words) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (subscriber, restored_at) DO NOTHING`,
			s.ID, sqlutil.Time(now), mark.Status, sqlutil.Time(mark.At), mark.Edition, mark.Reason); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "UPDATE bounce SET forgiven = TRUE WHERE subscriber = $1", s.ID); err != nil {
			return err
		}
		if err := ledger.Activate(ctx, tx, s, defaultCadence, now); err != nil {
			return err
		}
		s.FromFile, restored = false, true
		return ledger.SaveSubscriber(ctx, tx, s, now)
	})
	return restored && found, err
}

// markOf returns how a subscription ended. The delivery or the report that ended it has
// the same time.
func markOf(ctx context.Context, q sqlutil.RowQuerier, s *ledger.Subscriber) (m Mark, err error) {
	m.Status = s.Status
	var at sqlutil.Time
	if err := q.QueryRowContext(ctx, "SELECT status_at FROM subscriber WHERE id = $1", s.ID).Scan(&at); err != nil {
		return m, err
	}
	m.At = time.Time(at)
	if s.Status != ledger.Bounced && s.Status != ledger.Unsubscribed { // which weak reports make of it
		return m, nil
	}
	var code int
	found, err := sqlutil.Row(ctx, q, `
		SELECT e.number, d.code, d.reply FROM edition e JOIN delivery d ON d.edition = e.number AND d.subscriber = $1
		WHERE d.progress = 'failed' AND d.last_at = $2 ORDER BY e.number DESC LIMIT 1`, []any{s.ID, at}, &m.Edition, &code, &m.Reason)
	if err == nil && !found {
		_, err = sqlutil.Row(ctx, q, "SELECT edition, reason FROM bounce WHERE subscriber = $1 AND at = $2 ORDER BY edition DESC LIMIT 1",
			[]any{s.ID, at}, &m.Edition, &m.Reason)
	}
	m.Reason = withCode(code, m.Reason)
	return m, err
}

// Marks returns the ends of a subscription: first the current one, then those that it was
// restored from, newest first.
func Marks(ctx context.Context, l *ledger.Ledger, s *ledger.Subscriber) ([]Mark, error) {
	const doing = "read what ended a subscription"
	db, err := l.SettledFor(ctx, s.ID)
	if err != nil {
		return nil, l.Fail(doing, err)
	}
	var all []Mark
	if !s.Status.Ongoing() {
		mark, err := markOf(ctx, db, s)
		if err != nil {
			return nil, l.Fail(doing, err)
		}
		all = append(all, mark)
	}
	former, err := sqlutil.Collect(ctx, db, func(row sqlutil.Scanner) (m Mark, err error) {
		err = row.Scan(&m.Status, (*sqlutil.Time)(&m.At), &m.Edition, &m.Reason, (*sqlutil.Time)(&m.Restored))
		return m, err
	}, "SELECT status, marked_at, edition, words, restored_at FROM restoration WHERE subscriber = $1 ORDER BY restored_at DESC", s.ID)
	return append(all, former...), l.Fail(doing, err)
}
