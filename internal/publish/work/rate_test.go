//go:build postgres

package work_test

import (
	"os"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"publisher/internal/ledger/postgres"
	"publisher/internal/publish/catalog"
	"publisher/internal/publish/delivery"
	"publisher/internal/smtptest"

	"github.com/jackc/pgx/v5/pgxpool"
)

// record is when a mail server got each message.
type record struct {
	mu    sync.Mutex
	times []time.Time
}

// sink returns a mail server's options with which it keeps the record.
func (r *record) sink() smtptest.Options {
	return smtptest.Options{Delay: 20 * time.Millisecond, Script: func(e smtptest.Event) string {
		if e.Verb == "DOT" {
			r.mu.Lock()
			r.times = append(r.times, time.Now())
			r.mu.Unlock()
		}
		return ""
	}}
}

// fullest returns the most messages in any window of that length.
func (r *record) fullest(span time.Duration) (most int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	slices.SortFunc(r.times, time.Time.Compare)
	first := 0
	for i, t := range r.times {
		for ; t.Sub(r.times[first]) >= span; first++ {
		}
		most = max(most, i-first+1)
	}
	return most
}

func (r *record) len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.times)
}

// limited is a fleet under a rate, whose database's clock the test can set forward for the rate alone.
type limited struct {
	*fleet
	*record
	db *pgxpool.Pool
}

// newLimited hands out an edition in batches so small that every process has some.
func newLimited(t *testing.T, subscribers, batch int, rate string) *limited {
	t.Helper()
	r := new(record)
	l := &limited{fleet: newFleet(t, subscribers, ", rate: \""+rate+"\"", r.sink()), record: r}
	var err error
	l.db, err = pgxpool.New(t.Context(), l.dsn)
	l.check(err)
	t.Cleanup(l.db.Close)
	l.exec("CREATE TABLE shift AS SELECT 0::BIGINT AS seconds")
	l.exec(`CREATE OR REPLACE FUNCTION place_now() RETURNS BIGINT LANGUAGE sql VOLATILE AS
		'SELECT ((EXTRACT(EPOCH FROM clock_timestamp()) + seconds) * 1000000)::BIGINT FROM shift'`)
	e := &l.closed[0]
	l.check(delivery.Prepare(t.Context(), l.compose, e))
	last, err := l.ledger.Ranges(t.Context(), e.Number, catalog.Audience(l.cfg, e.Cadence, e.Language), 0, batch, subscribers, time.Now())
	l.check(err)
	all := make([]postgres.Batch, len(last))
	for i, upto := range last {
		all[i] = postgres.Batch{Edition: e.Number, Kind: postgres.BatchRange, Upto: upto, Round: 1}
		if i > 0 {
			all[i].After = last[i-1]
		}
	}
	l.check(l.leader.Batches.Add(t.Context(), all))
	return l
}

func (l *limited) exec(statement string, args ...any) {
	l.t.Helper()
	_, err := l.db.Exec(l.t.Context(), statement, args...)
	l.check(err)
}

// number returns a number from the ledger.
func (l *limited) number(query string) (n int) {
	l.t.Helper()
	l.check(l.db.QueryRow(l.t.Context(), query).Scan(&n))
	return n
}

// until waits until a query gives a number.
func (l *limited) until(query string, want int) {
	l.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		n := l.number(query)
		if n == want {
			return
		}
		if time.Now().After(deadline) {
			l.t.Fatalf("%s: %d after a minute, want %d", query, n, want)
		}
	}
}

const (
	placesHeld  = "SELECT COALESCE(SUM(count), 0) FROM place WHERE ended_at IS NULL"
	placesTaken = "SELECT COALESCE(SUM(count), 0) FROM place"
	workersLive = "SELECT COUNT(*) FROM worker WHERE NOT dead"
)

// Four processes send under one rate, and two of them are killed. No window of what the mail server got
// has more than the rate allows, and little of the rate is lost. PUBLISHER_RATE_MAILS is how many mails
// go out; from 600 on the minute matters, too.
func TestRateOfSeveralProcesses(t *testing.T) {
	t.Parallel()
	subscribers, err := strconv.Atoi(os.Getenv("PUBLISHER_RATE_MAILS"))
	if err != nil {
		subscribers = 400
	}
	l := newLimited(t, subscribers, 10, "50/s, 600/m")
	var all []*process
	for range 4 {
		all = append(all, l.start())
	}
	l.during(time.Minute+time.Duration(subscribers)*time.Second/5, func() {
		l.waitFor(100)
		all[0].kill()
		l.waitFor(150)
		all[1].kill()
	})
	l.account(subscribers)
	for span, most := range map[time.Duration]int{time.Second: 50, time.Minute: 600} {
		n := l.fullest(span)
		t.Logf("%d mails in the fullest %v", n, span)
		if n > most {
			t.Errorf("%d mails in %v, allowed are %d", n, span, most)
		}
	}
	for _, p := range all[2:] {
		p.signal(t, syscall.SIGTERM)
		p.Wait()
	}
	// Each of the dead had at most two blocks of two places, and a message on each connection; in what
	// it sent last nothing was reported either.
	taken, got := l.number(placesTaken), l.len()
	t.Logf("%d places were used for %d mails", taken, got)
	if lost := taken - got; lost > 2*(2*2+2*connections) || lost < 0 {
		t.Errorf("%d places were used for %d mails", taken, got)
	}
	if n := l.number(placesHeld); n != 0 {
		t.Errorf("%d places are held by nobody", n)
	}
}

// Of a rate by the hour each place is taken by itself, whoever asks first.
func TestRateBelowOneAMinute(t *testing.T) {
	t.Parallel()
	const subscribers = 8
	l := newLimited(t, subscribers, 2, "3/h")
	for range 2 {
		l.start()
	}
	l.during(time.Minute, func() {
		for hour := range 2 {
			l.waitFor(3 * (hour + 1))
			l.until(placesHeld, 0)
			if n := l.len(); n != 3*(hour+1) {
				t.Errorf("%d mails after %d hours", n, hour)
			}
			l.exec("UPDATE shift SET seconds = seconds + 3600")
		}
	})
	l.account(subscribers)
	if n := l.number(placesTaken); n != subscribers {
		t.Errorf("%d places were used for %d mails", n, subscribers)
	}
}

// A process is stopped while it holds places, and wakes after it was declared dead: it sends nothing with
// them, and they are free an hour after that.
func TestRateOfAStoppedProcess(t *testing.T) {
	t.Parallel()
	const subscribers, mostAnHour = 100, 57 // three are for notices
	l := newLimited(t, subscribers, 5, "60/h")
	zombie := l.start()
	l.during(2*time.Minute, func() {
		l.waitFor(10)
		zombie.signal(t, syscall.SIGSTOP)
		l.start()
		l.until(workersLive, 1) // the other one is sure that the first is dead
		l.until("SELECT COUNT(*) FROM place WHERE ended_at IS NULL AND worker = 1", 0)
		zombie.signal(t, syscall.SIGCONT)
		l.until(workersLive, 2) // it begins another life
		l.until(placesHeld, 0)
		if n := l.len(); n > mostAnHour || n < mostAnHour-3*3-2*connections {
			t.Errorf("%d mails in the first hour, about %d would be right", n, mostAnHour)
		}
		first := l.len()
		l.exec("UPDATE shift SET seconds = seconds + 3600")
		l.waitFor(min(subscribers, first+mostAnHour))
	})
	l.account(subscribers)
	if n := l.len(); n < subscribers || n > subscribers+connections {
		t.Errorf("%d mails", n)
	}
}
