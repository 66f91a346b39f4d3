//go:build postgres

package main

import (
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"publisher/internal/postgrestest"
)

// ofSQLite are the scripts about the file of a ledger in SQLite, and about configs that have none yet.
var ofSQLite = []string{"backup", "clone", "erase", "erase_file", "feeds_dir_private", "form", "intro", "looking", "private_check", "private_ignored", "stats",
	"subscribers_import", "private_written", "usage", "man", "dkim"}

// ledgerKey finds where a config names a ledger, siteKey what every config has.
var (
	ledgerKey = regexp.MustCompile(`(?m)^ledger:`)
	siteKey   = regexp.MustCompile(`(?m)^site:`)
)

// The commands do the same on PostgreSQL.
func TestScriptsOnPostgreSQL(t *testing.T) {
	files, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	files = slices.DeleteFunc(files, func(file string) bool {
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		return strings.HasPrefix(name, "init_") || slices.Contains(ofSQLite, name)
	})
	p := scriptParams()
	p.Dir, p.Files = "", files
	setup := p.Setup
	p.Setup = func(env *testscript.Env) error {
		env.Setenv("LEDGER", "")
		ledgers := map[string]string{} // by folder, which may have several configs in turn
		err := filepath.WalkDir(env.WorkDir, func(path string, e os.DirEntry, err error) error {
			if err != nil || filepath.Ext(path) != ".yaml" {
				return err
			}
			text, err := os.ReadFile(path)
			if err != nil || !siteKey.Match(text) || ledgerKey.Match(text) {
				return err
			}
			folder := filepath.Dir(path)
			if ledgers[folder] == "" {
				ledgers[folder] = emptyLedger(env.T().(testing.TB))
				if folder == env.WorkDir {
					env.Setenv("LEDGER", ledgers[folder])
				}
			}
			return os.WriteFile(path, append(text, "\nledger: "+ledgers[folder]+"\n"...), 0o644)
		})
		if err != nil {
			return err
		}
		return setup(env)
	}
	testscript.Run(t, p)
}

// emptyLedger returns the address of a ledger that nobody has used.
func emptyLedger(t testing.TB) string {
	t.Helper()
	return postgrestest.Copy(t, "ledger", func(dsn string) error {
		l, err := openLedger(dsn, t.TempDir())
		if err != nil {
			return err
		}
		return l.Close()
	})
}

// Other scripts are for PostgreSQL alone.
func TestPostgreSQL(t *testing.T) {
	p := scriptParams()
	p.Dir = "testdata/postgres"
	setup := p.Setup
	p.Setup = func(env *testscript.Env) error {
		t := env.T().(testing.TB)
		u, err := url.Parse(emptyLedger(t))
		if err != nil {
			return err
		}
		env.Setenv("LEDGER", u.String())
		env.Setenv("EMPTY", postgrestest.New(t))
		password, _ := u.User.Password()
		env.Setenv("PASSWORD", password)
		env.Setenv("AT", u.Host+u.Path) // host, port and database of LEDGER
		env.Setenv("SERVER", u.Host)
		env.Setenv("SOCKET", postgrestest.Shared(t).Socket())
		return setup(env)
	}
	testscript.Run(t, p)
}
