package ledger

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"fmt"
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
	return l.store(ctx, "store an event", func(tx *sql.Tx) error { return addEvent(ctx, tx, e) })
}

func addEvent(ctx context.Context, tx *sql.Tx, e Event) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO event (at, kind, subscriber, data) VALUES ($1, $2, $3, $4)",
		sqlutil.Time(e.At), e.Kind, sql.NullInt64{Int64: e.Subscriber, Valid: e.Subscriber != 0}, texts(e.Data))
	return err
}

// Events returns the events of one kind since a time, oldest first.
func (l *Ledger) Events(ctx context.Context, kind string, since time.Time) ([]Event, error) {
	scan := func(row sqlutil.Scanner) (e Event, err error) {
		err = row.Scan((*sqlutil.Time)(&e.At), &e.Kind, &e.Subscriber, (*texts)(&e.Data))
		return e, err
	}
	all, err := sqlutil.Collect(ctx, l.read, scan,
		"SELECT at, kind, COALESCE(subscriber, 0), data FROM event WHERE kind = $1 AND at >= $2 ORDER BY id", kind, sqlutil.Time(since))
	return all, l.fail("read the events", err)
}

// texts is a map of texts as it is stored: a JSON object, "" for none.
type texts map[string]string

// Value implements driver.Valuer.
func (t texts) Value() (driver.Value, error) {
	if len(t) == 0 {
		return "", nil
	}
	text, err := json.Marshal(map[string]string(t))
	return string(text), err
}

// Scan implements sql.Scanner.
func (t *texts) Scan(src any) error {
	text, ok := src.(string)
	if !ok {
		return fmt.Errorf("a map is stored as %T", src)
	}
	*t = nil
	if text == "" {
		return nil
	}
	return json.Unmarshal([]byte(text), (*map[string]string)(t))
}
