package sqlite

import (
	"context"
	"database/sql"

	"publisher/internal/ledger"
)

// prefetch has recipients as they were read, active and without an open delivery. Until
// somebody else writes they remain so, and their intents need not be checked against the
// tables. Only the holder of the writing connection may use it.
type prefetch struct {
	writer     *writer
	recipients map[int64]prefetchedRecipient // by subscriber
	version    version                       // as of which they are valid
	page       *prefetchedPage               // nil: none is being read, or it is outdated
}

type prefetchedRecipient struct {
	edition int64
	due     ledger.Due
}

// prefetchedPage is a page of recipients that is being read.
type prefetchedPage struct {
	touched map[int64]bool // subscribers about whom the recorder wrote meanwhile
}

// maxPrefetched limits the recipients that are kept although their intents never come.
const maxPrefetched = 5_000

// version changes when anything is written: data by other connections
// (https://sqlite.org/pragma.html#pragma_data_version), changes by this one.
type version struct{ data, changes int64 }

// refresh forgets all recipients if anyone but the recorder has written.
func (f *prefetch) refresh(data int64) {
	now := version{data, f.writer.changes.Load()}
	if now != f.version || len(f.recipients) > maxPrefetched {
		clear(f.recipients)
		f.page = nil
	}
	f.version = now
}

// touch forgets a recipient about whom the recorder writes.
func (f *prefetch) touch(subscriber int64) {
	delete(f.recipients, subscriber)
	if f.page != nil {
		f.page.touched[subscriber] = true
	}
}

// prefetch reads recipients of an edition, and remembers them for the recorder.
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
