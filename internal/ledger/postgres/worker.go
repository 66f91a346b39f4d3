package postgres

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/postgres/connect"
	"publisher/internal/ledger/postgres/fleet"

	"github.com/jackc/pgx/v5/pgxpool"
)

// A worker is one life of a process that works batches: a row of the table worker. Each of its
// transactions raises its count of beats, and fails once another process has declared it dead; so
// does an idle beat. See silence.go and takeover.go for who does that, and when.
const (
	raiseBeat = "SELECT raise_beat($1, $2)"
	beatEvery = 2 * time.Second
	beatTime  = 8 * time.Second // for one beat
	endTime   = 3 * time.Second // for saying that a life is over
)

// Worker is a life of this process.
type Worker struct {
	ID     int64
	Ledger *ledger.Ledger // whose changes are refused once the worker is dead
	*Batches

	began  time.Time
	mark   int64              // of the clone guard at the beginning
	beats  atomic.Int64       // the highest count that is known to be committed
	heard  atomic.Int64       // how long after began the last beat was sent that arrived
	end    context.CancelFunc // of the beats
	beaten sync.WaitGroup
	lost   context.Context
	lose   context.CancelCauseFunc
	gaveUp atomic.Bool
}

// BeginWork begins a life of a process that runs a command, unless the ledger is a copy, or lacks
// what an earlier life of the process has committed; version is the program's.
func BeginWork(ctx context.Context, dsn string, o Options, command, version string, earlier Life) (*Worker, error) {
	e, err := openAddress(ctx, dsn, o)
	if err != nil {
		return nil, err
	}
	mark, err := e.checkAfter(ctx, earlier)
	if err != nil {
		return nil, errors.Join(err, e.Close())
	}
	b, err := newBatches(e)
	var w *Worker
	if err == nil {
		w, err = b.newWorker(ctx, command, version)
	}
	if err != nil {
		return nil, errors.Join(e.fail("begin to work", err), e.Close())
	}
	w.mark = mark
	e.permit, e.owner = permit{raiseBeat, w.ID, &w.beats}, strconv.FormatInt(w.ID, 10)
	if w.Ledger, err = e.ledger(ctx); err != nil {
		return nil, err
	}
	beating, end := context.WithCancel(context.Background())
	w.end = end
	w.beaten.Go(func() { w.beat(beating) })
	return w, nil
}

func (b *Batches) newWorker(ctx context.Context, command, version string) (w *Worker, err error) {
	w = &Worker{Batches: b, began: time.Now()}
	w.lost, w.lose = context.WithCancelCause(context.Background())
	w.ID, err = b.engine.addWorker(ctx, command, version)
	return w, err
}

func (e *engine) addWorker(ctx context.Context, command, version string) (id int64, err error) {
	err = e.pool.QueryRow(ctx, "INSERT INTO worker (host, process, command, version, began_at) VALUES ($1, $2, $3, $4, "+connect.ServerNow+") RETURNING id",
		hostname(), os.Getpid(), command, version).Scan(&id)
	return id, err
}

func hostname() string {
	host, err := os.Hostname()
	if err != nil {
		return "unknown"
	}
	return host
}

// Unavailable reports whether err means that the ledger cannot be used now, or not by this process.
func (w *Worker) Unavailable(err error) bool { return w.engine.Unavailable(err) }

// Pool returns the worker's connections, for River.
func (w *Worker) Pool() *pgxpool.Pool { return w.engine.pool }

// Lost returns a context that ends, with a *ledger.DeadError as its cause, once the worker knows
// that it was declared dead, or that the ledger lacks commits.
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
		began := time.Now()
		within, cancel := context.WithTimeout(ctx, beatTime)
		var beats int64
		err := w.engine.pool.QueryRow(within, raiseBeat, w.engine.permit.args()...).Scan(&beats)
		cancel()
		w.note(began, err)
		if w.lost.Err() != nil {
			return
		}
		w.engine.permit.committed(beats)
	}
}

// GiveUp ends all steps that are under way, because the ledger does not answer, and the process is to
// end: what mail servers have answered is kept beside it.
func (w *Worker) GiveUp() {
	w.gaveUp.Store(true)
	w.engine.recorder.giveUp()
}

// note takes in how a beat went that was sent at a time.
func (w *Worker) note(sent time.Time, err error) {
	var dead *ledger.DeadError
	if err == nil {
		raise(&w.heard, int64(sent.Sub(w.began)))
	} else if errors.As(connect.Advise(err), &dead) {
		w.lose(dead)
	}
}

// Alive reports whether nobody can have declared this life dead yet.
func (w *Worker) Alive() bool {
	return w.lost.Err() == nil && time.Since(w.began)-time.Duration(w.heard.Load()) < silentFor-beatEvery
}

// Close ends the life, and closes the ledger. Batches that the worker still holds are handed out
// again when another worker notices.
func (w *Worker) Close() error { return errors.Join(w.leave(), w.Ledger.Close()) }

func (w *Worker) leave() error {
	w.end()
	w.beaten.Wait()
	var err error
	if !w.gaveUp.Load() {
		ctx, cancel := context.WithTimeout(context.Background(), endTime)
		defer cancel()
		_, err = w.engine.pool.Exec(ctx, `WITH places AS (`+endPlaces+`)
			UPDATE worker SET dead = TRUE, ended_at = `+connect.ServerNow+`
			WHERE id = $1 AND NOT dead AND NOT EXISTS (SELECT 1 FROM batch WHERE worker = $1 AND state = 'held')
				AND NOT EXISTS (SELECT 1 FROM notice_sender WHERE worker = $1)`, w.ID)
	}
	w.lose(nil)
	return w.fail("end the work", err)
}

// SetTroubles stores what is wrong in this process.
func (w *Worker) SetTroubles(ctx context.Context, all []fleet.Trouble) error {
	if all == nil {
		all = []fleet.Trouble{}
	}
	text, err := json.Marshal(all)
	if err != nil {
		return err
	}
	err = w.inTransaction(ctx, nil, func(tx *sql.Tx, _ *sql.Conn) error {
		_, err := tx.ExecContext(ctx, "UPDATE worker SET troubles = $2 WHERE id = $1", w.ID, ledger.Storable(string(text)))
		return err
	})
	return w.fail("store what is wrong here", err)
}
