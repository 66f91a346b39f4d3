package work

import (
	"context"
	"encoding/json"
	"math"
	"slices"
	"sync"
	"time"

	"publisher/internal/hint"
	"publisher/internal/ledger/backlog"
	"publisher/internal/ledger/postgres"
	"publisher/internal/ledger/subscription"
	"publisher/internal/publish/delivery"
)

const (
	// reportEvery is how often a process tells the others what servers answer, unless they refuse
	// somebody: then it does so at once.
	reportEvery = time.Second
	// firstReplies of an edition are reported at once, too: ten refusals stop it only if nobody accepted
	// anything before.
	firstReplies = 10
)

// reporter puts together what servers answer all processes, and ends the batches of editions that are
// stopped because of it.
type reporter struct {
	batches *postgres.Batches
	stop    func(edition int64)

	flushing sync.Mutex // held while gathered replies are stored
	mu       sync.Mutex
	gathered map[int64][]delivery.Reply // by edition
	noted    map[int64]int              // likewise: how many so far
	urgent   chan struct{}
}

func newReporter(b *postgres.Batches, stop func(edition int64)) *reporter {
	return &reporter{batches: b, stop: stop, gathered: map[int64][]delivery.Reply{}, noted: map[int64]int{}, urgent: make(chan struct{}, 1)}
}

// note takes a reply.
func (r *reporter) note(edition int64, a delivery.Reply) {
	a.Words = backlog.WithoutAddresses(a.Words)
	r.mu.Lock()
	r.gathered[edition] = append(r.gathered[edition], a)
	r.noted[edition]++
	urgent := a.Refused || r.noted[edition] <= firstReplies
	r.mu.Unlock()
	if !urgent {
		return
	}
	select {
	case r.urgent <- struct{}{}:
	default:
	}
}

// run stores replies, and looks for editions that are stopped, until ctx ends. fail is told what fails.
func (r *reporter) run(ctx context.Context, fail func(error)) {
	every := time.NewTicker(reportEvery)
	defer every.Stop()
	for {
		look := false
		select {
		case <-r.urgent:
		case <-every.C:
			look = true
		case <-ctx.Done():
			return
		}
		err := r.flush(ctx)
		if err == nil && look {
			err = r.look(ctx)
		}
		if err != nil && ctx.Err() == nil {
			fail(err)
		}
	}
}

// look ends the batches of editions that are stopped because of what servers answered others.
func (r *reporter) look(ctx context.Context) error {
	stopped, err := r.batches.StoppedEditions(ctx)
	for _, edition := range stopped {
		r.stop(edition)
	}
	return err
}

// flush stores all replies that were noted before.
func (r *reporter) flush(ctx context.Context) error {
	r.flushing.Lock()
	defer r.flushing.Unlock()
	r.mu.Lock()
	all := r.gathered
	r.gathered = map[int64][]delivery.Reply{}
	r.mu.Unlock()
	for edition, replies := range all {
		stopped, err := r.batches.AddReplies(ctx, edition, func(state []byte, accepted bool) (postgres.MoreReplies, error) {
			return addReplies(edition, state, accepted, replies)
		})
		if err != nil {
			r.putBack(all)
			return err
		}
		if stopped {
			r.stop(edition)
		}
		delete(all, edition)
	}
	return nil
}

// putBack puts replies that were not stored before those that came meanwhile.
func (r *reporter) putBack(all map[int64][]delivery.Reply) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for edition, replies := range all {
		r.gathered[edition] = append(replies, r.gathered[edition]...)
	}
}

// addReplies adds replies to those that the ledger has.
func addReplies(edition int64, state []byte, accepted bool, replies []delivery.Reply) (more postgres.MoreReplies, err error) {
	known, err := decodeReplies(state)
	if err != nil {
		return more, err
	}
	known.Accepted = accepted
	more.Since = slices.MinFunc(replies, func(a, b delivery.Reply) int { return a.At.Compare(b.At) }).At
	for _, a := range replies {
		stop, marks := known.Add(a)
		if marks != nil {
			more.Refusals = append(more.Refusals, postgres.Refusal{Subscriber: marks.Subscriber, Reply: marks.Reply, Unclear: marks.Unclear, Passing: marks.Passing})
		}
		if stop && more.Stop == "" {
			more.Stop = hint.Text(known.StopError(edition))
		}
	}
	more.State, err = json.Marshal(known)
	return more, err
}

// decodeReplies decodes what the ledger has of replies. What somebody else wrote there stops nobody.
func decodeReplies(state []byte) (*delivery.Replies, error) {
	known := new(delivery.Replies)
	if len(state) == 0 {
		return known, nil
	}
	err := json.Unmarshal(state, known)
	known.Count = min(max(0, known.Count), math.MaxInt32)
	return known, err
}

// marksOf returns whom the refusals that the ledger has of an edition may mark.
func marksOf(refusals []postgres.Refusal) (all []delivery.Refused) {
	for _, r := range refusals {
		all = append(all, delivery.Refused{Refusal: subscription.Refusal{Subscriber: r.Subscriber, Unclear: r.Unclear, Passing: r.Passing}, Reply: r.Reply})
	}
	return all
}
