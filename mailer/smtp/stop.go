package smtp

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/wneessen/go-mail/smtp"
)

const (
	// defaultGrace is how long the reply to a message that is under way is waited for
	// once delivery is to stop.
	defaultGrace = 8 * time.Second
	// quitWait is how long a good-bye may take. All that matters has been said by then.
	quitWait = 2 * time.Second
)

// Drain is the cause with which to end the context of Deliver so that nothing is cut off: no
// new body is started, and replies to those in flight are awaited as long as mail.smtp.timeout
// allows. Once Stop ends, they have only the grace period, as they do at once if the context
// ends with any other cause.
type Drain struct {
	Stop context.Context
}

func (*Drain) Error() string { return "no further message is begun" }

// Is reports whether target is context.Canceled, since a Drain is a cancellation.
func (*Drain) Is(target error) bool { return target == context.Canceled }

// errStopped is why a connection ends if nothing went wrong.
var errStopped = errors.New("stopped before it was sent")

// phase is what a connection is doing when its context ends.
type phase int

const (
	envelopePhase phase = iota // nothing is lost if it is closed at once
	bodyPhase                  // a body went out, whole or in part, and its reply has not come
	quitPhase
)

// deadline is when the server must have replied. It is renewed for each reply, until delivery
// is to end.
type deadline struct {
	client  *smtp.Client
	timeout time.Duration
	grace   time.Duration
	ctx     context.Context // its end allows no further body to begin
	holds   func() bool     // the Limiter's: no body begins without what it counts

	mu      sync.Mutex
	phase   phase
	stopped time.Time // when the grace period began; zero before that
	last    time.Time // when it was renewed
	leaving time.Time // when the connection is closed, once a good-bye has been said
}

// watch makes the end of ctx shorten waits. The returned function stops that.
func (d *deadline) watch() (stop func()) {
	done := make(chan struct{})
	go func() {
		select {
		case <-d.ctx.Done():
		case <-done:
			return
		}
		var drain *Drain
		if errors.As(context.Cause(d.ctx), &drain) {
			d.renew() // ends at once what waits for no body's reply
			select {
			case <-drain.Stop.Done():
			case <-done:
				return
			}
		}
		d.mu.Lock()
		d.stopped = time.Now()
		d.mu.Unlock()
		d.renew()
	}()
	return func() { close(done) }
}

// beginBody reports whether a body may still be sent. From then on its reply is awaited,
// whatever ctx does.
func (d *deadline) beginBody() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ctx.Err() != nil || !d.holds() {
		return false
	}
	d.phase = bodyPhase
	return true
}

// endBody records that the reply to a body has arrived, or never will. If ctx has ended, only
// the reply to QUIT is awaited.
func (d *deadline) endBody() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.phase = envelopePhase
}

// quit sets the deadline for QUIT.
func (d *deadline) quit() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.phase = quitPhase
	d.leaving = time.Now().Add(quitWait)
}

// renew takes a system call, so it does nothing if little time has passed since the last one.
func (d *deadline) renew() {
	const little = 64 // of them make up the timeout
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	ended := d.ctx.Err() != nil
	if now.Sub(d.last) < d.timeout/little && !ended && d.phase != quitPhase {
		return
	}
	d.last = now
	left := d.timeout
	if d.phase == quitPhase {
		left = min(left, d.leaving.Sub(now))
	}
	if !d.stopped.IsZero() {
		left = min(left, d.grace-now.Sub(d.stopped))
	}
	if ended && d.phase == envelopePhase {
		left = 0
	}
	_ = d.client.UpdateDeadline(left) // fails only where the connection is closed, as the read then does
}
