package main

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

const (
	// smallHeap is the size below which collecting is not worth its time: most passes end
	// below it, and a list of a million subscribers stays under 100 MB with it.
	smallHeap = 32 << 20
	// How much the heap may grow between two collections, in percent of the live heap.
	maxGrowth, minGrowth = 400, 35
)

// tuneGC makes short runs collect garbage rarely and large ones often, unless the user has
// set GOGC or GOMEMLIMIT. A memory limit alone does not do: a live heap above it would be
// collected all the time.
func tuneGC(lookup func(string) (string, bool)) {
	for _, name := range []string{"GOGC", "GOMEMLIMIT"} {
		if _, set := lookup(name); set {
			return
		}
	}
	debug.SetGCPercent(maxGrowth)
	afterCollection()
}

// afterCollection sets the growth after each collection, when a finalizer runs.
func afterCollection() {
	type sentinel struct{ _ *byte } // has a pointer, since small objects without one are collected in groups
	runtime.SetFinalizer(&sentinel{}, func(*sentinel) {
		sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		metrics.Read(sample)
		if sample[0].Value.Kind() == metrics.KindUint64 {
			debug.SetGCPercent(growth(sample[0].Value.Uint64()))
		}
		afterCollection()
	})
}

// growth returns by how many percent the live heap may grow.
func growth(live uint64) int {
	if live >= smallHeap {
		return minGrowth
	}
	return int(min(max((smallHeap-live)*100/max(live, 1), minGrowth), maxGrowth))
}
