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

// Deliver keeps up to cfg.Connections connections busy until the queue is empty. If the server
// cannot be reached, refuses the login or the like, it returns a *ConnectError, and jobs not
// yet tried stay in the queue. As long as some connections work, it continues with those. If
// the server asks for less, Deliver uses fewer connections, then pauses; if that does not help
// either, it also returns a *ConnectError.
//
// When ctx ends, no new body is started, whatever is pipelined: a job whose envelope the server
// has accepted stays in the queue, and one that was committed as next is Temporary. Deliver
// waits for the replies to bodies in flight, for the grace period of 8 seconds or, if ctx's
// cause is a *Drain, as documented there, commits them, and returns the cause.
func (s *Sender) Deliver(ctx context.Context, q Queue) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	d := &pool{sender: s, queue: q, ctx: ctx, cancel: cancel, refill: make(chan struct{})}
	d.urgent, _ = q.(UrgentQueue)
	d.open = 1 // the others wait until the first has got through
	d.wg.Add(1)
	go d.work()
	stop := d.watchRefills()
	d.wg.Wait()
	stop()
	switch {
	case d.failure != nil:
		return d.failure
	case d.cut:
		return context.Cause(ctx)
	}
	return nil
}

// pool is one run of Deliver. Each worker uses one connection after the other. It does not
// matter which job uses which.
type pool struct {
	sender *Sender
	queue  Queue
	urgent UrgentQueue     // the same; nil if nothing overtakes
	ctx    context.Context // ends also when the queue fails
	cancel context.CancelCauseFunc
	wg     sync.WaitGroup

	mu        sync.Mutex
	refill    chan struct{} // closed, and replaced, when the queue gets jobs
	open      int           // workers
	returned  []*Job        // handed out by the queue, not tried
	drained   bool          // the queue was empty when last asked
	connected bool          // ever
	failed    int           // connections in a row that brought nothing
	exhausted int           // messages in a row that were refused because of a quota
	failure   error         // why the last worker gave up
	cut       bool          // a worker left because ctx ended
}

// work delivers until there is nothing left for this worker.
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
		begin := func() (wait time.Duration) {
			job, wait = d.beginFor(job)
			return wait
		}
		if d.acquire(begin) != nil {
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
		d.sender.noteConnected(true)
		job = c.run(job)
		d.sender.noteConnected(false)
		fault = c.fault()
	}
}

// next returns a job, or nil if there is none at present.
func (d *pool) next() *Job {
	if d.ctx.Err() != nil {
		return nil
	}
	if job := d.nextUrgent(); job != nil {
		return job
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
	d.mu.Lock()
	defer d.mu.Unlock()
	if err == nil {
		d.drained = false
		return job
	}
	d.drained = d.drained || errors.Is(err, io.EOF)
	if !errors.Is(err, io.EOF) {
		d.stopFor(err)
	}
	return nil
}

// stopFor ends the delivery because the queue failed.
func (d *pool) stopFor(err error) {
	if d.ctx.Err() == nil {
		d.cancel(fmt.Errorf("taking the next delivery: %w", err))
	}
}

// nextOrLeave is like next, for a worker with nothing else to do. The worker leaves only if no
// other has returned a job.
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

// leave returns a job that was not tried.
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

// leaveIfOver leaves if there are more workers than the server accepts.
func (d *pool) leaveIfOver(job *Job) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	over := d.open > d.sender.throttle.limit()
	if over {
		d.leaveLocked(job)
	}
	return over
}

// again is called by a worker whose connection failed or was of no use. If others still work,
// it leaves. The last one retries after a pause, unless there is no hope: then Deliver fails.
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

// pause waits, twice as long each time. Half of the time is random, so that several senders do
// not return at the same moment.
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

// through records that a connection was established, and lets the other workers start.
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
	// After the last worker has left, Deliver has ended.
	for d.open > 0 && d.open < d.sender.throttle.limit() && !d.drained && d.ctx.Err() == nil {
		d.open++
		d.wg.Add(1)
		go d.work()
	}
}

// took records that the server replied to a message.
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

// over reports whether the server accepts fewer connections than are open.
func (d *pool) over() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.open > d.sender.throttle.limit()
}

// commit commits to the queue, even if ctx has ended. It reports whether next may be sent.
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
