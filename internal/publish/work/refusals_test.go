//go:build postgres

package work_test

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"publisher/internal/ledger"
	"publisher/internal/ledger/engines"
	"publisher/internal/publish/delivery"
	"publisher/internal/publish/editions"
	"publisher/internal/publish/work"
	"publisher/internal/smtptest"
)

// What refusals lead to does not depend on how many processes deliver, and in which batches.
func TestRefusals(t *testing.T) {
	const gone, spam = "550 5.1.1 no such user", "554 5.7.1 you are on a list"
	for name, test := range map[string]struct {
		subscribers int
		answer      func(n int) string // to the subscriber with a number; "" accepts
		size        int                // of a batch
	}{
		"few, all of them gone":   {6, func(int) string { return gone }, 1},
		"one of two":              {2, func(n int) string { return []string{gone, ""}[n] }, 1},
		"some gone, spread":       {24, func(n int) string { return []string{gone, "", "", ""}[n%4] }, 3},
		"a list that we are on":   {18, func(int) string { return spam }, 2},
		"nobody is there anymore": {12, func(int) string { return gone }, 5},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			script := smtptest.Options{Script: func(e smtptest.Event) string {
				n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(e.Arg, "s"), "@example.com"))
				if e.Verb != "RCPT" || err != nil {
					return ""
				}
				return test.answer(n)
			}}
			alone := newFleetIn(t, "sqlite:"+filepath.Join(t.TempDir(), "publisher.db"), test.subscribers, "", script)
			alone.deliverAlone()
			f := newFleet(t, test.subscribers, "", script)
			f.leader.Size = test.size
			stop := f.workHere(3)
			f.leadOnce(time.Minute)
			stop()
			if diff := cmp.Diff(alone.outcome(), f.outcome()); diff != "" {
				t.Errorf("(-one process +several)\n%s", diff)
			}
			if t.Failed() {
				problems, err := f.leader.Batches.Problems(t.Context())
				t.Log(problems, err)
			}
		})
	}
}

// workHere has so many processes work, which are lives of this one.
func (f *fleet) workHere(processes int) (stop func()) {
	f.t.Helper()
	ctx, cancel := context.WithCancel(f.t.Context())
	var all sync.WaitGroup
	stop = sync.OnceFunc(func() {
		cancel()
		all.Wait()
	})
	f.t.Cleanup(stop)
	begun := make(chan struct{}, processes)
	for range processes {
		o := options(f.cfg, slog.New(slog.DiscardHandler))
		o.StateDir, o.Working = f.t.TempDir(), func() { begun <- struct{}{} }
		all.Go(func() {
			if err := work.Run(ctx, o); err != nil {
				f.t.Errorf("working: %v", err)
				begun <- struct{}{}
			}
		})
	}
	for range processes {
		<-begun
	}
	return stop
}

// leadOnce hands out for one pass.
func (f *fleet) leadOnce(within time.Duration) {
	f.t.Helper()
	deadline := time.After(within)
	look := time.NewTicker(50 * time.Millisecond)
	defer look.Stop()
	for busy := true; busy; {
		open, err := editions.ListOpen(f.t.Context(), f.ledger)
		f.check(err)
		busy, err = f.leader.HandOut(f.t.Context(), f.compose, open)
		f.check(err)
		select {
		case <-look.C:
		case <-deadline:
			f.t.Fatalf("not done after %v", within)
		}
	}
	f.check(f.leader.Settle(f.t.Context()))
}

// deliverAlone delivers as one process does.
func (f *fleet) deliverAlone() {
	f.t.Helper()
	o := delivery.Options{Config: f.cfg, Ledger: f.ledger, Log: slog.New(slog.DiscardHandler), Now: time.Now, Progress: func(delivery.Progress) {}}
	q, err := delivery.NewQueue(f.t.Context(), o, f.compose, f.closed)
	f.check(err)
	sender, err := delivery.NewSender(f.cfg, nil)
	f.check(err)
	defer sender.Close()
	f.check(sender.Session(f.t.Context(), o, func(ctx context.Context) error { return sender.Deliver(ctx, q) }))
	q.Stop()
	_, err = q.Finish(f.t.Context())
	f.check(err)
}

// outcome returns what became of the edition and its recipients, without how many were tried before
// the edition was stopped.
func (f *fleet) outcome() (all []string) {
	f.t.Helper()
	e, err := f.ledger.Edition(f.t.Context(), f.closed[0].Number)
	f.check(err)
	days, err := f.ledger.StoppedDays(f.t.Context(), e.Number)
	f.check(err)
	stopped := len(days) > 0
	active, err := f.ledger.CountSubscribers(f.t.Context(), ledger.Active)
	f.check(err)
	all = append(all, fmt.Sprintf("done %v, stopped on %d days, %d active", !e.Done.IsZero(), len(days), active))
	for d, err := range f.ledger.Deliveries(f.t.Context(), e.Number, "") {
		f.check(err)
		s, err := f.ledger.SubscriberByID(f.t.Context(), d.Subscriber)
		f.check(err)
		if stopped && d.Status == ledger.Deferred {
			continue // as those who were not tried
		}
		all = append(all, fmt.Sprintf("%s: %s %d, %s", s.Email, d.Status, d.Code, s.Status))
	}
	if slices.Sort(all[1:]); stopped && e.Deferred == 0 {
		all = append(all, "nobody is tried again")
	}
	return all
}

// openIn opens a ledger for a pass.
func (f *fleet) openIn(dsn string) {
	f.t.Helper()
	lock, err := engines.TakeLock(f.t.Context(), engines.Place{DSN: dsn, StateDir: f.cfg.Path(f.cfg.State.Dir)}, "publisher serve", time.Now())
	f.check(err)
	f.t.Cleanup(func() { lock.Release() })
	l, batches, err := engines.OpenShared(f.t.Context(), lock)
	f.check(err)
	f.t.Cleanup(func() { l.Close() })
	f.ledger = l
	f.leader = &work.Leader{Config: f.cfg, Ledger: l, Batches: batches, Log: slog.New(slog.DiscardHandler), Now: time.Now}
}
