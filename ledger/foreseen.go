package ledger

import (
	"context"
	"database/sql"
)

// foreseen are recipients as they were read, active and with nothing open. While
// nobody else has written they still are, and an intent for one is checked without
// reading them again. It is used within transactions on the one connection that
// writes, and so by one goroutine at a time.
type foreseen struct {
	recipients    map[int64]recipient // by subscriber
	version       version             // as of which they are so
	data, changes *sql.Stmt           // that read the version
}

type recipient struct{ edition, cursor int64 }

// maxForeseen bounds what is kept of recipients who are never begun.
const maxForeseen = 5_000

// version tells whether anything was written: data by another connection
// (https://sqlite.org/pragma.html#pragma_data_version), changes by this one.
type version struct{ data, changes int64 }

func newForeseen(ctx context.Context, db *sql.DB) (*foreseen, error) {
	f := &foreseen{recipients: map[int64]recipient{}}
	var err error
	if f.data, err = db.PrepareContext(ctx, "PRAGMA data_version"); err != nil {
		return nil, err
	}
	f.changes, err = db.PrepareContext(ctx, "SELECT total_changes()")
	return f, err
}

// refresh forgets all if anybody else has written.
func (f *foreseen) refresh(tx *sql.Tx) error {
	now, err := f.read(tx)
	if err != nil {
		return err
	}
	if now != f.version || len(f.recipients) > maxForeseen {
		clear(f.recipients)
	}
	f.version = now
	return nil
}

// during forgets all if anybody else has written since, and then runs what is the
// recorder's own to write.
func (f *foreseen) during(tx *sql.Tx, do func() error) error {
	if err := f.refresh(tx); err != nil {
		return err
	}
	if err := do(); err != nil {
		return err
	}
	var err error
	f.version, err = f.read(tx)
	return err
}

func (f *foreseen) read(tx *sql.Tx) (v version, err error) {
	if err = tx.Stmt(f.data).QueryRow().Scan(&v.data); err == nil {
		err = tx.Stmt(f.changes).QueryRow().Scan(&v.changes)
	}
	return v, err
}

// foresee reads recipients of an edition, and remembers them for the recorder.
func (r *recorder) foresee(ctx context.Context, edition int64, query string, args ...any) (due []Subscriber, err error) {
	err = r.wal.commit(ctx, r.db, func(tx *sql.Tx) error {
		return r.foreseen.during(tx, func() error {
			if err := r.journal.fold(ctx, tx); err != nil {
				return err
			}
			due, err = collect(ctx, tx, scanSubscriber, query, args...)
			for i := range due {
				r.foreseen.recipients[due[i].ID] = recipient{edition, due[i].Cursor}
			}
			return err
		})
	})
	return due, err
}
