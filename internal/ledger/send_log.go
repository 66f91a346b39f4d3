package ledger

import (
	"context"
	"database/sql"
	"time"

	"publisher/internal/ledger/sqlutil"
)

// SendCount is the number of attempts that ended in the second before At.
type SendCount struct {
	At    time.Time
	Count int
}

// LogSends adds attempts that ended at a time to the send log. Attempts with a result are
// added in the transaction that stores it, so that the rate is kept across crashes.
func LogSends(ctx context.Context, tx *sql.Tx, at time.Time, count int) error {
	// Under a whole second, and never before it ended.
	at = at.Truncate(time.Second).Add(time.Second)
	_, err := tx.ExecContext(ctx, `
		INSERT INTO pace (at, count) VALUES ($1, $2)
		ON CONFLICT (at) DO UPDATE SET count = pace.count + excluded.count`, sqlutil.Time(at), count)
	return err
}

// LogSends adds attempts that have no result to the send log.
func (l *Ledger) LogSends(ctx context.Context, at time.Time, count int) error {
	return l.Change(ctx, "write to the send log", func(tx *sql.Tx) error { return LogSends(ctx, tx, at, count) })
}

func scanPaced(row sqlutil.Scanner) (p SendCount, err error) {
	err = row.Scan((*sqlutil.Time)(&p.At), &p.Count)
	return p, err
}

// SendLog returns the attempts that ended after since, oldest first, and deletes older
// ones.
func (l *Ledger) SendLog(ctx context.Context, since time.Time) ([]SendCount, error) {
	var all []SendCount
	err := l.Change(ctx, "read the send log", func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM pace WHERE at <= $1", sqlutil.Time(since)); err != nil {
			return err
		}
		var err error
		all, err = sqlutil.Collect(ctx, tx, scanPaced, "SELECT at, count FROM pace ORDER BY at")
		return err
	})
	return all, err
}

// ForgetSends deletes the attempts that ended before a time.
func (l *Ledger) ForgetSends(ctx context.Context, before time.Time) error {
	return l.Change(ctx, "shorten the send log", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM pace WHERE at <= $1", sqlutil.Time(before))
		return err
	})
}
