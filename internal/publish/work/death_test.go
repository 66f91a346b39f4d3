//go:build postgres

package work_test

import (
	"syscall"
	"testing"
	"time"

	"publisher/internal/smtptest"
)

// waitFor waits until the mail server has so many mails.
func (f *fleet) waitFor(mails int) {
	f.t.Helper()
	for deadline := time.Now().Add(time.Minute); f.sink.Total() < mails; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			f.t.Fatalf("%d mails after a minute, want %d", f.sink.Total(), mails)
		}
	}
}

// slow is a mail server whose replies take 20 ms.
var slow = smtptest.Options{Delay: 20 * time.Millisecond}

// during leads while do happens.
func (f *fleet) during(within time.Duration, do func()) {
	f.t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		do()
	}()
	f.lead(within)
	<-done
}

// A process is killed while it sends: the others take over what it held.
func TestKilledProcess(t *testing.T) {
	t.Parallel()
	const subscribers = 2500
	f := newFleet(t, subscribers, "", slow)
	victim := f.start()
	f.start()
	f.during(2*time.Minute, func() {
		f.waitFor(500)
		victim.kill()
		f.start()
	})
	if n := f.account(subscribers); n > connections {
		t.Errorf("%d doubles", n)
	}
}

// A process that is asked to end gives back what it holds, so nothing is uncertain, and nobody waits.
func TestLeavingProcess(t *testing.T) {
	t.Parallel()
	const subscribers = 2000
	f := newFleet(t, subscribers, "", slow)
	leaves := f.start()
	f.during(time.Minute, func() {
		f.waitFor(300)
		f.start()
		f.waitFor(600)
		began := time.Now()
		leaves.signal(t, syscall.SIGTERM)
		if err := leaves.Wait(); err != nil {
			t.Errorf("the process that was asked to end: %v", err)
		}
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("it took %v", took)
		}
	})
	if n := f.account(subscribers); n > 0 {
		t.Errorf("%d doubles", n)
	}
}
