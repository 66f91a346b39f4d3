package walfile_test

import (
	"testing"

	"publisher/internal/ledger/sqlite/walfile"
)

func TestContinues(t *testing.T) {
	for _, tt := range []struct {
		first, last, main uint32
		want              bool
	}{
		{0, 0, 0, true}, // an older program's
		{0, 0, 7, false},
		{1, 5, 0, true},
		{5, 9, 3, false},
		{5, 9, 4, true}, // nothing is checkpointed yet
		{5, 9, 9, true},
		{5, 9, 10, false},
		{5, 5, 5, true},
		{1<<32 - 2, 3, 1<<32 - 3, true}, // it wraps
		{1<<32 - 2, 3, 0, true},
		{1<<32 - 2, 3, 4, false},
		{0, 3, 1<<32 - 1, true},
	} {
		if got := (walfile.Commits{First: tt.first, Last: tt.last, Numbered: true}).Continues(tt.main); got != tt.want {
			t.Errorf("a log of %d to %d continues %d: %v", tt.first, tt.last, tt.main, got)
		}
	}
	if !(walfile.Commits{}).Continues(7) {
		t.Error("a log without numbers says nothing")
	}
}
