package erasure

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"maps"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/sqlutil"
	"publisher/mailer/address"
)

// erasedKey is the name of the key under which erased addresses are hashed, and nothing else.
const erasedKey = "erased"

func hashErased(key []byte, address string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(address))
	return mac.Sum(nil)
}

// readErasedKey returns the key; nil if nobody was ever erased.
func readErasedKey(ctx context.Context, db sqlutil.RowQuerier) (key []byte, err error) {
	_, err = sqlutil.Row(ctx, db, "SELECT value FROM secret WHERE name = $1", []any{erasedKey}, &key)
	return key, err
}

// markErased remembers a normalized address as erased. It returns the mark of this erasure, which
// is later than that of any other.
func markErased(ctx context.Context, tx *sql.Tx, address string, now time.Time) (mark int64, err error) {
	key, err := readErasedKey(ctx, tx)
	if err != nil {
		return 0, err
	}
	if key == nil {
		key = make([]byte, 32)
		rand.Read(key) // never fails
		if _, err := tx.ExecContext(ctx, "INSERT INTO secret (name, value) VALUES ($1, $2)", erasedKey, key); err != nil {
			return 0, err
		}
	}
	if _, err := tx.ExecContext(ctx, "INSERT INTO erased (hash, at) VALUES ($1, $2) ON CONFLICT (hash) DO NOTHING", hashErased(key, address), sqlutil.Time(now)); err != nil {
		return 0, err
	}
	err = tx.QueryRowContext(ctx, `
		UPDATE pass_state SET erased_at = CASE WHEN erased_at >= $1 THEN erased_at + 1 ELSE $1 END RETURNING erased_at`,
		sqlutil.Time(now)).Scan(&mark)
	return mark, err
}

// isErased reports whether a normalized address was erased.
func isErased(ctx context.Context, db sqlutil.RowQuerier, address string) (erased bool, err error) {
	key, err := readErasedKey(ctx, db)
	if err != nil || key == nil {
		return false, err
	}
	err = db.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM erased WHERE hash = $1)", hashErased(key, address)).Scan(&erased)
	return erased, err
}

// End forgets that an address was erased: its reader has confirmed a subscription.
func End(ctx context.Context, tx *sql.Tx, address string) error {
	key, err := readErasedKey(ctx, tx)
	if err != nil || key == nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "DELETE FROM erased WHERE hash = $1", hashErased(key, address))
	return err
}

// Erased reports whether an address was erased. Only its reader's confirmation ends that.
func Erased(ctx context.Context, l *ledger.Ledger, email string) (bool, error) {
	key, err := address.Normalize(email)
	if err != nil {
		return false, nil
	}
	erased, err := isErased(ctx, l.Reader(), key)
	return erased, l.Fail("look for an erased address", err)
}

// Set are the erased addresses at one time.
type Set struct {
	key    []byte
	hashes map[string]bool // nil: none
}

// ReadSet returns the erased addresses. Where nobody was erased it costs one query, and
// has nothing.
func ReadSet(ctx context.Context, db interface {
	sqlutil.RowQuerier
	sqlutil.Querier
}) (s Set, err error) {
	if s.key, err = readErasedKey(ctx, db); err != nil || s.key == nil {
		return s, err
	}
	hashes, err := sqlutil.Column[[]byte](ctx, db, "SELECT hash FROM erased")
	if err != nil || len(hashes) == 0 {
		return s, err
	}
	s.hashes = make(map[string]bool, len(hashes))
	for _, hash := range hashes {
		s.hashes[string(hash)] = true
	}
	return s, nil
}

// Equal reports whether the same addresses were erased.
func (s Set) Equal(other Set) bool { return maps.Equal(s.hashes, other.hashes) }

// Has reports whether a normalized address was erased.
func (s Set) Has(address string) bool {
	return s.hashes != nil && s.hashes[string(hashErased(s.key, address))]
}
