// Package grouped has several callers share a transaction of an engine, and what it costs to make
// it durable.
package grouped

import (
	"sync"
	"time"
)

// Queue collects calls for one taker, who takes all that wait as a group.
type Queue struct {
	mu      sync.Mutex
	calls   []*Call
	wanted  int       // length of calls to go on
	arrived sync.Cond // on mu: wanted is reached, or closed
	closed  bool
}

// NewQueue returns an empty queue.
func NewQueue() *Queue {
	q := new(Queue)
	q.arrived.L = &q.mu
	return q
}

// add adds a call. It reports false, and does not add it, once the queue is closed.
func (q *Queue) add(call *Call) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return false
	}
	q.calls = append(q.calls, call)
	if len(q.calls) >= q.wanted {
		q.arrived.Signal()
	}
	return true
}

// Take waits for calls, and returns none when there will be no more. A small group costs as
// much as a large one, so it waits for half of the callers that are expected once there is a
// call, but no longer than patience: while that half is committed, the other half works.
func (q *Queue) Take(expect func() (callers int, patience time.Duration)) []*Call {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waitFor(1)
	if q.closed {
		return q.takeAll()
	}
	callers, patience := expect()
	if half := callers / 2; len(q.calls) < half {
		timer := time.AfterFunc(patience, q.proceed)
		q.waitFor(half)
		timer.Stop()
	}
	return q.takeAll()
}

func (q *Queue) takeAll() []*Call {
	group := q.calls
	q.calls = nil
	return group
}

func (q *Queue) waitFor(n int) {
	q.wanted = n
	for len(q.calls) < q.wanted && !q.closed {
		q.arrived.Wait()
	}
}

// proceed lets Take return what is there.
func (q *Queue) proceed() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.wanted = 1
	q.arrived.Signal()
}

// Close has Take return what is left, and then none.
func (q *Queue) Close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.arrived.Signal()
}
