//go:build postgres

package service_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"publisher/internal/ledger"
	"publisher/internal/ledger/engines"
	"publisher/internal/postgrestest"
)

// Three machines, of which another one leads each week, publish the editions that one machine does, through
// both changes of the clocks.
func TestAYearOnPostgreSQL(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	start, end := time.Date(2026, 3, 23, 0, 0, 0, 0, zone), time.Date(2026, 4, 2, 0, 0, 0, 0, zone)
	if days := fromEnvironment(t, "PUBLISHER_SIMULATED_DAYS", 0); days > 0 {
		start = time.Date(2026, 1, 1, 0, 0, 0, 0, zone)
		end = start.AddDate(0, 0, int(days))
	}
	one := newYear(t, "sqlite:"+filepath.Join(t.TempDir(), "publisher.db"), 1, start, end)
	several := newYear(t, postgrestest.New(t), 3, start, end)
	several.moveLeader(start, end)
	one.run(end)
	several.run(end)
	for _, address := range one.readers {
		got := several.received(address)
		if len(got) == 0 {
			t.Errorf("%s got nothing", address)
		}
		if diff := cmp.Diff(one.received(address), got); diff != "" {
			t.Errorf("%s (-one machine +several):\n%s", address, diff)
		}
	}
	all := several.editions()
	if diff := cmp.Diff(one.editions(), all); diff != "" {
		t.Errorf("editions (-one machine +several):\n%s", diff)
	}
	t.Logf("%d editions, the lead moved %d times", len(all), several.moves)
}

// year is a long time in which posts appear at odd hours.
type year struct {
	*simulation
	readers []string
	moves   int
}

func newYear(t *testing.T, at string, machines int, start, end time.Time) *year {
	s := newSimulation(t, at, `digest: {settle: 10m, default: daily, cadences: {daily: "30 2 * * *", weekly: "0 8 * * MON", monthly: "0 9 1 * *"}}
`, start.Location(), start)
	for range machines {
		s.addMachine()
	}
	y := &year{simulation: s}
	for i, cadence := range []string{"daily", "weekly", "monthly", "daily", "weekly", "monthly"} {
		address := fmt.Sprintf("reader%d@example.com", i)
		y.readers = append(y.readers, address)
		s.plan(happening{start.Add(time.Duration(i+1) * time.Hour), func() { s.subscribe(address, cadence) }})
	}
	n := 0
	for at := start.Add(12 * time.Hour); at.Before(end.AddDate(0, 0, -1)); at = at.Add(27*time.Hour + 17*time.Minute) {
		title := fmt.Sprintf("P%03d", n)
		n++
		s.plan(happening{at, func() { s.write(title, at, "Words.") }})
	}
	return y
}

// moveLeader has whoever leads stop each week, and start again. One week later it may lead again.
func (y *year) moveLeader(start, end time.Time) {
	for at := start.Add(5*24*time.Hour + 7*time.Minute); at.Before(end); at = at.AddDate(0, 0, 7) {
		y.plan(happening{at, func() {
			y.stop(y.led)
			y.start(y.led)
			y.moves++
		}})
	}
}

// stop has a machine's daemon end, as an operator does.
func (s *simulation) stop(m *machine) {
	s.t.Helper()
	s.check(m.cmd.Process.Signal(syscall.SIGTERM))
	<-m.ended
	if err := m.cmd.Wait(); err != nil {
		s.t.Fatalf("%s: stopping: %v\n%s", s.now, err, strings.Join(m.log, "\n"))
	}
}

// editions returns all editions, without what differs by the ledger.
func (y *year) editions() []ledger.Edition {
	y.t.Helper()
	l, err := engines.Open(y.t.Context(), engines.Place{DSN: y.ledger, StateDir: y.t.TempDir()})
	y.check(err)
	defer l.Close()
	all, err := l.Editions(y.t.Context())
	y.check(err)
	for i := range all {
		all[i].Closed, all[i].Done, all[i].Bundle = all[i].Closed.UTC(), all[i].Done.UTC(), nil
	}
	return all
}
