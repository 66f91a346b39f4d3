package main

import "testing"

func TestHeapGrowsLessTheMoreLives(t *testing.T) {
	for live, want := range map[uint64]int{
		0: maxGrowth, 4 << 20: maxGrowth, smallHeap / 2: 100, smallHeap: minGrowth, 10 * smallHeap: minGrowth,
	} {
		if got := growth(live); got != want {
			t.Errorf("%d MB live: the heap may grow by %d %%, want %d", live>>20, got, want)
		}
	}
}
