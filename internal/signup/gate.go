// Package signup decides which requests to subscribe are taken, so that nobody can make the
// program mail strangers, and holds the parts of the form that a browser needs for that.
package signup

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// How many sign-ups an hour are taken.
const (
	perClient  = 10 // from an IPv4 address or an IPv6 /64
	perNetwork = 60 // from an IPv4 /24 or an IPv6 /48
	perDomain  = 30 // of addresses in one domain, unless it is a large provider
)

// How long a person takes to fill in a page.
const (
	tooFast = 2 * time.Second
	tooOld  = 24 * time.Hour
)

// Options are what NewGate needs.
type Options struct {
	MailsPerHour  int
	RefuseDomains []string // in lower case
	Resolver      Resolver // nil: domains are not looked up
	Now           func() time.Time
}

// Gate decides which requests are taken. It is safe for concurrent use, remembers no address
// of a client or reader, and forgets everything when the program ends.
type Gate struct {
	now     func() time.Time
	domains *domains
	work    *work

	mu      sync.Mutex
	buckets *buckets
	all     rate.Limiter
}

// NewGate returns a Gate that has seen no request.
func NewGate(o Options) *Gate {
	if o.Now == nil {
		o.Now = time.Now
	}
	g := &Gate{now: o.Now, domains: newDomains(o.Resolver, o.RefuseDomains, o.Now), work: newWork(), buckets: newBuckets(maxBuckets)}
	fill(&g.all, o.MailsPerHour)
	return g
}

// Request is a request to subscribe, as far as a Gate looks at it.
type Request struct {
	Client  netip.Addr
	Address string    // as [address.Normalize] returns it
	Trap    string    // the content of a field that people do not see
	Made    time.Time // when the page with the form was made; zero if unknown
	Work    string    // the answer to a challenge; "" for none
}

// Outcome is what becomes of a request.
type Outcome int

const (
	Take   Outcome = iota
	Drop           // answer as if it had been taken
	NoMail         // the domain of the address takes no mail, or is not wanted
	Slow           // too many of this client, its network, or the domain
	Work           // a proof of work is needed
	Full           // too many of all
)

// Decision is a Gate's answer to a request.
type Decision struct {
	Outcome    Outcome
	RetryAfter time.Duration // of Slow and Full
	Challenge  string        // of Work
}

// Decide decides about a request. One that is taken counts against all limits, others count
// against none.
func (g *Gate) Decide(ctx context.Context, r Request) Decision {
	now := g.now()
	if r.Trap != "" || !r.Made.IsZero() && (now.Sub(r.Made) < tooFast || now.Sub(r.Made) > tooOld) {
		return Decision{Outcome: Drop}
	}
	domain := r.Address[strings.LastIndexByte(r.Address, '@')+1:]
	if !g.domains.take(ctx, domain) {
		return Decision{Outcome: NoMail}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	limits := g.limits(r.Client, domain)
	if wait := g.buckets.wait(limits, now); wait > 0 {
		return Decision{Outcome: Slow, RetryAfter: wait}
	}
	if wait := untilToken(&g.all, now); wait > 0 {
		return Decision{Outcome: Full, RetryAfter: wait}
	}
	if g.all.TokensAt(now) <= float64(g.all.Burst())/2 && !g.work.accept(r.Work, r.Address, now) {
		return Decision{Outcome: Work, Challenge: g.work.challenge(r.Address, now)}
	}
	g.buckets.take(limits, now)
	g.all.AllowN(now, 1)
	return Decision{Outcome: Take}
}

// limits returns the limits of a client and a domain.
func (g *Gate) limits(client netip.Addr, domain string) []limit {
	own, network := 32, 24
	if client.Is6() {
		own, network = 64, 48
	}
	all := make([]limit, 0, 3)
	for _, l := range []struct{ bits, perHour int }{{own, perClient}, {network, perNetwork}} {
		prefix, _ := client.Prefix(l.bits) // zero if the address is
		all = append(all, limit{key(g.buckets, prefix), l.perHour})
	}
	if !isLarge(domain) {
		all = append(all, limit{key(g.buckets, domain), perDomain})
	}
	return all
}

// isLarge reports whether a domain is one of the thirty with the most mailboxes, many of whose
// users may well sign up in one hour.
func isLarge(domain string) bool {
	switch domain {
	case "gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "msn.com", "hotmail.co.uk", "hotmail.fr",
		"yahoo.com", "yahoo.co.uk", "yahoo.co.jp", "yahoo.co.in", "aol.com", "comcast.net", "icloud.com", "me.com", "proton.me", "protonmail.com",
		"gmx.de", "gmx.net", "web.de", "t-online.de", "orange.fr", "free.fr", "libero.it",
		"mail.ru", "yandex.ru", "qq.com", "163.com", "naver.com":
		return true
	}
	return false
}

var _ Resolver = (*net.Resolver)(nil)
