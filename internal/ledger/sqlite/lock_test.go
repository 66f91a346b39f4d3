package sqlite_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"publisher/internal/ledger"
	"publisher/internal/ledger/sqlite"
)

func TestLock(t *testing.T) {
	dir := t.TempDir()
	dsn := "sqlite:" + filepath.Join(dir, "new", "publisher.db")
	lock, err := sqlite.TakeLock(ctx, dsn, "publisher run", noon)
	must(t, err)
	_, err = sqlite.TakeLock(ctx, dsn, "publisher run", noon)
	checkHeld(t, err, "publisher run (process ", " since 2026-11-22 12:00 UTC)")

	must(t, lock.Release())
	must(t, lock.Release())
	again, err := sqlite.TakeLock(ctx, dsn, "publisher run", noon)
	must(t, err)
	must(t, lock.Release()) // the first holder's, which must not end the second's
	_, err = sqlite.TakeLock(ctx, dsn, "publisher run", noon)
	checkHeld(t, err)
	must(t, again.Release())
}

func TestLockOfAnotherProcess(t *testing.T) {
	dir := t.TempDir()
	dsn := "sqlite:" + filepath.Join(dir, "publisher.db")
	must(t, openAt(t, dsn).Close())
	c := startChild(t, "hold the lock", dsn)
	pid := c.Line(t)

	_, err := sqlite.TakeLock(ctx, dsn, "publisher run", noon)
	checkHeld(t, err, "publisher serve (process "+pid+" on ")

	// By another name it is the same ledger.
	link := filepath.Join(dir, "link.db")
	must(t, os.Symlink(filepath.Join(dir, "publisher.db"), link))
	_, err = sqlite.TakeLock(ctx, "sqlite:"+link, "publisher run", noon)
	checkHeld(t, err, pid)

	c.Kill() // -9: the lock goes with the process
	lock, err := sqlite.TakeLock(ctx, dsn, "publisher run", noon)
	must(t, err)
	must(t, lock.Release())
}

func checkHeld(t *testing.T, err error, parts ...string) {
	t.Helper()
	held, ok := errors.AsType[*ledger.LockedError](err)
	if !ok {
		t.Fatalf("got %v, want a HeldError", err)
	}
	for _, part := range parts {
		if !strings.Contains(held.Holder, part) {
			t.Errorf("holder %q, want %q in it", held.Holder, part)
		}
	}
}
