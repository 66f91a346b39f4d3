package sqlite_test

import (
	"context"
	"path/filepath"
	"testing"

	"publisher/internal/ledger"
	"publisher/internal/ledger/ledgertest"
	"publisher/internal/ledger/sqlite"
)

func TestConformance(t *testing.T) {
	ledgertest.Run(t, func(t *testing.T) *ledger.Ledger {
		return openAt(t, "sqlite:"+filepath.Join(t.TempDir(), "publisher.db"))
	})
}

var (
	ctx  = context.Background()
	noon = ledgertest.Noon

	must         = ledgertest.Must
	rows         = ledgertest.Rows
	add          = ledgertest.Add
	addMany      = ledgertest.AddMany
	number       = ledgertest.Number
	subscriber   = ledgertest.Subscriber
	closeEdition = ledgertest.CloseEdition
)

func want1[T any](t *testing.T, want T) func(got T, err error) {
	return func(got T, err error) {
		t.Helper()
		ledgertest.Want(t, want)(got, err)
	}
}

func openAt(t *testing.T, dsn string) *ledger.Ledger {
	t.Helper()
	l, err := sqlite.Open(ctx, dsn)
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
