package sqlite_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"publisher/internal/ledger"
	"publisher/internal/ledger/backlog"
	"publisher/internal/ledger/sqlite"
)

// A view has all that was recorded, and leaves no trace.
func TestView(t *testing.T) {
	for name, prepare := range map[string]func(t *testing.T, dsn string){
		"at rest": func(t *testing.T, dsn string) {
			l := openAt(t, dsn)
			recordOne(t, l)
			must(t, l.Close())
		},
		"open elsewhere, with results in the journal": func(t *testing.T, dsn string) { recordOne(t, openAt(t, dsn)) },
		"after a crash": func(t *testing.T, dsn string) {
			recordInChild(t, dsn)
		},
		"after a crash, moved without its -shm": func(t *testing.T, dsn string) {
			recordInChild(t, dsn)
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

			must(t, sqlite.View(ctx, dsn, func(l *ledger.Ledger) error {
				want1(t, int64(1))(l.NewestNumber(ctx))
				open, err := backlog.Editions(ctx, l)
				must(t, err)
				if len(open) != 1 || open[0].Sent < 1 {
					t.Errorf("under way: %+v", open)
				}
				if rate, err := backlog.Rate(ctx, l, noon); err != nil || rate < 1 {
					t.Errorf("%v a second, %v", rate, err)
				}
				return nil
			}))

			if diff := cmp.Diff(before, contents(t, dir)); diff != "" {
				t.Error("looking left a trace beside the ledger")
			}
			if left := names(t, os.TempDir()); left != nil {
				t.Errorf("left in the temporary folder: %q", left)
			}
		})
	}
}

func recordOne(t *testing.T, l *ledger.Ledger) {
	t.Helper()
	want1(t, true)(l.Record(ctx, nil, &ledger.Intent{Edition: 1, Subscriber: 7, Through: 1, At: noon}))
	want1(t, false)(l.Record(ctx, &ledger.Result{Edition: 1, Subscriber: 7, Status: ledger.Sent, At: noon}, nil))
}

func recordInChild(t *testing.T, dsn string) {
	t.Helper()
	c := startChild(t, "record for ever", dsn)
	c.Line(t)
	c.Kill()
}

func TestViewOfNothing(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	dir := t.TempDir()
	must(t, sqlite.View(ctx, "sqlite:"+filepath.Join(dir, "no", "publisher.db"), func(l *ledger.Ledger) error {
		want1(t, []ledger.Post(nil))(l.Posts(ctx))
		return nil
	}))
	if left := append(names(t, dir), names(t, os.TempDir())...); left != nil {
		t.Errorf("left: %q", left)
	}
}

// Who looks for the holder of the lock does not keep a pass from taking it.
func TestHolder(t *testing.T) {
	dsn := "sqlite:" + filepath.Join(t.TempDir(), "publisher.db")
	want1(t, "")(sqlite.Holder(dsn))
	lock, err := sqlite.TakeLock(ctx, dsn, "publisher run", noon)
	must(t, err)
	if holder, err := sqlite.Holder(dsn); err != nil || holder == "" || holder[:13] != "publisher run" {
		t.Errorf("%q, %v", holder, err)
	}
	must(t, lock.Release())
	stop := time.Now().Add(200 * time.Millisecond)
	ended := make(chan error)
	go func() {
		for time.Now().Before(stop) {
			if _, err := sqlite.Holder(dsn); err != nil {
				ended <- err
				return
			}
		}
		ended <- nil
	}()
	for time.Now().Before(stop) {
		lock, err := sqlite.TakeLock(ctx, dsn, "publisher run", noon)
		must(t, err)
		must(t, lock.Release())
	}
	must(t, <-ended)
}
