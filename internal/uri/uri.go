// Package uri reads the addresses of links as browsers do.
package uri

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"golang.org/x/net/idna"
)

// authority matches the beginning of an address that names a host. Browsers read a
// backslash as a slash in web addresses.
var authority = regexp.MustCompile(`^(?i:https?:|ftp:)?[/\\]{2}[^/\\?#]*`)

var schemeName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:`)

// Parse parses an address as people write them and browsers understand them (WHATWG URL
// Standard), and returns it as a URI (RFC 3986, RFC 3987 §3.1): line breaks are removed,
// characters that a URI may not have are percent-encoded, and a host's name becomes
// A-labels.
func Parse(s string) (*url.URL, error) {
	s = strings.Map(func(r rune) rune {
		if r == '\n' || r == '\r' || r == '\t' {
			return -1
		}
		return r
	}, s)
	head := authority.FindString(s)
	rest := s[len(head):]
	if head != "" {
		head = strings.ReplaceAll(head, `\`, "/")
	} else {
		head = schemeName.FindString(s)
		rest = s[len(head):]
	}
	if head == "" || strings.Contains(head, "/") {
		end := strings.IndexAny(rest, "?#")
		if end < 0 {
			end = len(rest)
		}
		rest = strings.ReplaceAll(rest[:end], `\`, "/") + rest[end:]
	}
	u, err := url.Parse(head + Escape(rest))
	if err != nil {
		return nil, err
	}
	if u.Host = asciiHost(u.Host); !hostAndPort.MatchString(u.Host) || u.Host == "" && u.User != nil {
		return nil, fmt.Errorf("invalid host name %q", u.Host)
	}
	return u, nil
}

// hostAndPort matches what may be between the slashes and the path (RFC 3986 §3.2.2).
var hostAndPort = regexp.MustCompile(`^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~!$&'()*+,;=-]*)(?::[0-9]*)?$`)

// hostNames are read as browsers read them (UTS 46 without the rules of STD 3): labels that no
// registry gives out, with an underscore or a hyphen at an end, have addresses too.
var hostNames = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.StrictDomainName(false), idna.CheckHyphens(false))

// asciiHost returns a host's name as A-labels (RFC 5891), or unchanged if it has none.
func asciiHost(host string) string {
	if isASCII(host) {
		return host
	}
	name, port := host, ""
	if i := strings.LastIndexByte(host, ':'); i >= 0 {
		name, port = host[:i], host[i:]
	}
	ascii, err := hostNames.ToASCII(name)
	if err != nil {
		return host
	}
	return ascii + port
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= 0x80 }) < 0
}

// Escape percent-encodes what a URI may not have after its authority, brackets and a
// percent sign that encodes nothing included.
func Escape(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	fragment := false
	for i := range len(s) {
		c := s[i]
		alphanumeric := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		switch {
		case alphanumeric || strings.IndexByte("-._~:/?@!$&'()*+,;=", c) >= 0, c == '%' && IsEscape(s[i:]):
			b.WriteByte(c)
		case c == '#' && !fragment:
			fragment = true
			b.WriteByte(c)
		default:
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		}
	}
	return b.String()
}

// IsEscape reports whether s begins with a percent sign and two hexadecimal digits. The caller has seen the percent sign.
func IsEscape(s string) bool {
	const hex = "0123456789abcdefABCDEF"
	return len(s) > 2 && strings.IndexByte(hex, s[1]) >= 0 && strings.IndexByte(hex, s[2]) >= 0
}
