package sqlite

import (
	"context"
	"database/sql"
	"slices"

	"publisher/internal/ledger"
)

// unfolded are the subscribers about whom the journal may have rows. Only the holder of the
// writing connection may use it.
type unfolded struct {
	known       bool // false: it may have rows about anybody
	subscribers map[int64]bool
	emptied     bool // the transaction that is running has folded everything
}

// maxUnfolded limits the subscribers that are kept if nobody folds the journal.
const maxUnfolded = 20_000

// reset notes that the journal may have rows about nobody if known, otherwise about anybody.
func (u *unfolded) reset(known bool) {
	u.known = known
	clear(u.subscribers)
}

func (u *unfolded) add(subscriber int64) {
	if u.known {
		u.subscribers[subscriber] = true
	}
	if len(u.subscribers) > maxUnfolded {
		u.reset(false)
	}
}

// end is called at the end of each transaction that may have folded.
func (u *unfolded) end(committed bool) {
	if u.emptied && !committed {
		u.reset(false)
	}
	u.emptied = false
}

// anyOf reports whether the journal may have rows about one of these.
func (u *unfolded) anyOf(touched ledger.Touched) bool {
	return !u.known || touched.Everybody() || slices.ContainsFunc(touched.Subscribers(), func(id int64) bool { return u.subscribers[id] })
}

const readDataVersion = "PRAGMA data_version"

// refresh forgets what is not certain any more if another process has written
// (https://sqlite.org/pragma.html#pragma_data_version).
func (r *recorder) refresh(data int64) {
	if data != r.version {
		r.writer.unfolded.reset(false)
		r.erasures.known = false
	}
	if data != r.version || len(r.prefetched.recipients) > maxPrefetched {
		r.prefetched.forget()
	}
	r.version = data
}

func (r *recorder) readVersion(ctx context.Context, tx *sql.Tx) error {
	data, err := number(ctx, tx, r.writer.dataVersion)
	if err == nil {
		r.refresh(data)
	}
	return err
}

// touch prepares a transaction that touches subscribers: what was recorded about them is
// brought into the tables, and what is remembered of them is forgotten.
func (r *recorder) touch(ctx context.Context, tx *sql.Tx, touched ledger.Touched) error {
	if err := r.readVersion(ctx, tx); err != nil {
		return err
	}
	if touched.Everybody() {
		r.prefetched.forget()
	}
	for _, id := range touched.Subscribers() {
		r.prefetched.touch(id)
	}
	if nobody := !touched.Everybody() && len(touched.Subscribers()) == 0; nobody || !r.writer.unfolded.anyOf(touched) {
		return nil
	}
	return r.foldAll(ctx, tx)
}

// isSettled reports whether nothing is recorded about these subscribers that the tables do
// not contain.
func (r *recorder) isSettled(ctx context.Context, about ledger.Touched) (bool, error) {
	conn, err := r.writer.db.Conn(ctx)
	if err != nil {
		return false, err
	}
	defer conn.Close()
	var data int64
	if err := conn.QueryRowContext(ctx, readDataVersion).Scan(&data); err != nil {
		return false, err
	}
	r.refresh(data)
	return !r.writer.unfolded.anyOf(about), nil
}

// foldAll moves what was recorded into the tables.
func (r *recorder) foldAll(ctx context.Context, tx *sql.Tx) error {
	for {
		if left, err := r.foldNext(ctx, tx); err != nil || !left {
			return err
		}
	}
}

// foldNext folds some of it, and reports whether there may be more.
func (r *recorder) foldNext(ctx context.Context, tx *sql.Tx) (left bool, err error) {
	left, err = r.journal.foldNext(ctx, tx)
	if err != nil || left {
		return left, err
	}
	if err := r.readVersion(ctx, tx); err != nil {
		return false, err
	}
	r.writer.unfolded.reset(true)
	r.writer.unfolded.emptied = true
	return false, nil
}

// fold is foldAll in several transactions, so that nobody waits long. last, unless it is nil,
// is called in the one that empties the journal.
func (r *recorder) fold(ctx context.Context, last func()) error {
	for left := true; left; {
		err := r.writer.run(ctx, func(tx *sql.Tx) (err error) {
			if left, err = r.foldNext(ctx, tx); err == nil && !left && last != nil {
				last()
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
