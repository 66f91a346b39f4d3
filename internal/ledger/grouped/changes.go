package grouped

import (
	"context"
	"database/sql"
	"fmt"
	"sync"

	"publisher/internal/ledger"
)

// change is a call of Run.
type change struct {
	ctx     context.Context
	touched ledger.Touched
	do      func(*sql.Tx) error

	tried bool // with others
	done  bool // with others, and err is what became of it
	err   error
}

// Changes runs what callers want to change. Those that come while another transaction runs
// share the next one.
type Changes struct {
	// Transaction runs do in a transaction that touches these, and commits it. It may run do
	// again if the database asks for that.
	Transaction func(ctx context.Context, touched []ledger.Touched, do func(*sql.Tx) error) error
	// Touch prepares the transaction for each of the changes in it.
	Touch func(ctx context.Context, tx *sql.Tx, touched ledger.Touched) error

	mu      sync.Mutex
	waiting []*change
	turn    sync.Mutex // held while a transaction of them runs
}

// maxTogether limits the changes in a transaction, because mail waits for it.
const maxTogether = 50

// Run returns once the change is committed.
func (c *Changes) Run(ctx context.Context, touched ledger.Touched, do func(*sql.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	one := &change{ctx: ctx, touched: touched, do: do}
	if touched.Everybody() {
		return c.alone(one)
	}
	return c.together(one)
}

func (c *Changes) alone(one *change) error {
	return c.Transaction(one.ctx, []ledger.Touched{one.touched}, func(tx *sql.Tx) error { return c.apply(tx, one) })
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
	c.mu.Unlock()
	c.turn.Lock()
	defer c.turn.Unlock()
	for !one.tried {
		c.runAll(c.take())
	}
	if one.done {
		return one.err
	}
	return c.alone(one)
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
	for _, one := range all {
		one.tried, one.done, one.err = true, len(all) > 1 && !failed, err
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

// Hold keeps changes that touch some waiting until release is called; waiting returns how many
// there are.
func (c *Changes) Hold() (waiting func() int, release func()) {
	c.turn.Lock()
	return func() int {
		c.mu.Lock()
		defer c.mu.Unlock()
		return len(c.waiting)
	}, c.turn.Unlock
}
