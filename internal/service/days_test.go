package service_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"publisher/internal/ledger"
	"publisher/internal/ledger/engines"
	"publisher/internal/racedetector"
)

// days is a time in which somebody posts and edits, and people sign up and leave, while machines crash.
type days struct {
	*simulation
	hours   int
	crashes int          // at most
	used    map[int]bool // seconds at which something happens
	people  []*reader
	posts   []*article
	crashed int
}

// reader is somebody who signs up, and perhaps leaves.
type reader struct {
	address, cadence string
	from, left       time.Time // left: zero for never
}

// article is a post.
type article struct {
	title        string
	written, due time.Time // due: when its file has settled
}

const (
	settle = 10 * time.Minute
	// perHour is how many posts and how many people there are in an hour.
	perHour = 1
)

// simulatedHours is how many hours pass: 72 in `make torture`, or else a short time.
func simulatedHours(t *testing.T, short uint64) int {
	t.Helper()
	return int(fromEnvironment(t, "PUBLISHER_SIMULATED_HOURS", short))
}

// In the days around a change of the clocks, one machine crashes again and again. Everybody gets every post
// that is due, once, or the ledger says of a second time that the first one was uncertain.
func TestDaysWithCrashes(t *testing.T) {
	hours := simulatedHours(t, 16)
	if racedetector.Enabled {
		hours /= 4
	}
	simulateDays(t, "sqlite:"+filepath.Join(t.TempDir(), "publisher.db"), 1, hours)
}

func simulateDays(t *testing.T, at string, machines, hours int) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	start := time.Date(2026, 3, 28, 18, 0, 0, 0, zone) // eight hours before the clocks change
	s := newSimulation(t, at, `digest: {settle: 10m, max_posts: 100, default: immediate, cadences: {immediate: "", hourly: "7 * * * *", daily: "30 2 * * *"}}
`, zone, start)
	d := &days{simulation: s, hours: hours, crashes: max(2, hours/3), used: map[int]bool{}}
	for range machines {
		s.addMachine()
	}
	s.afterMove = d.crash
	for i := range hours * perHour {
		d.planReader(i)
		d.planPost(i)
	}
	end := start.Add(time.Duration(hours)*time.Hour + 25*time.Hour) // the last daily digest is out
	s.run(end)
	if d.crashed == 0 {
		t.Error("no machine crashed")
	}
	d.judge(d.expect(start, end))
}

// sometime returns a time from after a moment on, at a second of its own.
func (d *days) sometime(after time.Duration) time.Time {
	for {
		second := int(after.Seconds()) + d.rng.IntN(d.hours*3600-int(after.Seconds()))
		if !d.used[second] {
			d.used[second] = true
			return d.now.Add(time.Duration(second) * time.Second)
		}
	}
}

func (d *days) planReader(i int) {
	r := &reader{address: fmt.Sprintf("reader%d@example.com", i), cadence: []string{"immediate", "hourly", "daily"}[i%3]}
	start := d.now
	r.from = d.sometime(0)
	d.people = append(d.people, r)
	d.plan(happening{r.from, func() { d.subscribe(r.address, r.cadence) }})
	if after := r.from.Sub(start) + 10*time.Minute; i%4 == 3 && after < time.Duration(d.hours-1)*time.Hour {
		r.left = d.sometime(after)
		d.plan(happening{r.left, func() { d.leave(r.address) }})
	}
}

// planPost plans a post that is written once, once more before it has settled, or once more long after.
func (d *days) planPost(i int) {
	p := &article{title: fmt.Sprintf("P%03d", i)}
	published := d.sometime(0)
	write := func(text string) func() { return func() { d.write(p.title, published, text) } }
	d.plan(happening{published, write("First.")})
	p.written, p.due = published, published.Add(settle)
	switch i % 3 {
	case 1:
		edited := published.Add(settle / 2)
		d.plan(happening{edited, write("Second.")})
		p.due = edited.Add(settle)
	case 2:
		d.plan(happening{published.Add(5 * time.Hour), write("Much later.")})
	}
	d.posts = append(d.posts, p)
}

// crash kills a machine now and then, a moment after the clocks moved, and starts it again.
func (d *days) crash() {
	if d.crashed == d.crashes || d.rng.IntN(d.hours*6) > d.crashes {
		return
	}
	d.crashed++
	<-time.After(time.Duration(d.rng.IntN(150)) * time.Millisecond)
	m := d.machines[d.rng.IntN(len(d.machines))]
	d.kill(m)
	d.start(m)
}

// changes is when the clocks change, which is when what would be between two and three in that night is due.
func (d *days) changes() time.Time { return time.Date(2026, 3, 29, 3, 0, 0, 0, d.zone) }

// fires reports whether a cadence's time has come.
func (d *days) fires(cadence string, t time.Time) bool {
	switch cadence {
	case "hourly":
		return t.Minute() == 7 && t.Second() == 0 || t.Equal(d.changes())
	case "daily":
		return t.Format(time.TimeOnly) == "02:30:00" || t.Equal(d.changes())
	}
	return true
}

// expect returns the digests that everybody is to get, by address.
func (d *days) expect(start, end time.Time) map[string][]string {
	all := map[string][]string{}
	through := map[string]time.Time{} // what is due later was not mailed yet
	pending := map[string]bool{}
	for t := start; t.Before(end); t = t.Add(time.Second) {
		settling := slices.ContainsFunc(d.posts, func(p *article) bool { return !t.Before(p.written) && t.Before(p.due) })
		for _, cadence := range []string{"immediate", "hourly", "daily"} {
			if pending[cadence] = pending[cadence] || d.fires(cadence, t); !pending[cadence] {
				continue
			}
			closed := false
			for _, r := range d.people {
				if r.cadence != cadence || t.Before(r.from) || !r.left.IsZero() && !t.Before(r.left) {
					continue
				}
				var titles []string
				for _, p := range d.posts {
					if !p.due.Before(r.from) && p.due.After(through[r.address]) && !p.due.After(t) {
						titles = append(titles, p.title)
					}
				}
				if through[r.address] = t; titles != nil {
					closed = true
					all[r.address] = append(all[r.address], line(t, titles))
				}
			}
			// The digest that a post has just missed waits for it.
			pending[cadence] = !closed && settling
		}
	}
	return all
}

// judge compares what everybody got with what was due.
func (d *days) judge(expected map[string][]string) {
	d.t.Helper()
	l, err := engines.Open(d.t.Context(), engines.Place{DSN: d.ledger, StateDir: d.t.TempDir()})
	d.check(err)
	defer l.Close()
	mails, doubles := 0, 0
	for _, r := range d.people {
		got := d.received(r.address)
		mails += len(got)
		once := slices.Compact(slices.Clone(got))
		if diff := cmp.Diff(expected[r.address], once); diff != "" {
			d.t.Errorf("%s (%s, from %s to %s) (-want +got):\n%s", r.address, r.cadence, r.from, r.left, diff)
		}
		doubles += len(got) - len(once)
		if again := resent(d, l, r.address); len(got)-len(once) > again {
			d.t.Errorf("%s got %q, and by the ledger %d were sent again", r.address, got, again)
		}
	}
	d.t.Logf("%d posts, %d people, %d crashes: %d digests, %d twice", len(d.posts), len(d.people), d.crashed, mails, doubles)
}

// resent returns how many mails to somebody the ledger says were sent again.
func resent(d *days, l *ledger.Ledger, address string) (n int) {
	d.t.Helper()
	subscriber, err := l.Subscriber(d.t.Context(), address)
	d.check(err)
	all, err := l.DeliveriesTo(d.t.Context(), subscriber.ID)
	d.check(err)
	for _, delivery := range all {
		n += delivery.Resent
	}
	return n
}
