package delivery

import (
	"context"

	"publisher/internal/ledger"
)

// pageSize is how many recipients, or retries, are read from the ledger at a time.
const pageSize = 500

// recipients streams those of one edition. A page is read while the previous one is handed
// out.
type recipients struct {
	read func(ctx context.Context, after int64) ([]ledger.Recipient, error)
	page []ledger.Recipient
	last int64         // up to where pages were read
	next chan nextPage // nil if none is being read
}

type nextPage struct {
	page []ledger.Recipient
	err  error
}

// fill makes sure that there is a page, unless there are no recipients left.
func (r *recipients) fill(ctx context.Context) error {
	if len(r.page) > 0 {
		return nil
	}
	r.readAhead(ctx)
	got := <-r.next
	r.next = nil
	if got.err != nil {
		return got.err
	}
	if r.page = got.page; len(r.page) > 0 {
		r.last = r.page[len(r.page)-1].ID
	}
	return nil
}

// take returns the next recipient of the page.
func (r *recipients) take(ctx context.Context) ledger.Recipient {
	s := r.page[0]
	if r.page = r.page[1:]; len(r.page) == pageSize/2 {
		r.readAhead(ctx)
	}
	return s
}

func (r *recipients) readAhead(ctx context.Context) {
	if r.next != nil {
		return
	}
	ahead, after := make(chan nextPage, 1), r.last
	r.next = ahead
	go func() {
		page, err := r.read(ctx, after)
		ahead <- nextPage{page, err}
	}()
}

// stop waits for a page that is being read.
func (r *recipients) stop() {
	if r.next != nil {
		<-r.next
		r.next = nil
	}
}
