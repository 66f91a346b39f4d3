package sqlite

import (
	"context"
	"database/sql"
	"testing"

	"publisher/internal/ledger"
	"publisher/internal/ledger/walktest"
)

func TestWalks(t *testing.T) {
	ctx := context.Background()
	walktest.Run(t, 2_000, func(t *testing.T) (*ledger.Ledger, walktest.Reset) {
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
