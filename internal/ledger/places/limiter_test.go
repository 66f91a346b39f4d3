package places_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"publisher/internal/ledger/places"
)

// record is when the server counted messages.
type record struct {
	mu    sync.Mutex
	times []time.Time
}

func (r *record) add() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.times = append(r.times, time.Now())
}

func (r *record) len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.times)
}

// fullest returns the most messages in any window.
func (r *record) fullest(span time.Duration) (most int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	slices.SortFunc(r.times, time.Time.Compare)
	first := 0
	for i, t := range r.times {
		for ; t.Sub(r.times[first]) >= span; first++ {
		}
		most = max(most, i-first+1)
	}
	return most
}

func (r *record) check(t *testing.T, rates ...places.Rate) {
	t.Helper()
	for _, rate := range rates {
		if n := r.fullest(rate.Per); n > rate.Count {
			t.Errorf("%d messages in %v, allowed are %d", n, rate.Per, rate.Count)
		}
	}
}

// process sends over some connections until it is stopped.
type process struct {
	*account
	limiter *places.Limiter
	end     context.CancelFunc // of what it sends
	stop    context.CancelFunc // of what it trades
	over    sync.WaitGroup
	served  sync.WaitGroup
}

func (b *bank) start(ctx context.Context, connections int, latency time.Duration, r *record) *process {
	p := &process{account: &account{bank: b}, limiter: places.NewLimiter(b.rates)}
	sending, end := context.WithCancel(ctx)
	serving, stop := context.WithCancel(context.Background())
	p.end, p.stop = end, stop
	p.served.Go(func() { p.limiter.Serve(serving, p.account) })
	for range connections {
		p.over.Go(func() {
			for acquire(sending, p.limiter, true) {
				took := time.Duration(rand.Int64N(int64(2 * latency)))
				before := time.Duration(rand.Int64N(int64(took + 1)))
				time.Sleep(before)
				if rand.IntN(10) == 0 {
					p.limiter.Undo()
					continue
				}
				if p.limiter.Holds() {
					r.add()
				}
				time.Sleep(took - before)
				p.limiter.End()
			}
		})
	}
	return p
}

// close ends a process in order.
func (p *process) close() {
	p.end()
	p.over.Wait()
	p.stop()
	p.served.Wait()
}

func acquire(ctx context.Context, l *places.Limiter, ordinary bool) bool {
	for ctx.Err() == nil {
		changed := l.Changed()
		wait := l.Begin(ordinary)
		if wait == 0 {
			return true
		}
		select {
		case <-changed:
		case <-time.After(wait):
		case <-ctx.Done():
		}
	}
	return false
}

// Four processes send as fast as they may; answers are lost, two of them are killed, the others end
// in order. No window has too much, nearly all of the rate is used, and the database is asked seldom.
func TestSharedRate(t *testing.T) {
	for name, rates := range map[string][]places.Rate{
		"per minute":            {{Count: 600, Kept: 30, Per: time.Minute}},
		"per second and minute": {{Count: 50, Per: time.Second}, {Count: 600, Kept: 30, Per: time.Minute}},
		"one a minute":          {{Count: 1, Per: time.Minute}},
		"three an hour":         {{Count: 3, Per: time.Hour}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b, r := newBank(rates...), new(record)
				b.faulty = func() bool { return rand.IntN(20) == 0 }
				last := rates[len(rates)-1]
				var all []*process
				for range 4 {
					all = append(all, b.start(t.Context(), 4, 50*time.Millisecond, r))
				}
				time.Sleep(last.Per / 2)
				for _, p := range all[:2] {
					p.set(true, true)
					p.end()
					p.stop()
					time.Sleep(10 * time.Second)
					b.declareDead(p.account)
				}
				const windows = 4
				time.Sleep(last.Per * windows)
				for _, p := range all[2:] {
					p.close()
				}
				r.check(t, rates...)
				least := (last.Count - last.Kept) * windows * 3 / 4
				if r.len() < least {
					t.Errorf("%d messages, at least %d would be good", r.len(), least)
				}
				synctest.Wait()
				held := 0
				for _, n := range b.held {
					held += n
				}
				if held > 0 {
					t.Errorf("%d places are lost", held)
				}
				seconds := int(time.Duration(windows+1) * last.Per / time.Second)
				t.Logf("%d messages, %d trades in %d s", r.len(), b.trades, seconds)
				if name == "per minute" && b.trades > 3*seconds {
					t.Errorf("%d trades in %d s", b.trades, seconds)
				}
			})
		})
	}
}

// A process that waits does not ask the database again and again, and notices what others give back.
func TestWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBank(places.Rate{Count: 2, Per: time.Hour})
		other := &account{bank: b}
		if g, err := other.Trade(t.Context(), places.Trade{Want: 2}); g.Taken != 2 || err != nil {
			t.Fatal(g, err)
		}
		r := new(record)
		p := b.start(t.Context(), 3, time.Millisecond, r)
		time.Sleep(100 * time.Second)
		before := b.asked()
		if before > 102 {
			t.Errorf("%d trades in 100 s", before)
		}
		if _, err := other.Trade(t.Context(), places.Trade{Held: 1}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second)
		if r.len() != 1 {
			t.Errorf("%d messages", r.len())
		}
		began := time.Now()
		p.close()
		if took := time.Since(began); took > 100*time.Millisecond {
			t.Errorf("the stop took %v", took)
		}
	})
}

// While the database is away, no message begins; what has ended meanwhile is reported later.
func TestDatabaseAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, r := newBank(places.Rate{Count: 40, Per: time.Minute}), new(record)
		p := b.start(t.Context(), 1, time.Millisecond, r)
		time.Sleep(50 * time.Millisecond)
		p.set(true, false)
		time.Sleep(time.Second)
		n := r.len()
		time.Sleep(time.Hour)
		if got := r.len(); got != n || n == 0 {
			t.Errorf("%d messages, then %d", n, got)
		}
		p.set(false, false)
		time.Sleep(time.Hour)
		p.close()
		r.check(t, b.rates...)
		if r.len() < 40*45 {
			t.Errorf("%d messages", r.len())
		}
	})
}

// What is not used is given back soon; at the end, all of it.
func TestUnusedPlaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBank(places.Rate{Count: 1000, Kept: 50, Per: time.Hour})
		a := &account{bank: b}
		l := places.NewLimiter(b.rates)
		ctx, stop := context.WithCancel(t.Context())
		var served sync.WaitGroup
		served.Go(func() { l.Serve(ctx, a) })
		acquire(t.Context(), l, true)
		if got := b.holds(a); got != 50 {
			t.Errorf("holds %d places", got)
		}
		time.Sleep(3 * time.Second)
		if got := b.holds(a); got != 1 {
			t.Errorf("still holds %d places", got)
		}
		l.End()
		acquire(t.Context(), l, true)
		l.Undo()
		stop()
		served.Wait()
		if b.held[a] != 0 || len(b.ended) != 1 {
			t.Errorf("%d places are held, %d messages have ended", b.held[a], len(b.ended))
		}
		if l.Begin(false) == 0 || l.Holds() {
			t.Error("a message begins after the end")
		}
	})
}

// Some of the rate is kept for urgent messages, in one process for those of another, too.
func TestUrgentMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, ordinary, urgent := newBank(places.Rate{Count: 100, Kept: 5, Per: time.Hour}), new(record), new(record)
		p := b.start(t.Context(), 4, time.Millisecond, ordinary)
		a := &account{bank: b}
		l := places.NewLimiter(b.rates)
		ctx, stop := context.WithCancel(t.Context())
		var served sync.WaitGroup
		served.Go(func() { l.Serve(ctx, a) })
		time.Sleep(time.Minute)
		within, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		for acquire(within, l, false) {
			if l.Begin(true) == 0 {
				t.Error("an ordinary message got a place of the urgent ones")
			}
			urgent.add()
			l.End()
		}
		stop()
		served.Wait()
		p.close()
		if ordinary.len() != 95 || urgent.len() != 5 {
			t.Errorf("%d ordinary messages, %d urgent ones", ordinary.len(), urgent.len())
		}
	})
}

// A process that was declared dead begins nothing, sends nothing that had begun, and tells its next life
// of what ended since.
func TestNextLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBank(places.Rate{Count: 3, Per: time.Hour})
		first, second := &account{bank: b}, &account{bank: b}
		l := places.NewLimiter(b.rates)
		ctx, stop := context.WithCancel(t.Context())
		var served sync.WaitGroup
		served.Go(func() { l.Serve(ctx, first) })
		acquire(t.Context(), l, true)
		first.set(false, true)
		b.declareDead(first)
		if l.Holds() || l.Begin(true) == 0 {
			t.Error("it goes on")
		}
		stop()
		served.Wait()
		time.Sleep(59 * time.Minute)
		l.End()
		ctx, stop = context.WithCancel(t.Context())
		defer stop()
		served.Go(func() { l.Serve(ctx, second) })
		time.Sleep(3 * time.Minute)
		if n := b.counts(time.Hour); n != 1 || !l.Holds() {
			t.Errorf("%d messages count", n)
		}
		stop()
		served.Wait()
	})
}
