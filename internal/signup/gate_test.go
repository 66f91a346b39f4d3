package signup_test

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"publisher/internal/signup"
)

// gateAt is a gate whose clock stands still until it is moved.
type gateAt struct {
	t *testing.T
	*signup.Gate
	now time.Time
}

func newGate(t *testing.T, o signup.Options) *gateAt {
	g := &gateAt{t: t, now: time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC)}
	if o.MailsPerHour == 0 {
		o.MailsPerHour = 1_000_000
	}
	o.Now = func() time.Time { return g.now }
	g.Gate = signup.NewGate(o)
	return g
}

// want decides about a request, and checks the outcome.
func (g *gateAt) want(outcome signup.Outcome, r signup.Request) signup.Decision {
	g.t.Helper()
	d := g.Decide(g.t.Context(), r)
	if d.Outcome != outcome {
		g.t.Fatalf("%+v: outcome %d, want %d", r, d.Outcome, outcome)
	}
	if slow := outcome == signup.Slow || outcome == signup.Full; slow != (d.RetryAfter > 0) {
		g.t.Errorf("%+v: outcome %d, retry after %s", r, outcome, d.RetryAfter)
	}
	return d
}

// from returns a request of a client, with a domain of its own.
func from(client string, n int) signup.Request {
	return signup.Request{Client: netip.MustParseAddr(client), Address: fmt.Sprintf("ada@d%d.example", n)}
}

func TestTrap(t *testing.T) {
	g := newGate(t, signup.Options{})
	r := from("192.0.2.1", 0)
	r.Trap = "https://spam.example"
	g.want(signup.Drop, r)
	r.Trap = ""
	for age, outcome := range map[time.Duration]signup.Outcome{
		0: signup.Drop, time.Second: signup.Drop, -time.Minute: signup.Drop,
		2 * time.Second: signup.Take, 24 * time.Hour: signup.Take, 24*time.Hour + time.Second: signup.Drop,
	} {
		r.Made = g.now.Add(-age)
		g.want(outcome, r)
	}
}

func TestLimitsOfClients(t *testing.T) {
	for _, test := range []struct {
		name    string
		client  func(n int) string // a new one each time
		perHour int
		outside string // a client that is not concerned
	}{
		{"an IPv4 address", func(int) string { return "192.0.2.1" }, 10, "192.0.2.2"},
		{"an IPv6 /64", func(n int) string { return fmt.Sprintf("2001:db8:1:2::%x", n+1) }, 10, "2001:db8:1:3::1"},
		{"an IPv4 /24", func(n int) string { return fmt.Sprintf("192.0.2.%d", n+1) }, 60, "192.0.3.1"},
		{"an IPv6 /48", func(n int) string { return fmt.Sprintf("2001:db8:1:%x::1", n) }, 60, "2001:db8:2::1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := newGate(t, signup.Options{})
			for n := range test.perHour {
				g.want(signup.Take, from(test.client(n), n))
			}
			d := g.want(signup.Slow, from(test.client(test.perHour), test.perHour))
			g.want(signup.Take, from(test.outside, 1000))
			if want := time.Hour / time.Duration(test.perHour); d.RetryAfter > want {
				t.Errorf("retry after %s, want at most %s", d.RetryAfter, want)
			}
			g.now = g.now.Add(d.RetryAfter + time.Millisecond)
			g.want(signup.Take, from(test.client(test.perHour), 2000))
			g.want(signup.Slow, from(test.client(test.perHour+1), 2001))
		})
	}
}

func TestLimitsOfDomains(t *testing.T) {
	g := newGate(t, signup.Options{})
	request := func(n int, domain string) signup.Request {
		return signup.Request{Client: netip.AddrFrom4([4]byte{10, byte(n >> 8), byte(n), 1}), Address: fmt.Sprintf("a%d@%s", n, domain)}
	}
	for n := range 30 {
		g.want(signup.Take, request(n, "small.example"))
	}
	g.want(signup.Slow, request(30, "small.example"))
	g.want(signup.Take, request(31, "other.example"))
	for n := range 100 {
		g.want(signup.Take, request(100+n, "gmail.com"))
	}
}

// solve does what the script does, and returns the answer and the number of hashes.
func solve(challenge string) (answer string, tries uint32) {
	for n := uint32(0); ; n++ {
		sum := sha256.Sum256(binary.BigEndian.AppendUint32([]byte(challenge), n))
		if bits.LeadingZeros32(binary.BigEndian.Uint32(sum[:])) >= signup.WorkBits {
			return challenge + "." + strconv.FormatUint(uint64(n), 10), n
		}
	}
}

func TestLimitOfAll(t *testing.T) {
	g := newGate(t, signup.Options{MailsPerHour: 6})
	request := func(n int) signup.Request { return from(fmt.Sprintf("10.0.%d.1", n), n) }
	for n := range 3 {
		g.want(signup.Take, request(n))
	}
	ask := request(3)
	d := g.want(signup.Work, ask)
	answer, _ := solve(d.Challenge)

	other := request(4) // with the answer of another address
	other.Work = answer
	g.want(signup.Work, other)
	for _, wrong := range []string{"", ".", "x", d.Challenge, d.Challenge + ".", d.Challenge + ".-1", d.Challenge + ".4294967296", answer + "0",
		strings.Repeat("a", 64) + ".1", strings.ToUpper(answer), strings.Repeat("x", 100_000)} {
		ask.Work = wrong
		g.want(signup.Work, ask)
	}
	ask.Work = answer
	g.want(signup.Take, ask)
	g.want(signup.Work, ask) // used

	more := request(6)
	more.Work, _ = solve(g.want(signup.Work, more).Challenge)
	g.want(signup.Take, more)

	late := request(5)
	late.Work, _ = solve(g.want(signup.Work, late).Challenge)
	g.now = g.now.Add(10*time.Minute + 2*time.Second) // one token comes back meanwhile
	g.want(signup.Work, late)
	for n := range 2 {
		r := request(10 + n)
		r.Work, _ = solve(g.want(signup.Work, r).Challenge)
		g.want(signup.Take, r)
	}
	full := request(20)
	d = g.want(signup.Full, full)
	if d.RetryAfter > 10*time.Minute {
		t.Errorf("retry after %s", d.RetryAfter)
	}
	full.Work = answer
	g.want(signup.Full, full)
	g.now = g.now.Add(time.Hour)
	for n := range 3 {
		g.want(signup.Take, request(30+n))
	}
	g.want(signup.Work, request(40))
}

// What is refused counts against nothing.
func TestRefusalsAreFree(t *testing.T) {
	g := newGate(t, signup.Options{MailsPerHour: 2})
	g.want(signup.Take, from("10.0.0.1", 0))
	for n := range 1000 {
		g.want(signup.Work, from("10.0.0.1", n))
	}
	r := from("10.0.0.1", 0)
	r.Work, _ = solve(g.want(signup.Work, r).Challenge)
	g.want(signup.Take, r)
}

// dns is a resolver with fixed records.
type dns struct {
	mx      map[string][]*net.MX
	hosts   map[string]bool
	fault   map[string]error // of all lookups of that name
	offline bool             // finds nothing, not even the root
	asked   atomic.Int64
	wait    bool // until the context ends
}

var errNotFound = &net.DNSError{Err: "no such host", IsNotFound: true}

func (d *dns) LookupMX(ctx context.Context, name string) ([]*net.MX, error) {
	d.asked.Add(1)
	if d.wait {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if err := d.fault[name]; err != nil {
		return nil, err
	}
	if mx := d.mx[name]; mx != nil {
		return mx, nil
	}
	return nil, errNotFound
}

func (d *dns) LookupNetIP(_ context.Context, _, name string) ([]netip.Addr, error) {
	if d.hosts[name] {
		return []netip.Addr{netip.MustParseAddr("192.0.2.1")}, nil
	}
	return nil, errNotFound
}

func (d *dns) LookupNS(_ context.Context, name string) ([]*net.NS, error) {
	if d.offline || name != "." {
		return nil, errNotFound
	}
	return []*net.NS{{Host: "a.root-servers.net."}}, nil
}

func TestDomains(t *testing.T) {
	d := &dns{
		mx: map[string][]*net.MX{
			"mx.example.": {{Host: "mail.example.", Pref: 10}}, "null.example.": {{Host: ".", Pref: 0}},
			"odd.example.": {{Host: ".", Pref: 0}, {Host: "mail.example.", Pref: 10}},
		},
		hosts: map[string]bool{"host.example.": true, "null.example.": true},
		fault: map[string]error{"down.example.": &net.DNSError{Err: "server misbehaving", IsTemporary: true}, "odd-error.example.": errors.New("x")},
	}
	g := newGate(t, signup.Options{Resolver: d, RefuseDomains: []string{"refused.example"}})
	for domain, outcome := range map[string]signup.Outcome{
		"mx.example": signup.Take, "host.example": signup.Take, "odd.example": signup.Take,
		"null.example": signup.NoMail, "missing.example": signup.NoMail,
		"down.example": signup.Take, "odd-error.example": signup.Take,
		"refused.example": signup.NoMail, "sub.refused.example": signup.NoMail, "unrefused.example": signup.NoMail,
	} {
		r := from("192.0.2.1", 0)
		r.Address = "ada@" + domain
		g.want(outcome, r)
	}
	if asked := d.asked.Load(); asked != 8 {
		t.Errorf("%d lookups, want 8: refused domains need none", asked)
	}
}

func TestDomainsAreRemembered(t *testing.T) {
	d := &dns{fault: map[string]error{"d1.example.": &net.DNSError{Err: "timeout", IsTimeout: true}}}
	g := newGate(t, signup.Options{Resolver: d})
	for range 3 {
		g.want(signup.NoMail, from("192.0.2.1", 0))
		g.want(signup.Take, from("192.0.2.1", 1))
	}
	if asked := d.asked.Load(); asked != 2 {
		t.Errorf("%d lookups, want 2", asked)
	}
	g.now = g.now.Add(2 * time.Minute) // doubt is forgotten first
	g.want(signup.NoMail, from("192.0.2.1", 0))
	g.want(signup.Take, from("192.0.2.1", 1))
	if asked := d.asked.Load(); asked != 3 {
		t.Errorf("%d lookups after two minutes, want 3", asked)
	}
}

// A machine without DNS finds no domain at all.
func TestResolverWithoutDNS(t *testing.T) {
	g := newGate(t, signup.Options{Resolver: &dns{offline: true}})
	g.want(signup.Take, from("192.0.2.1", 0))
}

func TestSlowResolver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(t, signup.Options{Resolver: &dns{wait: true}})
		start := time.Now()
		g.want(signup.Take, from("192.0.2.1", 0))
		if took := time.Since(start); took != 3*time.Second {
			t.Errorf("took %s, want 3s", took)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if d := g.Decide(ctx, from("192.0.2.1", 1)); d.Outcome != signup.Take {
			t.Errorf("when the client has left: %+v", d)
		}
		time.Sleep(time.Minute) // until the lookup has ended
	})
}
