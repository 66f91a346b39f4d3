package smtp

import (
	"sync"
)

const (
	// trusted is how many messages per connection the server must accept before the
	// search for the most connections that it bears goes on.
	trusted = 4
	// recovery is how many messages the server must accept before one more connection is
	// tried again; each failure doubles it, up to maxRecovery.
	recovery    = 100
	maxRecovery = 3200
)

// throttle limits how many connections may be open. When the server asks for less, the
// limit falls to the last number that worked, or to half. If the server asked for fewer at
// once, a binary search then finds the highest number that works; if it asked for any
// other reason, the limit rises slowly.
type throttle struct {
	mu      sync.Mutex
	most    int
	allowed int
	borne   int // the most connections that worked; 0 if unknown
	refused int // the fewest that were too many; most+1 if unknown
	taken   int // messages accepted since the last change
	wait    int // messages to accept before refused is tried again
	period  int // number of changes so far
	alone   int // times in a row that even one connection was too many

	cautious bool // the last reason was not the number of connections
}

func newThrottle(most int) *throttle {
	return &throttle{most: most, allowed: most, refused: most + 1, wait: recovery}
}

// stamp records the limit under which a message was sent.
type stamp struct {
	period int
	fair   bool // not more connections were open than allowed
}

// begin is called before a message is sent, with the number of open connections.
func (t *throttle) begin(open int) stamp {
	t.mu.Lock()
	defer t.mu.Unlock()
	return stamp{t.period, open <= t.allowed}
}

// slow is called when the server asks for less in reply to a message; crowded reports
// that it was sent too much at once. A message sent
// before the limit was lowered, or while excess connections were still open, says nothing
// about the limit.
func (t *throttle) slow(s stamp, crowded bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.taken = 0
	if s.period != t.period || !s.fair {
		return
	}
	t.refused, t.cautious = t.allowed, !crowded
	if t.allowed == 1 {
		t.alone++
		return
	}
	if t.borne >= t.allowed {
		t.borne = 0
	}
	if t.borne == t.allowed-1 {
		t.wait = min(2*t.wait, maxRecovery)
	}
	if t.borne > 0 {
		t.set(t.borne)
	} else {
		t.set(t.allowed / 2)
	}
}

// set changes the limit.
func (t *throttle) set(allowed int) {
	t.allowed = max(1, min(allowed, t.most))
	t.taken = 0
	t.period++
}

// restore starts from what an earlier limit was.
func (t *throttle) restore(allowed int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.set(allowed)
	if t.allowed < t.most {
		t.borne, t.refused = t.allowed, t.allowed+1
	}
}

// denied is called when a connection could not be opened beside the others.
func (t *throttle) denied(open int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if open = max(1, open); open < t.allowed {
		t.set(open)
		t.borne, t.refused = t.allowed, t.allowed+1
	}
	t.taken = 0
}

// took is called for each message that the server answered otherwise. It reports
// whether more connections may be opened now.
func (t *throttle) took() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.alone = 0
	if t.allowed == t.most {
		return false
	}
	t.taken++
	searching := !t.cautious && t.allowed+1 < t.refused
	if t.taken < trusted*t.allowed || !searching && t.taken < t.wait {
		return false
	}
	t.borne = t.allowed
	if searching {
		t.wait = recovery
		t.set((t.allowed + t.refused) / 2)
	} else {
		t.refused = t.most + 1 // the server may accept more by now
		t.set(t.allowed + 1)
	}
	return true
}

// limit is how many connections may be open.
func (t *throttle) limit() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.allowed
}

// pauses returns how many times in a row even one connection was too many.
func (t *throttle) pauses() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.alone
}
