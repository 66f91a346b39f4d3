package passstate

import (
	"context"
	"database/sql"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/sqlutil"
)

// Fault is a part of the program that fails.
type Fault struct {
	Since   time.Time
	Message string
}

// LoadFaults returns what fails, by part.
func LoadFaults(ctx context.Context, l *ledger.Ledger) (map[string]Fault, error) {
	all, err := sqlutil.CollectMap(ctx, l.Reader(), func(row sqlutil.Scanner) (part string, f Fault, err error) {
		err = row.Scan(&part, (*sqlutil.Time)(&f.Since), &f.Message)
		return part, f, err
	}, "SELECT part, since_at, message FROM fault")
	return all, l.Fail("read what fails", err)
}

// SaveFaults stores how parts of the program went at a time: their error messages, "" for those
// that work. Others stay as they are. A part fails since it first did. It writes only what
// differs.
func SaveFaults(ctx context.Context, l *ledger.Ledger, at time.Time, parts map[string]string) error {
	known, err := LoadFaults(ctx, l)
	if err != nil {
		return err
	}
	changed := map[string]string{}
	for part, message := range parts {
		if message = ledger.Storable(message); known[part].Message != message {
			changed[part] = message
		}
	}
	if len(changed) == 0 {
		return nil
	}
	return l.Store(ctx, "store what fails", func(tx *sql.Tx) error {
		for part, message := range changed {
			if err := saveFault(ctx, tx, at, part, message); err != nil {
				return err
			}
		}
		return nil
	})
}

func saveFault(ctx context.Context, tx *sql.Tx, at time.Time, part, message string) error {
	if message == "" {
		_, err := tx.ExecContext(ctx, "DELETE FROM fault WHERE part = $1", part)
		return err
	}
	_, err := tx.ExecContext(ctx, `
		INSERT INTO fault (part, since_at, message) VALUES ($1, $2, $3)
		ON CONFLICT (part) DO UPDATE SET message = excluded.message`, part, sqlutil.Time(at), message)
	return err
}
