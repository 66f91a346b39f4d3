package sqlite

import (
	"context"
	"database/sql"
	"testing"

	"publisher/internal/ledger"
	"publisher/internal/ledger/walktest"
)

func TestWalks(t *testing.T) { walktest.Run(t, 2_000, openWalked) }

func TestPrunedWalks(t *testing.T) { walktest.RunPruned(t, 40, openWalked) }

func openWalked(t *testing.T) (*ledger.Ledger, walktest.Reset) {
	ctx := context.Background()
	l, e := openWitness(t)
	return l, func() error {
		return e.Change(ctx, ledger.Touched{}, func(tx *sql.Tx) error {
			for _, table := range []string{"delivery", "delivery_count", "digest", "bundle", "edition", "cadence", "subscriber", "post", "bounce", "pace", "erased", "event"} {
				if _, err := tx.ExecContext(ctx, "DELETE FROM "+table); err != nil {
					return err
				}
			}
			_, err := tx.ExecContext(ctx, "UPDATE pass_state SET digest_languages = '', erased_at = NULL")
			return err
		})
	}
}
