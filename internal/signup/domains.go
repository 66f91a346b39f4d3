package signup

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

const (
	lookupTime = 3 * time.Second
	// maxLookups limits how many lookups run at once. A domain beyond that is in doubt.
	maxLookups = 64
	maxDomains = 10_000 // whose results are remembered
	// How long a result is remembered.
	rememberResult = time.Hour
	rememberDoubt  = time.Minute
)

// Resolver looks names up in the DNS. A *net.Resolver is one.
type Resolver interface {
	LookupMX(ctx context.Context, name string) ([]*net.MX, error)
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
	LookupNS(ctx context.Context, name string) ([]*net.NS, error)
}

// domains knows which domains take mail. What cannot be found out counts as yes.
type domains struct {
	resolver Resolver // nil: all do
	refused  []string
	now      func() time.Time

	running singleflight.Group
	lookups chan struct{} // limits how many run at once
	mu      sync.Mutex
	known   map[string]result
}

type result struct {
	takesMail bool
	until     time.Time
}

func newDomains(r Resolver, refused []string, now func() time.Time) *domains {
	return &domains{resolver: r, refused: refused, now: now, lookups: make(chan struct{}, maxLookups), known: map[string]result{}}
}

// take reports whether addresses in a domain, in lower-case ASCII, are taken.
func (d *domains) take(ctx context.Context, domain string) bool {
	for _, refused := range d.refused {
		if domain == refused || strings.HasSuffix(domain, "."+refused) {
			return false
		}
	}
	if d.resolver == nil {
		return true
	}
	if takesMail, ok := d.recall(domain); ok {
		return takesMail
	}
	looked := d.running.DoChan(domain, func() (any, error) { return d.look(domain), nil })
	select {
	case r := <-looked:
		return r.Val.(bool)
	case <-ctx.Done():
		return true
	}
}

// look looks a domain up and remembers the result.
func (d *domains) look(domain string) bool {
	select {
	case d.lookups <- struct{}{}:
	default:
		return true
	}
	defer func() { <-d.lookups }()
	ctx, cancel := context.WithTimeout(context.Background(), lookupTime)
	defer cancel()
	takesMail, certain := d.ask(ctx, domain)
	d.remember(domain, takesMail, certain)
	return takesMail
}

// ask asks the DNS whether a domain takes mail (RFC 5321 §5.1): it has an MX record that is
// not null (RFC 7505), or none and an address.
func (d *domains) ask(ctx context.Context, domain string) (takesMail, certain bool) {
	name := domain + "." // not one of this machine's search domains
	hosts, err := d.resolver.LookupMX(ctx, name)
	if len(hosts) > 0 {
		null := len(hosts) == 1 && hosts[0].Host == "."
		return !null, true
	}
	if err != nil && !notFound(err) {
		return true, false
	}
	addresses, err := d.resolver.LookupNetIP(ctx, "ip", name)
	if len(addresses) > 0 {
		return true, true
	}
	if err != nil && !notFound(err) {
		return true, false
	}
	// A resolver that does not find the root either is not connected to the DNS, and knows
	// nothing of the domain.
	if roots, err := d.resolver.LookupNS(ctx, "."); err != nil || len(roots) == 0 {
		return true, false
	}
	return false, true
}

func notFound(err error) bool {
	var fault *net.DNSError
	return errors.As(err, &fault) && fault.IsNotFound
}

func (d *domains) recall(domain string) (takesMail, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	r, ok := d.known[domain]
	return r.takesMail, ok && d.now().Before(r.until)
}

func (d *domains) remember(domain string, takesMail, certain bool) {
	keep := rememberDoubt
	if certain {
		keep = rememberResult
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.known) >= maxDomains {
		clear(d.known)
	}
	d.known[domain] = result{takesMail, d.now().Add(keep)}
}
