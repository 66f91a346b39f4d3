package ledger

import (
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRuns(t *testing.T) {
	for name, tt := range map[string]struct {
		numbers []int64
		want    map[int64]int64
	}{
		"none":      {nil, map[int64]int64{}},
		"one":       {[]int64{7}, map[int64]int64{7: 7}},
		"all":       {[]int64{3, 1, 2}, map[int64]int64{1: 3}},
		"with gaps": {[]int64{9, 1, 5, 2, 4}, map[int64]int64{1: 2, 4: 5, 9: 9}},
		"twice":     {[]int64{2, 2, 3, 5, 5}, map[int64]int64{2: 3, 5: 5}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, maps.Collect(runs(tt.numbers))); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
