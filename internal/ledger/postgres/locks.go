package postgres

import (
	"context"
	"database/sql"
	"slices"
	"sync/atomic"

	"publisher/internal/ledger"
)

// The locks of the ledger in its database, all of them held until the end of a transaction.
//
//   - changes: each transaction of Change holds it, so that what one has read stays true until it
//     has written: the SQL of package ledger relies on that.
//   - steps: each durable step shares it, and a change that touches everybody holds it alone.
//   - places: each transaction holds it that takes places of the rate. It comes after the row of the
//     worker.
//   - rows of subscriber: a change that touches some, and a step, lock theirs, in the order of ids.
//
// Each lock is taken by a statement of its own before anything is read. In READ COMMITTED the
// statements after it see all that was committed before the lock was free. So an intent that is
// committed after somebody left has seen it, on whichever machine.
const (
	changesLock = 0x7075_626C_0001 // "publ"
	stepsLock   = 0x7075_626C_0002
	placesLock  = 0x7075_626C_0004 // migrationLock is the third one
)

const (
	// lockChanges begins a change. A commit has to be on the disk, whatever the server's default
	// is.
	lockChanges = "SELECT set_config('synchronous_commit', 'on', TRUE), set_config('lock_timeout', $2, TRUE), pg_advisory_xact_lock($1)"
	lockSteps   = "SELECT pg_advisory_xact_lock($1)"
)

// transaction runs do in a transaction that touches these, on a connection of the pool. It runs
// it again where the database could not tell in time who goes first.
func (e *engine) transaction(ctx context.Context, touched []ledger.Touched, do func(*sql.Tx) error) error {
	return e.wait.Retry(ctx, func() error {
		tx, err := e.db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer tx.Rollback()
		if err := e.lock(ctx, tx, touched); err != nil {
			return err
		}
		if err := do(tx); err != nil {
			return err
		}
		return tx.Commit()
	})
}

// lock takes the locks of a change, and then looks whether this process may still change anything.
func (e *engine) lock(ctx context.Context, tx *sql.Tx, touched []ledger.Touched) error {
	if err := e.takeLocks(ctx, tx, touched); err != nil || e.permit.query == "" {
		return err
	}
	_, err := tx.ExecContext(ctx, e.permit.query, e.permit.args()...)
	return err
}

// permit is a statement that fails if this process may not change the ledger any more. It counts once a
// transaction has its locks.
type permit struct {
	query string // "" for none
	arg   int64
	beats *atomic.Int64 // the highest result of query that is known to be committed, its second argument; nil: it has none
}

func (p permit) args() []any {
	if p.beats == nil {
		return []any{p.arg}
	}
	return []any{p.arg, p.beats.Load()}
}

// committed takes in a result of query that was committed.
func (p permit) committed(beats int64) {
	if p.beats != nil {
		raise(p.beats, beats)
	}
}

// raise sets n to a value that is higher.
func raise(n *atomic.Int64, to int64) {
	for last := n.Load(); to > last && !n.CompareAndSwap(last, to); last = n.Load() {
	}
}

func (e *engine) takeLocks(ctx context.Context, tx *sql.Tx, touched []ledger.Touched) error {
	if _, err := tx.ExecContext(ctx, lockChanges, int64(changesLock), attemptLockTimeout(e.wait)); err != nil {
		return err
	}
	var ids []int64
	for _, t := range touched {
		if t.Everybody() {
			_, err := tx.ExecContext(ctx, lockSteps, int64(stepsLock))
			return err
		}
		ids = append(ids, t.Subscribers()...)
	}
	if len(ids) == 0 {
		return nil
	}
	slices.Sort(ids)
	_, err := tx.ExecContext(ctx, lockSubscribers, slices.Compact(ids))
	return err
}
