package grouped

import (
	"context"
	"time"

	"publisher/internal/ledger"
)

// MaxWait is how long a group of calls waits for more callers if making it durable takes long.
const MaxWait = 5 * time.Millisecond

// Call is a call of an engine's Record.
type Call struct {
	Done *ledger.Result
	Next *ledger.Intent
	// Answer gets nil once the call is decided and durable, or what failed for its whole group.
	Answer chan error
	Begun  bool
	Err    error // concerns this call alone
}

// Record adds a call to the queue and waits for its answer.
func (q *Queue) Record(ctx context.Context, done *ledger.Result, next *ledger.Intent) (begun bool, err error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	call := &Call{Done: done, Next: next, Answer: make(chan error, 1)}
	if !q.add(call) {
		return false, ledger.ErrClosed
	}
	if err := <-call.Answer; err != nil {
		return false, err
	}
	return call.Begun, call.Err
}

// Answer answers calls of which all have the same answer.
func Answer(calls []*Call, err error) {
	for _, call := range calls {
		call.Answer <- err
	}
}
