package sqlite

import (
	"context"

	"publisher/internal/ledger"
)

// prefetch has recipients as they were read, active and without an open delivery. They remain
// so until another process writes or a transaction of this one touches them, and their intents
// need not be checked against the tables. Only the holder of the writing connection may use it.
type prefetch struct {
	recipients map[int64]prefetchedRecipient // by subscriber
	page       *prefetchedPage               // nil: none is being read, or it is outdated
}

type prefetchedRecipient struct {
	edition int64
	due     ledger.Due
}

// prefetchedPage is a page of recipients that is being read.
type prefetchedPage struct {
	touched map[int64]bool // subscribers who were touched meanwhile
}

// maxPrefetched limits the recipients that are kept although their intents never come.
const maxPrefetched = 5_000

// forget forgets all recipients.
func (f *prefetch) forget() {
	clear(f.recipients)
	f.page = nil
}

// touch forgets one recipient.
func (f *prefetch) touch(subscriber int64) {
	delete(f.recipients, subscriber)
	if f.page != nil {
		f.page.touched[subscriber] = true
	}
}

// prefetch reads recipients of an edition, and remembers them for the recorder.
func (r *recorder) prefetch(ctx context.Context, edition int64, read func() ([]ledger.Recipient, error)) ([]ledger.Recipient, error) {
	page := &prefetchedPage{touched: map[int64]bool{}}
	if err := r.fold(ctx, func() { r.prefetched.page = page }); err != nil {
		return nil, err
	}
	due, err := read()
	if err != nil {
		return nil, err
	}
	conn, err := r.writer.db.Conn(ctx) // nobody else writes meanwhile
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if r.prefetched.page != page {
		return due, nil
	}
	r.prefetched.page = nil
	for _, s := range due {
		if !page.touched[s.ID] {
			r.prefetched.recipients[s.ID] = prefetchedRecipient{edition, s.Due}
		}
	}
	return due, nil
}
