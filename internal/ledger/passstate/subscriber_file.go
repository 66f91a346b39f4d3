package passstate

import (
	"context"
	"database/sql"

	"publisher/internal/ledger"
	"publisher/internal/ledger/sqlutil"
)

// SubscriberFile is the result of the last reading of subscribers.file.
type SubscriberFile struct {
	Hash     string // of the file and of what its reading depends on
	Missing  int    // subscriptions that go on although their rows are gone
	Faulty   bool   // it could not be read as a list
	Warnings []Problem
}

// LoadSubscriberFile returns what was saved last; the zero value if nothing was.
func LoadSubscriberFile(ctx context.Context, l *ledger.Ledger) (f SubscriberFile, err error) {
	found, err := sqlutil.Row(ctx, l.Reader(), "SELECT hash, missing, faulty FROM subscriber_file", nil, &f.Hash, &f.Missing, &f.Faulty)
	if found {
		f.Warnings, err = problems(ctx, l.Reader(), ofSubscribers)
	}
	return f, l.Fail("read the state of the subscriber file", err)
}

// SaveSubscriberFile replaces the result of the last reading.
func SaveSubscriberFile(ctx context.Context, l *ledger.Ledger, f SubscriberFile) error {
	return l.Store(ctx, "save the state of the subscriber file", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO subscriber_file (id, hash, missing, faulty) VALUES (1, $1, $2, $3)
			ON CONFLICT (id) DO UPDATE SET hash = excluded.hash, missing = excluded.missing, faulty = excluded.faulty`,
			f.Hash, f.Missing, f.Faulty)
		if err != nil {
			return err
		}
		return saveProblems(ctx, tx, ofSubscribers, f.Warnings)
	})
}
