package walktest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/pruning"
	"publisher/internal/racedetector"
)

// RunPruned does each walk twice: as it is, and pruning after each step all that is finished.
// Whoever asks who is due what, or how an edition went, must get the same answers.
func RunPruned(t *testing.T, walks int, open func(*testing.T) (*ledger.Ledger, Reset)) {
	if racedetector.Enabled || testing.Short() {
		walks = min(walks, 5)
	}
	l, reset := open(t)
	pruned := 0
	for seed := range uint64(walks) {
		want, fault := walkOnce(l, reset, seed, (*walk).answer)
		if fault != nil {
			t.Fatalf("walk %d: %v\n%s", seed, fault, strings.Join(want, "\n"))
		}
		got, fault := walkOnce(l, reset, seed, func(w *walk) {
			pruned += w.prune()
			w.answer()
		})
		if fault != nil {
			t.Fatalf("walk %d, pruning: %v\n%s", seed, fault, strings.Join(got, "\n"))
		}
		if !slices.Equal(got, want) {
			for i := range got {
				if i == len(want) || got[i] != want[i] {
					t.Fatalf("walk %d went another way with pruning:\n%s\ninstead of %q", seed, strings.Join(got[:i+1], "\n"), want[i:min(i+1, len(want))])
				}
			}
			t.Fatalf("walk %d was shorter with pruning", seed)
		}
	}
	if pruned == 0 {
		t.Error("nothing was pruned")
	}
}

// prune prunes all that may be pruned now, and returns how many deliveries that were.
func (w *walk) prune() (pruned int) {
	p := pruning.NewSize(w.l, w.now.Add(time.Microsecond), 2)
	for {
		n, more, err := p.Next(context.Background(), w.now)
		w.must(err)
		if pruned += n; !more {
			return pruned
		}
	}
}

// answer notes what the ledger says of everybody and every edition.
func (w *walk) answer() {
	ctx := context.Background()
	editions, err := w.l.Editions(ctx)
	w.must(err)
	for _, e := range editions {
		w.note("edition %d has %d recipients: %d sent, %d deferred, %d failed, %d uncertain, %d resent, done %s, canceled %v",
			e.Number, e.Recipients, e.Sent, e.Deferred, e.Failed, e.Uncertain, e.Resent, e.Done, e.Canceled)
	}
	for s, err := range w.l.Subscribers(ctx) {
		w.must(err)
		w.note("%s is %s, and is due what is above %d and %v", s.Email, s.Status, s.Cursor, s.Owed)
	}
	for _, cadence := range walkCadences {
		for _, language := range append([]string{""}, w.languages[min(1, len(w.languages)):]...) {
			groups, err := w.l.RecipientGroups(ctx, w.audience(cadence, language), int64(len(w.posts)), w.now)
			w.must(err)
			w.note("%s %q: %s", cadence, language, fmt.Sprint(groups))
		}
	}
	missed, err := w.l.Withheld(ctx)
	w.must(err)
	w.note("withheld: %v", missed)
}
