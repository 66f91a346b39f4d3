//go:build postgres

package postgres

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/places"
	"publisher/internal/postgrestest"
)

// shared is a ledger whose places are by a clock that the test sets.
type shared struct {
	t     *testing.T
	e     *engine
	b     *Batches
	rates []places.Rate
	now   time.Duration
}

func share(t *testing.T, rates ...places.Rate) *shared {
	t.Helper()
	o := openAt(t, postgrestest.New(t))
	b, err := newBatches(o.e)
	noError(t, err)
	s := &shared{t: t, e: o.e, b: b, rates: rates}
	s.exec("CREATE TABLE clock AS SELECT 0::BIGINT AS now")
	s.exec("CREATE OR REPLACE FUNCTION place_now() RETURNS BIGINT LANGUAGE sql VOLATILE AS 'SELECT now FROM clock'")
	s.pass(time.Hour)
	return s
}

func (s *shared) exec(statement string, args ...any) {
	s.t.Helper()
	_, err := s.e.pool.Exec(ctx, statement, args...)
	noError(s.t, err)
}

// pass lets time pass.
func (s *shared) pass(d time.Duration) {
	s.t.Helper()
	s.now += d
	s.exec("UPDATE clock SET now = $1", s.now.Microseconds())
}

// worker begins a life that does not beat by itself.
func (s *shared) worker() *Worker {
	s.t.Helper()
	w, err := s.b.newWorker(ctx, "publisher work", "test")
	noError(s.t, err)
	w.end = func() {}
	return w
}

func (s *shared) trade(w *Worker, trade places.Trade) places.Grant {
	s.t.Helper()
	g, err := w.Places(s.rates).Trade(ctx, trade)
	noError(s.t, err)
	return g
}

func (s *shared) want(got places.Grant, taken int, kept bool, wait time.Duration) {
	s.t.Helper()
	if want := (places.Grant{Taken: taken, Kept: kept, Wait: wait}); got != want {
		s.t.Errorf("got %+v, want %+v", got, want)
	}
}

// declareDead is a take-over, by another worker.
func (s *shared) declareDead(w *Worker) {
	s.t.Helper()
	other := s.worker()
	beats, err := other.others(ctx)
	noError(s.t, err)
	took, err := other.takeOver(ctx, w.ID, beats[w.ID], false, noon)
	if took == nil || err != nil {
		s.t.Fatalf("%+v, %v", took, err)
	}
	noError(s.t, other.leave())
}

func TestPlaces(t *testing.T) {
	s := share(t, places.Rate{Count: 100, Kept: 5, Per: time.Minute})
	a, b := s.worker(), s.worker()
	s.want(s.trade(a, places.Trade{Want: 90}), 90, false, 0)
	s.want(s.trade(b, places.Trade{Want: 10}), 5, false, 0)
	s.want(s.trade(b, places.Trade{Held: 5, Want: 5}), 0, false, time.Minute) // while all are held, nobody knows more

	// Some are kept for urgent messages, which get one at a time.
	for range 5 {
		s.want(s.trade(a, places.Trade{Held: 89, Ended: 1, Want: 5, Urgent: true}), 1, true, time.Minute)
		s.pass(time.Second)
	}
	s.want(s.trade(a, places.Trade{Held: 90, Want: 5, Urgent: true}), 0, false, 55*time.Second)
	s.want(s.trade(a, places.Trade{Held: 90, Want: 5}), 0, false, time.Minute)
	s.pass(55*time.Second - time.Microsecond)
	s.want(s.trade(a, places.Trade{Held: 90, Want: 5, Urgent: true}), 0, false, time.Microsecond)
	s.pass(time.Microsecond)
	s.want(s.trade(a, places.Trade{Held: 90, Want: 5, Urgent: true}), 1, true, time.Minute)

	// What is not used is given back; what has ended counts for a window more.
	s.want(s.trade(a, places.Trade{Held: 0, Ended: 61}), 0, false, 0)
	s.pass(4 * time.Second)
	s.want(s.trade(b, places.Trade{Held: 5, Want: 200}), 100-5-5-61, false, 0)
	s.want(s.trade(a, places.Trade{Want: 1}), 0, false, 56*time.Second)
}

// A trade whose answer was lost is made good by the next one: nothing counts less, and no place is lost.
func TestPlacesAfterALostAnswer(t *testing.T) {
	s := share(t, places.Rate{Count: 10, Per: time.Minute})
	w := s.worker()
	s.want(s.trade(w, places.Trade{Want: 5}), 5, false, 0)
	s.trade(w, places.Trade{Held: 3, Ended: 2, Want: 5}) // nobody learns what it brought
	s.want(s.trade(w, places.Trade{Held: 3, Ended: 2, Want: 5}), 3, false, 0)
	if _, err := s.e.pool.Exec(ctx, "UPDATE place SET count = 0 WHERE ended_at IS NULL"); err != nil { // a server that lost commits
		t.Fatal(err)
	}
	s.want(s.trade(w, places.Trade{Held: 6, Want: 1}), 0, false, time.Minute)
}

// Several rates hold at once, and a clock that is set back keeps nobody waiting for longer than a window.
func TestPlacesOfSeveralRates(t *testing.T) {
	s := share(t, places.Rate{Count: 3, Per: time.Second}, places.Rate{Count: 5, Per: time.Hour})
	w := s.worker()
	s.want(s.trade(w, places.Trade{Want: 1}), 1, false, 0)
	s.want(s.trade(w, places.Trade{Ended: 1, Want: 9}), 2, false, 0)
	s.want(s.trade(w, places.Trade{Ended: 2, Want: 9}), 0, false, time.Second)
	s.pass(time.Second)
	s.want(s.trade(w, places.Trade{Want: 9}), 2, false, 0)
	s.want(s.trade(w, places.Trade{Ended: 2, Want: 9}), 0, false, time.Hour-time.Second)
	s.pass(-30 * time.Minute)
	s.want(s.trade(w, places.Trade{Want: 9}), 0, false, time.Hour)
	s.pass(time.Hour)
	s.want(s.trade(w, places.Trade{Want: 9}), 3, false, 0)
}

// A dead worker's places end when it is declared dead, and it gets no more; one that ends in order
// leaves none.
func TestPlacesOfTheDead(t *testing.T) {
	s := share(t, places.Rate{Count: 10, Per: time.Minute})
	w, other := s.worker(), s.worker()
	s.want(s.trade(w, places.Trade{Want: 4}), 4, false, 0)
	s.pass(time.Hour)
	s.want(s.trade(other, places.Trade{Want: 9}), 6, false, 0)
	s.declareDead(w)
	var dead *ledger.DeadError
	if _, err := w.Places(s.rates).Trade(ctx, places.Trade{Held: 4}); !errors.As(err, &dead) || w.Alive() {
		t.Errorf("%v; alive: %v", err, w.Alive())
	}
	s.want(s.trade(other, places.Trade{Held: 6, Want: 9}), 0, false, time.Minute)
	s.pass(time.Minute)
	s.want(s.trade(other, places.Trade{Held: 6, Want: 9}), 4, false, 0)
	noError(t, other.leave())
	s.pass(time.Minute)
	s.want(s.trade(s.worker(), places.Trade{Want: 99}), 10, false, 0)
}

// sending is a message, for the oracle.
type sending struct {
	begun, ended time.Duration // 0: has not ended
	urgent       bool
}

// sender is a process of a random history.
type sender struct {
	*Worker
	free, kept, ended int
	under             []*sending
	died              time.Duration // 0: lives
}

func (s *sender) held() int { return s.free + s.kept + len(s.under) }

// placeHistory is a random history of some processes, and what they have sent.
type placeHistory struct {
	*shared
	random  *rand.Rand
	senders []*sender
	sent    []*sending
}

func (h *placeHistory) upTo(n int) int { return h.random.IntN(n + 1) }

// trade reports, mostly wants more, and sometimes loses the answer.
func (h *placeHistory) trade(s *sender) {
	trade := places.Trade{Ended: s.ended, Urgent: h.random.IntN(4) == 0, Want: h.upTo(places.Block(h.rates))}
	if h.random.IntN(3) == 0 {
		s.free, s.kept = h.upTo(s.free), 0 // gives some back
	}
	trade.Held = s.held()
	g := h.shared.trade(s.Worker, trade)
	if h.random.IntN(10) == 0 {
		return
	}
	s.ended = 0
	if g.Kept {
		s.kept += g.Taken
	} else {
		s.free += g.Taken
	}
}

// begin sends a message, if there is a place.
func (h *placeHistory) begin(s *sender) {
	m := &sending{begun: h.now}
	switch {
	case s.free > 0:
		s.free--
	case s.kept > 0:
		s.kept--
		m.urgent = true
	default:
		return
	}
	s.under, h.sent = append(s.under, m), append(h.sent, m)
	h.check(m)
}

// check compares with the oracle: at no time does more count than the rates allow, of ordinary messages
// less than that by what is kept.
func (h *placeHistory) check(now *sending) {
	h.t.Helper()
	for _, rate := range h.rates {
		all, ordinary := 0, 0
		for _, m := range h.sent {
			if m.ended == 0 || m.ended+rate.Per > now.begun {
				all++
				if !m.urgent {
					ordinary++
				}
			}
		}
		if all > rate.Count || ordinary > rate.Count-rate.Kept {
			h.t.Fatalf("%d messages, %d of them ordinary, in %v; allowed are %+v", all, ordinary, rate.Per, rate)
		}
	}
}

// step is what one process does.
func (h *placeHistory) step(i int) {
	s := h.senders[i]
	if s.died != 0 { // its place was counted for as long as it may have sent
		if h.now-s.died > h.rates[0].Per/3 {
			h.declareDead(s.Worker)
			h.senders[i] = &sender{Worker: h.worker()}
		}
		return
	}
	switch n := h.random.IntN(500); {
	case n < 150:
		h.trade(s)
	case n < 325:
		for range h.upTo(4) {
			h.begin(s)
		}
	case n < 494:
		for len(s.under) > 0 && h.random.IntN(5) > 0 {
			s.under[0].ended = h.now
			s.under, s.ended = s.under[1:], s.ended+1
		}
	case n < 498: // killed
		for _, m := range s.under {
			m.ended = h.now
		}
		s.died = h.now
	default: // ends in order
		for _, m := range s.under {
			m.ended = h.now
		}
		noError(h.t, s.leave())
		h.senders[i] = &sender{Worker: h.worker()}
	}
}

// Whatever several processes do, and whoever dies, no window has more than the rates allow, and they
// are used up.
func TestPlacesNeverExceedAWindow(t *testing.T) {
	for name, rates := range map[string][]places.Rate{
		"per second and minute": {{Count: 50, Per: time.Second}, {Count: 600, Kept: 30, Per: time.Minute}},
		"one a minute":          {{Count: 1, Per: time.Minute}},
		"three an hour":         {{Count: 3, Per: time.Hour}, {Count: 1, Per: time.Minute}},
		"per hour":              {{Count: 400, Kept: 20, Per: time.Hour}},
	} {
		t.Run(name, func(t *testing.T) {
			seed := rand.Uint64()
			t.Logf("seed %d", seed)
			h := &placeHistory{shared: share(t, rates...), random: rand.New(rand.NewPCG(seed, 1))}
			for range 4 {
				h.senders = append(h.senders, &sender{Worker: h.worker()})
			}
			scale := rates[0].Per / time.Duration(max(5, rates[0].Count))
			began := h.now
			for range 1200 {
				h.pass(time.Duration(h.random.Int64N(int64(scale))))
				if h.random.IntN(200) == 0 {
					h.pass(rates[0].Per / 2)
				}
				for i := range h.senders {
					h.step(i)
				}
			}
			room := rates[0].Count * int((h.now-began)/rates[0].Per)
			t.Logf("%d messages, about %d were allowed by the first rate", len(h.sent), room)
			if len(h.sent) < room/8 {
				t.Error("nearly nothing of the rate is used")
			}
			for i, s := range h.senders {
				if s.died != 0 {
					h.declareDead(s.Worker)
				} else {
					noError(t, s.leave())
				}
				h.senders[i] = nil
			}
			h.pass(max(24*time.Hour, rates[len(rates)-1].Per))
			h.want(h.shared.trade(h.worker(), places.Trade{Want: 1000, Urgent: true}), maxTaken(rates), false, 0)
			var rows int
			noError(t, h.e.pool.QueryRow(ctx, "SELECT COUNT(*) FROM place").Scan(&rows))
			if rows != 1 {
				t.Errorf("%d rows are left", rows)
			}
		})
	}
}

// maxTaken is what there is for ordinary messages if nothing counts.
func maxTaken(rates []places.Rate) int {
	least := rates[0].Count - rates[0].Kept
	for _, rate := range rates {
		least = min(least, rate.Count-rate.Kept)
	}
	return least
}

// What has ended long ago is kept in few rows, and counts for as long as it has to.
func TestPlacesAreMerged(t *testing.T) {
	day := 24 * time.Hour
	s := share(t, places.Rate{Count: 10, Per: time.Second}, places.Rate{Count: 20000, Kept: 1000, Per: day})
	w := s.worker()
	s.exec(fmt.Sprintf("INSERT INTO place (worker, count, taken_at, ended_at) SELECT 1, 1, 0, %d + n * 1000000 FROM generate_series(1::BIGINT, 19000) AS n", s.now.Microseconds()))
	s.pass(20000 * time.Second)
	exact := day - 19999*time.Second
	wait := s.trade(w, places.Trade{Want: 9}).Wait
	if wait < exact || wait > exact+day/200 {
		t.Errorf("the first place is back after %v; each by itself it would be %v", wait, exact)
	}
	var rows, sum int
	noError(t, s.e.pool.QueryRow(ctx, "SELECT COUNT(*), SUM(count) FROM place").Scan(&rows, &sum))
	if rows > 200 || sum != 19000 {
		t.Errorf("%d rows with %d places", rows, sum)
	}
	s.pass(wait - time.Microsecond)
	s.want(s.trade(w, places.Trade{Want: 9}), 0, false, time.Microsecond)
	s.pass(time.Microsecond)
	s.want(s.trade(w, places.Trade{Want: 9}), 9, false, 0)
}
