package smtp

import (
	"context"
	"sync"
	"time"
)

// nextUrgent returns a job that goes before all others; nil if there is none.
func (d *pool) nextUrgent() *Job {
	if d.urgent == nil || d.ctx.Err() != nil {
		return nil
	}
	job, err := d.urgent.Urgent(d.ctx)
	if err != nil {
		d.stopFor(err)
		return nil
	}
	return job
}

// overtake returns the job that goes out in place of one whose turn has come: mostly that one.
// A job waits for a rate or a connection after the queue has handed it out, and meanwhile a
// more urgent one may have come.
func (d *pool) overtake(job *Job) *Job {
	if job.Urgent {
		return job
	}
	first := d.nextUrgent()
	if first == nil {
		return job
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.returned = append(d.returned, job)
	return first
}

// ordinary reports whether a job is one that others may overtake.
func (d *pool) ordinary(job *Job) bool { return d.urgent != nil && !job.Urgent }

// beginFor counts a message if there is room for one, and returns how long to wait if not, and
// which job it is: this one, or one that overtakes it. Only an urgent one gets the room that is
// kept for these.
func (d *pool) beginFor(job *Job) (*Job, time.Duration) {
	limiter := d.sender.limiter
	ordinary := d.ordinary(job) && !d.urgent.Pending()
	if wait := limiter.Begin(ordinary); wait > 0 {
		return job, wait
	}
	job = d.overtake(job)
	if !ordinary && d.ordinary(job) { // another connection was faster to take the urgent one
		limiter.Undo()
		return job, limiter.Begin(true)
	}
	return job, 0
}

// acquire calls begin, which calls Begin of the limiter and returns its result, until there is room.
func (d *pool) acquire(begin func() time.Duration) error {
	for {
		d.mu.Lock()
		refilled := d.refill
		d.mu.Unlock()
		changed := d.sender.limiter.Changed()
		wait := begin()
		if wait == 0 {
			return nil
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-changed:
		case <-refilled:
		case <-d.ctx.Done():
			timer.Stop()
			return context.Cause(d.ctx)
		}
		timer.Stop()
	}
}

// watchRefills lets workers start again when the queue has got new jobs, until stop is called.
func (d *pool) watchRefills() (stop func()) {
	if d.urgent == nil {
		return func() {}
	}
	done := make(chan struct{})
	var watcher sync.WaitGroup
	watcher.Go(func() {
		for {
			select {
			case <-done:
				return
			case <-d.urgent.Refilled():
				d.refilled()
			}
		}
	})
	return func() {
		close(done)
		watcher.Wait()
	}
}

// refilled starts workers, and lets those that wait for a rate take an urgent job. Before a
// connection was established, the first worker starts the others.
func (d *pool) refilled() {
	d.mu.Lock()
	close(d.refill)
	d.refill = make(chan struct{})
	d.drained = false
	connected := d.connected
	d.mu.Unlock()
	if connected {
		d.fill()
	}
}
