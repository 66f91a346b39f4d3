package main

import "testing"

func TestHeapGrowsLessTheMoreLives(t *testing.T) {
	for live, want := range map[uint64]int{
		0: mostGrowth, 4 << 20: mostGrowth, roomyHeap / 2: 100, roomyHeap: leastGrowth, 10 * roomyHeap: leastGrowth,
	} {
		if got := growth(live); got != want {
			t.Errorf("%d MB live: the heap grows by %d %%, want %d", live>>20, got, want)
		}
	}
}
