package ledger

import (
	"context"
	"database/sql"
	"time"
)

// Regroup prepares for posts being shared out among other audiences from now on,
// as where the languages with digests of their own are others. That does not reach
// back: each cursor is first raised to the last edition of its cadence, save where
// a delivery is open or was given up. Editions underway end, and their cadences
// close again at once, so that whom they have not reached gets the posts by the
// new audiences.
func (l *Ledger) Regroup(ctx context.Context, cadences []Audience, now time.Time) error {
	return l.change(ctx, "share out posts anew", func(tx *sql.Tx) error {
		for _, a := range cadences {
			if err := raiseCursors(ctx, tx, a); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM cadence WHERE name IN (SELECT e.cadence FROM edition e WHERE e.done_at IS NULL)"); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "UPDATE edition SET done_at = $1 WHERE done_at IS NULL", instant(now))
		return err
	})
}

// raiseCursors moves a cadence's cursors to where it last closed; while an edition
// is underway, to where it had closed before.
func raiseCursors(ctx context.Context, tx *sql.Tx, a Audience) error {
	var through int64
	err := tx.QueryRowContext(ctx, `
		WITH underway AS (SELECT MIN(closed_at) AS since FROM edition WHERE cadence = $1 AND done_at IS NULL)
		SELECT CASE WHEN (SELECT since FROM underway) IS NULL
			THEN (SELECT COALESCE(MAX(c.through_seq), 0) FROM cadence c WHERE c.name = $1)
			ELSE (SELECT COALESCE(MAX(e.through_seq), 0) FROM edition e WHERE e.cadence = $1 AND e.closed_at < (SELECT since FROM underway)) END`,
		a.Cadence).Scan(&through)
	if err != nil {
		return err
	}
	where, args := a.hasCadence([]any{through})
	_, err = tx.ExecContext(ctx, `
		UPDATE subscriber AS s SET cursor_seq = $1 WHERE s.cursor_seq < $1 AND `+where+` AND `+noneOpen+`
			AND NOT EXISTS (SELECT 1 FROM delivery f WHERE f.subscriber = s.id AND f.progress = 'failed' AND f.through_seq > s.cursor_seq)`, args...)
	return err
}
