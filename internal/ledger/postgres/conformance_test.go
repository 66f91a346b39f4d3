//go:build postgres

package postgres_test

import (
	"context"
	"testing"

	"publisher/internal/ledger"
	"publisher/internal/ledger/ledgertest"
	"publisher/internal/ledger/postgres"
	"publisher/internal/postgrestest"
)

func TestConformance(t *testing.T) {
	ledgertest.Run(t, func(t *testing.T) *ledger.Ledger { return openAt(t, empty(t), t.TempDir()) })
}

var (
	ctx  = context.Background()
	noon = ledgertest.Noon

	must    = ledgertest.Must
	add     = ledgertest.Add
	addMany = ledgertest.AddMany
)

// empty returns the address of a database with an empty ledger.
func empty(t testing.TB) string {
	t.Helper()
	return postgrestest.Copy(t, "ledger", func(dsn string) error {
		l, err := postgres.Open(ctx, dsn, postgres.Options{StateDir: t.TempDir()})
		if err != nil {
			return err
		}
		return l.Close()
	})
}

func openAt(t *testing.T, dsn, stateDir string) *ledger.Ledger {
	t.Helper()
	l, err := postgres.Open(ctx, dsn, postgres.Options{StateDir: stateDir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}
