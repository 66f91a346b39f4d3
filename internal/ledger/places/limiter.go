package places

import (
	"context"
	"sync"
	"time"
)

const (
	// patience is how long to wait where nobody knows.
	patience = time.Second
	// mostWait is how long to wait at most between two looks for a place: others give some back.
	mostWait = 5 * time.Second
	// lastTrade is how long the last report may take.
	lastTrade = time.Second
)

// Limiter says when this process may send messages. It is safe for concurrent use.
type Limiter struct {
	block  int
	pause  time.Duration // between two looks for a place, if the first one was in vain
	settle time.Duration // how late a report may be

	wake chan struct{} // receives when Serve may have something to do

	mu      sync.Mutex
	source  Source // nil: there are no places now
	changed chan struct{}
	free    stock // places that are not used
	open    stock // messages that have begun
	ended   int   // messages that have ended and are not reported
	since   time.Time
	used    time.Time // when a place was last used
	failed  time.Time // before that, nothing is reported again

	ordinary, urgent demand
}

// stock is places, those of them apart that only urgent messages may use.
type stock struct{ any, kept int }

// demand is that somebody waits for a place.
type demand struct {
	waits bool
	next  time.Time // not worth a look before
	room  time.Time // when there will be a place if nobody gives any back
}

// NewLimiter returns a limiter for rates, of which there has to be one.
func NewLimiter(rates []Rate) *Limiter {
	shortest := rates[0].Per
	for _, rate := range rates {
		shortest = min(shortest, rate.Per)
	}
	return &Limiter{
		block: Block(rates), pause: bounded(shortest/20, time.Second), settle: bounded(shortest/20, 2*time.Second),
		wake: make(chan struct{}, 1), changed: make(chan struct{}),
	}
}

// bounded returns d, but no less than what spares the database, and no more than most.
func bounded(d, most time.Duration) time.Duration { return min(max(d, 20*time.Millisecond), most) }

// Begin counts a message and returns 0, or, if there is no place, returns how long to wait before
// trying again. An ordinary message leaves some places to urgent ones.
func (l *Limiter) Begin(ordinary bool) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.source == nil || !l.source.Alive() {
		return patience
	}
	now := time.Now()
	switch {
	case l.free.any > 0:
		l.free.any--
		l.open.any++
		if 2*l.free.any <= l.block && l.block > 1 { // so that it need not wait when they are used up
			l.demand(&l.ordinary)
		}
	case !ordinary && l.free.kept > 0:
		l.free.kept--
		l.open.kept++
	case ordinary:
		l.demand(&l.ordinary)
		return wait(l.ordinary.room.Sub(now))
	default:
		l.demand(&l.urgent)
		return wait(l.urgent.room.Sub(now))
	}
	l.used = now
	return 0
}

func wait(d time.Duration) time.Duration {
	if d <= 0 {
		return patience
	}
	return d
}

func (l *Limiter) demand(d *demand) {
	d.waits = true
	l.tell()
}

func (l *Limiter) tell() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// End marks a message whose reply has arrived, or never will.
func (l *Limiter) End() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open.any > 0 {
		l.open.any--
	} else {
		l.open.kept--
	}
	if l.ended++; l.ended == 1 {
		l.since = time.Now()
	}
	l.tell()
}

// Undo stops counting a message that was not sent after all.
func (l *Limiter) Undo() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open.kept > 0 {
		l.open.kept--
		l.free.kept++
	} else {
		l.open.any--
		l.free.any++
	}
	l.broadcast()
	l.tell()
}

// Changed returns a channel that is closed as soon as it is worth trying Begin again.
func (l *Limiter) Changed() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.changed
}

func (l *Limiter) broadcast() {
	close(l.changed)
	l.changed = make(chan struct{})
}

// Holds reports whether the messages that have begun still count.
func (l *Limiter) Holds() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.source != nil && l.source.Alive()
}

// Serve takes places from a source, and reports to it, until ctx ends; then it gives back what is left.
// Messages that had begun before, with places of another source, are reported to this one.
func (l *Limiter) Serve(ctx context.Context, source Source) {
	l.set(source)
	defer l.set(nil)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		trade, next := l.due(time.Now())
		if trade != nil {
			grant, err := source.Trade(ctx, *trade)
			l.settled(*trade, grant, err)
			if ctx.Err() == nil {
				continue
			}
		}
		if next != 0 {
			timer.Reset(next)
		} else {
			timer.Stop()
		}
		select {
		case <-timer.C:
			continue
		case <-l.wake:
			continue
		case <-ctx.Done():
		}
		break
	}
	within, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastTrade)
	defer cancel()
	if trade := l.rest(); trade != nil {
		grant, err := source.Trade(within, *trade)
		l.settled(*trade, grant, err)
	}
}

func (l *Limiter) set(source Source) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.source, l.free, l.failed = source, stock{}, time.Time{}
	l.ordinary, l.urgent = demand{}, demand{}
	l.broadcast()
}
