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

// Drain is the cause to end the context of Deliver with where nothing is to be cut
// off: no further body begins, and the replies to those under way are waited for as
// long as mail.smtp.timeout allows. Once Stop ends, only the grace period is left to
// them, as it is at once when the context ends with any other cause.
type Drain struct {
	Stop context.Context
}

func (*Drain) Error() string { return "no further message is begun" }

// Is reports that a Drain is a cancellation.
func (*Drain) Is(target error) bool { return target == context.Canceled }

// errStopped is why a connection ends on which nothing went wrong.
var errStopped = errors.New("stopped before it was sent")

// phase is what a connection is busy with when its context ends.
type phase int

const (
	envelopePhase phase = iota // nothing is lost if it is closed at once
	bodyPhase                  // a body went out, whole or in part, and its reply has not come
	quitPhase
)

// deadline is when the server must have answered. It is renewed for each reply; once
// delivery is to end, it only runs down.
type deadline struct {
	client  *smtp.Client
	timeout time.Duration
	grace   time.Duration
	ctx     context.Context // its end allows no further body to begin

	mu      sync.Mutex
	phase   phase
	stopped time.Time // when the grace period began; zero before that
	last    time.Time // when it was renewed
	leaving time.Time // when the connection is closed, once a good-bye has been said
}

// watch lets the end of ctx cut short what is being waited for. The returned
// function ends that.
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

// beginBody reports whether a body may still go out. From then on its reply is
// waited for, whatever ctx does.
func (d *deadline) beginBody() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ctx.Err() != nil {
		return false
	}
	d.phase = bodyPhase
	return true
}

// endBody notes that the reply to a body has come, or never will. If ctx has ended,
// nothing more is waited for but a good-bye.
func (d *deadline) endBody() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.phase = envelopePhase
}

// quit leaves as much time as a good-bye deserves.
func (d *deadline) quit() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.phase = quitPhase
	d.leaving = time.Now().Add(quitWait)
}

// renew costs as much as a system call, and so is left out where little time has
// passed since the last.
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
