package ledger

import (
	"context"
	"database/sql"
	"errors"
)

// SubscriberFile is what came of reading subscribers.file the last time.
type SubscriberFile struct {
	Hash     string // of the file and of what its reading depends on
	Missing  int    // subscriptions whose rows are gone, and which go on
	Faulty   bool   // it could not be understood
	Warnings []Problem
}

// SubscriberFile returns what was saved last; the zero value if nothing was.
func (l *Ledger) SubscriberFile(ctx context.Context) (f SubscriberFile, err error) {
	err = l.read.QueryRowContext(ctx, "SELECT hash, missing, faulty FROM subscriber_file").Scan(&f.Hash, &f.Missing, &f.Faulty)
	if errors.Is(err, sql.ErrNoRows) {
		return f, nil
	}
	if err == nil {
		f.Warnings, err = problems(ctx, l.read, ofSubscribers)
	}
	return f, l.fail("read what came of the subscriber file", err)
}

// SaveSubscriberFile replaces what is known of the file.
func (l *Ledger) SaveSubscriberFile(ctx context.Context, f SubscriberFile) error {
	return l.store(ctx, "save what came of the subscriber file", func(tx *sql.Tx) error {
		return saveSubscriberFile(ctx, tx, f)
	})
}

func saveSubscriberFile(ctx context.Context, tx *sql.Tx, f SubscriberFile) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO subscriber_file (id, hash, missing, faulty) VALUES (1, $1, $2, $3)
		ON CONFLICT (id) DO UPDATE SET hash = excluded.hash, missing = excluded.missing, faulty = excluded.faulty`,
		f.Hash, f.Missing, f.Faulty)
	if err != nil {
		return err
	}
	return saveProblems(ctx, tx, ofSubscribers, f.Warnings)
}
