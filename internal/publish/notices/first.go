package notices

import (
	"context"
	"io"
	"sync"

	"publisher/mailer/smtp"
)

// First is an smtp.Queue that hands out notices before the jobs of another queue, which can come
// while mail goes out.
type First struct {
	*Queue
	mu   sync.Mutex
	rest smtp.Queue // nil: there are only notices
}

// NewFirst returns a queue of notices alone.
func NewFirst(q *Queue) *First { return &First{Queue: q} }

// Add sets the queue whose jobs go out after the notices.
func (f *First) Add(rest smtp.Queue) {
	f.mu.Lock()
	f.rest = rest
	f.mu.Unlock()
	f.refill()
}

// Refill has connections that ended for want of jobs opened again, after the other queue got some.
func (f *First) Refill() { f.refill() }

func (f *First) others() smtp.Queue {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.rest
}

// Next implements smtp.Queue.
func (f *First) Next(ctx context.Context) (*smtp.Job, error) {
	if job, err := f.Urgent(ctx); err != nil || job != nil {
		return job, err
	}
	if rest := f.others(); rest != nil {
		return rest.Next(ctx)
	}
	return nil, io.EOF
}

// Commit implements smtp.Queue. What concerns two digests stays one step of the ledger.
func (f *First) Commit(ctx context.Context, done *smtp.Outcome, next *smtp.Job) (bool, error) {
	var ended, begun *attempt
	if done != nil {
		ended, _ = done.Job.Ref.(*attempt)
	}
	if next != nil {
		begun, _ = next.Ref.(*attempt)
	}
	if ended == nil && begun == nil {
		return f.others().Commit(ctx, done, next)
	}
	if ended != nil {
		if err := f.ended(ctx, ended, done); err != nil {
			return false, err
		}
	} else if done != nil {
		if _, err := f.others().Commit(ctx, done, nil); err != nil {
			return false, err
		}
	}
	switch {
	case next == nil:
		return true, nil
	case begun != nil:
		return f.begin(ctx, begun)
	}
	return f.others().Commit(ctx, nil, next)
}
