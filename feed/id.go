package feed

import (
	"fmt"
	"path"
	"strings"

	"golang.org/x/net/idna"

	"publisher/content/post"
	"publisher/internal/config"
)

// TagURI makes the id of a post from its path and date (RFC 4151). It is what a
// post gets at first sight where its front matter fixes none.
//
// The day is the one that the author wrote, in the zone the author wrote it, so
// that neither the machine's zone nor a change of site.timezone moves it.
func TagURI(cfg *config.Config, p *post.Post) string {
	year, month, day := p.Date.Date()
	specific := strings.TrimSuffix(p.Path, path.Ext(p.Path))
	if specific == "" {
		specific = p.Path
	}
	return fmt.Sprintf("tag:%s,%04d-%02d-%02d:%s",
		authority(cfg), min(max(year, 0), 9999), month, day, escapeSpecific(specific))
}

// authority is the site's host as a DNS name (RFC 4151 §2.1).
func authority(cfg *config.Config) string {
	host := strings.ToLower(cfg.Site.URL.Hostname())
	if ascii, err := idna.Lookup.ToASCII(host); err == nil {
		host = ascii
	}
	return strings.Map(func(r rune) rune {
		if isAlphanumeric(r) || r == '.' || r == '-' {
			return r
		}
		return '-' // an IPv6 address has colons, which end the authority
	}, host)
}

// escapeSpecific percent-encodes what RFC 4151 §2.1 does not let stand in the
// specific part: everything but pchar, "/" and "?".
func escapeSpecific(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; isAlphanumeric(rune(c)) || strings.IndexByte("-._~!$&'()*+,;=:@/?", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

func isAlphanumeric(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
}
