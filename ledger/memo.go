package ledger

import (
	"context"
	"database/sql"
	"errors"
)

// Memo returns what SetMemo stored under the key; nil where nothing is.
func (l *Ledger) Memo(ctx context.Context, key string) ([]byte, error) {
	var value []byte
	err := l.read.QueryRowContext(ctx, "SELECT value FROM memo WHERE name = $1", key).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return value, l.fail("read memo "+key, err)
}

// SetMemo stores the value; nil forgets it.
func (l *Ledger) SetMemo(ctx context.Context, key string, value []byte) error {
	query, args := "DELETE FROM memo WHERE name = $1", []any{key}
	if value != nil {
		query = "INSERT INTO memo (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
		args = append(args, value)
	}
	// A memo is no subscriber's: what the recorder foresees stands.
	return l.fail("store memo "+key, l.write.store(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, query, args...)
		return err
	}))
}
