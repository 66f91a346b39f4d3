package publish

import (
	"context"

	"publisher/internal/ledger"
)

// pageSize is how many recipients, or retries, are read from the ledger at a time.
const pageSize = 500

// recipients streams those of one edition. A page is read while the one before is
// handed out.
type recipients struct {
	read  func(ctx context.Context, after int64) ([]ledger.Recipient, error)
	page  []ledger.Recipient
	last  int64            // up to where pages were read
	ahead chan aheadOfTime // nil: none is being read
}

type aheadOfTime struct {
	page []ledger.Recipient
	err  error
}

// fill makes sure that there is a page, unless there is nobody left.
func (r *recipients) fill(ctx context.Context) error {
	if len(r.page) > 0 {
		return nil
	}
	r.readAhead(ctx)
	next := <-r.ahead
	r.ahead = nil
	if next.err != nil {
		return next.err
	}
	if r.page = next.page; len(r.page) > 0 {
		r.last = r.page[len(r.page)-1].ID
	}
	return nil
}

// take hands out the next one of the page.
func (r *recipients) take(ctx context.Context) ledger.Recipient {
	s := r.page[0]
	if r.page = r.page[1:]; len(r.page) == pageSize/2 {
		r.readAhead(ctx)
	}
	return s
}

func (r *recipients) readAhead(ctx context.Context) {
	if r.ahead != nil {
		return
	}
	ahead, after := make(chan aheadOfTime, 1), r.last
	r.ahead = ahead
	go func() {
		page, err := r.read(ctx, after)
		ahead <- aheadOfTime{page, err}
	}()
}

// stop waits for what is being read.
func (r *recipients) stop() {
	if r.ahead != nil {
		<-r.ahead
		r.ahead = nil
	}
}
