package signup

import (
	"container/list"
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
	seed   maphash.Seed
	most   int
	byKey  map[uint64]*list.Element
	recent *list.List // of *bucket, the most recently used first
}

type bucket struct {
	key uint64
	*rate.Limiter
}

// limit is a bucket's key and how many an hour it allows.
type limit struct {
	key     uint64
	perHour int
}

func newBuckets(most int) *buckets {
	return &buckets{seed: maphash.MakeSeed(), most: most, byKey: map[uint64]*list.Element{}, recent: list.New()}
}

// key returns a hash of what a bucket is about. The bucket does not remember the original.
func key[T comparable](b *buckets, of T) uint64 { return maphash.Comparable(b.seed, of) }

// wait returns how long it takes until all buckets have a token: 0 if they have one now.
func (b *buckets) wait(limits []limit, now time.Time) time.Duration {
	longest := time.Duration(0)
	for _, l := range limits {
		if e, ok := b.byKey[l.key]; ok {
			longest = max(longest, untilToken(e.Value.(*bucket).Limiter, now))
		}
	}
	return longest
}

// take takes a token from each bucket.
func (b *buckets) take(limits []limit, now time.Time) {
	for _, l := range limits {
		e, ok := b.byKey[l.key]
		if ok {
			b.recent.MoveToFront(e)
		} else {
			e = b.recent.PushFront(&bucket{key: l.key, Limiter: perHour(l.perHour)})
			b.byKey[l.key] = e
		}
		e.Value.(*bucket).AllowN(now, 1)
		if len(b.byKey) > b.most {
			delete(b.byKey, b.recent.Remove(b.recent.Back()).(*bucket).key)
		}
	}
}

// perHour returns a full bucket of n tokens, which is filled in an hour.
func perHour(n int) *rate.Limiter { return rate.NewLimiter(rate.Limit(float64(n)/3600), n) }

// untilToken returns how long it takes until a bucket has a token.
func untilToken(l *rate.Limiter, now time.Time) time.Duration {
	missing := 1 - l.TokensAt(now)
	if missing <= 0 {
		return 0
	}
	return time.Duration(missing / float64(l.Limit()) * float64(time.Second))
}
