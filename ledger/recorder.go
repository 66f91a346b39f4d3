package ledger

import (
	"context"
	"database/sql"
	"runtime"
	"sync"
)

// recorder commits what many callers record at once in one transaction, so
// that they share the cost of one fsync: a group is whatever has arrived while
// the group before it was committed. It is committed while the disk still works on
// the one before, and its callers hear of it when it is on the disk.
type recorder struct {
	writer     *writer
	queue      chan *recording
	written    chan []*recording // groups committed, and not on the disk yet
	ended      chan struct{}
	journal    *journal
	statements groupStatements // made with the first group
	// underway are the deliveries begun and not ended by this process.
	underway map[deliveryKey]*record
	foreseen *foreseen

	mu      sync.RWMutex
	closed  bool
	callers sync.WaitGroup
}

// recording is one call of Record; its answer comes when its group is on the disk.
type recording struct {
	done   *Result
	next   *Intent
	answer chan error
	begun  bool  // the intent stands
	err    error // this call's own, which does not touch the group
}

func newRecorder(w *writer, journal *journal, known *foreseen) *recorder {
	r := &recorder{
		writer: w, journal: journal, underway: map[deliveryKey]*record{}, foreseen: known,
		queue: make(chan *recording), written: make(chan []*recording), ended: make(chan struct{}),
	}
	go r.run()
	go r.sync()
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
	defer close(r.written)
	for first := range r.queue {
		runtime.Gosched() // whoever is about to call comes into this group: larger ones cost less
		group := append([]*recording{first}, waiting(r.queue)...)
		if err := r.commit(group); err != nil {
			answer(group, err)
			continue
		}
		r.written <- group
	}
}

// sync answers for what is committed once it is on the disk, while the next group
// is being committed.
func (r *recorder) sync() {
	defer close(r.ended)
	for group := range r.written {
		for _, more := range waiting(r.written) {
			group = append(group, more...)
		}
		answer(group, r.writer.log.sync())
	}
}

func answer(group []*recording, err error) {
	for _, call := range group {
		call.answer <- err
	}
}

// waiting takes all that is in the queue at this moment.
func waiting[T any](queue <-chan T) (all []T) {
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
func (r *recorder) commit(calls []*recording) (err error) {
	if r.statements.intent == nil {
		if r.statements, err = prepareGroup(r.writer.db); err != nil {
			return err
		}
	}
	err = r.writer.commit(context.Background(), func(tx *sql.Tx) error { return r.apply(tx, calls) })
	if err != nil {
		clear(r.underway)
		clear(r.foreseen.recipients)
	}
	return err
}

func (r *recorder) apply(tx *sql.Tx, calls []*recording) error {
	if err := r.foreseen.refresh(tx); err != nil {
		return err
	}
	g := newGroup(calls, r.underway, r.foreseen.recipients)
	if err := r.read(tx, g); err != nil {
		return err
	}
	for _, call := range calls {
		g.decide(call)
	}
	if len(g.changed) == 0 {
		return nil
	}
	if err := r.journal.add(tx, g); err != nil {
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

// read learns what is not known yet.
func (r *recorder) read(tx *sql.Tx, g *group) error {
	if len(g.unreadIntents)+len(g.unreadDeliveries) == 0 {
		return nil
	}
	if err := r.journal.fold(context.Background(), tx); err != nil {
		return err
	}
	return r.statements.read(tx, g)
}

// fold brings what was recorded into the tables, in several transactions, so that
// nobody waits long; last, unless it is nil, runs in the one that leaves nothing.
func (r *recorder) fold(ctx context.Context, last func(*sql.Tx) error) error {
	for left := true; left; {
		err := r.writer.commit(ctx, func(tx *sql.Tx) (err error) {
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
