//go:build postgres

package postgres_test

import (
	"testing"
	"time"

	"publisher/internal/ledger/postgres"
)

// Of those who wait for the lock, whoever yields leaves it to the others for a while.
func TestWaitersYield(t *testing.T) {
	dsn := empty(t)
	first := takeLock(t, dsn, "publisher serve")
	type taken struct {
		name string
		lock *postgres.Lock
		err  error
	}
	all := make(chan taken)
	wait := func(name string, yields bool) {
		waiting := make(chan struct{}, 100)
		go func() {
			lock, err := postgres.AwaitLock(t.Context(), dsn, postgres.Options{StateDir: t.TempDir()}, name, time.Now, postgres.Waiting{
				For: func(string) { waiting <- struct{}{} }, Failed: func(err error) {
					if err != nil {
						t.Error(err)
					}
				}, Yield: func() bool { return yields }})
			all <- taken{name, lock, err}
		}()
		<-waiting
	}
	wait("lacking", true)
	wait("complete", false)
	must(t, first.Release())
	if got := <-all; got.name != "complete" || got.err != nil {
		t.Errorf("%s took it: %v", got.name, got.err)
	} else {
		must(t, got.lock.Release())
	}
	// There is nobody else any more.
	if got := <-all; got.name != "lacking" || got.err != nil {
		t.Errorf("%s took it: %v", got.name, got.err)
	} else {
		must(t, got.lock.Release())
	}
}
