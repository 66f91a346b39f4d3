package ledgertest

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"publisher/internal/ledger"
	"publisher/internal/ledger/mailtoken"
	"publisher/internal/ledger/subscription"
)

// Once an unsubscribing is answered, no mail to that subscriber begins, however many go out at
// the same time; and nobody else misses theirs.
func testLeaveWhileSending(t *testing.T, open Open) {
	l := open(t)
	LeaveWhileSending(t, l, l)
}

// LeaveWhileSending has an edition go out from one ledger while subscribers leave by another one,
// which may be the same.
func LeaveWhileSending(t *testing.T, sending, leaving *ledger.Ledger) {
	t.Helper()
	const n, callers = 3_000, 8
	edition := AddMany(t, sending, n)
	var gone [n + 1]atomic.Bool
	var left atomic.Int64
	ended := make(chan struct{})
	var leavers sync.WaitGroup
	for range 4 {
		leavers.Go(func() {
			for {
				select {
				case <-ended:
					return
				default:
				}
				id := 1 + rand.Int64N(n)
				_, changed, err := subscription.Do(ctx, leaving, subscription.Request{Subscriber: id, Proof: mailtoken.Unsubscribe, Action: subscription.Leave, DefaultCadence: "weekly", At: Noon})
				if err != nil {
					t.Error(err)
					return
				}
				if changed {
					left.Add(1)
				}
				gone[id].Store(true)
			}
		})
	}
	sent := DeliverPages(t, sending, edition, callers, func(subscriber int64) bool { return gone[subscriber].Load() })
	close(ended)
	leavers.Wait()
	missed := 0
	for s, err := range sending.Subscribers(ctx) {
		Must(t, err)
		if s.Cursor != 1 && s.Status == ledger.Active {
			t.Errorf("subscriber %d missed the edition", s.ID)
		}
		if s.Cursor != 1 {
			missed++
		}
		if gone[s.ID].Load() != (s.Status == ledger.Unsubscribed) {
			t.Errorf("subscriber %d is %s", s.ID, s.Status)
		}
	}
	if sent+missed != n || left.Load() == 0 || sent == 0 {
		t.Errorf("%d got it and %d of the %d who left did not", sent, missed, left.Load())
	}
}
