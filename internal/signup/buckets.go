package signup

import (
	"hash/maphash"
	"time"

	"golang.org/x/time/rate"
)

// maxBuckets limits the memory that buckets take to less than 20 MB.
const maxBuckets = 100_000

// buckets are token buckets by key. A key that has none has a full one: only what was taken
// is remembered, so that refused requests need no memory. When there are too many, the one
// that was used least recently is forgotten.
type buckets struct {
	seed  maphash.Seed
	most  int
	byKey map[uint64]*bucket
	ends  bucket // of the ring of all buckets: next is the most recently used one, previous the least
}

type bucket struct {
	rate.Limiter
	key            uint64
	next, previous *bucket
}

// limit is a bucket's key and how many an hour it allows.
type limit struct {
	key     uint64
	perHour int
}

func newBuckets(most int) *buckets {
	b := &buckets{seed: maphash.MakeSeed(), most: most, byKey: map[uint64]*bucket{}}
	b.ends.next, b.ends.previous = &b.ends, &b.ends
	return b
}

// key returns a hash of what a bucket is about. The bucket does not remember the original.
func key[T comparable](b *buckets, of T) uint64 { return maphash.Comparable(b.seed, of) }

// wait returns how long it takes until all buckets have a token: 0 if they have one now.
func (b *buckets) wait(limits []limit, now time.Time) time.Duration {
	longest := time.Duration(0)
	for _, l := range limits {
		if one, ok := b.byKey[l.key]; ok {
			longest = max(longest, untilToken(&one.Limiter, now))
		}
	}
	return longest
}

// take takes a token from each bucket.
func (b *buckets) take(limits []limit, now time.Time) {
	for _, l := range limits {
		one, ok := b.byKey[l.key]
		if ok {
			one.leave()
		} else {
			one = &bucket{key: l.key}
			fill(&one.Limiter, l.perHour)
			b.byKey[l.key] = one
		}
		one.next, one.previous = b.ends.next, &b.ends
		one.next.previous, one.previous.next = one, one
		one.AllowN(now, 1)
		if len(b.byKey) > b.most {
			oldest := b.ends.previous
			oldest.leave()
			delete(b.byKey, oldest.key)
		}
	}
}

// leave takes the bucket out of the ring.
func (b *bucket) leave() { b.next.previous, b.previous.next = b.previous, b.next }

// fill makes a new limiter a full bucket of n tokens, which is filled in an hour.
func fill(l *rate.Limiter, n int) {
	// What is set for the beginning of time has been filled by now.
	l.SetLimitAt(time.Time{}, rate.Limit(float64(n)/3600))
	l.SetBurstAt(time.Time{}, n)
}

// untilToken returns how long it takes until a bucket has a token.
func untilToken(l *rate.Limiter, now time.Time) time.Duration {
	missing := 1 - l.TokensAt(now)
	if missing <= 0 {
		return 0
	}
	return time.Duration(missing / float64(l.Limit()) * float64(time.Second))
}
