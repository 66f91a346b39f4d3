//go:build !race

// The race detector has the suite already, and takes minutes for it.

package sqlite

import (
	"testing"

	"publisher/internal/ledger"
	"publisher/internal/ledger/ledgertest"
)

// Whoever is changed without being named could get a mail after leaving.
func TestWhoIsChangedIsNamed(t *testing.T) {
	ledgertest.Run(t, func(t *testing.T) *ledger.Ledger {
		l, _ := openWitness(t)
		return l
	})
}
