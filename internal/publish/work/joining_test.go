//go:build postgres

package work_test

import (
	"testing"
	"time"
)

// A process that joins while an edition is under way delivers a part of it.
func TestJoining(t *testing.T) {
	t.Parallel()
	const subscribers = 2500
	f := newFleet(t, subscribers, "", slow)
	f.start()
	f.during(time.Minute, func() {
		f.waitFor(200)
		first := f.value("SELECT MAX(worker)::TEXT FROM batch")
		began := time.Now()
		f.start()
		f.waitForRow("batch of the process that joined", "SELECT 1 FROM batch WHERE worker > "+first)
		t.Logf("it has work %v after it was started", time.Since(began).Round(10*time.Millisecond))
	})
	if n := f.account(subscribers); n > 0 {
		t.Errorf("%d doubles", n)
	}
}
