package web

import (
	"container/list"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// shelfBytes bounds what is kept in memory between requests.
const shelfBytes = 32 << 20

// shelf keeps what earlier requests had made. When it is full, what was not
// asked for longest goes first.
type shelf struct {
	mu     sync.Mutex
	room   int64 // bytes that are still free
	byKey  map[string]*list.Element
	recent *list.List // of *kept, the last used first
	making singleflight.Group
}

// kept is one body's entity tag and those of its forms that are worth keeping.
type kept struct {
	key     string
	tag     string    // of the plain form, without quotes
	plain   []byte    // nil for a file's, which stays on disk
	packed  []byte    // by gzip; nil where it is not worth it
	expires time.Time // zero: never
	seen    time.Time // when the file was first seen so; zero for what holds a body
}

// overhead is about what an entry takes beside its bodies.
const overhead = 512

func (k *kept) size() int64 {
	return int64(len(k.key)+len(k.plain)+len(k.packed)) + overhead
}

func newShelf(bytes int64) *shelf {
	return &shelf{room: bytes, byKey: map[string]*list.Element{}, recent: list.New()}
}

// get returns what is kept under key or has it made, once for all who wait. What
// make returns without keep is given to them and forgotten; so is nil.
func (s *shelf) get(key string, now time.Time, make func() (k *kept, keep bool, err error)) (*kept, error) {
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
	return made.(*kept), nil
}

func (s *shelf) find(key string, now time.Time) *kept {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.byKey[key]
	if !ok {
		return nil
	}
	k := e.Value.(*kept)
	if !k.expires.IsZero() && !now.Before(k.expires) {
		s.drop(e)
		return nil
	}
	s.recent.MoveToFront(e)
	return k
}

func (s *shelf) put(k *kept) {
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

func (s *shelf) drop(e *list.Element) {
	k := s.recent.Remove(e).(*kept)
	delete(s.byKey, k.key)
	s.room += k.size()
}
