package smtp

import (
	"slices"
	"sync"
	"time"

	"publisher/internal/config"
)

// Limiter says when messages may be sent. A message counts from before its envelope is sent until
// a window's length after its reply has arrived. So whenever the server counts it, none of the
// server's windows has more than the rate allows. It is called by many goroutines at once.
type Limiter interface {
	// Begin counts a message and returns 0, or, if there is no room for it, returns how long to
	// wait before trying again. An ordinary message leaves some room to urgent ones.
	Begin(ordinary bool) time.Duration
	// End marks a message whose reply has arrived, or never will: it counts for a window's length
	// from now on.
	End()
	// Undo stops counting a message that was not sent after all.
	Undo()
	// Changed returns a channel that is closed as soon as it is worth trying Begin again.
	Changed() <-chan struct{}
	// Holds reports whether the messages that have begun still count. If not, no body goes out.
	Holds() bool
}

// RateLimiter is the Limiter of a process that is alone in keeping within several rates at once.
type RateLimiter struct {
	rates []config.Rate
	now   func() time.Time

	mu      sync.Mutex
	open    int         // begun, not ended
	ended   []time.Time // oldest first, within the longest window
	changed chan struct{}
}

// NewRateLimiter returns a limiter without any messages.
func NewRateLimiter(rates []config.Rate, now func() time.Time) *RateLimiter {
	return &RateLimiter{rates: rates, now: now, changed: make(chan struct{})}
}

// Begin implements [Limiter].
func (l *RateLimiter) Begin(ordinary bool) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	var wait time.Duration
	for _, rate := range l.rates {
		if ordinary {
			rate.Count -= Reserved(rate)
		}
		wait = max(wait, l.wait(rate, now))
	}
	if wait == 0 {
		l.open++
	}
	return wait
}

// Changed implements [Limiter].
func (l *RateLimiter) Changed() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.changed
}

// Holds implements [Limiter].
func (l *RateLimiter) Holds() bool { return true }

// Reserved returns how many messages of a rate are kept for urgent ones. Under a rate by the
// second these need not wait long anyway.
func Reserved(rate config.Rate) int {
	if rate.Per < time.Minute {
		return 0
	}
	return rate.Count / 20
}

func (l *RateLimiter) wait(rate config.Rate, now time.Time) time.Duration {
	free := rate.Count - l.open
	if free <= 0 {
		return rate.Per
	}
	if len(l.ended) < free {
		return 0
	}
	return max(0, l.ended[len(l.ended)-free].Add(rate.Per).Sub(now))
}

// End implements [Limiter].
func (l *RateLimiter) End() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open--
	if len(l.rates) == 0 {
		return // nobody waits
	}
	l.ended = append(l.ended, l.now())
	l.forget()
	l.wake()
}

// Undo implements [Limiter].
func (l *RateLimiter) Undo() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open--
	l.wake()
}

func (l *RateLimiter) wake() {
	close(l.changed)
	l.changed = make(chan struct{})
}

// State returns when the messages that still count ended, oldest first. Those in flight count
// as ended now.
func (l *RateLimiter) State() []time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	state := slices.Clone(l.ended[l.outdated():])
	for range l.open {
		state = append(state, l.now())
	}
	return state
}

// Restore adds the State of an earlier process.
func (l *RateLimiter) Restore(state []time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = append(l.ended, state...)
	// A clock that was set back leaves times that lie ahead; they count from now.
	for i, t := range l.ended {
		if now := l.now(); t.After(now) {
			l.ended[i] = now
		}
	}
	slices.SortFunc(l.ended, time.Time.Compare)
	l.forget()
}

// outdated returns how many of the ended messages are before all windows.
func (l *RateLimiter) outdated() int {
	var longest time.Duration
	for _, rate := range l.rates {
		longest = max(longest, rate.Per)
	}
	n, _ := slices.BinarySearchFunc(l.ended, l.now().Add(1-longest), time.Time.Compare)
	return n
}

// forget drops outdated messages once they are half of all.
func (l *RateLimiter) forget() {
	if n := l.outdated(); n > len(l.ended)/2 {
		l.ended = slices.Delete(l.ended, 0, n)
	}
}
