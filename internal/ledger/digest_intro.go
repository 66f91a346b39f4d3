package ledger

import (
	"context"
	"database/sql"
)

// IntroUsed reports whether an edition of a cadence in a language had the owner's words with that
// hash.
func (l *Ledger) IntroUsed(ctx context.Context, cadence, language string, hash []byte) (used bool, err error) {
	err = l.read.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM digest_intro WHERE cadence = $1 AND language = $2 AND hash = $3)",
		cadence, language, hash).Scan(&used)
	return used, l.Fail("look for the words above editions", err)
}

// noteIntro records that an edition has the owner's words.
func noteIntro(ctx context.Context, tx *sql.Tx, e *Edition, number int64) error {
	if len(e.Intro) == 0 {
		return nil
	}
	_, err := tx.ExecContext(ctx, `
		INSERT INTO digest_intro (cadence, language, hash, edition) VALUES ($1, $2, $3, $4)
		ON CONFLICT (cadence, language, hash) DO NOTHING`, e.Cadence, e.Language, e.Intro, number)
	return err
}
