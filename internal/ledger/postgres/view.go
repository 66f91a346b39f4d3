package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"publisher/internal/hint"
	"publisher/internal/ledger"
	"publisher/internal/ledger/grouped"
	"publisher/internal/ledger/postgres/connect"
	"publisher/internal/ledger/postgres/snapshot"
)

// view is a ledger.Engine for commands that only look: everything that it reads is as it was at one
// moment, and what it changes is seen by nobody else and thrown away. It locks nothing that others
// need, so that looking never stalls sending: see package snapshot.
type view struct {
	here    *engine // without a connection: for what this machine has beside the ledger
	viewed  *snapshot.Snapshot
	db      *sql.DB
	settler *ledger.Settler

	recording sync.Mutex
}

// OpenCopy opens the ledger as it is now, for commands that only look. If the database is empty,
// so is the ledger, and nothing is created.
func OpenCopy(ctx context.Context, dsn string, o Options) (*ledger.Ledger, error) {
	a, err := connect.ParseAddress(dsn)
	if err != nil {
		return nil, err
	}
	var v *view
	// Somebody may be upgrading the schema.
	err = newLockWait().Retry(ctx, func() error {
		v, err = openView(ctx, a, o.StateDir)
		return err
	})
	if err != nil {
		return nil, ledger.Failure(a.Name, "open", connect.Advise(err))
	}
	return ledger.OpenEngine(ctx, v, ledger.Options{Name: a.Name, Spool: filepath.Join(o.StateDir, spoolName), Private: true})
}

func openView(ctx context.Context, a *connect.Address, stateDir string) (*view, error) {
	viewed, err := snapshot.Begin(ctx, a.Config.ConnConfig)
	if err != nil {
		return nil, err
	}
	v := &view{here: &engine{name: a.Name, stateDir: stateDir}, viewed: viewed, db: viewed.Database()}
	err = v.createIfEmpty(ctx)
	if err == nil {
		v.settler, err = ledger.PrepareSettler(ctx, v.db)
	}
	if err != nil {
		return nil, errors.Join(err, v.Close())
	}
	return v, nil
}

// createIfEmpty creates an empty ledger, which ends with the transaction. It does not upgrade
// one: that would keep everybody out.
func (v *view) createIfEmpty(ctx context.Context) error {
	const newest = int64(newestStep)
	current, err := version(ctx, v.db)
	switch {
	case err != nil:
		return err
	case current > newest:
		return errNewer(current, newest)
	case current == newest:
		return nil
	case current > 0:
		return hint.With(fmt.Errorf("an older publisher uses it (schema %d; this version needs %d)", current, newest),
			"end that publisher, and upgrade the ledger with the first `publisher run` or `publisher serve`")
	}
	p, err := provider(v.db, nil)
	if err != nil {
		return err
	}
	_, err = p.Up(ctx)
	return err
}

// Reader implements [ledger.Engine].
func (v *view) Reader() *sql.DB { return v.db }

// Change implements [ledger.Engine].
func (v *view) Change(ctx context.Context, _ ledger.Touched, do func(*sql.Tx) error) error {
	tx, err := v.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := do(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// InsertRows implements [ledger.Engine].
func (v *view) InsertRows(ctx context.Context, tx *sql.Tx, text string, columns int, args []any) error {
	return insertRows(ctx, tx, text, columns, args)
}

// Settle implements [ledger.Engine].
func (v *view) Settle(context.Context, ledger.Touched) error { return nil }

// Record implements [ledger.Engine].
func (v *view) Record(ctx context.Context, done *ledger.Result, next *ledger.Intent) (begun bool, err error) {
	v.recording.Lock()
	defer v.recording.Unlock()
	call := &grouped.Call{Done: done, Next: next}
	err = v.Change(ctx, ledger.Touched{}, func(tx *sql.Tx) error {
		step, err := readStep(ctx, tx, []*grouped.Call{call})
		if err != nil {
			return err
		}
		if begun, err = step.Decide(done, next); err != nil {
			return err
		}
		return storeStep(ctx, tx, v.settler, step)
	})
	return begun && err == nil, err
}

// Recipients implements [ledger.Engine].
func (v *view) Recipients(_ context.Context, _ int64, read func() ([]ledger.Recipient, error)) ([]ledger.Recipient, error) {
	return read()
}

// Stage implements [ledger.Engine].
func (v *view) Stage(ctx context.Context, fill, merge func(*sql.Tx) error) error {
	if _, err := v.db.ExecContext(ctx, importTables+"; "+snapshot.Timeouts); err != nil {
		return err
	}
	if err := v.Change(ctx, ledger.Touched{}, fill); err != nil {
		return err
	}
	if _, err := v.db.ExecContext(ctx, "ANALYZE import_row; ANALYZE import_line"); err != nil {
		return err
	}
	return v.Change(ctx, ledger.Touched{}, merge)
}

// CheckCloneMark implements [ledger.Engine]. It tells nobody else what is wrong.
func (v *view) CheckCloneMark(ctx context.Context) error {
	_, what, err := v.here.checkClone(ctx, v.db)
	if err != nil || what == "" {
		return err
	}
	return v.here.cloneError(what)
}

// AdvanceCloneMark implements [ledger.Engine].
func (v *view) AdvanceCloneMark(context.Context) error { return nil }

// Adopt implements [ledger.Engine].
func (v *view) Adopt(context.Context, []ledger.Result) error { return nil }

// Scrub implements [ledger.Engine].
func (v *view) Scrub(context.Context, []string) error { return nil }

// CheckIntegrity implements [ledger.Engine].
func (v *view) CheckIntegrity(ctx context.Context) error {
	return (&engine{name: v.here.name, db: v.db}).CheckIntegrity(ctx)
}

// LimitLockWait implements [ledger.Engine]: no wait is longer than a second.
func (v *view) LimitLockWait(time.Duration) {}

// Unavailable implements [ledger.Engine]: results are not kept for later.
func (v *view) Unavailable(error) bool { return false }

// Advise implements [ledger.Engine].
func (v *view) Advise(err error) error { return (*engine)(nil).Advise(err) }

// Close implements [ledger.Engine].
func (v *view) Close() error { return errors.Join(v.db.Close(), v.viewed.Close()) }
