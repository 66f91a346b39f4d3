// Package httpcache keeps responses that clients may cache: a content in the forms that they accept,
// with what conditional requests ask for.
package httpcache

import (
	"container/list"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// Cache keeps responses between requests. When it is full, the least recently used one is
// dropped.
type Cache struct {
	mu     sync.Mutex
	room   int64 // bytes left
	byKey  map[Key]*list.Element
	recent *list.List // of *Entry, the most recently used first
	making singleflight.Group
	packer packer
}

// Key is what a response is kept under.
type Key struct{ Kind, Name string }

// Entry is a response in the cache. All but counted stays as it is once it is there.
type Entry struct {
	Key Key
	*Response
	File    *File     // of a file
	Feed    bool      // the file is a feed
	expires time.Time // zero: never
	counted int64     // bytes; under Cache.mu
}

// overhead is roughly what an entry takes in addition to its bodies.
const overhead = 2 << 10

// New returns a cache of so many bytes.
func New(bytes int64) *Cache {
	c := &Cache{room: bytes, byKey: map[Key]*list.Element{}, recent: list.New()}
	c.packer.done = c.grow
	return c
}

// Get returns the response cached under key, or calls make, once for all concurrent callers.
// The response of make, which may be nil, is cached for a time.
func (c *Cache) Get(key Key, now func() time.Time, keepFor time.Duration, make func() (*Response, error)) (*Response, error) {
	if e := c.Find(key); e != nil && now().Before(e.expires) {
		return e.Response, nil
	}
	made, err, _ := c.making.Do(key.Kind+" "+key.Name, func() (any, error) {
		old := c.Find(key)
		if old != nil && now().Before(old.expires) {
			return old.Response, nil
		}
		res, err := make()
		if err != nil || res == nil {
			return res, err
		}
		if old != nil {
			res.Reuse(old.Response)
		}
		c.Put(&Entry{Key: key, Response: res, expires: now().Add(keepFor)})
		return res, nil
	})
	if err != nil {
		return nil, err
	}
	return made.(*Response), nil
}

// Once calls read, once for all concurrent callers with the same key.
func (c *Cache) Once(key Key, read func() (*Entry, error)) (*Entry, error) {
	found, err, _ := c.making.Do(key.Kind+" "+key.Name, func() (any, error) { return read() })
	if err != nil {
		return nil, err
	}
	return found.(*Entry), nil
}

// Find returns what is kept under a key, whether it has expired or not, or nil.
func (c *Cache) Find(key Key) *Entry {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.byKey[key]
	if !ok {
		return nil
	}
	if c.recent.Front() != e {
		c.recent.MoveToFront(e)
	}
	return e.Value.(*Entry)
}

// Put keeps an entry.
func (c *Cache) Put(k *Entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.byKey[k.Key]; ok {
		c.drop(e)
	}
	k.counted = int64(len(k.Key.Name)) + k.Content.size() + overhead
	if k.Content.pack == nil { // else it is that of the entry before
		k.Content.key, k.Content.pack = k.Key, c.packer.add
	}
	c.byKey[k.Key] = c.recent.PushFront(k)
	c.room -= k.counted
	c.shrink()
}

// Remove forgets what is kept under a key.
func (c *Cache) Remove(key Key) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.byKey[key]; ok {
		c.drop(e)
	}
}

// grow counts a form that was added to a content that may be in the cache.
func (c *Cache) grow(k *Content, bytes int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.byKey[k.key]; ok && e.Value.(*Entry).Content == k {
		e.Value.(*Entry).counted += bytes
		c.room -= bytes
		c.shrink()
	}
}

func (c *Cache) shrink() {
	for c.room < 0 {
		c.drop(c.recent.Back())
	}
}

func (c *Cache) drop(e *list.Element) {
	k := c.recent.Remove(e).(*Entry)
	delete(c.byKey, k.Key)
	c.room += k.counted
}

// LookAgain makes the next request for each file look at the disk.
func (c *Cache) LookAgain() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range c.byKey {
		if k := e.Value.(*Entry); k.File != nil {
			k.File.looked.Store(0)
		}
	}
}
