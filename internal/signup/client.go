package signup

import (
	"net/netip"
	"slices"
	"strings"
)

// maxHops is how many addresses of X-Forwarded-For are looked at: far more than there are
// proxies in front of any server.
const maxHops = 32

// Client returns the address that a request came from. remote is the other end of the
// connection, forwarded the values of X-Forwarded-For. Each trusted proxy has appended the
// address of its own client, so the client is the rightmost address that is not a trusted
// proxy's; what is left of it could be made up. If all are trusted, or the next one is not an
// address, it is the last trusted one. The result is invalid only if remote is.
func Client(remote string, forwarded []string, trusted []netip.Prefix) netip.Addr {
	client, ok := parseHop(remote)
	if !ok {
		return netip.Addr{}
	}
	hops := 0
	for _, value := range slices.Backward(forwarded) {
		for value != "" {
			if !isTrusted(client, trusted) || hops == maxHops {
				return client
			}
			hops++
			comma := strings.LastIndexByte(value, ',')
			hop, ok := parseHop(strings.TrimSpace(value[comma+1:]))
			if !ok {
				return client
			}
			client, value = hop, value[:max(comma, 0)]
		}
	}
	return client
}

// parseHop parses an address, with or without a port. An IPv4 address in an IPv6 one counts
// as the former.
func parseHop(text string) (netip.Addr, bool) {
	if port, err := netip.ParseAddrPort(text); err == nil {
		return port.Addr().Unmap().WithZone(""), true
	}
	text = strings.TrimSuffix(strings.TrimPrefix(text, "["), "]")
	addr, err := netip.ParseAddr(text)
	return addr.Unmap().WithZone(""), err == nil
}

func isTrusted(a netip.Addr, trusted []netip.Prefix) bool {
	return slices.ContainsFunc(trusted, func(p netip.Prefix) bool { return p.Contains(a) })
}
