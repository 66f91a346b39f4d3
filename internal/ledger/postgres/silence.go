package postgres

import "time"

const (
	// silentFor is how long a count has to stand still until its worker is declared dead.
	silentFor = 10 * time.Second
	// longestGap is how long an observer may not look without losing what it has observed: then it was
	// stopped itself, or the database was, which makes nobody dead.
	longestGap = 3 * time.Second
)

// observer finds out whose count of beats stands still, by its own monotonic clock: no clock of
// another machine matters.
type observer struct {
	last time.Time
	seen map[int64]sighting // by worker
}

type sighting struct {
	beats int64
	since time.Time
}

// look takes the counts of the workers that live, as they were between two times, and returns those
// who were silent for too long, with their counts.
func (o *observer) look(began, ended time.Time, beats map[int64]int64) map[int64]int64 {
	unbroken := !o.last.IsZero() && ended.Sub(o.last) <= longestGap
	o.last = ended
	before := o.seen
	o.seen = map[int64]sighting{}
	silent := map[int64]int64{}
	for id, n := range beats {
		s, known := before[id]
		if !known || !unbroken || s.beats != n {
			s = sighting{n, ended}
		}
		o.seen[id] = s
		if began.Sub(s.since) >= silentFor {
			silent[id] = n
		}
	}
	return silent
}
