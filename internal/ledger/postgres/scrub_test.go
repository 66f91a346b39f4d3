//go:build postgres

package postgres_test

import (
	"errors"
	"strings"
	"testing"

	"publisher/internal/ledger"
	"publisher/internal/ledger/erasure"
	"publisher/internal/ledger/imports"
	"publisher/internal/ledger/ledgertest"
	"publisher/internal/postgrestest"
)

// After an erasure no table has the address, and the server was told to free the space.
func TestEraseLeavesNothing(t *testing.T) {
	server, dsn := postgrestest.Shared(t), empty(t)
	l := openAt(t, dsn, t.TempDir())
	ledgertest.Number(t, l, 1)
	add(t, l, imports.Row{Email: "ann@example.com", Name: "Ann Example"}, imports.Row{Email: "ben@example.com"})
	edition := ledgertest.CloseEdition(t, l, "weekly", 0, 1)
	ann := ledgertest.Subscriber(t, l, "ann@example.com")
	_, err := l.Record(ctx, &ledger.Result{Edition: edition, Subscriber: ann.ID, Through: 2, Status: ledger.Failed, Code: 550, Reply: "no ann@example.com here", At: noon}, nil)
	must(t, err)
	const has = `SELECT COALESCE(string_agg(c.relname, ' '), '') FROM pg_class c WHERE c.relnamespace = 'public'::REGNAMESPACE AND c.relkind = 'r'
		AND query_to_xml(format('SELECT 1 FROM %I t WHERE t::TEXT ILIKE ''%%ann@example.com%%''', c.relname), FALSE, FALSE, '')::TEXT LIKE '%<row%'`
	if tables := server.Value(t, dsn, has); !strings.Contains(tables, "subscriber") || !strings.Contains(tables, "delivery") {
		t.Fatalf("before: %q", tables)
	}
	_, err = erasure.Erase(ctx, l, []string{"ann@example.com"}, noon)
	must(t, err)
	if tables := server.Value(t, dsn, has); tables != "" {
		t.Errorf("%s still has the address", tables)
	}
	if n := server.Value(t, dsn, "SELECT vacuum_count::TEXT FROM pg_stat_user_tables WHERE relname = 'subscriber'"); n != "1" {
		t.Errorf("vacuumed %s times", n)
	}
	must(t, l.CheckIntegrity(ctx))
}

// A row that refers to one which is not there is damage.
func TestCheckIntegrity(t *testing.T) {
	server, dsn := postgrestest.Shared(t), empty(t)
	l := openAt(t, dsn, t.TempDir())
	addMany(t, l, 2)
	must(t, l.CheckIntegrity(ctx))
	server.Exec(t, dsn, "SET session_replication_role = replica; INSERT INTO delivery (edition, subscriber, after_seq, through_seq, progress, attempts) VALUES (99, 1, 0, 1, 'sent', 1)")
	var damaged *ledger.DamagedError
	if err := l.CheckIntegrity(ctx); !errors.As(err, &damaged) || !strings.Contains(err.Error(), "1 rows of delivery refer to rows of edition") {
		t.Errorf("%v", err)
	}
}
