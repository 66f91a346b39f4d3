//go:build postgres

package postgres_test

import (
	"strings"
	"testing"

	"publisher/internal/ledger"
	"publisher/internal/ledger/imports"
	"publisher/internal/ledger/ledgertest"
	"publisher/internal/ledger/postgres"
	"publisher/internal/postgrestest"
)

func viewAt(t *testing.T, dsn string) *ledger.Ledger {
	t.Helper()
	l, err := postgres.OpenCopy(ctx, dsn, postgres.Options{StateDir: t.TempDir()})
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

// What is changed in a view can be read there. These tests are about what commands that
// look change.
func TestConformanceOfViews(t *testing.T) {
	dsn := empty(t) // which stays empty
	open := func(t *testing.T) *ledger.Ledger { return viewAt(t, dsn) }
	ledgertest.RunOnly(t, open, "first pass and scan", "posts are numbered once", "posts come back as stored", "import from a file", "import and missing rows",
		"undoing leaves what changed", "groups and recipients", "editions", "record", "record after a crash", "record from many callers", "cancel", "bundles")
}

// Looking at an empty database shows an empty ledger, and leaves nothing.
func TestViewOfNothing(t *testing.T) {
	dsn := postgrestest.New(t)
	view := viewAt(t, dsn)
	addMany(t, view, 2)
	if n, err := view.CountSubscribers(ctx, ledger.Active); err != nil || n != 2 {
		t.Errorf("%d subscribers, %v", n, err)
	}
	must(t, view.Close())
	if n := postgrestest.Shared(t).Value(t, dsn, "SELECT COUNT(*)::TEXT FROM pg_class WHERE relnamespace = 'public'::REGNAMESPACE"); n != "0" {
		t.Errorf("looking has left %s tables and indexes", n)
	}
}

// modesOfLooking are the locks on shared tables that no statement which sends waits for.
const modesOfLooking = "AccessShareLock"

// A view of a ledger that others use shows it as it was, whatever is changed in the view or in the
// ledger, and keeps nobody waiting.
func TestViewBesideSending(t *testing.T) {
	s := postgrestest.Shared(t)
	dsn := empty(t)
	live := openAt(t, dsn, t.TempDir())
	ledgertest.Number(t, live, 1)
	addMany(t, live, 3)
	view := viewAt(t, dsn)
	count := func(l *ledger.Ledger, want int) {
		t.Helper()
		if n, err := l.CountSubscribers(ctx, ledger.Active); err != nil || n != want {
			t.Errorf("%d active subscribers (%v), want %d", n, err, want)
		}
	}
	count(view, 3)
	add(t, live, imports.Row{Email: "later@example.com"})
	count(view, 3)
	count(live, 4)

	add(t, view, imports.Row{Email: "looked@example.com"})
	ledgertest.Number(t, view, 2)
	ledgertest.CloseEdition(t, view, "weekly", 0, 2)
	count(view, 4)
	locks := s.Value(t, dsn, `
		SELECT COALESCE(STRING_AGG(DISTINCT c.relname || ' ' || l.mode, ', '), '') FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
		WHERE c.relnamespace = 'public'::REGNAMESPACE AND l.mode <> '`+modesOfLooking+`' AND l.pid <> pg_backend_pid()`)
	if locks != "" {
		t.Errorf("looking holds these locks: %s", locks)
	}
	if n := s.Value(t, dsn, "SELECT COUNT(*)::TEXT FROM pg_locks WHERE locktype = 'advisory'"); n != "0" {
		t.Errorf("looking holds %s of the ledger's own locks", n)
	}
	// The same in the ledger itself, which would wait for rows and keys that the view has locked.
	ledgertest.Number(t, live, 2)
	ledgertest.CloseEdition(t, live, "weekly", 0, 2)
	add(t, live, imports.Row{Email: "looked@example.com"})
	count(live, 5)
	count(view, 4)
}

func TestViewOfOldSchema(t *testing.T) {
	s := postgrestest.Shared(t)
	dsn := empty(t)
	s.Exec(t, dsn, "DELETE FROM goose_db_version WHERE version_id = (SELECT MAX(version_id) FROM goose_db_version)")
	_, err := postgres.OpenCopy(ctx, dsn, postgres.Options{StateDir: t.TempDir()})
	if err == nil || !strings.Contains(err.Error(), "an older publisher uses it") {
		t.Errorf("%v", err)
	}
	s.Exec(t, dsn, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (1000, TRUE)")
	_, err = postgres.OpenCopy(ctx, dsn, postgres.Options{StateDir: t.TempDir()})
	if err == nil || !strings.Contains(err.Error(), "a newer publisher created it") {
		t.Errorf("%v", err)
	}
}
