package sqlite_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"publisher/internal/ledger"
	"publisher/internal/ledger/passstate"
	"publisher/internal/ledger/sqlite"
)

// contents returns the files of a folder, without SQLite's -shm while a process has it
// open: it contains locks, not data.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := make(map[string]string)
	for _, name := range names(t, dir) {
		if filepath.Ext(name) == ".db-shm" {
			all[name] = ""
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, name))
		must(t, err)
		all[name] = string(text)
	}
	return all
}

func TestOpenCopy(t *testing.T) {
	for name, prepare := range map[string]func(t *testing.T, dsn string){
		"at rest": func(t *testing.T, dsn string) {
			must(t, openAt(t, dsn).Close())
		},
		"open elsewhere": func(t *testing.T, dsn string) {
			openAt(t, dsn)
		},
		"after a crash": func(t *testing.T, dsn string) {
			c := startChild(t, "record for ever", dsn)
			c.Line(t)
			c.Kill()
		},
		"after a crash, moved without its -shm": func(t *testing.T, dsn string) {
			c := startChild(t, "record for ever", dsn)
			c.Line(t)
			c.Kill()
			must(t, os.Remove(dsn[len("sqlite:"):]+"-shm"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("TMPDIR", t.TempDir())
			dir := t.TempDir()
			dsn := "sqlite:" + filepath.Join(dir, "publisher.db")
			l := openAt(t, dsn)
			addMany(t, l, 1_000)
			must(t, l.Close())
			prepare(t, dsn)
			before := contents(t, dir)

			l, err := sqlite.OpenCopy(ctx, dsn)
			must(t, err)
			want1(t, int64(1))(l.NewestNumber(ctx))
			if name != "at rest" && name != "open elsewhere" { // what only the -wal has is there too
				if d, err := l.DeliveriesTo(ctx, 1); err != nil || len(d) != 1 || d[0].Status != ledger.Sent {
					t.Errorf("%v, %v", d, err)
				}
			}
			must(t, l.SavePosts(ctx, []ledger.Post{{ID: "only in the copy"}}))
			must(t, l.Close())

			if diff := cmp.Diff(before, contents(t, dir)); diff != "" {
				t.Error("the copy left a trace beside the ledger")
			}
			if left := names(t, os.TempDir()); left != nil {
				t.Errorf("left in the temporary folder: %q", left)
			}
		})
	}
}

func TestOpenCopyOfNothing(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	dir := t.TempDir()
	for _, dsn := range []string{"sqlite:" + filepath.Join(dir, "publisher.db"), "sqlite:" + filepath.Join(dir, "no", "folder.db")} {
		l, err := sqlite.OpenCopy(ctx, dsn)
		must(t, err)
		want1(t, []ledger.Post(nil))(l.Posts(ctx))
		must(t, passstate.SaveScanSnapshot(ctx, l, []byte("b")))
		must(t, l.Close())
	}
	if left := append(names(t, dir), names(t, os.TempDir())...); left != nil {
		t.Errorf("left: %q", left)
	}
}

// A copy made while another process writes is consistent.
func TestOpenCopyWhileWritten(t *testing.T) {
	dsn := "sqlite:" + filepath.Join(t.TempDir(), "publisher.db")
	l := openAt(t, dsn)
	edition := addMany(t, l, 10_000)
	must(t, l.Close())
	c := startChild(t, "record for ever", dsn)
	for range 3 {
		c.Line(t)
		l, err := sqlite.OpenCopy(ctx, dsn)
		must(t, err)
		e, err := l.Edition(ctx, edition)
		must(t, err)
		open, err := l.Interrupted(ctx)
		must(t, err)
		moved := 0
		for s, err := range l.Subscribers(ctx) {
			must(t, err)
			if s.Cursor == 0 {
				break
			}
			moved++
		}
		must(t, l.Close())
		if e.Sent == 0 || len(open) > 1 {
			t.Errorf("%d sent, %d open", e.Sent, len(open))
		}
		// s0000000@… has id 1 and so on: by address is by id.
		if moved != e.Sent {
			t.Errorf("%d sent, but %d cursors moved", e.Sent, moved)
		}
	}
}
