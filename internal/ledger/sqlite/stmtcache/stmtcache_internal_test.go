package stmtcache

import (
	"fmt"
	"path/filepath"
	"testing"
)

// Statements that are kept work nested in themselves, after they failed, after the schema has
// changed and when many others were run.
func TestKeptStatements(t *testing.T) {
	db, err := Open("file:" + filepath.Join(t.TempDir(), "a.db"))
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	run := func(text string, args ...any) error {
		_, err := tx.Exec(text, args...)
		return err
	}
	const insert = "INSERT INTO a (n) VALUES ($1)"
	if err := run(insert, 1); err == nil {
		t.Error("inserted without a table")
	}
	if err := run("CREATE TABLE a (n INTEGER UNIQUE)"); err != nil {
		t.Fatal(err)
	}
	for n := range 3 {
		if err := run(insert, n); err != nil {
			t.Fatal(err)
		}
		if err := run(insert, n); err == nil {
			t.Errorf("inserted %d twice", n)
		}
	}
	count := func() (n int) {
		rows, err := tx.Query("SELECT n FROM a WHERE n >= $1", 0)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			var inner int
			if err := tx.QueryRow("SELECT n FROM a WHERE n >= $1", 2).Scan(&inner); err != nil || inner != 2 {
				t.Errorf("nested: %d, %v", inner, err)
			}
			n++
		}
		return n
	}
	if got := count(); got != 3 {
		t.Errorf("%d rows", got)
	}
	for n := range 2 * maxIdle {
		if err := run(fmt.Sprintf("UPDATE a SET n = n WHERE n = %d", n)); err != nil {
			t.Fatal(err)
		}
	}
	if err := run("ALTER TABLE a ADD COLUMN m INTEGER"); err != nil {
		t.Fatal(err)
	}
	if err := run(insert, 3); err != nil {
		t.Fatal(err)
	}
	if got := count(); got != 4 {
		t.Errorf("%d rows after the schema has changed", got)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}
