//go:build postgres

package postgres_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/imports"
	"publisher/internal/ledger/ledgertest"
	"publisher/internal/postgrestest"

	"github.com/jackc/pgx/v5"
)

// Everything that Record reported as stored is there after kill -9, and at most one delivery per
// caller is uncertain.
func TestKilledWhileRecording(t *testing.T) {
	const subscribers = 5_000
	dsn := empty(t)
	l := openAt(t, dsn, t.TempDir())
	edition := addMany(t, l, subscribers)

	c := startChild(t, "record for ever", dsn)
	said := c.KillAfter(t, 400)

	sent, open := ended(t, l, edition)
	for _, id := range said {
		if !slices.Contains(sent, id) {
			t.Errorf("subscriber %d was said to be stored, and is not", id)
		}
	}
	if len(open) > recorders {
		t.Errorf("%d deliveries uncertain, want one per caller at most", len(open))
	}
	for s, err := range l.Subscribers(ctx) {
		must(t, err)
		if (s.Cursor == 1) != slices.Contains(sent, s.ID) {
			t.Fatalf("subscriber %d has cursor %d", s.ID, s.Cursor)
		}
	}
}

// ended returns the subscribers to whom an edition was sent, and those whose delivery was left in
// Sending.
func ended(t *testing.T, l *ledger.Ledger, edition int64) (sent, open []int64) {
	t.Helper()
	for d, err := range l.Deliveries(ctx, edition, ledger.Sent) {
		must(t, err)
		sent = append(sent, d.Subscriber)
	}
	left, err := l.Interrupted(ctx)
	must(t, err)
	for _, d := range left {
		open = append(open, d.Subscriber)
	}
	return sent, open
}

// An import is stored completely or not at all.
func TestKilledWhileImporting(t *testing.T) {
	dsn := empty(t)
	l := openAt(t, dsn, t.TempDir())
	add(t, l, imports.Row{Email: "ann@example.com"})

	c := startChild(t, "import for ever", dsn)
	c.Line(t)
	must(t, c.Process.Kill())
	want := 1
	if c.Lines.Scan() { // it was done before the kill came
		want += 30_000
	}
	c.Wait()

	add(t, l, imports.Row{Email: "ben@example.com"}) // which waits until the server has noticed
	n := 0
	for _, err := range l.Subscribers(ctx) {
		must(t, err)
		n++
	}
	if n != want+1 {
		t.Errorf("%d subscribers, want %d", n, want+1)
	}
}

// stubborn are callers who go on delivering an edition whatever happens to the database.
type stubborn struct {
	mu       sync.Mutex
	accepted []int64 // by the mail server
	failed   int     // intents
}

// deliver delivers the edition to subscribers 1 to n, once stop is closed no further.
func (s *stubborn) deliver(l *ledger.Ledger, edition, n int64, stop <-chan struct{}) {
	var all sync.WaitGroup
	for first := range int64(recorders) {
		all.Go(func() {
			for id := first + 1; id <= n; id += recorders {
				select {
				case <-stop:
					return
				default:
				}
				begun, err := l.Record(ctx, nil, &ledger.Intent{Edition: edition, Subscriber: id, Through: 1, At: noon})
				s.mu.Lock()
				if err != nil {
					s.failed++
				}
				if begun {
					s.accepted = append(s.accepted, id)
				}
				s.mu.Unlock()
				if !begun {
					continue
				}
				// If that is not stored, it is spooled.
				l.Record(ctx, &ledger.Result{Edition: edition, Subscriber: id, Status: ledger.Sent, Code: 250, At: noon}, nil)
			}
		})
	}
	all.Wait()
}

// check checks that what a mail server accepted is known, once the spooled results are recorded, and
// that nothing but intents that failed is uncertain.
func (s *stubborn) check(t *testing.T, l *ledger.Ledger, edition int64, crashes int) {
	t.Helper()
	_, aside, err := l.RecordSpooled(ctx)
	must(t, err)
	if aside != "" {
		t.Errorf("results were set aside in %s", aside)
	}
	sent, open := ended(t, l, edition)
	slices.Sort(s.accepted)
	if !slices.Equal(sent, s.accepted) {
		t.Errorf("%d are recorded as sent, and %d were", len(sent), len(s.accepted))
	}
	if len(open) > crashes*recorders || len(open) > s.failed {
		t.Errorf("%d deliveries uncertain after %d crashes, and %d intents failed", len(open), crashes, s.failed)
	}
	if len(s.accepted) == 0 || s.failed == 0 {
		t.Errorf("%d sent, %d intents failed: nothing was disturbed", len(s.accepted), s.failed)
	}
}

// Nothing that was sent is forgotten when the server crashes, and the ledger goes on by itself once it
// is there again.
func TestServerCrashesWhileRecording(t *testing.T) {
	server := postgrestest.Start(t)
	l := openAt(t, server.Database(t), t.TempDir())
	edition := addMany(t, l, 100_000)
	var s stubborn
	stop := make(chan struct{})
	var delivering sync.WaitGroup
	delivering.Go(func() { s.deliver(l, edition, 100_000, stop) })
	waitForSent(t, l, edition, 100)
	const crashes = 2
	for range crashes {
		server.Restart(t)
		waitForSent(t, l, edition, 200)
	}
	close(stop)
	delivering.Wait()
	s.check(t, l, edition, crashes)
}

// waitForSent waits until so many more are sent.
func waitForSent(t *testing.T, l *ledger.Ledger, edition int64, more int) {
	t.Helper()
	first := -1
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		e, err := l.Edition(ctx, edition)
		if err != nil {
			continue // the server is away
		}
		if first < 0 {
			first = e.Sent
		}
		if e.Sent >= first+more {
			return
		}
	}
	t.Fatal("nothing is sent any more")
}

// The same when the server ends the connections one by one.
func TestConnectionsEndWhileRecording(t *testing.T) {
	dsn := empty(t)
	l := openAt(t, dsn, t.TempDir())
	edition := addMany(t, l, 100_000)
	conn, err := pgx.Connect(ctx, dsn)
	must(t, err)
	defer conn.Close(ctx)
	var s stubborn
	stop := make(chan struct{})
	var delivering sync.WaitGroup
	delivering.Go(func() { s.deliver(l, edition, 100_000, stop) })
	const crashes = 5
	for range crashes {
		waitForSent(t, l, edition, 50)
		_, err := conn.Exec(ctx, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
		must(t, err)
	}
	waitForSent(t, l, edition, 50)
	close(stop)
	delivering.Wait()
	s.check(t, l, edition, crashes)
}

// Whoever leaves on one machine gets nothing from another.
func TestLeavingOnAnotherMachine(t *testing.T) {
	dsn := empty(t)
	ledgertest.LeaveWhileSending(t, openAt(t, dsn, t.TempDir()), openAt(t, dsn, t.TempDir()))
}

// Two machines that deliver the same edition to the same recipients send each only once.
func TestTwoMachinesDeliver(t *testing.T) {
	const subscribers = 2_000
	dsn := empty(t)
	machines := []*ledger.Ledger{openAt(t, dsn, t.TempDir()), openAt(t, dsn, t.TempDir())}
	edition := addMany(t, machines[0], subscribers)
	sent := make([]int, len(machines))
	var all sync.WaitGroup
	for i, l := range machines {
		all.Go(func() { sent[i] = ledgertest.DeliverPages(t, l, edition, recorders, nil) })
	}
	all.Wait()
	if sent[0]+sent[1] != subscribers {
		t.Errorf("%d sent, want %d", sent, subscribers)
	}
	e, err := machines[1].Edition(ctx, edition)
	must(t, err)
	if e.Sent != subscribers {
		t.Errorf("%d are recorded as sent, want %d", e.Sent, subscribers)
	}
}
