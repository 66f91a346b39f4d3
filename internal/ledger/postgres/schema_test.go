//go:build postgres

package postgres_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"publisher/internal/ledger/sqlite"
	"publisher/internal/ledger/sqlutil"

	"github.com/google/go-cmp/cmp"
	_ "github.com/jackc/pgx/v5/stdlib"
)

// columns returns the columns of all tables, as "table.column TYPE", with " NOT NULL" where that
// holds.
func columns(t *testing.T, driver, dsn, query string) []string {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	must(t, err)
	defer db.Close()
	found, err := sqlutil.Column[string](ctx, db, query)
	must(t, err)
	slices.Sort(found)
	return found
}

// own are the tables that only one of the databases has, or that differ.
var own = []string{"journal", "clone_guard", "clone_mark", "lease", "worker", "batch", "leader", "hidden_post", "edition_problem", "edition_replies", "edition_refusal", "notice_sender", "takeover",
	"place", "connection_limit", "goose_db_version"}

func withoutOwn(columns []string) []string {
	return slices.DeleteFunc(columns, func(column string) bool {
		table, _, _ := strings.Cut(column, ".")
		return slices.Contains(own, table) || strings.HasPrefix(table, "river_")
	})
}

// Both databases have the same tables and columns, so that the same SQL runs on both and a ledger can
// move.
func TestTablesAreThoseOfSQLite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "publisher.db")
	l, err := sqlite.Open(ctx, "sqlite:"+path)
	must(t, err)
	must(t, l.Close())
	types := strings.NewReplacer(" INTEGER", " BIGINT", " BLOB", " BYTEA")
	want := columns(t, "sqlite", path, `
		SELECT m.name || '.' || c.name || ' ' || c.type || CASE WHEN c."notnull" OR c.pk THEN ' NOT NULL' ELSE '' END
		FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'`)
	for i := range want {
		want[i] = types.Replace(want[i])
	}
	got := columns(t, "pgx", empty(t), `
		SELECT upper(c.data_type) || CASE WHEN c.is_nullable = 'NO' THEN ' NOT NULL' ELSE '' END || '|' || c.table_name || '.' || c.column_name
		FROM information_schema.columns c WHERE c.table_schema = current_schema()`)
	for i, column := range got {
		kind, name, _ := strings.Cut(column, "|")
		got[i] = name + " " + kind
	}
	slices.Sort(got)
	if diff := cmp.Diff(withoutOwn(want), withoutOwn(got)); diff != "" {
		t.Errorf("(-SQLite +PostgreSQL)\n%s", diff)
	}
	if len(want) < 100 {
		t.Errorf("%d columns only", len(want))
	}
}

// Texts are in the same order in both databases, whatever the locale is.
func TestTextsAreComparedByteByByte(t *testing.T) {
	got := columns(t, "pgx", empty(t), `
		SELECT c.table_name || '.' || c.column_name FROM information_schema.columns c
		WHERE c.table_schema = current_schema() AND c.data_type = 'text' AND c.collation_name IS DISTINCT FROM 'C'
			AND c.table_name NOT LIKE 'river\_%'`)
	if len(got) > 0 {
		t.Errorf("in the order of the locale: %v", got)
	}
}

// docs/how-it-works.md describes each table.
func TestTablesAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../../../docs/how-it-works.md")
	must(t, err)
	_, section, _ := strings.Cut(string(text), "## What the ledger holds")
	for _, table := range columns(t, "pgx", empty(t), `
		SELECT c.relname::TEXT FROM pg_class c WHERE c.relnamespace = current_schema()::REGNAMESPACE AND c.relkind = 'r' AND c.relname <> 'goose_db_version'`) {
		if !strings.Contains(section, "`"+table+"`") {
			t.Errorf("%s has no row", table)
		}
	}
}
