package work

import (
	"context"
	"errors"
	"fmt"
	"time"

	"publisher/internal/hint"
	"publisher/internal/ledger/postgres"
	"publisher/internal/publish/delivery"

	"github.com/riverqueue/river"
)

// batchWorker is River's worker of batches. What counts is the row of a batch, which a job only points
// at: a job that comes twice finds that somebody holds it, or that it is done.
type batchWorker struct {
	river.WorkerDefaults[postgres.Job]
	life *life
}

// Timeout implements [river.Worker].
func (*batchWorker) Timeout(*river.Job[postgres.Job]) time.Duration { return -1 }

// again is how long a job waits that could not even be begun.
const again = 2 * time.Second

// Work implements [river.Worker].
func (b *batchWorker) Work(ctx context.Context, job *river.Job[postgres.Job]) error {
	l := b.life
	if l.ending.Err() != nil {
		return river.JobSnooze(0)
	}
	batch, err := l.worker.Claim(ctx, job.Args, l.settings.Load())
	switch {
	case errors.Is(err, postgres.ErrOtherSettings):
		select {
		case l.recheck <- struct{}{}:
		default:
		}
		return river.JobSnooze(0)
	case err != nil && isDead(err):
		return river.JobSnooze(0)
	case err != nil:
		l.Log.Error("taking a batch", "error", err)
		return river.JobSnooze(again)
	case batch == nil:
		return nil
	}
	if err := l.work(ctx, batch); err != nil {
		l.end(err) // somebody takes the batch over
	}
	return nil
}

// errUnclear ends a life: the next one finds out what the ledger has.
var errUnclear = errors.New("the ledger did not take what became of a mail")

// work delivers a batch. An error means that it is still held.
func (l *life) work(ctx context.Context, batch *postgres.Batch) error {
	q, err := l.open(ctx, batch)
	switch {
	case err == nil:
		return l.workOn(ctx, batch, q)
	case ctx.Err() != nil || l.worker.Unavailable(err):
		return err
	}
	// It would fail for everybody: the batch is wrong, or its edition is.
	err = fmt.Errorf("a batch of edition %d cannot be delivered: %w", batch.Edition, err)
	l.Log.Error("working", "batch", batch.ID, "error", err)
	return l.worker.Finish(ctx, batch, postgres.Ending{Missed: 1, Problems: []string{err.Error()}, Stops: true})
}

// open returns the queue of a batch.
func (l *life) open(ctx context.Context, batch *postgres.Batch) (*delivery.Batch, error) {
	from, err := l.material(ctx, batch)
	if err != nil {
		return nil, err
	}
	part, err := l.part(ctx, batch)
	if err != nil {
		return nil, err
	}
	return delivery.NewBatch(ctx, l.options(), from, part, l.reporter.note)
}

// workOn delivers what is in the queue of a batch.
func (l *life) workOn(ctx context.Context, batch *postgres.Batch, q *delivery.Batch) error {
	l.join.Add(q)
	defer l.join.Remove(q)
	l.refill()
	enough := time.NewTimer(longestBatch)
	defer enough.Stop()
	select {
	case <-q.Ended():
	case <-enough.C:
		q.Close()
	case <-l.ending.Done():
		q.Close()
	}
	select {
	case <-q.Ended():
	case <-l.worker.Lost().Done():
		return nil
	}
	if q.Unclear() {
		return errUnclear
	}
	if err := l.reporter.flush(l.last); err != nil { // before anybody decides about the edition
		return err
	}
	rest, more, err := q.Finish(l.last)
	if err != nil {
		return err
	}
	ending := endingOf(batch, q)
	if more {
		ending.Rest = batchesOf(rest)
	}
	return l.worker.Finish(l.last, batch, ending)
}

func endingOf(batch *postgres.Batch, q *delivery.Batch) (e postgres.Ending) {
	for _, problem := range q.Errors() {
		e.Problems = append(e.Problems, hint.Text(problem))
	}
	missed, lacking := q.Missed()
	switch {
	case batch.Kind == postgres.BatchRetries: // whoever was not tried is still due
		e.Missed = lacking
	case q.Stopped():
		e.Missed = missed + 1
	default:
		e.Missed = missed
	}
	return e
}
