package postgres

import (
	"maps"
	"slices"
	"testing"
	"time"
)

// Who is declared dead, second by second, from the end of one look to the beginning of another. 0
// stands for a look that came to nothing.
func TestObserver(t *testing.T) {
	same := slices.Repeat([]int64{7}, 14)
	for _, c := range []struct {
		name   string
		counts []int64
		want   []int // seconds at which worker 1 is silent
	}{
		{"silent from the first look", same, []int{11, 12, 13}},
		{"a beat starts it over", append([]int64{1, 1, 1, 1}, same...), []int{15, 16, 17}},
		{"a count that goes back is another one", append([]int64{9, 9}, same...), []int{13, 14, 15}},
		{"two looks that fail", append([]int64{7, 7, 7, 0, 0}, same...), []int{11, 12, 13, 14, 15, 16, 17, 18}},
		{"a gap of the observer's own", append([]int64{7, 7, 7, 0, 0, 0}, same...), []int{17, 18, 19}},
		{"a beat every nine seconds", []int64{1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			var o observer
			start := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
			var got []int
			for i, n := range c.counts {
				if n == 0 {
					continue
				}
				at := start.Add(time.Duration(i) * time.Second)
				// Worker 2 beats all the time.
				silent := o.look(at, at.Add(time.Millisecond), map[int64]int64{1: n, 2: int64(i)})
				if silent[1] == c.counts[i] {
					got = append(got, i)
				}
				if delete(silent, 1); len(silent) > 0 {
					t.Errorf("silent: %v", slices.Collect(maps.Keys(silent)))
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("silent at %v, want %v", got, c.want)
			}
		})
	}
}
