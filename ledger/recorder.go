package ledger

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"runtime"
	"sync"
)

// recorder commits what many callers record at once in one transaction, so that
// they share the cost of one fsync: a group is whatever has arrived while
// the group before it was committed.
type recorder struct {
	writer     *writer
	queue      chan *recording
	ended      chan struct{}
	journal    *journal
	direct     *direct         // nil before the first group
	statements groupStatements // made when the tables are asked first
	// underway are the deliveries begun and not ended by this process.
	underway map[deliveryKey]*record
	foreseen *foreseen

	mu      sync.RWMutex
	closed  bool
	callers sync.WaitGroup
}

// recording is one call of Record.
type recording struct {
	done   *Result
	next   *Intent
	answer chan error
	begun  bool  // the intent stands
	err    error // this call's own, which does not touch the group
}

func newRecorder(w *writer, journal *journal) *recorder {
	r := &recorder{
		writer: w, journal: journal, underway: map[deliveryKey]*record{}, foreseen: &foreseen{writer: w, recipients: map[int64]recipient{}},
		queue: make(chan *recording), ended: make(chan struct{}),
	}
	go r.run()
	return r
}

func (r *recorder) record(ctx context.Context, done *Result, next *Intent) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	if !r.enter() {
		return false, ErrClosed
	}
	defer r.callers.Done()
	call := &recording{done: done, next: next, answer: make(chan error, 1)}
	select {
	case r.queue <- call:
	case <-ctx.Done():
		return false, ctx.Err()
	}
	if err := <-call.answer; err != nil {
		return false, err
	}
	return call.begun, call.err
}

func (r *recorder) enter() bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if !r.closed {
		r.callers.Add(1)
	}
	return !r.closed
}

// stop waits until every caller has its answer.
func (r *recorder) stop() {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.callers.Wait()
	close(r.queue)
	<-r.ended
}

func (r *recorder) run() {
	defer close(r.ended)
	for first := range r.queue {
		runtime.Gosched() // whoever is about to call comes into this group: larger ones cost less
		group := append([]*recording{first}, waiting(r.queue)...)
		answer(group, r.commit(group))
	}
}

func answer(group []*recording, err error) {
	for _, call := range group {
		call.answer <- err
	}
}

// waiting takes all that is in the queue at this moment.
func waiting(queue <-chan *recording) (all []*recording) {
	for {
		select {
		case one, ok := <-queue:
			if !ok {
				return all
			}
			all = append(all, one)
		default:
			return all
		}
	}
}

// commit does what the calls ask for in one transaction. After an error nothing of
// it is stored, and what is underway is read again.
func (r *recorder) commit(calls []*recording) error {
	known := true
	err := r.directly(context.Background(), func(d *direct) error {
		return d.transaction(func() error {
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
				return exec(d.add, driver.NamedValue{Ordinal: 1, Value: entries})
			})
		})
	})
	if err == nil && !known {
		err = r.readAndCommit(calls)
	}
	if err != nil {
		clear(r.underway)
		clear(r.foreseen.recipients)
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
		if d.Progress == Sending {
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
