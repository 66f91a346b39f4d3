package web

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// maxHops limits how many addresses of X-Forwarded-For are looked at.
const maxHops = 32

// clientAddr returns the address of the client: the rightmost of X-Forwarded-For that is not one of
// the proxies, if the connection is from one of these. It is invalid if there is none.
func clientAddr(r *http.Request, proxies []netip.Prefix) netip.Addr {
	client := hop(r.RemoteAddr)
	hops := 0
	for _, value := range slices.Backward(r.Header.Values("X-Forwarded-For")) {
		for value != "" {
			if hops++; hops > maxHops || !slices.ContainsFunc(proxies, func(p netip.Prefix) bool { return p.Contains(client) }) {
				return client
			}
			comma := strings.LastIndexByte(value, ',')
			next := hop(strings.TrimSpace(value[comma+1:]))
			if !next.IsValid() {
				return client
			}
			client, value = next, value[:max(comma, 0)]
		}
	}
	return client
}

// hop parses an address, with or without a port.
func hop(text string) netip.Addr {
	if port, err := netip.ParseAddrPort(text); err == nil {
		return port.Addr().Unmap().WithZone("")
	}
	addr, err := netip.ParseAddr(strings.Trim(text, "[]"))
	if err != nil {
		return netip.Addr{}
	}
	return addr.Unmap().WithZone("")
}
