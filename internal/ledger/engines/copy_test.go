//go:build postgres

package engines_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"publisher/internal/ledger"
	"publisher/internal/ledger/engines"
	"publisher/internal/ledger/erasure"
	"publisher/internal/ledger/imports"
	"publisher/internal/ledger/ledgertest"
	"publisher/internal/ledger/places"
	"publisher/internal/ledger/postgres"
	"publisher/internal/postgrestest"
)

var (
	ctx  = context.Background()
	noon = ledgertest.Noon
	must = ledgertest.Must
)

func sqlitePlace(t *testing.T) engines.Place {
	return engines.Place{DSN: "sqlite:" + filepath.Join(t.TempDir(), "publisher.db")}
}

func postgresPlace(t *testing.T) engines.Place {
	return engines.Place{DSN: postgrestest.New(t), StateDir: t.TempDir()}
}

// with opens a ledger for a moment.
func with(t *testing.T, at engines.Place, do func(*ledger.Ledger)) {
	t.Helper()
	l, err := engines.Open(ctx, at)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	do(l)
}

// fill makes a ledger with some of everything that is easily made, and gaps in its ids.
func fill(t *testing.T, at engines.Place, subscribers int) {
	with(t, at, func(l *ledger.Ledger) {
		ledgertest.AddMany(t, l, subscribers)
		ledgertest.Number(t, l, 2)
		must(t, l.SavePosts(ctx, []ledger.Post{{ID: "é \"x\"", Title: "'\\\t\U0001F600", BodyHash: []byte{0, 255}, FirstSeen: noon}}))
		edition := ledgertest.CloseEdition(t, l, "weekly", 0, 2)
		for id := int64(1); id <= int64(min(subscribers, 5)); id++ {
			if begun, err := l.Record(ctx, nil, &ledger.Intent{Edition: edition, Subscriber: id, Through: 2, At: noon}); err != nil || !begun {
				t.Fatalf("%v, %v", begun, err)
			}
			if id > 1 {
				_, err := l.Record(ctx, &ledger.Result{Edition: edition, Subscriber: id, Status: ledger.Sent, Code: 250, Reply: "ok", At: noon}, nil)
				must(t, err)
			}
		}
		must(t, l.AdvanceCloneMark(ctx))
	})
}

// state is what a ledger says of itself.
func state(t *testing.T, at engines.Place) (all []any) {
	t.Helper()
	with(t, at, func(l *ledger.Ledger) {
		posts, err := l.Posts(ctx)
		must(t, err)
		editions, err := l.Editions(ctx)
		must(t, err)
		all = append(all, posts, editions)
		for s, err := range l.Subscribers(ctx) {
			must(t, err)
			deliveries, err := l.DeliveriesTo(ctx, s.ID)
			must(t, err)
			all = append(all, s, deliveries)
		}
	})
	return all
}

func copyLedger(from, to engines.Place) (engines.Copied, error) {
	return engines.Copy(ctx, from, to, "publisher ledger copy", noon)
}

func TestCopyThereAndBack(t *testing.T) {
	first, second, third := sqlitePlace(t), postgresPlace(t), sqlitePlace(t)
	fill(t, first, 7)
	want := state(t, first)
	for _, step := range [][2]engines.Place{{first, second}, {second, third}} {
		copied, err := copyLedger(step[0], step[1])
		if err != nil {
			t.Fatal(err)
		}
		for _, table := range copied.Tables {
			if table.Table == "delivery" && table.Rows != 5 || table.Table == "subscriber" && table.Rows != 7 {
				t.Errorf("%v", table)
			}
		}
		if diff := cmp.Diff(want, state(t, step[1])); diff != "" {
			t.Errorf("%s (-want +got)\n%s", step[1].DSN, diff)
		}
		var clone *ledger.CloneError
		with(t, step[0], func(l *ledger.Ledger) {
			if err := l.CheckCloneMark(ctx); !errors.As(err, &clone) || !strings.Contains(err.Error(), "moved to") {
				t.Errorf("the ledger that was moved: %v", err)
			}
		})
		with(t, step[1], func(l *ledger.Ledger) { must(t, l.AdvanceCloneMark(ctx)) })
	}
}

// Ids of rows that are gone are not given again, however often a ledger moves.
func TestCopyKeepsIDs(t *testing.T) {
	first, second, third := sqlitePlace(t), postgresPlace(t), sqlitePlace(t)
	fill(t, first, 3)
	for i, step := range [][2]engines.Place{{first, second}, {second, third}} {
		with(t, step[0], func(l *ledger.Ledger) { forgetNewest(t, l) })
		if _, err := copyLedger(step[0], step[1]); err != nil {
			t.Fatal(err)
		}
		with(t, step[1], func(l *ledger.Ledger) {
			if id := addOne(t, l, fmt.Sprintf("next%d@example.com", i)); id != int64(4+i) {
				t.Errorf("the next subscriber has id %d, want %d", id, 4+i)
			}
		})
	}
}

// forgetNewest erases the subscriber with the highest id.
// What was sent before counts for mail.smtp.rate where the ledger is now.
func TestCopyKeepsTheRate(t *testing.T) {
	from, to := sqlitePlace(t), postgresPlace(t)
	fill(t, from, 10)
	with(t, from, func(l *ledger.Ledger) { must(t, l.LogSends(ctx, time.Now(), 7)) })
	_, err := copyLedger(from, to)
	must(t, err)
	w, err := postgres.BeginWork(ctx, to.DSN, postgres.Options{StateDir: to.StateDir}, "publisher work", "test", postgres.Life{})
	must(t, err)
	defer w.Close()
	g, err := w.Places([]places.Rate{{Count: 10, Per: 24 * time.Hour}}).Trade(ctx, places.Trade{Want: 10})
	if err != nil || g.Taken != 3 {
		t.Errorf("%+v, %v; 7 of 10 were used", g, err)
	}
}

func forgetNewest(t *testing.T, l *ledger.Ledger) {
	t.Helper()
	var newest ledger.Subscriber
	for s, err := range l.Subscribers(ctx) {
		must(t, err)
		if s.ID > newest.ID {
			newest = s
		}
	}
	_, err := erasure.Erase(ctx, l, []string{newest.Email}, noon)
	must(t, err)
}

func addOne(t *testing.T, l *ledger.Ledger, email string) int64 {
	t.Helper()
	ledgertest.Add(t, l, imports.Row{Email: email})
	return ledgertest.Subscriber(t, l, email).ID
}

// What does not arrive as it is leaves both ledgers as they were.
func TestCopyRefuses(t *testing.T) {
	from, full := sqlitePlace(t), postgresPlace(t)
	fill(t, from, 2)
	fill(t, full, 1)
	want := state(t, full)
	if _, err := copyLedger(from, full); err == nil || !strings.Contains(err.Error(), "it is not empty") {
		t.Errorf("onto a ledger: %v", err)
	}
	if diff := cmp.Diff(want, state(t, full)); diff != "" {
		t.Errorf("changed (-want +got)\n%s", diff)
	}
	with(t, from, func(l *ledger.Ledger) { must(t, l.CheckCloneMark(ctx)) })

	// Text that PostgreSQL cannot store.
	with(t, from, func(l *ledger.Ledger) { must(t, l.SavePosts(ctx, []ledger.Post{{ID: "nul", Title: "a\x00b"}})) })
	to := postgresPlace(t)
	if _, err := copyLedger(from, to); err == nil || !strings.Contains(err.Error(), "table post: ") {
		t.Errorf("a null byte: %v", err)
	}
	with(t, from, func(l *ledger.Ledger) { must(t, l.CheckCloneMark(ctx)) })
	with(t, to, func(l *ledger.Ledger) {
		if posts, err := l.Posts(ctx); err != nil || len(posts) != 0 {
			t.Errorf("%d posts arrived, %v", len(posts), err)
		}
	})
}

// A pass on either side keeps the copy out.
func TestCopyNeedsBothLocks(t *testing.T) {
	from, to := sqlitePlace(t), postgresPlace(t)
	fill(t, from, 1)
	for _, at := range []engines.Place{from, to} {
		lock, err := engines.TakeLock(ctx, at, "publisher run", time.Now())
		if err != nil {
			t.Fatal(err)
		}
		var locked *ledger.LockedError
		if _, err := copyLedger(from, to); !errors.As(err, &locked) {
			t.Errorf("beside a pass: %v", err)
		}
		must(t, lock.Release())
	}
	if _, err := copyLedger(from, to); err != nil {
		t.Error(err)
	}
}

// What was interrupted, at whatever moment, sends from at most one of the two, and is begun anew.
func TestCopyInterrupted(t *testing.T) {
	for name, places := range map[string]func(t *testing.T) (from, to engines.Place){
		"to PostgreSQL": func(t *testing.T) (from, to engines.Place) { return sqlitePlace(t), postgresPlace(t) },
		"to SQLite":     func(t *testing.T) (from, to engines.Place) { return postgresPlace(t), sqlitePlace(t) },
	} {
		t.Run(name, func(t *testing.T) {
			from, to := places(t)
			fill(t, from, 3)
			want := state(t, from)
			for _, at := range []string{"filled", "moved"} {
				if err := engines.CopyUntil(ctx, from, to, at); err == nil {
					t.Fatal("not interrupted")
				}
				if fine := mayBeSentFrom(t, from) + mayBeSentFrom(t, to); fine > 1 || mayBeSentFrom(t, to) != 0 {
					t.Errorf("%s: mail may be sent from %d of both", at, fine)
				}
			}
			if _, err := copyLedger(from, to); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, state(t, to)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if mayBeSentFrom(t, from) != 0 || mayBeSentFrom(t, to) != 1 {
				t.Error("mail is not sent from the new one alone")
			}
		})
	}
}

func mayBeSentFrom(t *testing.T, at engines.Place) (n int) {
	t.Helper()
	with(t, at, func(l *ledger.Ledger) {
		if l.CheckCloneMark(ctx) == nil {
			n = 1
		}
	})
	return n
}

// At least 20,000 rows a second go each way.
func BenchmarkCopy(b *testing.B) {
	const subscribers = 200_000
	place := func() engines.Place {
		return engines.Place{DSN: "sqlite:" + filepath.Join(b.TempDir(), "publisher.db")}
	}
	for b.Loop() {
		b.StopTimer()
		first, second, third := place(), engines.Place{DSN: postgrestest.New(b), StateDir: b.TempDir()}, place()
		l, err := engines.Open(ctx, first)
		if err != nil {
			b.Fatal(err)
		}
		ledgertest.AddMany(b, l, subscribers)
		if err := l.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		for i, step := range [][2]engines.Place{{first, second}, {second, third}} {
			began := time.Now()
			copied, err := copyLedger(step[0], step[1])
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(copied.Rows)/time.Since(began).Seconds(), []string{"rows-there/s", "rows-back/s"}[i])
		}
	}
}
