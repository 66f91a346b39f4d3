package sqlite

import (
	"context"
	"database/sql"

	"publisher/internal/ledger"
)

// foreseen are recipients as they were read, active and with nothing open. While
// nobody else has written they still are, and an intent for one is checked without
// reading them again. It is used only by who holds the connection that writes.
type prefetch struct {
	writer     *writer
	recipients map[int64]prefetchedRecipient // by subscriber
	version    version                       // as of which they are so
	page       *prefetchedPage               // nil: no page is being read, or in vain
}

type prefetchedRecipient struct {
	edition int64
	due     ledger.Due
}

// reading is a page of recipients under way.
type prefetchedPage struct {
	touched map[int64]bool // subscribers whom the recorder wrote about meanwhile
}

// maxForeseen bounds what is kept of recipients who are never begun.
const maxPrefetched = 5_000

// version tells whether anything was written: data by another connection
// (https://sqlite.org/pragma.html#pragma_data_version), changes by this one.
type version struct{ data, changes int64 }

// refresh forgets all if anybody but the recorder has written.
func (f *prefetch) refresh(data int64) {
	now := version{data, f.writer.changes.Load()}
	if now != f.version || len(f.recipients) > maxPrefetched {
		clear(f.recipients)
		f.page = nil
	}
	f.version = now
}

// touch forgets one whom the recorder writes about.
func (f *prefetch) touch(subscriber int64) {
	delete(f.recipients, subscriber)
	if f.page != nil {
		f.page.touched[subscriber] = true
	}
}

// foresee reads recipients of an edition, and remembers them for the recorder.
func (r *recorder) prefetch(ctx context.Context, edition int64, read func() ([]ledger.Recipient, error)) ([]ledger.Recipient, error) {
	page := &prefetchedPage{touched: map[int64]bool{}}
	err := r.fold(ctx, func(tx *sql.Tx) error {
		var data int64
		err := tx.QueryRowContext(ctx, "PRAGMA data_version").Scan(&data)
		r.prefetched.refresh(data)
		r.prefetched.page = page
		return err
	})
	if err != nil {
		return nil, err
	}
	due, err := read()
	if err != nil {
		return nil, err
	}
	conn, err := r.writer.db.Conn(ctx) // nobody else writes while they are noted
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
