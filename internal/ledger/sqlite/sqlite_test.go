package sqlite_test

import (
	"database/sql"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"publisher/internal/ledger"
	"publisher/internal/ledger/ledgertest"
	"publisher/internal/ledger/passstate"
	"publisher/internal/ledger/sqlite"
)

func TestOpenMakesAPrivateFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new folder", "a?b#c%20.db")
	l := openAt(t, "sqlite:"+path)
	must(t, passstate.SaveScanSnapshot(ctx, l, []byte("b")))
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(name)
		must(t, err)
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, and holds addresses", name, info.Mode())
		}
	}
	must(t, l.Close())
	if diff := cmp.Diff([]string{"a?b#c%20.db"}, names(t, filepath.Dir(path))); diff != "" {
		t.Errorf("left after Close (-want +got)\n%s", diff)
	}
	want1(t, []byte("b"))(passstate.LoadScanSnapshot(ctx, openAt(t, "sqlite:"+path)))
}

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	for name, tt := range map[string]struct {
		make func(path string)
		dsn  string // in place of the path's
		want string
	}{
		"postgres":    {dsn: "postgres://me:secret@host/db", want: "supports SQLite only"},
		"no kind":     {dsn: "publisher.db", want: "sqlite:FILE"},
		"no database": {make: write(strings.Repeat("plain text ", 100)), want: "not a SQLite database"},
		"a folder":    {make: func(path string) { os.Mkdir(path, 0o700) }, want: "cannot be opened"},
		"another program's": {make: exec1("CREATE TABLE bookmarks (url TEXT)"),
			want: "another program"},
		"another program's mark": {make: exec1("PRAGMA application_id = 42"),
			want: "another program"},
		"a newer schema": {make: func(path string) {
			openAt(t, "sqlite:"+path).Close()
			exec1("INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, TRUE)")(path)
		}, want: "newer publisher"},
		"a damaged file": {make: func(path string) {
			openAt(t, "sqlite:"+path).Close()
			file, _ := os.OpenFile(path, os.O_RDWR, 0)
			file.WriteAt([]byte(strings.Repeat("\xff", 8192)), 200)
			file.Close()
		}, want: "damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(dir, strings.ReplaceAll(name, " ", "-")+".db")
			dsn := "sqlite:" + path
			if tt.dsn != "" {
				dsn, path = tt.dsn, ""
			}
			if tt.make != nil {
				tt.make(path)
			}
			for _, open := range []func() (*ledger.Ledger, error){
				func() (*ledger.Ledger, error) { return sqlite.Open(ctx, dsn) },
				func() (*ledger.Ledger, error) { return sqlite.OpenCopy(ctx, dsn) },
			} {
				l, err := open()
				if err == nil {
					l.Close()
					t.Fatal("no error")
				}
				if name == "a folder" && strings.Contains(err.Error(), "is a directory") {
					continue // the copy says so
				}
				if !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), path) {
					t.Errorf("%q, want %q and %q in it", err, path, tt.want)
				}
				if strings.Contains(err.Error(), "secret") {
					t.Errorf("%q gives the password away", err)
				}
			}
		})
	}
}

func write(text string) func(string) {
	return func(path string) { os.WriteFile(path, []byte(text), 0o600) }
}

// exec1 runs one statement as another program would.
func exec1(statement string) func(string) {
	return func(path string) {
		db, err := sql.Open("sqlite", path)
		if err == nil {
			_, err = db.Exec(statement)
			db.Close()
		}
		if err != nil {
			panic(err)
		}
	}
}

func TestReadOnlyFolder(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "publisher.db")
	l := openAt(t, "sqlite:"+path)
	number(t, l, 3)
	must(t, l.Close())
	must(t, os.Chmod(path, 0o444))
	must(t, os.Chmod(dir, 0o555))
	t.Cleanup(func() { os.Chmod(dir, 0o755) })

	asNobody := func(c *exec.Cmd) {
		if os.Geteuid() == 0 { // root may write everywhere
			c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
			c.Env = append(c.Env, "TMPDIR="+os.TempDir())
			for d := dir; d != os.TempDir() && d != "/"; d = filepath.Dir(d) {
				os.Chmod(d, 0o555)
			}
			for d := filepath.Dir(os.Args[0]); d != os.TempDir() && d != "/"; d = filepath.Dir(d) {
				os.Chmod(d, 0o755)
			}
		}
	}
	if line := startChild(t, "fail to open", "sqlite:"+path, asNobody).Line(t); !strings.Contains(line, path) || !strings.Contains(line, "write access") {
		t.Errorf("Open: %q", line)
	}
	must(t, os.Chmod(path, 0o666))
	must(t, os.WriteFile(path+"-shm", nil, 0o444)) // as one left by a user with fewer rights
	must(t, os.Chmod(dir, 0o777))
	if line := startChild(t, "fail to open", "sqlite:"+path, asNobody).Line(t); !strings.Contains(line, path+"-shm is read-only for this user") {
		t.Errorf("Open with a -shm that is read-only: %q", line)
	}
	must(t, os.Remove(path+"-shm"))
	must(t, os.Chmod(path, 0o444))
	must(t, os.Chmod(dir, 0o555))
	missing := filepath.Join(dir, "other.db")
	if line := startChild(t, "fail to open", "sqlite:"+missing, asNobody).Line(t); !strings.Contains(line, missing) || !strings.Contains(line, "permission denied") {
		t.Errorf("Open of a new one: %q", line)
	}
	if line := startChild(t, "copy and say what", "sqlite:"+path, asNobody).Line(t); line != "3" {
		t.Errorf("OpenCopy: newest is %q, want 3", line)
	}
}

func TestOpenAtOneMoment(t *testing.T) {
	dsn := "sqlite:" + filepath.Join(t.TempDir(), "publisher.db")
	var all []ledgertest.Child
	for range 6 {
		all = append(all, startChild(t, "open", dsn))
	}
	for _, c := range all {
		if line := c.Line(t); line != "opened" {
			t.Error(line)
		}
	}
}

func names(t *testing.T, dir string) (all []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	must(t, err)
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}
