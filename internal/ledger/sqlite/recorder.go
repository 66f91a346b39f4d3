package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"sync/atomic"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/grouped"
)

// recorder commits the records of many callers in one transaction, so that they share the
// cost of one fsync. While the disk works on one group, the next one is committed; callers
// return when their group is on the disk.
type recorder struct {
	writer     *writer
	journal    *journal
	raw        *rawConn       // nil before the first group
	statements stepStatements // prepared when first needed
	// underway are the deliveries begun and not ended by this process; only run's
	// goroutine uses it.
	underway   map[ledger.DeliveryKey]*ledger.StepDelivery
	prefetched *prefetch
	erasures   erasures
	version    int64 // PRAGMA data_version as of which these two and the writer's unfolded are valid

	queue   *grouped.Queue
	written chan []*grouped.Call // groups committed but not on the disk yet
	took    atomic.Int64         // the last fsync, in nanoseconds
	ended   chan struct{}
}

func newRecorder(w *writer, journal *journal) *recorder {
	r := &recorder{writer: w, journal: journal, underway: map[ledger.DeliveryKey]*ledger.StepDelivery{},
		prefetched: &prefetch{recipients: map[int64]prefetchedRecipient{}},
		queue:      grouped.NewQueue(), written: make(chan []*grouped.Call), ended: make(chan struct{})}
	go r.run()
	go r.sync()
	return r
}

// stop waits until every caller has its answer.
func (r *recorder) stop() error {
	r.queue.Close()
	<-r.ended
	if r.raw == nil {
		return nil
	}
	return r.withRawConn(context.Background(), (*rawConn).close)
}

// dequeue waits for the callers that are expected for as long as the disk takes for a group,
// within limits.
func (r *recorder) dequeue() []*grouped.Call {
	return r.queue.Take(func() (callers int, patience time.Duration) {
		return len(r.underway), min(time.Duration(r.took.Load()), grouped.MaxWait)
	})
}

func (r *recorder) run() {
	defer close(r.written)
	for group := r.dequeue(); len(group) > 0; group = r.dequeue() {
		if err := r.commit(group); err != nil {
			grouped.Answer(group, err)
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
		grouped.Answer(group, err)
	}
}

// commit decides the requests in one transaction. After an error nothing of it is stored,
// and the deliveries underway are read again.
func (r *recorder) commit(calls []*grouped.Call) error {
	known, deadline := true, r.writer.wait.Deadline()
	err := r.withRawConn(context.Background(), func(d *rawConn) error {
		err := r.writer.commits.settle(d.transaction(r.writer.wait, deadline, func() error {
			data, err := d.version()
			if err != nil {
				return err
			}
			r.refresh(data)
			step, unread := r.step(calls, r.prefetched.recipients)
			if known = unread.none(); !known {
				return nil
			}
			if err := d.forgetRepliesIn(r, calls); err != nil {
				return err
			}
			return r.store(step, calls, func(entries []byte) error {
				if err := r.writer.commits.withinRaw(d, data); err != nil {
					return err
				}
				return exec(d.add, driver.NamedValue{Ordinal: 1, Value: entries})
			})
		}))
		if err != nil {
			r.prefetched.forget()
		}
		return err
	})
	if err == nil && !known {
		err = r.readAndCommit(calls)
	}
	if err != nil {
		clear(r.underway)
	}
	return err
}

// readAndCommit is commit for requests about which the tables have to be read.
func (r *recorder) readAndCommit(calls []*grouped.Call) (err error) {
	if r.statements.intent == nil {
		if r.statements, err = prepareStep(context.Background(), r.writer.db); err != nil {
			return err
		}
	}
	return r.writer.run(context.Background(), func(tx *sql.Tx) error {
		if err := r.foldAll(context.Background(), tx); err != nil {
			return err
		}
		step, unread := r.step(calls, nil)
		if err := r.statements.read(tx, step, unread); err != nil {
			return err
		}
		if err := r.forgetRepliesIn(tx, calls); err != nil {
			return err
		}
		return r.store(step, calls, func(entries []byte) error { return r.journal.add(tx, entries) })
	})
}

// store decides the requests, and adds the changes to the journal.
func (r *recorder) store(step *ledger.Step, calls []*grouped.Call, add func(entries []byte) error) error {
	for _, call := range calls {
		call.Begun, call.Err = step.Decide(call.Done, call.Next)
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
		r.writer.unfolded.add(d.Subscriber)
	}
	return nil
}
