package smtp

import "sync"

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

// refilled starts workers. Before a connection was established, the first one does so.
func (d *pool) refilled() {
	d.mu.Lock()
	d.drained = false
	connected := d.connected
	d.mu.Unlock()
	if connected {
		d.fill()
	}
}
