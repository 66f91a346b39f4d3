package web

import (
	"container/list"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// cacheBytes limits the memory that cached bodies take.
const cacheBytes = 32 << 20

// cache keeps bodies between requests. When it is full, the least recently used one is
// dropped.
type cache struct {
	mu     sync.Mutex
	room   int64 // bytes left
	byKey  map[string]*list.Element
	recent *list.List // of *cachedBody, the most recently used first
	making singleflight.Group
}

// cachedBody is a body's entity tag and those of its forms that are worth keeping.
type cachedBody struct {
	key     string
	tag     string    // of the plain form, without quotes
	plain   []byte    // nil for a file, which stays on disk
	packed  []byte    // compressed by gzip; nil if not worth it
	expires time.Time // zero: never
	seen    time.Time // when the file was first seen in this state; zero if it has a body
}

// overhead is roughly what an entry takes in addition to its bodies.
const overhead = 512

func (k *cachedBody) size() int64 {
	return int64(len(k.key)+len(k.plain)+len(k.packed)) + overhead
}

func newCache(bytes int64) *cache {
	return &cache{room: bytes, byKey: map[string]*list.Element{}, recent: list.New()}
}

// get returns the body cached under key, or calls make, once for all concurrent callers.
// What make returns is cached if keep is true and it is not nil.
func (s *cache) get(key string, now time.Time, make func() (k *cachedBody, keep bool, err error)) (*cachedBody, error) {
	if k := s.find(key, now); k != nil {
		return k, nil
	}
	made, err, _ := s.making.Do(key, func() (any, error) {
		if k := s.find(key, now); k != nil {
			return k, nil
		}
		k, keep, err := make()
		if err == nil && k != nil && keep {
			k.key = key
			s.put(k)
		}
		return k, err
	})
	if err != nil {
		return nil, err
	}
	return made.(*cachedBody), nil
}

func (s *cache) find(key string, now time.Time) *cachedBody {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.byKey[key]
	if !ok {
		return nil
	}
	k := e.Value.(*cachedBody)
	if !k.expires.IsZero() && !now.Before(k.expires) {
		s.drop(e)
		return nil
	}
	s.recent.MoveToFront(e)
	return k
}

func (s *cache) put(k *cachedBody) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e, ok := s.byKey[k.key]; ok {
		s.drop(e)
	}
	s.byKey[k.key] = s.recent.PushFront(k)
	s.room -= k.size()
	for s.room < 0 {
		s.drop(s.recent.Back())
	}
}

func (s *cache) drop(e *list.Element) {
	k := s.recent.Remove(e).(*cachedBody)
	delete(s.byKey, k.key)
	s.room += k.size()
}
