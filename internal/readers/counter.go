// Package readers counts who reads the feeds: by day and feed, the number of subscribers that each
// service says it fetches for, and how many other readers there were. Nothing else of a request is
// kept, and nothing of it is ever stored.
package readers

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"hash/maphash"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"publisher/internal/ledger"
)

const (
	// maxFeeds limits the feeds that are counted in one day, and so the memory: some 5 kB each.
	maxFeeds = 2000
	// maxUnknown limits the services of a feed whose names are not in the list of services.
	maxUnknown = 16
	// maxUnsaved limits the rows that wait because the ledger could not be written.
	maxUnsaved = 50_000
	// keepFor is how long counts are kept.
	keepFor = 3 * 366 * 24 * time.Hour
)

// dayFormat is how days are stored.
const dayFormat = "2006-01-02"

// Counter counts readers. It is safe for concurrent use.
type Counter struct {
	zone   *time.Location
	recent atomic.Pointer[recent]

	mu           sync.Mutex
	since, until time.Time // the day that is counted
	feeds        map[string]*feedCount
	mac          hash.Hash            // under the key of the day
	unsaved      []ledger.FeedReaders // of earlier days, or that could not be saved
}

// feedCount is one feed in one day.
type feedCount struct {
	services map[string]int64
	unknown  int
	others   sketch
	changed  bool
}

// recent remembers requests that were counted on a day, so that those who ask every few minutes
// cost next to nothing. It keeps hashes only.
type recent struct {
	since, until time.Time
	seed         maphash.Seed
	slots        [1 << 14]atomic.Uint64
}

// request is what tells two requests apart.
type request struct {
	feed, agent string
	client      netip.Addr
}

// has reports whether a request was counted, and remembers it.
func (r *recent) has(q request, now time.Time) bool {
	if now.Before(r.since) || !now.Before(r.until) {
		return false
	}
	var text maphash.Hash
	text.SetSeed(r.seed)
	client := q.client.As16()
	text.Write(client[:])     //nolint:errcheck // never fails
	text.WriteString(q.feed)  //nolint:errcheck // likewise
	text.WriteByte(0)         //nolint:errcheck // likewise
	text.WriteString(q.agent) //nolint:errcheck // likewise
	hash := text.Sum64()
	slot := &r.slots[hash%uint64(len(r.slots))]
	if slot.Load() == hash {
		return true
	}
	slot.Store(hash)
	return false
}

// New returns a counter of days in a time zone.
func New(zone *time.Location) *Counter { return &Counter{zone: zone} }

// Note counts a request for a feed. It does nothing that could wait.
func (c *Counter) Note(feed, agent string, client netip.Addr, now time.Time) {
	if r := c.recent.Load(); r != nil && r.has(request{feed, agent, client}, now) {
		return
	}
	service, claimed, known := Claim(agent)
	if claimed == 0 && isRobot(agent) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.turn(now)
	f := c.feeds[feed]
	if f == nil {
		if len(c.feeds) == maxFeeds {
			return
		}
		f = &feedCount{services: map[string]int64{}}
		c.feeds[feed] = f
	}
	if claimed > 0 && f.claim(service, claimed, known) {
		return
	}
	f.changed = f.others.add(c.hash(client, agent)) || f.changed
}

// claim counts the subscribers that a service claims. It reports false if there are too many
// services.
func (f *feedCount) claim(service string, readers int64, known bool) bool {
	last, counted := f.services[service]
	if !counted && !known {
		if f.unknown == maxUnknown {
			return false
		}
		f.unknown++
	}
	if readers > last {
		f.services[service], f.changed = readers, true
	}
	return true
}

// hash returns that of a client under the key of the day. The owner of an IPv6 /64 has all of it.
func (c *Counter) hash(client netip.Addr, agent string) uint64 {
	client = client.Unmap()
	if client.Is6() {
		if network, err := client.WithZone("").Prefix(64); err == nil {
			client = network.Addr()
		}
	}
	c.mac.Reset()
	text, _ := client.MarshalBinary() // does not fail
	c.mac.Write(append(text, 0))
	c.mac.Write([]byte(agent[:min(len(agent), maxAgent)]))
	return binary.BigEndian.Uint64(c.mac.Sum(nil))
}

// turn begins another day if it has come: the key is thrown away, and what was counted waits to be
// saved.
func (c *Counter) turn(now time.Time) {
	if c.feeds != nil && !now.Before(c.since) && now.Before(c.until) {
		return
	}
	c.unsaved = c.changes()
	year, month, day := now.In(c.zone).Date()
	c.since, c.until = time.Date(year, month, day, 0, 0, 0, 0, c.zone), time.Date(year, month, day+1, 0, 0, 0, 0, c.zone)
	c.feeds = map[string]*feedCount{}
	key := make([]byte, sha256.Size)
	rand.Read(key) //nolint:errcheck // never fails
	c.mac = hmac.New(sha256.New, key)
	c.recent.Store(&recent{since: c.since, until: c.until, seed: maphash.MakeSeed()})
}

// changes returns what is not saved yet, and marks it as saved.
func (c *Counter) changes() []ledger.FeedReaders {
	rows := c.unsaved
	c.unsaved = nil
	day := c.since.Format(dayFormat)
	for name, f := range c.feeds {
		if !f.changed {
			continue
		}
		f.changed = false
		for service, n := range f.services {
			rows = append(rows, ledger.FeedReaders{Day: day, Feed: name, Service: service, Readers: n})
		}
		if n := f.others.count(); n > 0 {
			rows = append(rows, ledger.FeedReaders{Day: day, Feed: name, Readers: n})
		}
	}
	return rows
}

// Store keeps counts; *ledger.Ledger is one.
type Store interface {
	SaveFeedReaders(ctx context.Context, rows []ledger.FeedReaders, keepFrom string) error
}

// Save stores what has changed since the last call. The higher of two counts of a day stays, so
// that nobody counts twice after a restart; what fails is saved by the next call.
func (c *Counter) Save(ctx context.Context, store Store, now time.Time) error {
	c.mu.Lock()
	if c.feeds != nil {
		c.turn(now)
	}
	rows := c.changes()
	c.mu.Unlock()
	if len(rows) == 0 {
		return nil
	}
	err := store.SaveFeedReaders(ctx, rows, now.Add(-keepFor).In(c.zone).Format(dayFormat))
	if err != nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.unsaved = append(rows, c.unsaved...)
		c.unsaved = c.unsaved[:min(len(c.unsaved), maxUnsaved)]
	}
	return err
}
