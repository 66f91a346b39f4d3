//go:build postgres

package postgres_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/ledgertest"
	"publisher/internal/ledger/postgres"
	"publisher/internal/postgrestest"
)

func takeLock(t *testing.T, dsn, command string) *postgres.Lock {
	t.Helper()
	lock, err := postgres.TakeLock(ctx, dsn, postgres.Options{StateDir: t.TempDir()}, command, noon)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { lock.Release() })
	return lock
}

func TestLockExcludes(t *testing.T) {
	dsn := postgrestest.New(t) // which is empty: a lock creates the ledger
	lock := takeLock(t, dsn, "publisher run")
	var locked *ledger.LockedError
	_, err := postgres.TakeLock(ctx, dsn, postgres.Options{}, "publisher serve", noon)
	if !errors.As(err, &locked) || !strings.HasPrefix(locked.Holder, "publisher run (process ") {
		t.Errorf("a second lock: %v", err)
	}
	l, err := lock.Open(ctx)
	if err != nil {
		t.Fatal(err)
	}
	addMany(t, l, 1)
	must(t, l.Close())
	must(t, lock.Release())
	must(t, lock.Release())
	takeLock(t, dsn, "publisher serve")
}

// Whoever holds the lock and is cut off from the ledger loses it, and changes nothing from then on.
func TestLockIsTakenOver(t *testing.T) {
	s := postgrestest.Shared(t)
	dsn := empty(t)
	first := takeLock(t, dsn, "publisher serve")
	held, end := first.Held(ctx)
	defer end()
	l, err := first.Open(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	addMany(t, l, 2)
	ledgertest.Number(t, l, 1)
	edition := ledgertest.CloseEdition(t, l, "weekly", 0, 1)
	if begun, err := l.Record(ctx, nil, &ledger.Intent{Edition: edition, Subscriber: 1, Through: 1, At: noon}); err != nil || !begun {
		t.Fatalf("begun: %v, %v", begun, err)
	}

	// The database's clock goes on, and nothing comes from the holder.
	s.Exec(t, dsn, "UPDATE lease SET expires_at = 1")
	second := takeLock(t, dsn, "publisher run")
	other, err := second.Open(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()

	var locked *ledger.LockedError
	if _, err := l.Record(ctx, nil, &ledger.Intent{Edition: edition, Subscriber: 2, Through: 1, At: noon}); !errors.As(err, &locked) {
		t.Errorf("an intent after that: %v", err)
	}
	if _, err := l.Record(ctx, &ledger.Result{Edition: edition, Subscriber: 1, Status: ledger.Sent, At: noon}, nil); err == nil {
		t.Error("a result after that was stored")
	}
	if err := l.SavePosts(ctx, []ledger.Post{{ID: "late"}}); !errors.As(err, &locked) {
		t.Errorf("a change after that: %v", err)
	}
	if n := s.Value(t, dsn, "SELECT STRING_AGG(progress, ' ') FROM delivery"); n != "sending" {
		t.Errorf("deliveries: %s", n)
	}
	if posts, err := other.Posts(ctx); err != nil || len(posts) != 1 {
		t.Errorf("%d posts, %v", len(posts), err)
	}
	if begun, err := other.Record(ctx, nil, &ledger.Intent{Edition: edition, Subscriber: 2, Through: 1, At: noon}); err != nil || !begun {
		t.Errorf("the new holder: %v, %v", begun, err)
	}

	select {
	case <-held.Done():
	case <-time.After(20 * time.Second):
		t.Fatal("the first holder never notices")
	}
	if !errors.As(context.Cause(held), &locked) || !strings.Contains(locked.Holder, "publisher run (process ") {
		t.Errorf("the first holder: %v", context.Cause(held))
	}
	must(t, first.Release())
	if _, err := postgres.TakeLock(ctx, dsn, postgres.Options{}, "publisher run", noon); !errors.As(err, &locked) {
		t.Errorf("after the first holder's release: %v", err)
	}
}

// A lost connection and a restarted server are no reason to lose the lock.
func TestLockSurvivesConnections(t *testing.T) {
	s := postgrestest.Shared(t)
	dsn := empty(t)
	lock := takeLock(t, dsn, "publisher serve")
	s.Terminate(t, dsn)
	_, err := postgres.TakeLock(ctx, dsn, postgres.Options{}, "publisher run", noon)
	var locked *ledger.LockedError
	if !errors.As(err, &locked) {
		t.Errorf("a second lock: %v", err)
	}
	l, err := lock.Open(ctx)
	if err != nil {
		t.Fatal(err)
	}
	addMany(t, l, 1)
	must(t, l.Close())
}
