package places_test

import (
	"context"
	"errors"
	"sync"
	"time"

	"publisher/internal/ledger/places"
)

// bank is what all processes have in common: places that are held, and messages that have ended.
type bank struct {
	rates  []places.Rate
	faulty func() bool // whether the answer of a trade is lost; nil for never

	mu     sync.Mutex
	held   map[*account]int
	ended  []time.Time
	trades int
}

func newBank(rates ...places.Rate) *bank { return &bank{rates: rates, held: map[*account]int{}} }

// account is a process as the bank knows it. It is a places.Source.
type account struct {
	bank *bank

	mu   sync.Mutex
	away bool // the bank cannot be reached
	dead bool
}

func (a *account) Alive() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return !a.dead
}

func (a *account) set(away, dead bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.away, a.dead = away, dead
}

var errLost = errors.New("the connection is lost")

func (a *account) Trade(ctx context.Context, t places.Trade) (places.Grant, error) {
	time.Sleep(3 * time.Millisecond)
	a.mu.Lock()
	defer a.mu.Unlock()
	b := a.bank
	b.mu.Lock()
	defer b.mu.Unlock()
	b.trades++
	if a.away || a.dead || ctx.Err() != nil {
		return places.Grant{}, errLost
	}
	for range t.Ended {
		b.ended = append(b.ended, time.Now())
	}
	b.held[a] = t.Held
	g := b.grant(t)
	b.held[a] += g.Taken
	if b.faulty != nil && b.faulty() {
		return places.Grant{}, errLost
	}
	return g, nil
}

func (b *bank) grant(t places.Trade) (g places.Grant) {
	if t.Want == 0 {
		return g
	}
	room := func(kept func(places.Rate) int) (n int) {
		n = t.Want
		for _, rate := range b.rates {
			n = min(n, rate.Count-kept(rate)-b.counted(rate.Per))
		}
		return max(0, n)
	}
	g.Taken = room(func(r places.Rate) int { return r.Kept })
	if g.Taken == 0 && t.Urgent {
		g.Taken = min(1, room(func(places.Rate) int { return 0 }))
		g.Kept = g.Taken > 0
	}
	if g.Taken == 0 || g.Kept {
		g.Wait = 50 * time.Millisecond
	}
	return g
}

func (b *bank) counted(span time.Duration) (n int) {
	for _, held := range b.held {
		n += held
	}
	for _, t := range b.ended {
		if t.Add(span).After(time.Now()) {
			n++
		}
	}
	return n
}

func (b *bank) counts(span time.Duration) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.counted(span)
}

func (b *bank) holds(a *account) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.held[a]
}

// asked returns how many trades there were.
func (b *bank) asked() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.trades
}

// declareDead ends what a process held.
func (b *bank) declareDead(a *account) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for range b.held[a] {
		b.ended = append(b.ended, time.Now())
	}
	delete(b.held, a)
}
