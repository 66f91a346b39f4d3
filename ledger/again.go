package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Retry has an edition's failed and uncertain deliveries tried again from next on,
// those that were last tried before since left out; it returns how many. Left out
// too are those whose subscriber is not active any more, has another delivery open,
// or got the posts with a later edition.
func (l *Ledger) Retry(ctx context.Context, number int64, since, next time.Time) (int, error) {
	// Where a reply or a person ended the delivery the cursor went past it, and only
	// this delivery can bring the posts. Where retry_for ran out the cursor stayed.
	const passed = "(delivery.code >= 500 OR delivery.progress = 'uncertain')"
	return l.retry(ctx, number, `
		UPDATE delivery SET progress = 'deferred', next_at = $3, first_at = $3, attempts = 0, again = `+passed+`
		WHERE edition = $1 AND progress IN ('failed', 'uncertain') AND COALESCE(last_at, 0) >= $2
			AND EXISTS (SELECT 1 FROM subscriber s WHERE s.id = delivery.subscriber AND s.status = 'active'
				AND (s.cursor_seq = delivery.after_seq OR `+passed+`) AND `+noneOpen+`)
			AND EXISTS (SELECT 1 FROM edition e WHERE e.number = $1 AND e.canceled_at IS NULL)`,
		number, since.UnixMicro(), instant(next))
}

// RetryUncertain is Retry for the uncertain deliveries alone, whoever they are to.
func (l *Ledger) RetryUncertain(ctx context.Context, number int64, next time.Time) (int, error) {
	return l.retry(ctx, number, `
		UPDATE delivery SET progress = 'deferred', next_at = $2, first_at = $2, attempts = 0, again = TRUE
		WHERE edition = $1 AND progress = 'uncertain'
			AND EXISTS (SELECT 1 FROM subscriber s WHERE s.id = delivery.subscriber AND s.status = 'active' AND `+noneOpen+`)`,
		number, instant(next))
}

func (l *Ledger) retry(ctx context.Context, number int64, query string, args ...any) (tried int, err error) {
	err = l.change(ctx, fmt.Sprintf("retry edition %d", number), func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, query, args...)
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		tried = int(n)
		return err
	})
	return tried, err
}

// CancelEdition ends an edition: nobody else gets it, and its posts are not
// brought by a later one. It reports false where it was over already. The audience
// is that of its cadence.
func (l *Ledger) CancelEdition(ctx context.Context, number int64, a Audience, now time.Time) (bool, error) {
	canceled := false
	err := l.change(ctx, fmt.Sprintf("cancel edition %d", number), func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `
			UPDATE edition SET canceled_at = $2, done_at = COALESCE(done_at, $2)
			WHERE number = $1 AND canceled_at IS NULL AND (done_at IS NULL
				OR EXISTS (SELECT 1 FROM delivery d WHERE d.edition = $1 AND d.progress = 'deferred'))`, number, instant(now))
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		if err != nil || n == 0 {
			return err
		}
		canceled = true
		if _, err := tx.ExecContext(ctx, `
			UPDATE delivery SET progress = 'failed', next_at = NULL, last_at = $2, code = 0, reply = 'the edition was canceled'
			WHERE edition = $1 AND progress = 'deferred'`, number, instant(now)); err != nil {
			return err
		}
		where, args := a.where([]any{number})
		_, err = tx.ExecContext(ctx, `
			UPDATE subscriber AS s SET cursor_seq = (SELECT e.through_seq FROM edition e WHERE e.number = $1)
			WHERE s.cursor_seq < (SELECT e.through_seq FROM edition e WHERE e.number = $1) AND `+where+`
				AND NOT EXISTS (SELECT 1 FROM delivery o WHERE o.subscriber = s.id AND o.progress IN ('sending', 'deferred'))`, args...)
		return err
	})
	return canceled && err == nil, err
}
