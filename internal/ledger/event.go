package ledger

import (
	"context"
	"database/sql"
	"time"

	"publisher/internal/ledger/sqlutil"
)

// Event is something that happened, for the owner.
type Event struct {
	At         time.Time
	Kind       string // such as "confirmed" or "signup.flood"
	Subscriber int64  // 0: none
	Data       map[string]string
}

// AddEvent stores an event.
func (l *Ledger) AddEvent(ctx context.Context, e Event) error {
	return l.Store(ctx, "store an event", func(tx *sql.Tx) error { return AddEvent(ctx, tx, e) })
}

// AddEvent stores an event in a transaction.
func AddEvent(ctx context.Context, tx *sql.Tx, e Event) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO event (at, kind, subscriber, data) VALUES ($1, $2, $3, $4)",
		sqlutil.Time(e.At), e.Kind, sqlutil.Number(e.Subscriber), sqlutil.Texts(e.Data))
	return err
}

// Events returns the events of one kind since a time, oldest first.
func (l *Ledger) Events(ctx context.Context, kind string, since time.Time) ([]Event, error) {
	scan := func(row sqlutil.Scanner) (e Event, err error) {
		err = row.Scan((*sqlutil.Time)(&e.At), &e.Kind, &e.Subscriber, (*sqlutil.Texts)(&e.Data))
		return e, err
	}
	all, err := sqlutil.Collect(ctx, l.read, scan,
		"SELECT at, kind, COALESCE(subscriber, 0), data FROM event WHERE kind = $1 AND at >= $2 ORDER BY id", kind, sqlutil.Time(since))
	return all, l.Fail("read the events", err)
}
