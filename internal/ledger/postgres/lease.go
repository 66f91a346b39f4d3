package postgres

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"

	"publisher/internal/ledger"
	"publisher/internal/ledger/postgres/connect"
	"publisher/internal/ledger/postgres/fleet"
)

// A lease is a row of the table lease. Whoever has it renews it; if that does not happen for
// leaseTime, another process may take it, and raises the fence. From then on nothing that the
// earlier holder wants to change is committed: each of its transactions checks the fence once it
// has its locks, and whoever takes a lease over waits for these. So a process that was stopped
// and wakes does no harm, nor does a clock: all times are the database's.
const (
	renewEvery  = 2 * time.Second
	lookEvery   = 200 * time.Millisecond // at a lease whose holder may be dead
	releaseTime = 2 * time.Second        // for giving a lease back
)

const (
	thisConn = "pg_backend_pid(), COALESCE((SELECT (EXTRACT(EPOCH FROM a.backend_start) * 1000000)::BIGINT FROM pg_stat_activity a WHERE a.pid = pg_backend_pid()), 0)"

	takeLease = `
		INSERT INTO lease AS l (role, fence, holder, expires_at, backend, backend_start)
		SELECT $1, 1, $2, ` + connect.ServerNow + ` + $3, ` + thisConn + `
		ON CONFLICT (role) DO UPDATE SET fence = l.fence + 1, holder = EXCLUDED.holder, expires_at = EXCLUDED.expires_at,
			backend = EXCLUDED.backend, backend_start = EXCLUDED.backend_start
		WHERE l.expires_at <= ` + connect.ServerNow + `
		RETURNING fence`
	renewLease = `
		UPDATE lease SET expires_at = ` + connect.ServerNow + ` + $3, (backend, backend_start) = (SELECT ` + thisConn + `)
		WHERE role = $1 AND fence = $2`
	endLease = "UPDATE lease SET holder = '', expires_at = 0 WHERE role = $1 AND fence = $2"
	// lookAtLease says who has it, and whether the connection that renewed it last is still there. It
	// is not once the holder's process has ended, except behind a pooler.
	lookAtLease = `
		SELECT l.holder, l.expires_at <= ` + connect.ServerNow + `, EXISTS (
			SELECT 1 FROM pg_stat_activity a
			WHERE a.pid = l.backend AND (EXTRACT(EPOCH FROM a.backend_start) * 1000000)::BIGINT = l.backend_start)
		FROM lease l WHERE l.role = $1`
)

// Lock is the lease that one pass has at a time.
type Lock struct {
	dsn     string
	options Options
	name    string
	pool    *pgxpool.Pool
	fence   int64
	end     context.CancelFunc
	lost    context.Context // ends, with a cause, when another process has the lease
	renewed sync.WaitGroup
	release func() error
}

// TakeLock takes the lock, or fails with a *ledger.LockedError. It does so at once where the holder is
// connected; where it is not, it waits until the lease is renewed or has expired.
func TakeLock(ctx context.Context, dsn string, o Options, command string, now time.Time) (*Lock, error) {
	a, err := connect.ParseAddress(dsn)
	if err != nil {
		return nil, err
	}
	a.Config.MaxConns = 2
	pool, err := a.Connect(ctx)
	if err != nil {
		return nil, err
	}
	l := &Lock{dsn: dsn, options: o, name: a.Name, pool: pool}
	if err := l.take(ctx, ledger.Holder(command, now)); err != nil {
		pool.Close()
		var locked *ledger.LockedError
		if errors.As(err, &locked) {
			return nil, err
		}
		return nil, ledger.Failure(a.Name, "take the lock", connect.Advise(err))
	}
	l.keep()
	return l, nil
}

// Waiting is told how it goes while [AwaitLock] waits.
type Waiting struct {
	// For is told who has the lock, each time that this changes.
	For func(holder string)
	// Failed is told how each attempt went; nil if it did not fail.
	Failed func(error)
	// Yield reports whether others should take the lock, if there are any; nil for no.
	Yield func() bool
}

// yieldTime is how long a lock is left to others.
const yieldTime = 10 * time.Second

// AwaitLock takes the lock once nobody has it. What fails is tried again until ctx ends.
func AwaitLock(ctx context.Context, dsn string, o Options, command string, now func() time.Time, w Waiting) (*Lock, error) {
	a, err := connect.ParseAddress(dsn)
	if err != nil {
		return nil, err
	}
	a.Config.MaxConns = 2
	look := time.NewTicker(standbyLook)
	defer look.Stop()
	l := &Lock{dsn: dsn, options: o, name: a.Name}
	var free time.Time // since when nobody has it; zero: somebody has
	for holder := ""; l.fence == 0; {
		yield := w.Yield != nil && w.Yield() && (free.IsZero() || time.Since(free) < yieldTime)
		other, err := l.stand(ctx, a, ledger.Holder(command, now()), yield)
		if l.fence != 0 {
			break
		}
		if ctx.Err() != nil {
			l.close()
			return nil, ctx.Err()
		}
		w.Failed(ledger.Failure(a.Name, "wait for the lock", connect.Advise(err)))
		switch {
		case err != nil:
		case other == "" && free.IsZero():
			free = time.Now()
		case other != "":
			if free = (time.Time{}); other != holder {
				holder = other
				w.For(holder)
			}
		}
		select {
		case <-look.C:
		case <-ctx.Done():
		}
	}
	l.keep()
	return l, nil
}

// standbyLook is how often a process that waits for the lease looks at it.
const standbyLook = time.Second

// stand takes the lease if it is free, unless it is to be left to others, and else returns who has it; "" for
// nobody.
func (l *Lock) stand(ctx context.Context, a *connect.Address, holder string, yield bool) (other string, err error) {
	within, cancel := context.WithTimeout(ctx, connect.LeaseTime)
	defer cancel()
	if l.pool == nil {
		if l.pool, err = a.Connect(within); err != nil {
			return "", err
		}
	}
	if yield {
		if free, err := l.isFree(within); err != nil || free {
			return "", err
		}
	} else if err := l.tryTake(within, holder); err != nil || l.fence != 0 {
		if err != nil {
			l.fence = 0 // whether that was committed or not: if it was, the lease expires
		}
		return "", err
	}
	var expired, connected bool
	err = l.pool.QueryRow(within, lookAtLease, fleet.PassRole).Scan(&other, &expired, &connected)
	if errors.Is(err, pgx.ErrNoRows) || expired {
		return "", nil
	}
	return other, err
}

func (l *Lock) close() {
	if l.pool != nil {
		l.pool.Close()
	}
}

// Holder returns who has the lock, as they describe themselves; "" if nobody does.
func Holder(ctx context.Context, dsn string) (string, error) {
	a, err := connect.ParseAddress(dsn)
	if err != nil {
		return "", err
	}
	a.Config.MaxConns = 1
	pool, err := a.Connect(ctx)
	if err != nil {
		return "", err
	}
	defer pool.Close()
	var there bool
	if err := pool.QueryRow(ctx, "SELECT to_regclass('lease') IS NOT NULL").Scan(&there); err != nil || !there {
		return "", ledger.Failure(a.Name, "look who has the lock", connect.Advise(err))
	}
	var holder string
	var expired, connected bool
	err = pool.QueryRow(ctx, lookAtLease, fleet.PassRole).Scan(&holder, &expired, &connected)
	if errors.Is(err, pgx.ErrNoRows) || err == nil && expired {
		return "", nil
	}
	return holder, ledger.Failure(a.Name, "look who has the lock", connect.Advise(err))
}

// take waits until the lease is this process's, or is known to be another's.
func (l *Lock) take(ctx context.Context, holder string) error {
	db := stdlib.OpenDBFromPool(l.pool)
	defer db.Close()
	if err := newLockWait().Retry(ctx, func() error { return migrate(ctx, db, l.pool) }); err != nil {
		return err
	}
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for {
		err := newLockWait().Retry(ctx, func() error { return l.tryTake(ctx, holder) })
		if err != nil || l.fence != 0 {
			return err
		}
		var other string
		var expired, connected bool
		if err := l.pool.QueryRow(ctx, lookAtLease, fleet.PassRole).Scan(&other, &expired, &connected); err != nil {
			return err
		}
		if connected && !expired {
			return &ledger.LockedError{Holder: other}
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// tryTake takes the lease if it has expired, once every transaction that an earlier holder has
// begun is over.
func (l *Lock) tryTake(ctx context.Context, holder string) error {
	if free, err := l.isFree(ctx); err != nil || !free {
		return err
	}
	return pgx.BeginFunc(ctx, l.pool, func(tx pgx.Tx) error {
		for _, lock := range []int64{changesLock, stepsLock} {
			if _, err := tx.Exec(ctx, lockSteps, lock); err != nil {
				return err
			}
		}
		err := tx.QueryRow(ctx, takeLease, fleet.PassRole, holder, connect.LeaseTime.Microseconds()).Scan(&l.fence)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		return err
	})
}

func (l *Lock) isFree(ctx context.Context) (free bool, err error) {
	err = l.pool.QueryRow(ctx, "SELECT NOT EXISTS (SELECT 1 FROM lease WHERE role = $1 AND expires_at > "+connect.ServerNow+")", fleet.PassRole).Scan(&free)
	return free, err
}

// keep renews the lease until it is released. A server that is away is no reason to give up: nobody
// else can take the lease there.
func (l *Lock) keep() {
	renewing, end := context.WithCancel(context.Background())
	lost, lose := context.WithCancelCause(context.Background())
	l.lost, l.end = lost, end
	l.renewed.Go(func() {
		every := time.NewTicker(renewEvery)
		defer every.Stop()
		for {
			select {
			case <-every.C:
			case <-renewing.Done():
				return
			}
			if err := l.renew(renewing); err != nil {
				lose(err)
				return
			}
		}
	})
	l.release = sync.OnceValue(func() error {
		end()
		l.renewed.Wait()
		lose(nil)
		ctx, cancel := context.WithTimeout(context.Background(), releaseTime)
		defer cancel()
		_, err := l.pool.Exec(ctx, endLease, fleet.PassRole, l.fence)
		l.pool.Close()
		return ledger.Failure(l.name, "release the lock", connect.Advise(err))
	})
}

// renew renews the lease once, and returns an error only if another process has it.
func (l *Lock) renew(ctx context.Context) error {
	within, cancel := context.WithTimeout(ctx, connect.LeaseTime/2)
	defer cancel()
	done, err := l.pool.Exec(within, renewLease, fleet.PassRole, l.fence, connect.LeaseTime.Microseconds())
	if err != nil || done.RowsAffected() > 0 {
		return nil
	}
	other := "another process"
	var expired, connected bool
	if err := l.pool.QueryRow(within, lookAtLease, fleet.PassRole).Scan(&other, &expired, &connected); err == nil && other == "" {
		other = "another process, which has ended"
	}
	return connect.TakenOver(other)
}

// Held returns a context that ends when ctx does, or when another process has taken the lease over, with a
// *ledger.LockedError as its cause.
func (l *Lock) Held(ctx context.Context) (context.Context, context.CancelFunc) {
	held, lose := context.WithCancelCause(ctx)
	if l.lost.Err() != nil {
		lose(context.Cause(l.lost))
	}
	stop := context.AfterFunc(l.lost, func() { lose(context.Cause(l.lost)) })
	return held, func() {
		stop()
		lose(nil)
	}
}

// Open opens the ledger for the pass that holds the lock.
func (l *Lock) Open(ctx context.Context) (*ledger.Ledger, error) {
	e, err := l.openEngine(ctx)
	if err != nil {
		return nil, err
	}
	return e.ledger(ctx)
}

// OpenWithBatches opens the ledger, and what hands work out, for the pass that holds the lock.
func (l *Lock) OpenWithBatches(ctx context.Context) (*ledger.Ledger, *Batches, error) {
	e, err := l.openEngine(ctx)
	if err != nil {
		return nil, nil, err
	}
	b, err := newBatches(e)
	if err != nil {
		return nil, nil, errors.Join(err, e.Close())
	}
	opened, err := e.ledger(ctx)
	return opened, b, err
}

func (l *Lock) openEngine(ctx context.Context) (*engine, error) {
	o := l.options
	o.permit = permit{query: checkFence, arg: l.fence}
	return openAddress(ctx, l.dsn, o)
}

// Release gives the lease back. It may be called twice.
func (l *Lock) Release() error { return l.release() }

// checkFence fails with fenced if another process has taken the lease over that this one had. It counts
// once a transaction has its locks.
const checkFence = "SELECT check_fence($1)"
