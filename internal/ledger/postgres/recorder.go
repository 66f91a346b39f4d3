package postgres

import (
	"context"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/grouped"
	"publisher/internal/ledger/postgres/connect"

	"github.com/jackc/pgx/v5/pgxpool"
)

// recorder commits the records of many callers in one transaction, so that they share the cost
// of a round trip and of the server's fsync. One group is under way at a time; meanwhile the next
// one gathers.
type recorder struct {
	engine *engine
	queue  *grouped.Queue
	ended  chan struct{}
	ctx    context.Context // of all groups
	giveUp context.CancelFunc

	// Only run's goroutine uses what follows.
	conn     *pgxpool.Conn // nil before the first group, and after an error
	settler  *ledger.Settler
	underway map[ledger.DeliveryKey]bool // begun and not ended by this process
	took     time.Duration               // by the last group
}

func newRecorder(ctx context.Context, e *engine) (*recorder, error) {
	settler, err := ledger.PrepareSettler(ctx, e.db)
	if err != nil {
		return nil, err
	}
	r := &recorder{engine: e, queue: grouped.NewQueue(), ended: make(chan struct{}), settler: settler, underway: map[ledger.DeliveryKey]bool{}}
	r.ctx, r.giveUp = context.WithCancel(context.Background())
	go r.run()
	return r, nil
}

const (
	// stepTime is how long an attempt to commit a group may take, all waits for locks included: the
	// server may be gone without a word, behind a proxy that still answers.
	stepTime = 15 * time.Second
	// lastTime is how long the last groups may take once the ledger is closed.
	lastTime = time.Second
)

func (r *recorder) run() {
	defer close(r.ended)
	for {
		group := r.queue.Take(func() (callers int, patience time.Duration) {
			return len(r.underway), min(r.took, grouped.MaxWait)
		})
		if len(group) == 0 {
			break
		}
		began := time.Now()
		r.commit(r.ctx, group)
		r.took = time.Since(began)
	}
	r.release()
}

// stop waits until every caller has its answer.
func (r *recorder) stop() {
	r.queue.Close()
	last := time.AfterFunc(lastTime, r.giveUp)
	defer last.Stop()
	<-r.ended
	r.giveUp()
}

// commit decides and stores requests, and answers them. Those about subscribers of whom there is
// only one request are nearly always decided by one statement; what it leaves, and the others, are
// read and decided by package ledger.
func (r *recorder) commit(ctx context.Context, group []*grouped.Call) {
	alone, rest := divide(group)
	if len(alone) > 0 {
		left, err := r.step(ctx, alone)
		switch {
		case err == nil:
		case isAboutValues(err): // of one of them; nothing is stored
			left = alone
		default:
			r.fail(alone, err)
			left = nil
		}
		rest = append(left, rest...)
	}
	if len(rest) == 0 {
		return
	}
	err := r.decide(ctx, rest)
	if isAboutValues(err) && len(rest) > 1 { // so that only one call gets the error
		for _, call := range rest {
			if err := r.decide(ctx, []*grouped.Call{call}); err != nil {
				r.fail([]*grouped.Call{call}, err)
			}
		}
		return
	}
	if err != nil {
		r.fail(rest, err)
	}
}

// isAboutValues reports whether an error of the server is about the values of a statement: data
// that it cannot store, or that violates a constraint.
func isAboutValues(err error) bool {
	c := connect.Code(err)
	return c != "" && (c[:2] == "22" || c[:2] == "23")
}

// fail answers requests of which nothing is known to be stored.
func (r *recorder) fail(group []*grouped.Call, err error) {
	clear(r.underway)
	grouped.Answer(group, err)
}

// divide returns the requests about subscribers whom no other request of the group is about, and
// the others, in their order.
func divide(group []*grouped.Call) (alone, others []*grouped.Call) {
	count := map[int64]int{}
	for _, call := range group {
		for _, id := range subscribersOf(call) {
			count[id]++
		}
	}
	for _, call := range group {
		single := call.Done == nil || !call.Done.At.IsZero() && !call.Done.Late
		for _, id := range subscribersOf(call) {
			single = single && count[id] == 1
		}
		if single {
			alone = append(alone, call)
		} else {
			others = append(others, call)
		}
	}
	return alone, others
}

// subscribersOf returns whom calls are about.
func subscribersOf(calls ...*grouped.Call) (ids []int64) {
	for _, call := range calls {
		if call.Done != nil {
			ids = append(ids, call.Done.Subscriber)
		}
		if call.Next != nil {
			ids = append(ids, call.Next.Subscriber)
		}
	}
	return ids
}

// acquire returns the recorder's connection.
func (r *recorder) acquire(ctx context.Context) (_ *pgxpool.Conn, err error) {
	if r.conn != nil && r.conn.Conn().IsClosed() {
		r.release()
	}
	if r.conn == nil {
		r.conn, err = r.engine.pool.Acquire(ctx)
	}
	return r.conn, err
}

func (r *recorder) release() {
	if r.conn != nil {
		r.conn.Release()
		r.conn = nil
	}
}
