package smtp

import (
	"errors"
	"time"
)

// connection delivers messages over one connection until there are none left, the connection
// has reached its limit of messages, or it breaks.
type connection struct {
	*pool
	session *session

	begun    int   // envelopes
	fruitful bool  // the server answered for a message
	lost     error // how the connection broke
	// held is taken from the queue but, by a rate, not to be sent yet.
	held *Job
	sent stamp // of the last exchange
	rest bool  // the server was sent too much at once: pause before the next message
}

// run delivers first, for which the limiter has already made room, and then other jobs. It
// returns a job that it leaves untried, if there is one.
func (c *connection) run(first *Job) (left *Job) {
	defer c.session.deadline.watch()()
	var body *Job
	next := c.prepare(first)
	for {
		if body == nil && next == nil {
			if next = c.waitForNext(); next == nil {
				c.session.quit()
				return c.held
			}
		}
		c.sent = c.begin()
		t := c.session.exchange(body, next)
		ready, untried := c.settle(t, body, next)
		c.heed(t)
		if t.lost == nil && (t.ready == (ready != nil)) {
			body, next = ready, c.pick()
			continue
		}
		c.lost = t.lost
		c.session.close()
		if c.held != nil && untried == nil {
			untried = c.held
		}
		return untried
	}
}

// settle commits the result of a round trip. It returns the job whose body is to be sent next,
// and the one that was not tried.
func (c *connection) settle(t roundTrip, body *Job, next *envelope) (ready, untried *Job) {
	limiter := c.sender.limiter
	if body != nil {
		if t.body.Stopped {
			limiter.Undo()
		} else {
			limiter.End()
		}
		c.answered(t, t.body)
	}
	if next == nil {
		c.commit(t.body, nil)
		return nil, nil
	}
	if t.ready && t.lost == nil {
		c.fruitful = true
		if c.ctx.Err() != nil { // no body begins any more, so none is intended
			limiter.Undo()
			c.commit(t.body, nil)
			return nil, next.job
		}
		if c.commit(t.body, next.job) {
			return next.job, nil
		}
		limiter.Undo()
		return nil, nil
	}
	limiter.End()
	c.commit(t.body, nil)
	if t.refused == nil && (c.begun > 1 || c.ctx.Err() != nil) {
		return nil, next.job // the connection was at fault, or its end was wanted, not the job
	}
	if t.refused == nil {
		t.refused = c.firstFailed(next.job, t.lost)
	}
	c.answered(t, t.refused)
	c.commit(t.refused, nil)
	return nil, nil
}

// answered records an outcome that the server decided, other than to get rid of us.
func (c *connection) answered(t roundTrip, o *Outcome) {
	if o.Code == 0 || o.Code == 421 {
		return
	}
	c.fruitful = true
	if o.Verdict == Sent || !t.slow {
		c.took()
	}
}

// heed reduces the load if the server asked for less.
func (c *connection) heed(t roundTrip) {
	crowded := t.body != nil && t.body.Again || t.refused != nil && t.refused.Again
	if t.slow {
		c.sender.throttle.slow(c.sent, crowded)
	}
	c.rest = c.rest || crowded
	for _, o := range []*Outcome{t.body, t.refused} {
		if o != nil && o.Code != 0 {
			c.tooMuch(o)
		}
	}
}

// firstFailed returns the outcome of a job on whose envelope a new connection broke. The job
// counts as tried, so that one that breaks connections does not block all others.
func (c *connection) firstFailed(job *Job, err error) *Outcome {
	var closing *closingError
	if errors.As(err, &closing) {
		return answered(job, closing.reply, toMAIL)
	}
	return c.session.fault(job, Temporary, err)
}

// prepare returns the envelope of a job for which the limiter has made room, or of one that
// overtakes it. A job that cannot be addressed is finished.
func (c *connection) prepare(job *Job) *envelope {
	job = c.overtake(job)
	e, refused := c.session.address(job)
	if refused != nil {
		c.sender.limiter.Undo()
		c.commit(refused, nil)
		return nil
	}
	c.begun++
	return e
}

// mayGoOn reports whether this connection may send another message.
func (c *connection) mayGoOn() bool {
	share := c.sender.cfg.MessagesPerConnection
	return (share == 0 || c.begun < share) && c.ctx.Err() == nil && !c.over()
}

// pick returns the next envelope that may be sent at once, or nil.
func (c *connection) pick() *envelope {
	for c.mayGoOn() && !c.rest {
		job := c.held
		if job == nil {
			if job = c.next(); job == nil {
				break
			}
		}
		var wait time.Duration
		if c.held, wait = c.beginFor(job); wait > 0 {
			break
		}
		job = c.held
		c.held = nil
		if e := c.prepare(job); e != nil {
			return e
		}
	}
	return nil
}

// waitForNext is like pick, for a connection with nothing else to do: it waits a little for a
// rate, or for a server that was sent too much at once.
func (c *connection) waitForNext() *envelope {
	if c.rest {
		c.rest = false
		if c.held == nil && !c.over() {
			c.held = c.next()
		}
		if c.held != nil && !c.over() {
			c.pause(c.sender.throttle.pauses())
		}
		if !c.mayGoOn() {
			return nil
		}
	}
	for {
		e := c.pick()
		if e != nil || c.held == nil {
			return e
		}
		begin := func() (wait time.Duration) {
			c.held, wait = c.beginFor(c.held)
			return wait
		}
		wait := begin()
		if wait > maxIdle || wait > 0 && c.acquire(begin) != nil {
			return nil
		}
		job := c.held
		c.held = nil
		if e := c.prepare(job); e != nil {
			return e
		}
	}
}

// fault is set if the connection was of no use.
func (c *connection) fault() *ConnectError {
	if c.fruitful || c.lost == nil {
		return nil
	}
	return c.sender.connectError(c.lost)
}
