package signup

import (
	"net/netip"
	"runtime"
	"testing"
	"time"
)

// Floods from ever new networks take a bounded amount of memory.
func TestMemoryOfBuckets(t *testing.T) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	b, now := newBuckets(maxBuckets), time.Now()
	first := limit{key(b, netip.Prefix{}), 1}
	b.take([]limit{first}, now)
	for n := range 2 * maxBuckets {
		address := netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)})
		b.take([]limit{{key(b, address), 10}}, now)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if len(b.byKey) != maxBuckets {
		t.Errorf("%d buckets, want %d", len(b.byKey), maxBuckets)
	}
	if used := int64(after.HeapAlloc) - int64(before.HeapAlloc); used > 20_000_000 {
		t.Errorf("%d bytes", used)
	} else {
		t.Logf("%d bytes", used)
	}
	if b.wait([]limit{first}, now) != 0 {
		t.Error("the least recently used bucket is still there")
	}
	runtime.KeepAlive(b)
}

func TestRememberedDomainsAreBounded(t *testing.T) {
	d := newDomains(nil, nil, time.Now)
	for n := range 3 * maxDomains {
		d.remember(string(rune(n)), true, true)
	}
	if len(d.known) > maxDomains {
		t.Errorf("%d domains", len(d.known))
	}
}

func FuzzWork(f *testing.F) {
	w, now := newWork(), time.Now()
	f.Add(w.challenge("ada@example.com", now) + ".1")
	f.Add("x.y.z")
	f.Fuzz(func(t *testing.T, answer string) {
		if w.accept(answer, "ben@example.com", now) {
			t.Errorf("%q is accepted", answer)
		}
	})
}
