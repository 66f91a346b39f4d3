package web

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/panics"
	"publisher/templates"
)

const (
	// changeTime is how long a change is retried while another program has the ledger
	// locked.
	changeTime = 5 * time.Minute
	// answerTime is how long a client waits for it: less than the server's write timeout.
	answerTime = 45 * time.Second
	// maxChanges limits how many changes wait in memory.
	maxChanges = 1000
	// maxAtOnce limits how many changes use the ledger at the same time. It makes those that
	// come together in one transaction, so that mail waits for few.
	maxAtOnce   = 32
	changePause = 250 * time.Millisecond
)

// changes are the pending changes of subscribers. A client may leave before its change is
// made: mail providers wait a few seconds for the answer to one-click, and never repeat the
// request.
type changes struct {
	turn chan struct{} // has a place for each change that may use the ledger

	mu      sync.Mutex
	waiting int
	idle    chan struct{} // closed when nothing is pending; nil while nobody asks
	ended   context.Context
	end     context.CancelFunc
}

func newChanges() *changes {
	c := &changes{turn: make(chan struct{}, maxAtOnce)}
	c.ended, c.end = context.WithCancel(context.Background())
	return c
}

// answer sends the response to a change.
type answer func(http.ResponseWriter, *http.Request)

// change calls do with a context of its own, so that the change is made even if the client
// leaves, and answers. While the ledger is locked, it calls do again.
func (s *site) change(w http.ResponseWriter, r *http.Request, do func(context.Context) (answer, error)) {
	if !s.changes.begin() {
		s.Log.Error("refused a subscriber's change: too many are pending", "route", r.Pattern, "waiting", maxChanges)
		s.busy(w)
		return
	}
	done := make(chan answer, 1)
	go func() {
		defer s.changes.finish()
		done <- s.carryOut(r.Pattern, do)
	}()
	timer := time.NewTimer(answerTime)
	defer timer.Stop()
	select {
	case answer := <-done:
		answer(w, r)
	case <-timer.C:
		s.busy(w)
	case <-r.Context().Done():
	}
}

// busy asks the client to retry later.
func (s *site) busy(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "300")
	s.message(w, http.StatusServiceUnavailable, templates.Failure)
}

// carryOut makes a change and returns the answer. Failures are logged, since the client may
// be gone. While the ledger is locked or cannot be reached, it tries again: nobody repeats a press of a
// link in a mail.
func (s *site) carryOut(route string, do func(context.Context) (answer, error)) (a answer) {
	ctx, cancel := context.WithTimeout(s.changes.ended, changeTime)
	defer cancel()
	failure := func(w http.ResponseWriter, _ *http.Request) {
		s.message(w, http.StatusInternalServerError, templates.Failure)
	}
	a, err := s.tryChange(ctx, do)
	for (errors.Is(err, ledger.ErrBusy) || ledger.IsAway(err)) && pause(ctx, changePause) {
		a, err = s.tryChange(ctx, do)
	}
	if err == nil {
		return a
	}
	if ledger.IsAway(err) {
		failure = func(w http.ResponseWriter, _ *http.Request) { s.busy(w) }
	}
	s.Log.Error("cannot make a subscriber's change", "route", route, "error", err)
	return failure
}

// tryChange waits for its turn and calls do. A panic ends only this change.
func (s *site) tryChange(ctx context.Context, do func(context.Context) (answer, error)) (a answer, err error) {
	select {
	case s.changes.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-s.changes.turn }()
	err = panics.Catch(func() error {
		a, err = do(ctx)
		return err
	})
	return a, err
}

// pause waits and returns true, or false if ctx ends first.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d/2 + rand.N(d))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// begin counts a pending change. It returns false if there are too many.
func (c *changes) begin() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.waiting == maxChanges {
		return false
	}
	c.waiting++
	return true
}

func (c *changes) finish() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting--
	if c.waiting == 0 && c.idle != nil {
		close(c.idle)
		c.idle = nil
	}
}

// drain waits until nothing is pending. When ctx ends, it gives up the rest.
func (c *changes) drain(ctx context.Context) {
	select {
	case <-c.whenIdle():
	case <-ctx.Done():
		c.end()
		<-c.whenIdle()
	}
}

func (c *changes) whenIdle() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	idle := c.idle
	if idle == nil {
		idle = make(chan struct{})
		if c.waiting == 0 {
			close(idle)
		} else {
			c.idle = idle
		}
	}
	return idle
}

// about returns err without the address that its text may contain, for the log.
func about(email string, err error) error {
	if err == nil {
		return nil
	}
	return &changeError{strings.ReplaceAll(err.Error(), email, "a subscriber"), err}
}

type changeError struct {
	text string
	err  error
}

func (e *changeError) Error() string { return e.text }
func (e *changeError) Unwrap() error { return e.err }
