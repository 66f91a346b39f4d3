package ledger

import (
	"context"
	"database/sql"
	"errors"
	"publisher/mailer/address"
	"time"
)

// Mark is an end that a subscription came to.
type Mark struct {
	Status   Status
	At       time.Time
	Edition  int64     // the one whose refusal or bounce was the reason; 0: unknown
	Reason   string    // the server's; "" where they are unknown
	Restored time.Time // zero: the mark stands
}

// Marked returns the addresses of the subscribers with that status who have had it since
// then and, unless edition is 0, for a refusal or a bounce of that edition, by id.
func (l *Ledger) Marked(ctx context.Context, status Status, edition int64, since time.Time) ([]string, error) {
	found, err := collectSettled(ctx, l, func(row scanner) (email string, err error) {
		err = row.Scan(&email)
		return email, err
	}, `
		SELECT s.email FROM subscriber s WHERE s.status = $1 AND COALESCE(s.status_at, 0) >= $3
			AND ($2 = 0 OR s.id IN (
				SELECT d.subscriber FROM delivery d WHERE d.edition = $2 AND d.progress = 'failed' AND d.last_at = s.status_at
				UNION SELECT b.subscriber FROM bounce b WHERE b.edition = $2 AND b.at = s.status_at AND b.subscriber = s.id))
		ORDER BY s.id`, status, edition, since.UnixMicro())
	return found, l.fail("find who was marked", err)
}

// Restore makes a subscriber active again whose subscription had ended, as SetStatus does,
// and remembers what it had ended by. What came back before then does not count any more.
// It reports false where there is none, or it is active.
func (l *Ledger) Restore(ctx context.Context, email, defaultCadence string, now time.Time) (restored bool, err error) {
	key, err := address.Normalize(email)
	if err != nil {
		return false, nil
	}
	err = l.change(ctx, "restore "+email, func(tx *sql.Tx) error {
		s, err := subscriberBy(ctx, tx, "s.email_key = $1", key)
		if err != nil || s == nil || s.Status == Active {
			return err
		}
		mark, err := markOf(ctx, tx, s)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO restoration (subscriber, restored_at, status, marked_at, edition, words) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (subscriber, restored_at) DO NOTHING`,
			s.ID, instant(now), mark.Status, instant(mark.At), mark.Edition, mark.Reason); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "UPDATE bounce SET forgiven = TRUE WHERE subscriber = $1", s.ID); err != nil {
			return err
		}
		if err := activate(ctx, tx, s, defaultCadence, now); err != nil {
			return err
		}
		s.FromFile, restored = false, true
		return saveSubscriber(ctx, tx, s, now)
	})
	return restored && err == nil, err
}

// markOf finds what ended a subscription. The delivery, or the report, that did so bears
// the same moment.
func markOf(ctx context.Context, q querier, s *Subscriber) (m Mark, err error) {
	m.Status = s.Status
	var at instant
	if err := q.QueryRowContext(ctx, "SELECT status_at FROM subscriber WHERE id = $1", s.ID).Scan(&at); err != nil {
		return m, err
	}
	m.At = time.Time(at)
	if s.Status != Bounced && s.Status != Unsubscribed { // which weak reports make of it
		return m, nil
	}
	var code int
	err = q.QueryRowContext(ctx, `
		SELECT e.number, d.code, d.reply FROM edition e JOIN delivery d ON d.edition = e.number AND d.subscriber = $1
		WHERE d.progress = 'failed' AND d.last_at = $2 ORDER BY e.number DESC LIMIT 1`, s.ID, at).Scan(&m.Edition, &code, &m.Reason)
	if errors.Is(err, sql.ErrNoRows) {
		err = q.QueryRowContext(ctx, "SELECT edition, reason FROM bounce WHERE subscriber = $1 AND at = $2 ORDER BY edition DESC LIMIT 1",
			s.ID, at).Scan(&m.Edition, &m.Reason)
	}
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	m.Reason = withCode(code, m.Reason)
	return m, err
}

// Marks returns what a subscription ended by and was restored from, newest first, and
// first of all what has ended it now.
func (l *Ledger) Marks(ctx context.Context, s *Subscriber) ([]Mark, error) {
	const doing = "read what ended a subscription"
	db, err := l.settled(ctx)
	if err != nil {
		return nil, l.fail(doing, err)
	}
	var all []Mark
	if !s.Status.standing() {
		mark, err := markOf(ctx, db, s)
		if err != nil {
			return nil, l.fail(doing, err)
		}
		all = append(all, mark)
	}
	former, err := collect(ctx, db, func(row scanner) (m Mark, err error) {
		err = row.Scan(&m.Status, (*instant)(&m.At), &m.Edition, &m.Reason, (*instant)(&m.Restored))
		return m, err
	}, "SELECT status, marked_at, edition, words, restored_at FROM restoration WHERE subscriber = $1 ORDER BY restored_at DESC", s.ID)
	return append(all, former...), l.fail(doing, err)
}
