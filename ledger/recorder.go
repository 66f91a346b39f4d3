package ledger

import (
	"context"
	"database/sql"
	"sync"
)

// recorder commits what many callers record at once in one transaction, so
// that they share the cost of one fsync: a group is whatever has arrived while
// the group before it was committed.
type recorder struct {
	db         *sql.DB
	queue      chan *recording
	ended      chan struct{}
	statements *groupStatements // nil before the first group
	// underway are the deliveries begun and not ended by this process.
	underway map[deliveryKey]*record

	mu      sync.RWMutex
	closed  bool
	callers sync.WaitGroup
}

// recording is one call of Record; its answer comes when its group is committed.
type recording struct {
	done   *Result
	next   *Intent
	answer chan error
	begun  bool  // the intent stands
	err    error // this call's own, which does not touch the group
}

func newRecorder(db *sql.DB) *recorder {
	r := &recorder{db: db, queue: make(chan *recording), ended: make(chan struct{}), underway: map[deliveryKey]*record{}}
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
		group := append([]*recording{first}, r.waiting()...)
		err := r.commit(group)
		for _, call := range group {
			call.answer <- err
		}
	}
}

// waiting takes everybody who waits in the queue at this moment.
func (r *recorder) waiting() (calls []*recording) {
	for {
		select {
		case call, ok := <-r.queue:
			if !ok {
				return calls
			}
			calls = append(calls, call)
		default:
			return calls
		}
	}
}

// commit does what the calls ask for in one transaction. After an error nothing of
// it is stored, and what is underway is read again.
func (r *recorder) commit(calls []*recording) (err error) {
	if r.statements == nil {
		if r.statements, err = prepareGroup(r.db); err != nil {
			return err
		}
	}
	defer func() {
		if err != nil {
			clear(r.underway)
		}
	}()
	tx, err := r.db.BeginTx(context.Background(), nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	g, err := r.statements.read(tx, calls, r.underway)
	if err != nil {
		return err
	}
	for _, call := range calls {
		g.decide(call)
	}
	if err := r.statements.write(tx, g); err != nil {
		return err
	}
	for _, d := range g.changed {
		if d.changed = false; d.Progress == Sending {
			r.underway[d.key()] = d
		} else {
			delete(r.underway, d.key())
		}
	}
	return tx.Commit()
}
