package smtp

import (
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"publisher/internal/config"
)

// Whatever time a message takes, and wherever in it the server counts, no window
// holds more than its rate allows.
func TestLimiterNeverExceedsAWindow(t *testing.T) {
	rates := []config.Rate{{Count: 3, Per: time.Second}, {Count: 10, Per: 10 * time.Second}}
	synctest.Test(t, func(t *testing.T) {
		l := NewRateLimiter(rates, time.Now)
		counted := make(chan time.Time, 200)
		var senders sync.WaitGroup
		for range 4 {
			senders.Go(func() {
				for range 25 {
					for wait := l.Begin(false); wait > 0; wait = l.Begin(false) {
						select {
						case <-l.Changed():
						case <-time.After(wait):
						}
					}
					latency := time.Duration(rand.IntN(1500)) * time.Millisecond
					before := time.Duration(rand.Int64N(int64(latency + 1)))
					time.Sleep(before)
					counted <- time.Now()
					time.Sleep(latency - before)
					l.End()
				}
			})
		}
		senders.Wait()
		var times []time.Time
		for range 100 {
			times = append(times, <-counted)
		}
		slices.SortFunc(times, time.Time.Compare)
		for _, rate := range rates {
			for i := rate.Count; i < len(times); i++ {
				if d := times[i].Sub(times[i-rate.Count]); d < rate.Per {
					t.Errorf("%d messages within %v, allowed are %d in %v", rate.Count+1, d, rate.Count, rate.Per)
				}
			}
		}
	})
}

func TestLimiterState(t *testing.T) {
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	rates := []config.Rate{{Count: 2, Per: time.Hour}}
	l := NewRateLimiter(rates, clock)
	for i, free := range []bool{true, true, false} {
		if wait := l.Begin(false); (wait == 0) != free {
			t.Fatalf("message %d: wait is %v", i+1, wait)
		}
	}
	l.End()
	now = now.Add(10 * time.Minute)
	l.End()

	restarted := NewRateLimiter(rates, clock)
	restarted.Restore(l.State())
	if got := restarted.Begin(false); got != 50*time.Minute {
		t.Errorf("wait is %v, want 50m", got)
	}
	now = now.Add(50 * time.Minute)
	if restarted.Begin(false) != 0 || restarted.Begin(false) != 10*time.Minute {
		t.Error("the first message still counts")
	}
	restarted.Undo()
	if restarted.Begin(false) != 0 {
		t.Error("the place was not given back")
	}
	if got := len(restarted.State()); got != 2 {
		t.Errorf("%d messages count, want one ended and one begun", got)
	}

	now = now.Add(-24 * time.Hour) // a clock that was set back
	back := NewRateLimiter(rates, clock)
	back.Restore(l.State())
	if got := back.Begin(false); got != time.Hour {
		t.Errorf("wait is %v, want 1h", got)
	}
}

func TestLimiterWithoutRates(t *testing.T) {
	l := NewRateLimiter(nil, time.Now)
	for range 1000 {
		if l.Begin(false) != 0 {
			t.Fatal("has to wait")
		}
		l.End()
	}
	if got := len(l.State()); got != 0 {
		t.Errorf("remembers %d messages", got)
	}
}

// Of a rate by the hour, ordinary messages leave a twentieth.
func TestLimiterReserves(t *testing.T) {
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	l := NewRateLimiter([]config.Rate{{Count: 40, Per: time.Hour}, {Count: 60, Per: time.Second}}, func() time.Time { return now })
	ordinary, urgent := 0, 0
	for ; l.Begin(true) == 0; ordinary++ {
		l.End()
	}
	for ; l.Begin(false) == 0; urgent++ {
		l.End()
	}
	if ordinary != 38 || urgent != 2 {
		t.Errorf("room for %d ordinary and %d urgent messages", ordinary, urgent)
	}
	now = now.Add(time.Hour)
	if wait := l.Begin(true); wait != 0 {
		t.Errorf("an hour later: wait for %v", wait)
	}
}
