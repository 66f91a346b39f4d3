package postgres

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"

	"publisher/internal/ledger"

	"github.com/jackc/pgx/v5/pgxpool"
)

// A worker is one life of a process that works batches: a row of the table worker. Each of its
// transactions raises its count of beats, and fails once another process has declared it dead; so
// does an idle beat. See silence.go and takeover.go for who does that, and when.
const (
	raiseBeat = "SELECT raise_beat($1)"
	beatEvery = 2 * time.Second
	beatTime  = 8 * time.Second // for one beat
	endTime   = 3 * time.Second // for saying that a life is over
)

// Worker is a life of this process.
type Worker struct {
	ID     int64
	Ledger *ledger.Ledger // whose changes are refused once the worker is dead
	*Batches

	end    context.CancelFunc // of the beats
	beaten sync.WaitGroup
	lost   context.Context
	lose   context.CancelCauseFunc
}

// BeginWork begins a life of a process that runs a command, unless the ledger is a copy; version is the
// program's.
func BeginWork(ctx context.Context, dsn string, o Options, command, version string) (*Worker, error) {
	e, err := openAddress(ctx, dsn, o)
	if err != nil {
		return nil, err
	}
	if err := e.CheckCloneMark(ctx); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	w := new(Worker)
	if w.Batches, err = newBatches(e); err == nil {
		w.ID, err = e.addWorker(ctx, command, version)
	}
	if err != nil {
		return nil, errors.Join(e.fail("begin to work", err), e.Close())
	}
	e.permit = permit{raiseBeat, w.ID}
	if w.Ledger, err = e.ledger(ctx); err != nil {
		return nil, err
	}
	w.lost, w.lose = context.WithCancelCause(context.Background())
	beating, end := context.WithCancel(context.Background())
	w.end = end
	w.beaten.Go(func() { w.beat(beating) })
	return w, nil
}

func (e *engine) addWorker(ctx context.Context, command, version string) (id int64, err error) {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	err = e.pool.QueryRow(ctx, "INSERT INTO worker (host, process, command, version, began_at) VALUES ($1, $2, $3, $4, "+leaseNow+") RETURNING id",
		host, os.Getpid(), command, version).Scan(&id)
	return id, err
}

// Pool returns the worker's connections, for River.
func (w *Worker) Pool() *pgxpool.Pool { return w.engine.pool }

// Lost returns a context that ends, with a *ledger.DeadError as its cause, once the worker knows
// that it was declared dead.
func (w *Worker) Lost() context.Context { return w.lost }

// beat raises the count until ctx ends, or the worker is dead. A server that is away is no reason to
// give up: nobody can declare anybody dead there.
func (w *Worker) beat(ctx context.Context) {
	every := time.NewTicker(beatEvery)
	defer every.Stop()
	for {
		select {
		case <-every.C:
		case <-ctx.Done():
			return
		}
		within, cancel := context.WithTimeout(ctx, beatTime)
		_, err := w.engine.pool.Exec(within, raiseBeat, w.ID)
		cancel()
		if code(err) == declaredDead {
			w.lose(advise(err))
			return
		}
	}
}

// Close ends the life, and closes the ledger. Batches that the worker still holds are handed out
// again when another worker notices.
func (w *Worker) Close() error {
	w.end()
	w.beaten.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), endTime)
	defer cancel()
	_, err := w.engine.pool.Exec(ctx, `UPDATE worker SET dead = TRUE, ended_at = `+leaseNow+`
		WHERE id = $1 AND NOT dead AND NOT EXISTS (SELECT 1 FROM batch WHERE worker = $1 AND state = 'held')`, w.ID)
	w.lose(nil)
	return errors.Join(w.fail("end the work", err), w.Ledger.Close())
}
