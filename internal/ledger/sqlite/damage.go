package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"publisher/internal/ledger"
	"publisher/internal/ledger/sqlutil"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// linesError is an error of several lines.
type linesError []string

func (e linesError) Error() string { return strings.Join(e, "\n") }

// Lines returns the lines one by one.
func (e linesError) Lines() []string { return e }

// moveAwayCommands returns the commands that move a ledger's files away, except the clone
// mark, which `adopt` needs to know which numbers were used.
func moveAwayCommands(path, folder string) []string {
	var names []string
	for _, name := range ledgerFiles(path) {
		if exists(name) {
			names = append(names, shellQuoted(name))
		}
	}
	return []string{
		"  mkdir " + shellQuoted(folder),
		fmt.Sprintf("  mv %s %s", strings.Join(names, " "), shellQuoted(folder+string(filepath.Separator))),
	}
}

// ledgerFiles returns the names of the database and the files that belong to its content.
func ledgerFiles(path string) []string {
	return []string{path, path + "-wal", path + "-shm", path + "-journal", path + ".late"}
}

func shellQuoted(name string) string {
	plain := func(r rune) bool {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("/._-+@", r)
	}
	if strings.IndexFunc(name, func(r rune) bool { return !plain(r) }) < 0 {
		return name
	}
	return "'" + strings.ReplaceAll(name, "'", `'\''`) + "'"
}

// CheckIntegrity has SQLite check every page.
func (e *engine) CheckIntegrity(ctx context.Context) error {
	return e.fail("check its integrity", checkIntegrity(ctx, e.write.db, e.path))
}

func checkIntegrity(ctx context.Context, db *sql.DB, path string) error {
	const most = 3
	found, err := sqlutil.Column[string](ctx, db, fmt.Sprintf("PRAGMA quick_check(%d)", most))
	if err != nil {
		return asDamaged(err, path)
	}
	if len(found) == 1 && found[0] == "ok" {
		return nil
	}
	return damagedError(path, "it is damaged: "+strings.ReplaceAll(strings.Join(found, "; "), "\n", " "), nil)
}

// damagedError returns the error for a damaged ledger. err is SQLite's and may be nil.
func damagedError(path, what string, err error) *ledger.DamagedError {
	hint := append([]string{"move its files away, and put your latest backup in their place:"}, moveAwayCommands(path, filepath.Join(filepath.Dir(path), "damaged"))...)
	return &ledger.DamagedError{What: what, Hint: append(hint, "  publisher restore BACKUP"), Err: err}
}

// asDamaged turns SQLite's error for a corrupt file into a *ledger.DamagedError.
func asDamaged(err error, path string) error {
	var known *ledger.DamagedError
	if errors.As(err, &known) || !isCorrupt(err) {
		return err
	}
	return damagedError(path, fmt.Sprintf("it is damaged (%v)", err), err)
}

func isCorrupt(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code()&primaryCode == sqlite3.SQLITE_CORRUPT
}

// hasWAL reports whether a process is using the database, or died while using it.
func hasWAL(path string) bool {
	info, err := os.Stat(path + "-wal")
	return err == nil && info.Size() > 0
}
