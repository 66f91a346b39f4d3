package postgres

import (
	"context"
	"database/sql"
	"time"

	"publisher/internal/ledger/noticequeue"
	"publisher/internal/ledger/sqlutil"
)

// Any process that has templates sends notices, without a job for each: whoever begins one first has
// it, and notice_sender says who that is.

// settleNotices settles the notices under way for which a condition is true, and returns their number.
func settleNotices(ctx context.Context, tx *sql.Tx, hold bool, now time.Time, condition string, args ...any) (int, error) {
	status, next := noticequeue.Deferred, now
	if hold {
		status, next = noticequeue.Uncertain, time.Time{}
	}
	done, err := tx.ExecContext(ctx, "UPDATE notice SET progress = $1, next_at = $2, reply = $3 WHERE progress = 'sending' AND "+condition,
		append([]any{status, sqlutil.Time(next), noticequeue.Interrupted}, args...)...)
	if err != nil {
		return 0, err
	}
	n, err := done.RowsAffected()
	return int(n), err
}

// SettleNotices settles the notices that nobody is sending any more, and returns their number.
func (b *Batches) SettleNotices(ctx context.Context, hold bool, now time.Time) (n int, err error) {
	err = b.inTransaction(ctx, nil, func(tx *sql.Tx, _ *sql.Conn) (err error) {
		n, err = settleNotices(ctx, tx, hold, now,
			"NOT EXISTS (SELECT 1 FROM notice_sender s JOIN worker w ON w.id = s.worker WHERE s.notice = notice.id AND NOT w.dead)")
		return err
	})
	return n, b.fail("settle interrupted notices", err)
}

// NoticesLeft returns how many notices are due by now, or under way.
func (b *Batches) NoticesLeft(ctx context.Context, now time.Time) (n int, err error) {
	err = b.engine.db.QueryRowContext(ctx, `SELECT COUNT(*) FROM notice n WHERE n.progress IN ('waiting', 'deferred') AND n.next_at <= $1
		OR n.progress = 'sending' AND EXISTS (SELECT 1 FROM notice_sender s JOIN worker w ON w.id = s.worker WHERE s.notice = n.id AND NOT w.dead)`, sqlutil.Time(now)).Scan(&n)
	return n, b.fail("count the notices", err)
}
