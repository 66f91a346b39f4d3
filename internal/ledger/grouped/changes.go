package grouped

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"publisher/internal/ledger"
)

// change is a call of Run.
type change struct {
	ctx     context.Context
	touched ledger.Touched
	do      func(*sql.Tx) error

	tried chan struct{} // closed once it was, with others
	done  bool          // with others, and err is what became of it
	err   error
}

// Changes runs what callers want to change. Those that come while another transaction runs, or
// soon after one while mail goes out, share the next one.
type Changes struct {
	// Transaction runs do in a transaction that touches these, and commits it. It may run do
	// again if the database asks for that.
	Transaction func(ctx context.Context, touched []ledger.Touched, do func(*sql.Tx) error) error
	// Touch prepares the transaction for each of the changes in it.
	Touch func(ctx context.Context, tx *sql.Tx, touched ledger.Touched) error
	// Sending, unless nil, reports whether mail goes out.
	Sending func() bool

	mu      sync.Mutex
	waiting []*change
	ended   time.Time  // when a transaction of them did
	turn    sync.Mutex // held while one runs
}

const (
	// maxTogether limits the changes in a transaction, because mail waits for it.
	maxTogether = 50
	// apart is how long after a transaction somebody's change waits for company while mail goes out,
	// which each transaction interrupts.
	apart = 20 * time.Millisecond
)

// Run returns once the change is committed.
func (c *Changes) Run(ctx context.Context, touched ledger.Touched, do func(*sql.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	one := &change{ctx: ctx, touched: touched, do: do, tried: make(chan struct{})}
	if touched.Everybody() {
		return c.alone(one)
	}
	return c.together(one)
}

func (c *Changes) alone(one *change) error {
	err := c.Transaction(one.ctx, []ledger.Touched{one.touched}, func(tx *sql.Tx) error { return c.apply(tx, one) })
	if ended := one.ctx.Err(); ended != nil && errors.Is(err, sql.ErrTxDone) {
		return ended // which rolled it back
	}
	return err
}

func (c *Changes) apply(tx *sql.Tx, one *change) error {
	if c.Touch != nil {
		if err := c.Touch(one.ctx, tx, one.touched); err != nil {
			return err
		}
	}
	return one.do(tx)
}

// together runs a change, and those that wait with it. Whichever of their callers gets its
// turn first does so.
func (c *Changes) together(one *change) error {
	c.mu.Lock()
	c.waiting = append(c.waiting, one)
	company, ended := len(c.waiting), c.ended
	c.mu.Unlock()
	// Changes of nobody are steps of the mail that goes out, which cannot wait.
	if len(one.touched.Subscribers()) > 0 && company < maxTogether && c.Sending != nil && c.Sending() {
		one.await(time.Until(ended.Add(apart)))
	}
	c.turn.Lock()
	defer c.turn.Unlock()
	for !one.wasTried() {
		c.runAll(c.take())
	}
	if one.done {
		return one.err
	}
	return c.alone(one)
}

// await waits until the change was tried, at most so long.
func (one *change) await(long time.Duration) {
	timer := time.NewTimer(long)
	defer timer.Stop()
	select {
	case <-one.tried:
	case <-timer.C:
	}
}

func (one *change) wasTried() bool {
	select {
	case <-one.tried:
		return true
	default:
		return false
	}
}

// take returns the changes that have waited longest.
func (c *Changes) take() []*change {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := min(len(c.waiting), maxTogether)
	all := c.waiting[:n:n]
	c.waiting = c.waiting[n:]
	return all
}

// runAll runs changes in one transaction. If one of them fails, none is done, and each has to
// run alone, so that its caller gets its error.
func (c *Changes) runAll(all []*change) {
	var failed bool
	var err error
	if len(all) > 1 {
		failed, err = c.tryAll(all)
	}
	c.SetEnded(time.Now())
	for _, one := range all {
		one.done, one.err = len(all) > 1 && !failed, err
		close(one.tried)
	}
}

// tryAll reports whether one of the changes failed; err is the transaction's.
func (c *Changes) tryAll(all []*change) (failed bool, err error) {
	defer func() {
		if fault := recover(); fault != nil { // it comes again where the change runs alone
			failed, err = true, fmt.Errorf("internal error: %v", fault)
		}
	}()
	touched := make([]ledger.Touched, len(all))
	for i, one := range all {
		touched[i] = one.touched
	}
	err = c.Transaction(context.Background(), touched, func(tx *sql.Tx) error {
		failed = false
		for _, one := range all {
			if err := c.apply(tx, one); err != nil {
				failed = true
				return err
			}
		}
		return nil
	})
	return failed, err
}

// SetEnded says when a transaction ended that changes may wait for company after.
func (c *Changes) SetEnded(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = at
}

// Waiting returns how many changes wait.
func (c *Changes) Waiting() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.waiting)
}

// Hold keeps all changes but those that touch everybody waiting until release is called.
func (c *Changes) Hold() (release func()) {
	c.turn.Lock()
	return c.turn.Unlock
}
