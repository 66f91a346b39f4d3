//go:build postgres

package postgres

import (
	"testing"

	"publisher/internal/ledger"
	"publisher/internal/ledger/walktest"
)

func TestWalks(t *testing.T) { walktest.Run(t, 30, openWalked) }

func TestPrunedWalks(t *testing.T) { walktest.RunPruned(t, 4, openWalked) }

func openWalked(t *testing.T) (*ledger.Ledger, walktest.Reset) {
	l := openEmpty(t)
	return l.Ledger, func() error {
		for _, query := range []string{
			"TRUNCATE delivery, delivery_count, digest, bundle, edition, cadence, subscriber, post, bounce, pace, erased, event, archived_page RESTART IDENTITY",
			"UPDATE pass_state SET digest_languages = '', erased_at = NULL",
		} {
			if _, err := l.e.db.Exec(query); err != nil {
				return err
			}
		}
		return nil
	}
}
