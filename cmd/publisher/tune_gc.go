package main

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

const (
	// roomyHeap is what the heap may grow to before collecting is worth its time:
	// most passes end below it, and a list of a million stays under 100 MB with it.
	roomyHeap = 32 << 20
	// The heap grows by a share of what lives, in percent, between two collections.
	mostGrowth, leastGrowth = 400, 35
)

// governMemory has a short run collect little and a large one often, unless the
// user has told Go's runtime otherwise.
func governMemory(lookup func(string) (string, bool)) {
	for _, name := range []string{"GOGC", "GOMEMLIMIT"} {
		if _, set := lookup(name); set {
			return
		}
	}
	debug.SetGCPercent(mostGrowth)
	afterCollection()
}

// afterCollection sets the growth after each collection, of which a finalizer tells.
func afterCollection() {
	type sentinel struct{ _ *byte } // a pointer: small objects without one are collected in groups
	runtime.SetFinalizer(&sentinel{}, func(*sentinel) {
		sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		metrics.Read(sample)
		if sample[0].Value.Kind() == metrics.KindUint64 {
			debug.SetGCPercent(growth(sample[0].Value.Uint64()))
		}
		afterCollection()
	})
}

// growth is how many percent of the live heap it may grow by.
func growth(live uint64) int {
	if live >= roomyHeap {
		return leastGrowth
	}
	return int(min(max((roomyHeap-live)*100/max(live, 1), leastGrowth), mostGrowth))
}
