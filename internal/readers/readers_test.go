package readers

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"publisher/internal/ledger"
)

func TestClaim(t *testing.T) {
	for agent, want := range map[string]string{
		"Feedly/1.0 (+http://www.feedly.com/fetcher.html; 16 subscribers; like FeedFetcher-Google)":                                "Feedly 16 true",
		"FeedlyBot/1.0 (http://feedly.com; 1 subscriber)":                                                                          "Feedly 1 true",
		"Mozilla/5.0 (compatible; inoreader.com; 24 subscribers)":                                                                  "Inoreader 24 true",
		"NewsBlur Feed Fetcher - 12 subscribers - https://www.newsblur.com/site/1/x (Mozilla/5.0 (X11; Linux x86_64) Firefox/1.0)": "NewsBlur 12 true",
		"BazQux/2.4 (+https://bazqux.com/fetcher; 5 subscribers)":                                                                  "BazQux 5 true",
		"Feedbin feed-id:1373711 - 142 subscribers":                                                                                "Feedbin 142 true",
		"Mozilla/5.0 (compatible; theoldreader.com; 4 subscribers; feed-id=58c)":                                                   "The Old Reader 4 true",
		"Mozilla/5.0 (compatible; MyReader/2.0; 1,234 subscribers)":                                                                "MyReader 1234 false",
		"Some Reader (subscribers: 7)":                                                                                             "Some Reader 7 false",
		"12 subscribers":                                                                                                           "12 subscribers 12 false",
		"<script>/1.0 (3 subscribers)":                                                                                             "script 3 false",
		"X/1 (99999999999999999999 subscribers)":                                                                                   " 0 false",
		"X/1 (0 subscribers)":                                                                                                      " 0 false",
		"X/1 (many subscribers)":                                                                                                   " 0 false",
		"Mozilla/5.0 (Macintosh) NetNewsWire/6.1":                                                                                  " 0 false",
		"": " 0 false",
		strings.Repeat("x", 600) + " 12 subscribers": " 0 false",
	} {
		service, n, known := Claim(agent)
		if got := fmt.Sprint(service, " ", n, " ", known); got != want {
			t.Errorf("%s: %s, want %s", agent, got, want)
		}
	}
}

func FuzzClaim(f *testing.F) {
	for _, seed := range []string{"Feedbin feed-id:1 - 142 subscribers", "x/1 (1.234 subscribers)", "subscribers=9", "K 1 subscriber\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, agent string) {
		service, n, _ := Claim(agent)
		if n < 0 || n > maxClaim || (n > 0) != (service != "") || len(service) > maxName {
			t.Errorf("%q: %q %d", agent, service, n)
		}
		for _, c := range service {
			if c < ' ' || c > '~' {
				t.Errorf("%q is in a name", c)
			}
		}
	})
}

func TestSketch(t *testing.T) {
	c := New(time.UTC)
	c.turn(time.Now())
	var s sketch
	for n := range 200_000 {
		h := c.hash(netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)}), "agent")
		s.add(h)
		if s.add(h) {
			t.Fatal("the same again counts")
		}
		total := int64(n + 1)
		if total <= exact && s.count() != total {
			t.Fatalf("%d of %d", s.count(), total)
		}
		if total == 1000 || total == 20_000 || total == 200_000 {
			if off := math.Abs(float64(s.count()-total)) / float64(total); off > 0.06 {
				t.Errorf("%d of %d", s.count(), total)
			}
		}
	}
}

// store is a Store in memory.
type store struct {
	rows map[string]int64
	err  error
}

func (s *store) SaveFeedReaders(_ context.Context, rows []ledger.FeedReaders, _ string) error {
	if s.err != nil {
		return s.err
	}
	for _, r := range rows {
		key := r.Day + " " + r.Feed + " " + r.Service
		s.rows[key] = max(s.rows[key], r.Readers)
	}
	return nil
}

func TestCounter(t *testing.T) {
	zone := time.FixedZone("", 2*3600)
	c, s := New(zone), &store{rows: map[string]int64{}}
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, zone)
	client := func(n int) netip.Addr { return netip.AddrFrom4([4]byte{192, 0, 2, byte(n)}) }
	for n := range 3 {
		for range 2 {
			c.Note("feed.xml", "NetNewsWire/6", client(n), now)
		}
	}
	c.Note("feed.xml", "Other", client(0), now)
	for _, n := range []int{8, 12, 9} {
		c.Note("feed.xml", fmt.Sprintf("Feedbin feed-id:1 - %d subscribers", n), client(9), now)
	}
	c.Note("feed.xml", "Mozilla/5.0 (compatible; Googlebot/2.1)", client(8), now)
	// An owner of an IPv6 network is one reader.
	for _, a := range []string{"2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"} {
		c.Note("tags/go/atom.xml", "NetNewsWire/6", netip.MustParseAddr(a), now)
	}
	s.err = errors.New("locked")
	if err := c.Save(t.Context(), s, now); err == nil {
		t.Error("no error")
	}
	// What could not be saved is saved later, also if the day has ended.
	s.err, now = nil, now.Add(24*time.Hour)
	c.Note("feed.xml", "NetNewsWire/6", client(0), now)
	if err := c.Save(t.Context(), s, now); err != nil {
		t.Fatal(err)
	}
	want := map[string]int64{
		"2026-06-01 feed.xml Feedbin": 12, "2026-06-01 feed.xml ": 4, "2026-06-01 tags/go/atom.xml ": 2, "2026-06-02 feed.xml ": 1,
	}
	if d := cmp.Diff(want, s.rows); d != "" {
		t.Error(d)
	}
}

// Made-up names and feeds take only so much memory.
func TestCounterIsBounded(t *testing.T) {
	c := New(time.UTC)
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	for n := range 5000 {
		c.Note("feed.xml", fmt.Sprintf("reader%d/1 (9 subscribers)", n), netip.MustParseAddr("192.0.2.1"), now)
		c.Note(fmt.Sprintf("%d.xml", n), "x", netip.MustParseAddr("192.0.2.1"), now)
	}
	c.Note("feed.xml", "Feedly/1.0 (7 subscribers)", netip.MustParseAddr("192.0.2.1"), now)
	f := c.feeds["feed.xml"]
	if len(c.feeds) != maxFeeds || len(f.services) != maxUnknown+1 || f.services["Feedly"] != 7 {
		t.Errorf("%d feeds, %d services", len(c.feeds), len(f.services))
	}
}

func BenchmarkNote(b *testing.B) {
	c, now := New(time.UTC), time.Now()
	agents := []string{"Feedly/1.0 (+http://www.feedly.com/fetcher.html; 16 subscribers)", "Mozilla/5.0 (Macintosh) NetNewsWire/6.1"}
	for b.Loop() {
		for _, a := range agents {
			c.Note("feed.xml", a, netip.AddrFrom4([4]byte{192, 0, 2, 1}), now)
		}
	}
}
