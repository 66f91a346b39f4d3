package ledger

import (
	"context"
	"crypto/rand"
	"database/sql"

	"publisher/internal/ledger/mailtoken"
)

// tokenKey is the name of the key of Tokens.
const tokenKey = "tokens"

// makeTokenKey creates the key unless there is one.
func (l *Ledger) makeTokenKey(ctx context.Context) error {
	const doing = "create the token key"
	var made bool
	err := l.read.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM secret WHERE name = $1)", tokenKey).Scan(&made)
	if err != nil || made {
		return l.Fail(doing, err)
	}
	key := make([]byte, 32)
	rand.Read(key) // never fails
	return l.Store(ctx, doing, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO secret (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING", tokenKey, key)
		return err
	})
}

// Tokens returns the tokens under the ledger's key, which never changes.
func (l *Ledger) Tokens(ctx context.Context) (*mailtoken.Codec, error) {
	if known := l.tokens.Load(); known != nil {
		return known, nil
	}
	var key []byte
	err := l.read.QueryRowContext(ctx, "SELECT value FROM secret WHERE name = $1", tokenKey).Scan(&key)
	if err != nil {
		return nil, l.Fail("read the token key", err)
	}
	l.tokens.CompareAndSwap(nil, mailtoken.New(key))
	return l.tokens.Load(), nil
}
