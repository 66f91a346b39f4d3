package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"sync"
	"sync/atomic"
	"time"

	"publisher/internal/ledger"
)

// recorder commits what many callers record at once in one transaction, so that
// they share the cost of one fsync. While the disk works on one group the next is
// committed; callers hear of it when theirs is on the disk.
type recorder struct {
	writer     *writer
	journal    *journal
	raw        *rawConn       // nil before the first group
	statements stepStatements // made when the tables are asked first
	// underway are the deliveries begun and not ended by this process; only run's
	// goroutine has to do with them.
	underway   map[ledger.DeliveryKey]*ledger.StepDelivery
	prefetched *prefetch

	mu      sync.Mutex
	queue   []*request
	wanted  int       // of queue to go on
	arrived sync.Cond // on mu: there is enough, or closed
	closed  bool
	written chan []*request // groups committed, and not on the disk yet
	took    atomic.Int64    // the last fsync, in nanoseconds
	ended   chan struct{}
}

// maxPatience is how long a group waits at most for others to join it, where the disk
// is slow.
const maxGroupWait = 5 * time.Millisecond

// request is one call of Record.
type request struct {
	done   *ledger.Result
	next   *ledger.Intent
	answer chan error
	begun  bool
	err    error // this call's own, which does not touch the group
}

func newRecorder(w *writer, journal *journal) *recorder {
	r := &recorder{writer: w, journal: journal, underway: map[ledger.DeliveryKey]*ledger.StepDelivery{},
		prefetched: &prefetch{writer: w, recipients: map[int64]prefetchedRecipient{}},
		written:    make(chan []*request), ended: make(chan struct{})}
	r.arrived.L = &r.mu
	go r.run()
	go r.sync()
	return r
}

func (r *recorder) record(ctx context.Context, done *ledger.Result, next *ledger.Intent) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	call := &request{done: done, next: next, answer: make(chan error, 1)}
	if !r.enqueue(call) {
		return false, ledger.ErrClosed
	}
	if err := <-call.answer; err != nil {
		return false, err
	}
	return call.begun, call.err
}

func (r *recorder) enqueue(call *request) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return false
	}
	r.queue = append(r.queue, call)
	if len(r.queue) >= r.wanted {
		r.arrived.Signal()
	}
	return true
}

// dequeue waits for calls, and returns none when there will be no more. A group of
// few costs as much as one of many, so it waits for half of all who are to call, as
// long as the disk takes for a group, within bounds: while these are committed the
// others work.
func (r *recorder) dequeue() []*request {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waitFor(1)
	if half := len(r.underway) / 2; len(r.queue) < half {
		timer := time.AfterFunc(min(time.Duration(r.took.Load()), maxGroupWait), r.proceed)
		r.waitFor(half)
		timer.Stop()
	}
	group := r.queue
	r.queue = nil
	return group
}

func (r *recorder) waitFor(n int) {
	r.wanted = n
	for len(r.queue) < r.wanted && !r.closed {
		r.arrived.Wait()
	}
}

// hurry lets dequeue go on with those who are there.
func (r *recorder) proceed() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wanted = 1
	r.arrived.Signal()
}

// stop waits until every caller has its answer.
func (r *recorder) stop() error {
	r.mu.Lock()
	r.closed = true
	r.arrived.Signal()
	r.mu.Unlock()
	<-r.ended
	if r.raw == nil {
		return nil
	}
	return r.withRawConn(context.Background(), (*rawConn).close)
}

func (r *recorder) run() {
	defer close(r.written)
	for group := r.dequeue(); len(group) > 0; group = r.dequeue() {
		if err := r.commit(group); err != nil {
			answer(group, err)
			continue
		}
		r.written <- group
	}
}

func (r *recorder) sync() {
	defer close(r.ended)
	for group := range r.written {
		began := time.Now()
		err := r.writer.log.sync()
		r.took.Store(int64(time.Since(began)))
		answer(group, err)
	}
}

func answer(group []*request, err error) {
	for _, call := range group {
		call.answer <- err
	}
}

// commit does what the calls ask for in one transaction. After an error nothing of
// it is stored, and what is underway is read again.
func (r *recorder) commit(calls []*request) error {
	known, deadline := true, r.writer.wait.deadline()
	err := r.withRawConn(context.Background(), func(d *rawConn) error {
		return r.writer.commits.settle(d.transaction(r.writer.wait, deadline, func() error {
			data, err := d.version()
			if err != nil {
				return err
			}
			r.prefetched.refresh(data)
			step, unread := r.step(calls, r.prefetched.recipients)
			if known = unread.none(); !known {
				return nil
			}
			return r.store(step, calls, func(entries []byte) error {
				if err := r.writer.commits.withinRaw(d, data); err != nil {
					return err
				}
				return exec(d.add, driver.NamedValue{Ordinal: 1, Value: entries})
			})
		}))
	})
	if err == nil && !known {
		err = r.readAndCommit(calls)
	}
	if err != nil {
		clear(r.underway)
		r.writer.changes.Add(1) // what is foreseen is forgotten
	}
	return err
}

// readAndCommit is commit where the tables have to be asked.
func (r *recorder) readAndCommit(calls []*request) (err error) {
	if r.statements.intent == nil {
		if r.statements, err = prepareStep(r.writer.db); err != nil {
			return err
		}
	}
	return r.writer.record(context.Background(), func(tx *sql.Tx) error {
		if err := r.journal.fold(context.Background(), tx); err != nil {
			return err
		}
		step, unread := r.step(calls, nil)
		if err := r.statements.read(tx, step, unread); err != nil {
			return err
		}
		return r.store(step, calls, func(entries []byte) error { return r.journal.add(tx, entries) })
	})
}

// store decides, and adds what comes of it to the journal.
func (r *recorder) store(step *ledger.Step, calls []*request, add func(entries []byte) error) error {
	for _, call := range calls {
		call.begun, call.err = step.Decide(call.done, call.next)
	}
	if len(step.Changed) == 0 {
		return nil
	}
	if err := add(encodeStep(step)); err != nil {
		return err
	}
	for _, d := range step.Changed {
		d.Changed, d.Settled = false, false
		if d.Status == ledger.Sending {
			r.underway[d.Key()] = d
		} else {
			delete(r.underway, d.Key())
		}
		r.prefetched.touch(d.Subscriber)
	}
	return nil
}

// fold brings what was recorded into the tables, in several transactions, so that
// nobody waits long; last, unless it is nil, runs in the one that leaves nothing.
func (r *recorder) fold(ctx context.Context, last func(*sql.Tx) error) error {
	for left := true; left; {
		err := r.writer.record(ctx, func(tx *sql.Tx) (err error) {
			if left, err = r.journal.foldNext(ctx, tx); err != nil || left || last == nil {
				return err
			}
			return last(tx)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
