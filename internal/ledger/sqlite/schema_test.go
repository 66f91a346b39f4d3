package sqlite_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// docs/how-it-works.md describes each table.
func TestTablesAreDocumented(t *testing.T) {
	path := filepath.Join(t.TempDir(), "publisher.db")
	must(t, openAt(t, "sqlite:"+path).Close())
	text, err := os.ReadFile("../../../docs/how-it-works.md")
	must(t, err)
	_, section, _ := strings.Cut(string(text), "## What the ledger holds")
	db, err := sql.Open("sqlite", path)
	must(t, err)
	defer db.Close()
	rows, err := db.Query("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'goose_db_version'")
	must(t, err)
	defer rows.Close()
	found := 0
	for rows.Next() {
		var name string
		must(t, rows.Scan(&name))
		found++
		if !strings.Contains(section, "`"+name+"`") {
			t.Errorf("%s has no row", name)
		}
	}
	must(t, rows.Err())
	if found == 0 {
		t.Error("there are no tables")
	}
}
