package mailer

import (
	"sync"
	"time"
)

const (
	// recovery is how many messages the server takes before one more connection is
	// opened again.
	recovery = 100
	// cutEvery keeps the answers to one burst, which all connections get at about
	// the same time, from counting as many.
	cutEvery = time.Second
)

// throttle says how many connections may be open: half as many when the server
// asks for less, one more after it has taken some messages.
type throttle struct {
	now func() time.Time

	mu      sync.Mutex
	most    int
	allowed int
	taken   int // since the last change
	lastCut time.Time
}

func newThrottle(most int, now func() time.Time) *throttle {
	return &throttle{now: now, most: most, allowed: most}
}

// slow is called when the server asks for less.
func (t *throttle) slow() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.taken = 0
	if now := t.now(); now.Sub(t.lastCut) >= cutEvery {
		t.allowed = max(1, t.allowed/2)
		t.lastCut = now
	}
}

// restore starts from what an earlier limit was.
func (t *throttle) restore(allowed int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.allowed = min(max(1, allowed), t.most)
}

// refused is called when a connection could not be had beside open others.
func (t *throttle) refused(open int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.taken = 0
	t.allowed = max(1, min(t.allowed, open))
}

// took is called for each message that the server answered otherwise. It reports
// whether one more connection may be opened now.
func (t *throttle) took() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.allowed == t.most {
		return false
	}
	t.taken++
	if t.taken < recovery {
		return false
	}
	t.taken = 0
	t.allowed++
	return true
}

// limit is how many connections may be open.
func (t *throttle) limit() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.allowed
}
