package ledger

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"sync"
	"sync/atomic"
	"time"
)

// recorder commits what many callers record at once in one transaction, so that
// they share the cost of one fsync. While the disk works on one group the next is
// committed; callers hear of it when theirs is on the disk.
type recorder struct {
	writer     *writer
	journal    *journal
	direct     *direct         // nil before the first group
	statements groupStatements // made when the tables are asked first
	// underway are the deliveries begun and not ended by this process; only run's
	// goroutine has to do with them.
	underway map[deliveryKey]*record
	foreseen *foreseen

	mu      sync.Mutex
	queue   []*recording
	enough  int       // of queue to go on
	arrived sync.Cond // on mu: there is enough, or closed
	closed  bool
	written chan []*recording // groups committed, and not on the disk yet
	took    atomic.Int64      // the last fsync, in nanoseconds
	ended   chan struct{}
}

// maxPatience is how long a group waits at most for others to join it, where the disk
// is slow.
const maxPatience = 5 * time.Millisecond

// recording is one call of Record.
type recording struct {
	done   *Result
	next   *Intent
	answer chan error
	begun  bool  // the intent stands
	err    error // this call's own, which does not touch the group
}

func newRecorder(w *writer, journal *journal) *recorder {
	r := &recorder{writer: w, journal: journal, underway: map[deliveryKey]*record{},
		foreseen: &foreseen{writer: w, recipients: map[int64]recipient{}},
		written:  make(chan []*recording), ended: make(chan struct{})}
	r.arrived.L = &r.mu
	go r.run()
	go r.sync()
	return r
}

func (r *recorder) record(ctx context.Context, done *Result, next *Intent) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	call := &recording{done: done, next: next, answer: make(chan error, 1)}
	if !r.enqueue(call) {
		return false, ErrClosed
	}
	if err := <-call.answer; err != nil {
		return false, err
	}
	return call.begun, call.err
}

func (r *recorder) enqueue(call *recording) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return false
	}
	r.queue = append(r.queue, call)
	if len(r.queue) >= r.enough {
		r.arrived.Signal()
	}
	return true
}

// dequeue waits for calls, and returns none when there will be no more. A group of
// few costs as much as one of many, so it waits for half of all who are to call, as
// long as the disk takes for a group, within bounds: while these are committed the
// others work.
func (r *recorder) dequeue() []*recording {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waitFor(1)
	if half := len(r.underway) / 2; len(r.queue) < half {
		timer := time.AfterFunc(min(time.Duration(r.took.Load()), maxPatience), r.hurry)
		r.waitFor(half)
		timer.Stop()
	}
	group := r.queue
	r.queue = nil
	return group
}

func (r *recorder) waitFor(n int) {
	r.enough = n
	for len(r.queue) < r.enough && !r.closed {
		r.arrived.Wait()
	}
}

// hurry lets dequeue go on with those who are there.
func (r *recorder) hurry() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.enough = 1
	r.arrived.Signal()
}

// stop waits until every caller has its answer.
func (r *recorder) stop() error {
	r.mu.Lock()
	r.closed = true
	r.arrived.Signal()
	r.mu.Unlock()
	<-r.ended
	if r.direct == nil {
		return nil
	}
	return r.directly(context.Background(), (*direct).close)
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

func answer(group []*recording, err error) {
	for _, call := range group {
		call.answer <- err
	}
}

// commit does what the calls ask for in one transaction. After an error nothing of
// it is stored, and what is underway is read again.
func (r *recorder) commit(calls []*recording) error {
	known, deadline := true, r.writer.patience.deadline()
	err := r.directly(context.Background(), func(d *direct) error {
		return r.writer.commits.settle(d.transaction(r.writer.patience, deadline, func() error {
			data, err := d.version()
			if err != nil {
				return err
			}
			r.foreseen.refresh(data)
			g := newGroup(calls, r.underway, r.foreseen.recipients)
			if known = g.known(); !known {
				return nil
			}
			return r.store(g, calls, func(entries []byte) error {
				if err := r.writer.commits.withinDirectly(d, data); err != nil {
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
func (r *recorder) readAndCommit(calls []*recording) (err error) {
	if r.statements.intent == nil {
		if r.statements, err = prepareGroup(r.writer.db); err != nil {
			return err
		}
	}
	return r.writer.record(context.Background(), func(tx *sql.Tx) error {
		if err := r.journal.fold(context.Background(), tx); err != nil {
			return err
		}
		g := newGroup(calls, r.underway, nil)
		if err := r.statements.read(tx, g); err != nil {
			return err
		}
		return r.store(g, calls, func(entries []byte) error { return r.journal.add(tx, entries) })
	})
}

// store decides, and adds what comes of it to the journal.
func (r *recorder) store(g *group, calls []*recording, add func(entries []byte) error) error {
	for _, call := range calls {
		g.decide(call)
	}
	if len(g.changed) == 0 {
		return nil
	}
	if err := add(g.encode()); err != nil {
		return err
	}
	for _, d := range g.changed {
		d.changed, d.moved, d.bounced = false, false, false
		if d.Status == Sending {
			r.underway[d.key()] = d
		} else {
			delete(r.underway, d.key())
		}
		r.foreseen.touch(d.Subscriber)
	}
	return nil
}

// fold brings what was recorded into the tables, in several transactions, so that
// nobody waits long; last, unless it is nil, runs in the one that leaves nothing.
func (r *recorder) fold(ctx context.Context, last func(*sql.Tx) error) error {
	for left := true; left; {
		err := r.writer.record(ctx, func(tx *sql.Tx) (err error) {
			if left, err = r.journal.foldSome(ctx, tx); err != nil || left || last == nil {
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
