package feed

import (
	"net/mail"
	"net/netip"
	"net/url"
	"strings"

	"golang.org/x/net/idna"

	"publisher/content/post"
	"publisher/internal/uri"
	"publisher/internal/xmltext"
)

// clean returns text that an XML document may have. Line ends become LF, as a parser would
// make them (XML 1.0 §2.11).
func clean(s string) string {
	if strings.ContainsRune(s, '\r') {
		s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	}
	return xmltext.Clean(s)
}

func lines(in []string) []string {
	var out []string
	for _, s := range in {
		if s = xmltext.Line(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// cleanRendering returns a copy with what feeds show, cleaned.
func cleanRendering(r *post.Rendering) *post.Rendering {
	// A clone has no unused capacity, which the cache would keep without counting it.
	c := &post.Rendering{HTML: strings.Clone(clean(r.HTML)), ExcerptHTML: strings.Clone(clean(r.ExcerptHTML)), ExcerptText: xmltext.Line(r.ExcerptText)}
	if r.Image != nil {
		image := *r.Image
		c.Image = &image
	}
	return c
}

// asURI returns an address as RFC 3986 allows it, since RSS has no internationalized
// addresses. One that does not parse is returned as it is, for validate to find.
func asURI(s string) string {
	s = xmltext.Line(s)
	u, err := url.Parse(s)
	if err != nil || isURI(s) {
		return s
	}
	if host, err := idna.Lookup.ToASCII(u.Hostname()); err == nil && host != "" {
		u.Host = host + strings.TrimPrefix(u.Host, u.Hostname())
	}
	u.RawQuery = escapeURI(u.RawQuery)
	return escapeURI(u.String())
}

// isURI reports whether s has only the characters of RFC 3986.
func isURI(s string) bool { return escapeURI(s) == s }

// escapeURI percent-encodes octets that a URI may not have, and stray percent signs.
func escapeURI(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if isAlphanumeric(rune(c)) || strings.IndexByte("-._~:/?#[]@!$&'()*+,;=", c) >= 0 || c == '%' && uri.IsEscape(s[i:]) {
			b.WriteByte(c)
			continue
		}
		b.Write([]byte{'%', hex[c>>4], hex[c&15]})
	}
	return b.String()
}

// isAddress reports whether s is an absolute web address that any reader can follow.
func isAddress(s string) bool {
	u, err := url.Parse(s)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || !isURI(s) {
		return false
	}
	if _, err := netip.ParseAddr(u.Hostname()); err == nil {
		return true
	}
	host := u.Hostname()
	return host != "" && strings.IndexFunc(host, func(r rune) bool {
		return !isAlphanumeric(r) && r != '.' && r != '-' && r != '_'
	}) < 0
}

// names returns authors' names: of "Ada <ada@example.com>" only the name, since those who
// collect addresses read feeds too.
func names(in []string) []string {
	names := lines(in)
	for i, s := range names {
		if a, err := mail.ParseAddress(s); err == nil && a.Name != "" {
			names[i] = xmltext.Line(a.Name)
		}
	}
	return names
}
