package ledger

import (
	"context"
	"database/sql"
	"time"
)

// SendCount is how many attempts ended in the second before At.
type SendCount struct {
	At    time.Time
	Count int
}

// Record notes each result's time in the transaction that stores it, so that no
// crash makes a rate forget a message.
const storePaceSQL = `
	INSERT INTO pace (at, count) VALUES ($1, $2)
	ON CONFLICT (at) DO UPDATE SET count = pace.count + excluded.count`

// paceOf is the time under which an attempt is noted: never before it ended.
func paceOf(t time.Time) instant {
	return instant(t.Truncate(time.Second).Add(time.Second))
}

// LogSends notes attempts that no result tells of.
func (l *Ledger) LogSends(ctx context.Context, at time.Time, count int) error {
	return l.change(ctx, "note the pace", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, storePaceSQL, paceOf(at), count)
		return err
	})
}

func scanPaced(row scanner) (p SendCount, err error) {
	err = row.Scan((*instant)(&p.At), &p.Count)
	return p, err
}

// SendLog returns when attempts ended after since, oldest first, and forgets those
// before.
func (l *Ledger) SendLog(ctx context.Context, since time.Time) ([]SendCount, error) {
	var all []SendCount
	err := l.change(ctx, "read the pace", func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM pace WHERE at <= $1", instant(since)); err != nil {
			return err
		}
		var err error
		all, err = collect(ctx, tx, scanPaced, "SELECT at, count FROM pace ORDER BY at")
		return err
	})
	return all, err
}
