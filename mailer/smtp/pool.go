package smtp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"time"
)

const (
	// attempts is how often the last connection is tried again, with growing pauses,
	// before Deliver gives up.
	attempts = 5
	maxPause = 30 * time.Second
	// maxRefusals is how many times in a row a server may say that even one connection
	// is too many before Deliver gives up.
	maxRefusals = 8
	// maxExhausted is how many messages in a row it may refuse because of a quota.
	maxExhausted = 10
	// maxIdle is how long a connection is kept open while a rate forbids sending.
	maxIdle = 20 * time.Second
)

// Deliver keeps up to cfg.Connections connections busy until the queue is empty.
// Where the server cannot be reached, refuses the log-in or the like, it returns a
// *ConnectError and the jobs not yet tried stay with the queue; as long as some
// connections work, it goes on with those. If the server asks for less, Deliver uses
// fewer connections, then pauses; if that does not help either, it returns a
// *ConnectError as well.
//
// When ctx ends, no further body begins, whatever is pipelined: a job whose envelope
// the server has accepted stays with the queue, and one that was committed as next is
// Temporary. The replies to bodies that are under way are waited for, up to the grace
// period of 8 seconds or, where ctx's cause is a *Drain, as its comment says, and are
// committed; then the cause is returned.
func (s *Sender) Deliver(ctx context.Context, q Queue) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	d := &pool{sender: s, queue: q, ctx: ctx, cancel: cancel}
	d.open = 1 // the others wait until the first has got through
	d.wg.Add(1)
	go d.work()
	d.wg.Wait()
	switch {
	case d.failure != nil:
		return d.failure
	case d.cut:
		return context.Cause(ctx)
	}
	return nil
}

// pool is one run of Deliver. Each worker drives one connection after the
// other; which job goes where does not matter.
type pool struct {
	sender *Sender
	queue  Queue
	ctx    context.Context // ends also when the queue fails
	cancel context.CancelCauseFunc
	wg     sync.WaitGroup

	mu        sync.Mutex
	open      int    // workers
	returned  []*Job // handed out by the queue, not tried
	drained   bool   // the queue was empty when last asked
	connected bool   // ever
	failed    int    // connections in a row that brought nothing
	exhausted int    // messages in a row that were refused because of a quota
	failure   error  // why the last worker gave up
	cut       bool   // a worker left because ctx ended
}

// work delivers until there is nothing left to do for this worker.
func (d *pool) work() {
	defer d.wg.Done()
	var job *Job
	var fault *ConnectError // how the last connection ended, if it brought nothing
	for {
		if job == nil {
			if job = d.nextOrLeave(); job == nil {
				return
			}
		}
		if fault != nil && !d.again(fault, job) || d.leaveIfOver(job) {
			return
		}
		if d.sender.limiter.Acquire(d.ctx) != nil {
			d.leave(job)
			return
		}
		var s *session
		if s, fault = d.sender.connect(d.ctx); fault != nil {
			d.sender.limiter.Undo()
			continue
		}
		d.through()
		c := &connection{pool: d, session: s}
		job = c.run(job)
		fault = c.fault()
	}
}

// next returns a job or, where there is none for now, nil.
func (d *pool) next() *Job {
	if d.ctx.Err() != nil {
		return nil
	}
	d.mu.Lock()
	if n := len(d.returned); n > 0 {
		job := d.returned[n-1]
		d.returned = d.returned[:n-1]
		d.mu.Unlock()
		return job
	}
	d.mu.Unlock()
	job, err := d.queue.Next(d.ctx)
	if err == nil {
		return job
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.drained = d.drained || errors.Is(err, io.EOF)
	if !errors.Is(err, io.EOF) && d.ctx.Err() == nil {
		d.cancel(fmt.Errorf("taking the next delivery: %w", err))
	}
	return nil
}

// nextOrLeave is next for a worker that otherwise has nothing to do. It leaves only
// when no other has given a job back.
func (d *pool) nextOrLeave() *Job {
	for {
		if job := d.next(); job != nil {
			return job
		}
		d.mu.Lock()
		if len(d.returned) == 0 || d.ctx.Err() != nil {
			d.cut = d.cut || d.ctx.Err() != nil
			d.open--
			d.mu.Unlock()
			return nil
		}
		d.mu.Unlock()
	}
}

// leave gives back a job that was not tried.
func (d *pool) leave(job *Job) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.leaveLocked(job)
}

func (d *pool) leaveLocked(job *Job) {
	d.cut = d.cut || d.ctx.Err() != nil
	d.returned = append(d.returned, job)
	d.open--
}

// leaveIfOver leaves where there are more workers than the server bears.
func (d *pool) leaveIfOver(job *Job) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	over := d.open > d.sender.throttle.limit()
	if over {
		d.leaveLocked(job)
	}
	return over
}

// again is asked by a worker whose connection could not be had, or brought nothing.
// Beside others that work it leaves. The last one tries again after a pause, unless
// there is no hope: then Deliver fails.
func (d *pool) again(fault *ConnectError, job *Job) bool {
	d.mu.Lock()
	switch {
	case d.ctx.Err() != nil:
		d.leaveLocked(job)
		d.mu.Unlock()
		return false
	case d.open > 1:
		d.leaveLocked(job)
		d.sender.throttle.denied(d.open)
		d.mu.Unlock()
		return false
	}
	d.failed++
	if !d.connected || fault.AuthFailed || d.failed > attempts {
		d.leaveLocked(job)
		d.failure = fault
		d.mu.Unlock()
		return false
	}
	failed := d.failed
	d.mu.Unlock()
	d.pause(failed - 1)
	return true
}

// pause waits, twice as long each time. Half of it is random, so that several senders do
// not come back at the same moment.
func (d *pool) pause(times int) {
	pause := min(maxPause, d.sender.pause<<min(times, 16))
	timer := time.NewTimer(pause/2 + rand.N(pause/2+1))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-d.ctx.Done():
	}
}

// tooMuch ends the delivery if the outcome shows that even one connection is too many, or
// that a quota is used up. The jobs not tried stay with the queue.
func (d *pool) tooMuch(o *Outcome) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if o.Again {
		d.drained = false // the queue has the job again
	}
	if d.exhausted++; !o.exhausted {
		d.exhausted = 0
	}
	e := &ConnectError{Addr: d.sender.addr, Err: errors.New(o.Words())}
	switch {
	case d.exhausted >= maxExhausted:
		e.Hint = "its sending limit is reached; the next pass sends the rest. Set mail.smtp.rate to stay below the limit"
	case o.Again && d.sender.throttle.pauses() >= maxRefusals:
		e.Hint = "it does not accept even one message at a time; the next pass sends the rest"
	default:
		return
	}
	if d.failure == nil {
		d.failure = e
	}
	d.cancel(e)
}

// through notes that a connection was had, and lets the other workers begin.
func (d *pool) through() {
	d.mu.Lock()
	d.connected = true
	d.mu.Unlock()
	d.fill()
}

// fill starts workers up to what is allowed.
func (d *pool) fill() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for d.open < d.sender.throttle.limit() && !d.drained && d.ctx.Err() == nil {
		d.open++
		d.wg.Add(1)
		go d.work()
	}
}

// took notes that the server answered for a message.
func (d *pool) took() {
	d.mu.Lock()
	d.failed = 0
	d.mu.Unlock()
	if d.sender.throttle.took() {
		d.fill()
	}
}

// begin returns the stamp of an exchange that starts now.
func (d *pool) begin() stamp {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.sender.throttle.begin(d.open)
}

// over tells that the server bears fewer connections than are open.
func (d *pool) over() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.open > d.sender.throttle.limit()
}

// commit tells the queue, even when ctx has ended. It reports whether next may be
// sent.
func (d *pool) commit(done *Outcome, next *Job) bool {
	if done == nil && next == nil {
		return true
	}
	ok, err := d.queue.Commit(context.WithoutCancel(d.ctx), done, next)
	if err != nil {
		d.cancel(fmt.Errorf("recording deliveries: %w", err))
		return false
	}
	return ok
}
