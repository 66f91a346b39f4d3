package sqlite

import (
	"context"
	"database/sql"
	"testing"

	"publisher/internal/ledger"
	"publisher/internal/ledger/ledgertest"
)

func TestWalks(t *testing.T) {
	ctx := context.Background()
	ledgertest.Walk(t, 2_000, func(t *testing.T) (*ledger.Ledger, ledgertest.Reset) {
		l, e := openWitness(t)
		return l, func() error {
			return e.Change(ctx, ledger.Touched{}, func(tx *sql.Tx) error {
				for _, table := range []string{"delivery", "digest", "bundle", "edition", "cadence", "subscriber", "post", "bounce", "pace", "erased", "event"} {
					if _, err := tx.ExecContext(ctx, "DELETE FROM "+table); err != nil {
						return err
					}
				}
				_, err := tx.ExecContext(ctx, "UPDATE pass_state SET digest_languages = '', erased_at = NULL")
				return err
			})
		}
	})
}
