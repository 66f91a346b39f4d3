package sqlite_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/imports"
	"publisher/internal/ledger/passstate"
	"publisher/internal/ledger/sqlite"
)

// While another program has locked the ledger, everything waits. After LimitLockWait
// nothing waits for long, not even Close, and a server's reply is spooled.
func TestLimitLockWait(t *testing.T) {
	path := filepath.Join(t.TempDir(), "publisher.db")
	dsn := "sqlite:" + path
	l := openAt(t, dsn)
	addMany(t, l, 2)
	begun, err := l.Record(ctx, nil, &ledger.Intent{Edition: 1, Subscriber: 1, Through: 1, At: noon})
	if !begun || err != nil {
		t.Fatal(begun, err)
	}
	c := startChild(t, "lock the database", dsn)
	c.Line(t)
	began := time.Now()
	waiting := map[string]func() error{
		"record": func() error {
			_, err := l.Record(ctx, &ledger.Result{Edition: 1, Subscriber: 1, Status: ledger.Sent, At: noon}, nil)
			return err
		},
		"scan": func() error { return passstate.SaveScanSnapshot(ctx, l, []byte("b")) },
		"import": func() error {
			_, err := imports.Run(ctx, l, rows(nil, imports.Row{Email: "a@example.com"}), imports.Options{DefaultCadence: "weekly", Now: noon})
			return err
		},
		"read": func() error { _, err := l.Interrupted(ctx); return err }, // which folds first
	}
	errs := make(chan error, len(waiting))
	for name, do := range waiting {
		go func() {
			err := do()
			if !errors.Is(err, ledger.ErrBusy) {
				err = errors.New(name + ": not as a locked ledger fails: " + errText(err))
			} else {
				err = nil
			}
			errs <- err
		}()
	}
	l.LimitLockWait(50 * time.Millisecond)
	for range waiting {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	must(t, l.Close())
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
	if late, err := os.ReadFile(path + ".late"); err != nil || !strings.Contains(string(late), `"sent"`) {
		t.Errorf("%q, %v", strings.TrimSpace(string(late)), err)
	}
	c.Kill()
	l = openAt(t, dsn)
	if n, _, err := l.RecordSpooled(ctx); n != 1 || err != nil {
		t.Errorf("%d recorded, %v", n, err)
	}
}

func errText(err error) string {
	if err == nil {
		return "no error"
	}
	return err.Error()
}

// Waiting calls go on when the other program is done.
func TestWaitsForALock(t *testing.T) {
	dsn := "sqlite:" + filepath.Join(t.TempDir(), "publisher.db")
	l := openAt(t, dsn)
	c := startChild(t, "lock the database", dsn)
	c.Line(t)
	done := make(chan error, 2)
	go func() { done <- passstate.SaveScanSnapshot(ctx, l, []byte("b")) }()
	go func() {
		other, err := sqlite.Open(ctx, dsn)
		if err == nil {
			err = errors.Join(passstate.SetSending(ctx, other, true), other.Close())
		}
		done <- err
	}()
	c.Kill()
	must(t, <-done)
	must(t, <-done)
	want1(t, []byte("b"))(passstate.LoadScanSnapshot(ctx, l))
	want1(t, true)(passstate.Sending(ctx, l))
}

// The copy of a process that died is removed when the next one is made, and by a pass. A
// copy in use stays.
func TestCopiesOfTheDeadAreRemoved(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	dsn := "sqlite:" + filepath.Join(t.TempDir(), "publisher.db")
	must(t, openAt(t, dsn).Close())
	alive := startChild(t, "hold a copy", dsn)
	alive.Line(t)
	for name, next := range map[string]func(){
		"a copy": func() {
			l, err := sqlite.OpenCopy(ctx, dsn)
			must(t, err)
			must(t, l.Close())
		},
		"a pass": func() {
			lock, err := sqlite.TakeLock(ctx, dsn, "publisher run", noon)
			must(t, err)
			l, err := lock.Open(ctx)
			must(t, errors.Join(err, l.Close(), lock.Release()))
		},
	} {
		dead := startChild(t, "hold a copy", dsn)
		dead.Line(t)
		dead.Kill()
		if n := len(names(t, temp)); n != 2 {
			t.Fatalf("%s: %d folders before", name, n)
		}
		next()
		if n := len(names(t, temp)); n != 1 {
			t.Errorf("%s: %d folders are left, want that of the living", name, n)
		}
	}
}

// Deleting the lock file does not allow a second pass.
func TestLockFileDeleted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "publisher.db")
	c := startChild(t, "hold the lock", "sqlite:"+path)
	c.Line(t)
	must(t, os.Remove(path+".lock"))
	for range 2 { // the second meets a lock file again
		_, err := sqlite.TakeLock(ctx, "sqlite:"+path, "publisher run", noon)
		checkHeld(t, err, path)
	}
	c.Kill()
	lock, err := sqlite.TakeLock(ctx, "sqlite:"+path, "publisher run", noon)
	must(t, err)
	must(t, lock.Release())
}
