package web

import (
	"container/list"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// cache keeps responses between requests. When it is full, the least recently used one is
// dropped.
type cache struct {
	mu     sync.Mutex
	room   int64 // bytes left
	byKey  map[cacheKey]*list.Element
	recent *list.List // of *cached, the most recently used first
	making singleflight.Group
	packer packer
}

// cacheKey is what a response is kept under.
type cacheKey struct{ kind, name string }

// cached is a response in the cache. All but counted stays as it is once it is there.
type cached struct {
	key cacheKey
	*response
	file    *fileState // of a file
	feed    bool       // the file is a feed
	expires time.Time  // zero: never
	counted int64      // bytes; under cache.mu
}

// overhead is roughly what an entry takes in addition to its bodies.
const overhead = 2 << 10

func newCache(bytes int64) *cache {
	c := &cache{room: bytes, byKey: map[cacheKey]*list.Element{}, recent: list.New()}
	c.packer.done = c.grow
	return c
}

// get returns the response cached under key, or calls make, once for all concurrent callers.
// The response of make, which may be nil, is cached for a time.
func (c *cache) get(key cacheKey, now func() time.Time, keepFor time.Duration, make func() (*response, error)) (*response, error) {
	if e := c.find(key); e != nil && now().Before(e.expires) {
		return e.response, nil
	}
	made, err, _ := c.making.Do(key.kind+" "+key.name, func() (any, error) {
		old := c.find(key)
		if old != nil && now().Before(old.expires) {
			return old.response, nil
		}
		res, err := make()
		if err != nil || res == nil {
			return res, err
		}
		if old != nil {
			res.reuse(old.response)
		}
		c.put(&cached{key: key, response: res, expires: now().Add(keepFor)})
		return res, nil
	})
	if err != nil {
		return nil, err
	}
	return made.(*response), nil
}

// once calls read, once for all concurrent callers with the same key.
func (c *cache) once(key cacheKey, read func() (*cached, error)) (*cached, error) {
	found, err, _ := c.making.Do(key.kind+" "+key.name, func() (any, error) { return read() })
	if err != nil {
		return nil, err
	}
	return found.(*cached), nil
}

// find returns what is kept under a key, whether it has expired or not, or nil.
func (c *cache) find(key cacheKey) *cached {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.byKey[key]
	if !ok {
		return nil
	}
	if c.recent.Front() != e {
		c.recent.MoveToFront(e)
	}
	return e.Value.(*cached)
}

func (c *cache) put(k *cached) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.byKey[k.key]; ok {
		c.drop(e)
	}
	k.counted = int64(len(k.key.name)) + k.content.size() + overhead
	if k.content.pack == nil { // else it is that of the entry before
		k.content.key, k.content.pack = k.key, c.packer.add
	}
	c.byKey[k.key] = c.recent.PushFront(k)
	c.room -= k.counted
	c.shrink()
}

// remove forgets what is kept under a key.
func (c *cache) remove(key cacheKey) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.byKey[key]; ok {
		c.drop(e)
	}
}

// grow counts a form that was added to a content that may be in the cache.
func (c *cache) grow(k *content, bytes int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.byKey[k.key]; ok && e.Value.(*cached).content == k {
		e.Value.(*cached).counted += bytes
		c.room -= bytes
		c.shrink()
	}
}

func (c *cache) shrink() {
	for c.room < 0 {
		c.drop(c.recent.Back())
	}
}

func (c *cache) drop(e *list.Element) {
	k := c.recent.Remove(e).(*cached)
	delete(c.byKey, k.key)
	c.room += k.counted
}

// lookAgain makes the next request for each file look at the disk.
func (c *cache) lookAgain() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range c.byKey {
		if k := e.Value.(*cached); k.file != nil {
			k.file.looked.Store(0)
		}
	}
}
