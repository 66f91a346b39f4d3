package ledger

import (
	"context"
	"database/sql"
	"strconv"
	"time"

	"publisher/internal/ledger/mailtoken"
	"publisher/internal/ledger/sqlutil"
)

// TokenPurpose is what a random token permits. Unlike the tokens of package mailtoken, these
// expire or can be revoked, and the ledger stores only their hash.
type TokenPurpose string

// The purposes of random tokens.
const (
	TokenConfirm  TokenPurpose = "confirm"   // confirms a sign-up
	TokenCode     TokenPurpose = "code"      // likewise, typed on the page that answered the sign-up
	TokenManage   TokenPurpose = "manage"    // sees and erases everything about a subscriber
	TokenAddress  TokenPurpose = "address"   // confirms a change of address
	TokenTakeBack TokenPurpose = "take-back" // takes a change of address back
	TokenFeed     TokenPurpose = "feed"      // reads a subscriber's own feed
	TokenHook     TokenPurpose = "hook"      // a mail service's report, which counts once
	TokenWork     TokenPurpose = "work"      // a proof of work, which counts once
)

// Token is a random token.
type Token struct {
	Secret     string // see mailtoken.NewSecret; "" where the ledger returns a token
	Purpose    TokenPurpose
	Subscriber int64 // 0: none
	Data       string
	Created    time.Time
	Expires    time.Time // zero: never
}

// AddToken stores a token. It reports false if there is such a token already.
func (l *Ledger) AddToken(ctx context.Context, t Token, now time.Time) (added bool, err error) {
	err = l.Store(ctx, "store a token", func(tx *sql.Tx) error {
		added, err = AddToken(ctx, tx, t, now)
		return err
	})
	return added && err == nil, err
}

// AddToken is Ledger.AddToken in a transaction.
func AddToken(ctx context.Context, tx *sql.Tx, t Token, now time.Time) (added bool, err error) {
	done, err := tx.ExecContext(ctx, `
		INSERT INTO token (hash, purpose, subscriber, data, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (hash) DO NOTHING`,
		TokenHash(t.Purpose, t.Secret), t.Purpose, sqlutil.Number(t.Subscriber), t.Data, sqlutil.Time(now), sqlutil.Time(t.Expires))
	if err != nil {
		return false, err
	}
	n, err := done.RowsAffected()
	return n == 1, err
}

// TokenHash returns the form in which a secret is stored. It makes sure that none serves two
// purposes.
func TokenHash(p TokenPurpose, secret string) []byte {
	return mailtoken.SecretHash(string(p) + " " + secret)
}

// FindToken returns a token that has not expired; nil if there is none.
func (l *Ledger) FindToken(ctx context.Context, p TokenPurpose, secret string, now time.Time) (*Token, error) {
	t, err := FindToken(ctx, l.read, p, secret, now)
	return t, l.Fail("look up a token", err)
}

// FindToken is Ledger.FindToken within a transaction, or outside.
func FindToken(ctx context.Context, db sqlutil.RowQuerier, p TokenPurpose, secret string, now time.Time) (*Token, error) {
	t := Token{Purpose: p}
	found, err := sqlutil.Row(ctx, db, `
		SELECT COALESCE(subscriber, 0), data, created_at, expires_at FROM token
		WHERE hash = $1 AND purpose = $2 AND (expires_at IS NULL OR expires_at > $3)`,
		[]any{TokenHash(p, secret), p, sqlutil.Time(now)},
		&t.Subscriber, &t.Data, (*sqlutil.Time)(&t.Created), (*sqlutil.Time)(&t.Expires))
	if err != nil || !found {
		return nil, err
	}
	return &t, nil
}

// UseToken returns a token that has not expired and deletes it, so that it counts once; nil if
// there is none.
func (l *Ledger) UseToken(ctx context.Context, p TokenPurpose, secret string, now time.Time) (t *Token, err error) {
	err = l.Store(ctx, "use a token", func(tx *sql.Tx) error {
		if t, err = FindToken(ctx, tx, p, secret, now); err != nil || t == nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "DELETE FROM token WHERE hash = $1", TokenHash(p, secret))
		return err
	})
	if err != nil {
		return nil, err
	}
	return t, nil
}

// DeleteToken deletes a token.
func (l *Ledger) DeleteToken(ctx context.Context, p TokenPurpose, secret string) error {
	return l.StoreRow(ctx, "delete a token", "DELETE FROM token WHERE hash = $1", TokenHash(p, secret))
}

// DeleteTokens deletes a subscriber's tokens of one purpose.
func (l *Ledger) DeleteTokens(ctx context.Context, p TokenPurpose, subscriber int64) error {
	return l.StoreRow(ctx, "delete tokens", "DELETE FROM token WHERE subscriber = $1 AND purpose = $2", subscriber, p)
}

// CodeSecret returns the secret of a TokenCode: a code of six digits confirms one pending
// address only.
func CodeSecret(pending int64, code string) string {
	return strconv.FormatInt(pending, 10) + " " + code
}
