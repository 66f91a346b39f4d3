package sqlite

import (
	"context"
	"path/filepath"
	"testing"

	"publisher/internal/ledger"
	"publisher/internal/ledger/ledgertest"
)

// The walks use ledgers that are thrown away and need not be synced.
func TestWalks(t *testing.T) {
	ctx := context.Background()
	ledgertest.Walk(t, func(t *testing.T) (*ledger.Ledger, ledgertest.Reset) {
		e, remove, err := startCopy(ctx, filepath.Join(t.TempDir(), "none.db"), t.TempDir(), copyPrefix, false)
		noError(t, err)
		e.remove = remove
		l, err := e.ledger(ctx)
		noError(t, err)
		t.Cleanup(func() { l.Close() })
		return l, func() error {
			for _, table := range []string{"delivery", "digest", "bundle", "edition", "cadence", "subscriber", "post", "journal", "bounce", "pace", "erased", "event"} {
				if _, err := e.write.db.ExecContext(ctx, "DELETE FROM "+table); err != nil {
					return err
				}
			}
			_, err := e.write.db.ExecContext(ctx, "UPDATE pass_state SET digest_languages = '', erased_at = NULL")
			e.write.changes.Add(1)
			return err
		}
	})
}
