package sqlite_test

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"publisher/internal/ledger"
	"publisher/internal/ledger/passstate"
	"publisher/internal/ledger/sqlite"
)

// died creates a ledger whose process died: its last commits are only in the log. before
// is called when the ledger is at rest, some commits earlier.
func died(t *testing.T, before func(path string)) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "publisher.db")
	l := openAt(t, "sqlite:"+path)
	addMany(t, l, 2_000)
	must(t, l.Close())
	before(path)
	l = openAt(t, "sqlite:"+path)
	must(t, passstate.SaveScanSnapshot(ctx, l, []byte("later")))
	must(t, l.Close())
	c := startChild(t, "record for ever", "sqlite:"+path)
	for range 50 {
		c.Line(t)
	}
	c.Kill()
	return path
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	must(t, err)
	must(t, os.WriteFile(to, data, 0o600))
}

// execAll runs statements in one connection, as another program would.
func execAll(t *testing.T, path string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	must(t, err)
	defer db.Close()
	db.SetMaxOpenConns(1)
	for _, statement := range statements {
		_, err := db.Exec(statement)
		must(t, err)
	}
}

// Anything put in the place of a ledger whose process died, without its log, is found
// before anything is read, and nothing is changed.
func TestLogOfAnotherCopy(t *testing.T) {
	for name, copyOf := range map[string]func(t *testing.T, path, copy string){
		"a copy at rest": func(t *testing.T, path, copy string) { copyFile(t, path, copy) },
		"a backup": func(t *testing.T, path, copy string) {
			must(t, sqlite.Backup(ctx, "sqlite:"+path, copy, noon))
		},
		"another program's backup": func(t *testing.T, path, copy string) { execAll(t, path, "VACUUM INTO '"+copy+"'") },
		"nothing":                  func(t *testing.T, path, copy string) { must(t, os.WriteFile(copy, nil, 0o600)) },
	} {
		t.Run(name, func(t *testing.T) {
			var older string
			path := died(t, func(path string) {
				older = path + ".older"
				copyOf(t, path, older)
			})
			copyFile(t, older, path)
			must(t, os.Remove(older))
			before := contents(t, filepath.Dir(path))
			lock, err := sqlite.TakeLock(ctx, "sqlite:"+path, "publisher run", noon)
			must(t, err)
			for what, open := range map[string]func() (*ledger.Ledger, error){
				"Open":      func() (*ledger.Ledger, error) { return sqlite.Open(ctx, "sqlite:"+path) },
				"OpenCopy":  func() (*ledger.Ledger, error) { return sqlite.OpenCopy(ctx, "sqlite:"+path) },
				"Lock.Open": func() (*ledger.Ledger, error) { return lock.Open(ctx) },
			} {
				_, err := open()
				var damaged *ledger.DamagedError
				if !errors.As(err, &damaged) || !strings.Contains(err.Error(), "publisher restore BACKUP") || !strings.Contains(err.Error(), path+"-wal") {
					t.Errorf("%s: %v", what, err)
				}
			}
			must(t, lock.Release())
			after := contents(t, filepath.Dir(path))
			delete(after, "publisher.db.lock")
			if len(after) != len(before) || after["publisher.db"] != before["publisher.db"] || after["publisher.db-wal"] != before["publisher.db-wal"] {
				t.Error("something was changed")
			}
		})
	}
}

// Nothing that other programs may do to a ledger makes its log another's.
func TestLogThatBelongs(t *testing.T) {
	for name, by := range map[string][]string{
		"nobody":                nil,
		"a reader":              {"SELECT * FROM pass_state"},
		"a writer":              {"UPDATE subscriber SET name = 'X' WHERE id = 1"},
		"a checkpoint":          {"PRAGMA wal_checkpoint(PASSIVE)"},
		"a checkpoint, a write": {"PRAGMA wal_checkpoint(RESTART)", "UPDATE subscriber SET name = 'X' WHERE id = 1"},
		"a vacuum":              {"VACUUM"},
		"an index":              {"PRAGMA wal_checkpoint(RESTART)", "CREATE INDEX mine ON subscriber (name)"},
	} {
		t.Run(name, func(t *testing.T) {
			path := died(t, func(string) {})
			db, err := sql.Open("sqlite", path)
			must(t, err)
			defer db.Close()
			db.SetMaxOpenConns(1)
			for _, statement := range by {
				_, err := db.Exec(statement)
				must(t, err)
			}
			// That program dies too: what it leaves is this.
			other := filepath.Join(t.TempDir(), "publisher.db")
			for _, end := range []string{"", "-wal"} {
				copyFile(t, path+end, other+end)
			}
			lock, err := sqlite.TakeLock(ctx, "sqlite:"+other, "publisher run", noon)
			must(t, err)
			defer lock.Release()
			l, err := lock.Open(ctx)
			must(t, err)
			e, err := l.Edition(ctx, 1)
			must(t, err)
			if e.Sent < 49 {
				t.Errorf("%d sent", e.Sent)
			}
			must(t, l.Close())
		})
	}
}

// After a crash every page is checked before anything is read.
func TestDamagedAfterACrash(t *testing.T) {
	path := died(t, func(string) {})
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	must(t, err)
	info, err := file.Stat()
	must(t, err)
	_, err = file.WriteAt([]byte(strings.Repeat("\xff", 8192)), info.Size()/4096*4096-3*4096) // of rows, not of the schema
	must(t, errors.Join(err, file.Close()))
	var damaged *ledger.DamagedError
	lock, err := sqlite.TakeLock(ctx, "sqlite:"+path, "publisher run", noon)
	must(t, err)
	defer lock.Release()
	if _, err := lock.Open(ctx); !errors.As(err, &damaged) || !strings.Contains(err.Error(), "publisher restore BACKUP") {
		t.Errorf("Lock.Open: %v", err)
	}
	l, err := sqlite.OpenCopy(ctx, "sqlite:"+path)
	must(t, err)
	defer l.Close()
	if err := l.CheckIntegrity(ctx); !errors.As(err, &damaged) {
		t.Errorf("CheckIntegrity: %v", err)
	}
}
