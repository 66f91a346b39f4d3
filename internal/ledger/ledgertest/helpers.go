package ledgertest

import (
	"fmt"
	"iter"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/imports"

	"github.com/google/go-cmp/cmp"
)

// Noon is the time of most tests.
var Noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// Must ends the test if err is not nil.
func Must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Want returns a function that fails the test if a call failed or returned something else.
func Want[T any](t *testing.T, want T) func(got T, err error) {
	return func(got T, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
}

// Number saves posts until the newest sequence number is n.
func Number(t *testing.T, l *ledger.Ledger, n int64) {
	t.Helper()
	newest, err := l.NewestNumber(ctx)
	Must(t, err)
	var posts []ledger.Post
	for i := newest + 1; i <= n; i++ {
		posts = append(posts, ledger.Post{ID: "post-" + string(rune('a'+i)), Stage: ledger.Numbered, Read: true})
	}
	Must(t, l.SavePosts(ctx, posts))
}

// Rows returns a list to import, which ends with err if it is not nil.
func Rows(err error, list ...imports.Row) iter.Seq2[imports.Row, error] {
	return func(yield func(imports.Row, error) bool) {
		for i, row := range list {
			row.Line = i + 2
			if !yield(row, nil) {
				return
			}
		}
		if err != nil {
			yield(imports.Row{}, err)
		}
	}
}

// Add imports rows.
func Add(t *testing.T, l *ledger.Ledger, list ...imports.Row) {
	t.Helper()
	_, err := imports.Run(ctx, l, Rows(nil, list...), imports.Options{DefaultCadence: "weekly", Now: Noon})
	Must(t, err)
}

// Subscriber returns the subscriber with that address.
func Subscriber(t *testing.T, l *ledger.Ledger, email string) ledger.Subscriber {
	t.Helper()
	s, err := l.Subscriber(ctx, email)
	Must(t, err)
	if s == nil {
		t.Fatalf("no subscriber %s", email)
	}
	return *s
}

// CloseEdition closes an edition at noon and returns its number.
func CloseEdition(t *testing.T, l *ledger.Ledger, cadence string, after, through int64) int64 {
	t.Helper()
	e := ledger.Edition{Cadence: cadence, Subject: "News", Closed: Noon, After: after, Through: through}
	Must(t, l.CloseEditions(ctx, &e))
	return e.Number
}

// AddMany adds n subscribers and returns an edition that is due to all of them.
func AddMany(tb testing.TB, l *ledger.Ledger, n int) int64 {
	tb.Helper()
	list := func(yield func(imports.Row, error) bool) {
		for i := range n {
			if !yield(imports.Row{Email: fmt.Sprintf("s%07d@example.com", i)}, nil) {
				return
			}
		}
	}
	_, err := imports.Run(ctx, l, list, imports.Options{DefaultCadence: "weekly", Now: Noon})
	if err == nil {
		err = l.SavePosts(ctx, []ledger.Post{{ID: "a", Stage: ledger.Numbered}})
	}
	e := ledger.Edition{Cadence: "weekly", Closed: Noon, Through: 1}
	if err == nil {
		err = l.CloseEditions(ctx, &e)
	}
	if err != nil {
		tb.Fatal(err)
	}
	return e.Number
}

// deliver records intents and results as a connection does, for every step-th subscriber
// from first to last.
func deliver(l *ledger.Ledger, edition, first, last, step int64) error {
	var done *ledger.Result
	for id := first; ; id += step {
		var next *ledger.Intent
		if id <= last {
			next = &ledger.Intent{Edition: edition, Subscriber: id, Through: 1, At: Noon}
		}
		begun, err := l.Record(ctx, done, next)
		if err != nil {
			return err
		}
		if next == nil {
			return nil
		}
		if !begun {
			return fmt.Errorf("subscriber %d refused", id)
		}
		done = &ledger.Result{Edition: edition, Subscriber: id, Status: ledger.Sent, Code: 250, Reply: "2.0.0 Ok: queued", At: Noon}
	}
}

// DeliverAll has several callers deliver an edition to subscribers 1 to n.
func DeliverAll(tb testing.TB, l *ledger.Ledger, edition, n int64, callers int64) {
	tb.Helper()
	var all sync.WaitGroup
	for c := range callers {
		all.Go(func() {
			if err := deliver(l, edition, c+1, n, callers); err != nil {
				tb.Error(err)
			}
		})
	}
	all.Wait()
}

// DeliverPages has several callers deliver an edition as the program does: recipients are read
// by the page, and who has changed since is left out. gone, unless it is nil, reports who has
// left; nothing may begin for them. It returns how many got it.
func DeliverPages(tb testing.TB, l *ledger.Ledger, edition, callers int64, gone func(subscriber int64) bool) int {
	tb.Helper()
	recipients := make(chan ledger.Recipient, 500)
	var all sync.WaitGroup
	all.Go(func() {
		defer close(recipients)
		audience := ledger.Audience{Cadence: "weekly", Default: true}
		for after := int64(0); ; {
			page, err := l.Recipients(ctx, edition, audience, after, 500, Noon)
			if err != nil {
				tb.Error(err)
			}
			if len(page) == 0 {
				return
			}
			for _, r := range page {
				recipients <- r
				after = r.ID
			}
		}
	})
	var sent atomic.Int64
	for range callers {
		all.Go(func() {
			var done *ledger.Result
			for more := true; more; {
				var next *ledger.Intent
				var r ledger.Recipient
				if r, more = <-recipients; more {
					next = &ledger.Intent{Edition: edition, Subscriber: r.ID, After: r.Cursor, Owed: r.Owed, Through: 1, At: Noon}
				}
				left := next != nil && gone != nil && gone(r.ID)
				begun, err := l.Record(ctx, done, next)
				if err != nil {
					tb.Error(err)
				}
				if begun && left {
					tb.Errorf("begun for subscriber %d, who has left", r.ID)
				}
				if done = nil; begun {
					sent.Add(1)
					done = &ledger.Result{Edition: edition, Subscriber: r.ID, Status: ledger.Sent, Code: 250, Reply: "2.0.0 Ok: queued", At: Noon}
				}
			}
		})
	}
	all.Wait()
	return int(sent.Load())
}
