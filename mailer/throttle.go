package mailer

import (
	"sync"
)

const (
	// trusted is how many messages each connection brings through before one more
	// counts as borne, while the number that the server bears is still searched for.
	trusted = 4
	// recovery is how many messages the server takes before the number that it did not
	// bear is tried again; each time in vain doubles it, up to maxRecovery.
	recovery    = 100
	maxRecovery = 3200
)

// throttle says how many connections may be open. When the server asks for less, that
// is the last number that it bore, or half as many; then it searches upward for the
// most that are borne, by halves of what is left between.
type throttle struct {
	mu      sync.Mutex
	most    int
	allowed int
	borne   int // the most connections that brought messages through; 0 for none known
	refused int // the fewest that the server did not bear; most+1 for none known
	taken   int // messages since the last change
	wait    int // messages to be taken before refused is tried again
	period  int // counts the changes
	alone   int // times in a row that even one connection was too much
}

func newThrottle(most int) *throttle {
	return &throttle{most: most, allowed: most, refused: most + 1, wait: recovery}
}

// stamp tells under which limit a message went out.
type stamp struct {
	period int
	fair   bool // no more connections were open than allowed
}

// begin is called before a message goes out, with the connections that are open.
func (t *throttle) begin(open int) stamp {
	t.mu.Lock()
	defer t.mu.Unlock()
	return stamp{t.period, open <= t.allowed}
}

// slow is called when the server asked for less in its answer to a message. What went
// out before the limit was lowered, or beside connections that were still to close, says
// nothing about the limit.
func (t *throttle) slow(s stamp) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.taken = 0
	if s.period != t.period || !s.fair {
		return
	}
	t.refused = t.allowed
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

// denied is called when a connection could not be had beside open others.
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
	searching := t.allowed+1 < t.refused
	if t.taken < trusted*t.allowed || !searching && t.taken < t.wait {
		return false
	}
	t.borne = t.allowed
	if searching {
		t.wait = recovery
		t.set((t.allowed + t.refused) / 2)
	} else {
		t.refused = t.most + 1 // perhaps the server bears more again
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

// pauses is how many times in a row even one connection was too much.
func (t *throttle) pauses() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.alone
}
