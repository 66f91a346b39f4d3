package config

import (
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
	"golang.org/x/net/idna"
	"golang.org/x/text/language"
)

// parseDuration is like time.ParseDuration, and accepts whole days, as in 3d.
func parseDuration(text string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.Atoi(days)
		if err != nil || n < 0 || n > 36500 {
			return 0, errors.New("not a number of days")
		}
		return time.Duration(n) * 24 * time.Hour, nil
	}
	dur, err := time.ParseDuration(text)
	if err == nil && dur < 0 {
		return 0, errors.New("negative")
	}
	return dur, err
}

func (d *decoder) url(key string, n *yaml.Node, text string) *url.URL {
	if text == "" {
		return nil
	}
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" || strings.ContainsAny(text, " \t\r\n") ||
		u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		d.fault(n, "%s: %q is not a web address; write it like https://example.com", key, text)
		return nil
	}
	if host := u.Hostname(); strings.IndexFunc(host, func(r rune) bool { return r >= 0x80 }) >= 0 {
		ascii, err := idna.Lookup.ToASCII(host) // RFC 5891: DNS and feeds support only A-labels
		if err != nil {
			d.fault(n, "%s: %q is not the name of a host: %v", key, host, err)
			return nil
		}
		u.Host = strings.Replace(u.Host, host, ascii, 1)
	}
	u.Path = strings.TrimRight(u.Path, "/")
	u.RawPath = ""
	return u
}

func (d *decoder) address(key string, n *yaml.Node, text string) *mail.Address {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	a, err := mail.ParseAddress(text)
	if err != nil || strings.ContainsAny(text, "\r\n") || !strings.Contains(a.Address, "@") {
		d.fault(n, "%s: %q is not a mail address; write it like Ada <ada@example.com>", key, text)
		return nil
	}
	return a
}

// rates parses "14/s, 500/h, 50000/24h".
func (d *decoder) rates(key string, n *yaml.Node, text string) []Rate {
	var rates []Rate
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		count, per, _ := strings.Cut(part, "/")
		c, err := strconv.Atoi(strings.TrimSpace(count))
		per = strings.TrimSpace(per)
		if per != "" && strings.Trim(per, "smhd") == "" {
			per = "1" + per
		}
		window, perErr := parseDuration(per)
		if err != nil || perErr != nil || c < 1 || window <= 0 {
			d.fault(n, "%s: %q is not a rate; write it like 14/s, 500/h or 50000/24h, several separated by commas", key, part)
			return nil
		}
		rates = append(rates, Rate{c, window})
	}
	return rates
}

// resolve fills in values that depend on other keys and checks rules across keys.
func (c *Config) resolve(d *decoder) {
	c.resolveSite(d)
	c.resolveLanguages(d)
	c.resolveDigest(d)
	c.resolveMail(d)
	for _, f := range []struct{ key, value, want string }{
		{"content.dialect", string(c.Content.Dialect), "auto hugo jekyll pelican zola eleventy markdown"},
		{"feeds.content", c.Feeds.Content, "full excerpt"},
		{"mail.uncertain", c.Mail.Uncertain, "resend hold"},
		{"server.archive", c.Server.Archive, "public unlisted off"},
		{"mail.smtp.tls", c.Mail.SMTP.TLS, "starttls implicit none"},
		{"mail.smtp.auth", c.Mail.SMTP.Auth, "auto none plain login cram-md5 scram-sha-1 scram-sha-256"},
	} {
		if !contains(f.want, f.value) {
			d.faultAt(f.key, "invalid value %q; must be one of %s", f.value, strings.ReplaceAll(f.want, " ", ", "))
		}
	}
	for _, f := range []struct {
		key             string
		value, min, max int
	}{
		{"content.excerpt_words", c.Content.ExcerptWords, 1, 100000},
		{"feeds.items", c.Feeds.Items, 1, 100000},
		{"digest.max_posts", c.Digest.MaxPosts, 1, 1000},
		{"digest.max_bytes", c.Digest.MaxBytes, 10000, 100 << 20},
		{"digest.hold_above", c.Digest.HoldAbove, 0, 1 << 30},
		{"signup.mails_per_hour", c.Signup.MailsPerHour, 1, 1 << 30},
		{"mail.smtp.port", c.Mail.SMTP.Port, 1, 65535},
		{"mail.smtp.connections", c.Mail.SMTP.Connections, 1, 1000},
		{"mail.smtp.messages_per_connection", c.Mail.SMTP.MessagesPerConnection, 0, 1 << 30},
	} {
		if f.value < f.min || f.value > f.max {
			d.faultAt(f.key, "invalid value %d; must be a number from %d to %d", f.value, f.min, f.max)
		}
	}
	for _, f := range []struct{ key, value string }{
		{"content.dir", c.Content.Dir}, {"feeds.dir", c.Feeds.Dir}, {"mail.outbox", c.Mail.Outbox},
	} {
		if f.value == "" {
			d.faultAt(f.key, "must be a folder")
		}
	}
	c.resolveFeeds(d)
	c.resolveLedger(d)
	if _, port, err := net.SplitHostPort(c.Server.Listen); err != nil || !isPort(port) {
		d.faultAt("server.listen", "%q is not an address to listen on; write it like 127.0.0.1:8080", c.Server.Listen)
	}
	c.resolveProxies(d)
	for i, domain := range c.Signup.RefuseDomains {
		if domain == "" || strings.ContainsAny(domain, "@/ \t*") {
			d.faultAt(fmt.Sprintf("signup.refuse_domains[%d]", i), "%q is not a domain; write it like example.com, which includes its subdomains", domain)
		}
		c.Signup.RefuseDomains[i] = strings.ToLower(domain)
	}
}

func (c *Config) resolveProxies(d *decoder) {
	for i, text := range c.Server.TrustedProxies {
		network, err := netip.ParsePrefix(text)
		if err != nil {
			var one netip.Addr
			if one, err = netip.ParseAddr(text); err == nil && one.Zone() == "" {
				network = netip.PrefixFrom(one.Unmap(), one.Unmap().BitLen())
			}
		}
		if !network.IsValid() {
			d.faultAt(fmt.Sprintf("server.trusted_proxies[%d]", i), "%q is not an address or a network; write it like 192.0.2.7 or 192.0.2.0/24", text)
			continue
		}
		c.Server.Proxies = append(c.Server.Proxies, network.Masked())
	}
}

func (c *Config) resolveSite(d *decoder) {
	if c.Site.URL == nil {
		if len(d.faults) == 0 {
			d.faultAt("site.url", "is missing; write the address of your site, like https://example.com")
		}
		c.Site.URL = &url.URL{Scheme: "http", Host: "localhost"}
	}
	if c.Site.Title == "" {
		c.Site.Title = c.Site.URL.Hostname()
	}
	tag, err := language.Parse(c.Site.Language)
	if err != nil {
		d.faultAt("site.language", "%q is not a language; write a BCP 47 tag like en, de or pt-BR", c.Site.Language)
	} else {
		c.Site.Language = tag.String()
	}
	c.resolveLogo(d)
	if e := c.Site.Author.Email; e != "" {
		if a, err := mail.ParseAddress(e); err != nil || a.Address != e {
			d.faultAt("site.author.email", "%q is not a mail address; write it like ada@example.com", e)
		}
	}
}

// resolveLogo turns a path on the site into an address.
func (c *Config) resolveLogo(d *decoder) {
	if c.Site.Logo == "" {
		return
	}
	u, err := url.Parse(c.Site.Logo)
	switch {
	case err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "":
	case err == nil && u.Scheme == "" && u.Host == "" && strings.HasPrefix(u.Path, "/"):
		c.Site.Logo = c.Site.URL.String() + u.String()
	default:
		d.faultAt("site.logo", "%q is not the address of a picture; write it like /images/logo.png or https://example.com/logo.png", c.Site.Logo)
	}
}

func (c *Config) resolveDigest(d *decoder) {
	if len(c.Digest.Cadences) == 0 {
		d.faultAt("digest.cadences", `must have at least one, such as weekly: "0 8 * * MON"`)
	}
	for i := range c.Digest.Cadences {
		cadence := &c.Digest.Cadences[i]
		key := "digest.cadences." + cadence.Name
		if cadence.Name == "" || strings.ContainsAny(cadence.Name, " \t\r\n,;/\"'") {
			d.faultAt(key, "%q is not a name for a cadence; use one word", cadence.Name)
		}
		if cadence.Spec == "" {
			continue
		}
		schedule, err := parseSchedule(cadence.Spec)
		if err != nil || strings.Contains(cadence.Spec, "TZ=") {
			reason := "the time zone is site.timezone"
			if err != nil {
				reason = strings.TrimSuffix(err.Error(), ": "+cadence.Spec)
			}
			d.faultAt(key, `%q is not a cron schedule (%s); write minute, hour, day of month, month, day of week, like "0 8 * * MON", or @daily`, cadence.Spec, reason)
			continue
		}
		if schedule.Next(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
			d.faultAt(key, "%q never occurs: there is no such day", cadence.Spec)
		}
		cadence.Schedule = schedule
	}
	if _, ok := c.Cadence(c.Digest.Default); !ok {
		names := make([]string, len(c.Digest.Cadences))
		for i, cadence := range c.Digest.Cadences {
			names[i] = cadence.Name
		}
		d.faultAt("digest.default", "unknown cadence %q; digest.cadences has %s", c.Digest.Default, strings.Join(names, ", "))
	}
	if d.start == "" {
		return
	}
	for _, layout := range []string{time.DateOnly, "2006-01-02 15:04", time.DateTime, "2006-01-02T15:04:05", time.RFC3339} {
		if t, err := time.ParseInLocation(layout, d.start, c.Site.Timezone); err == nil {
			c.Digest.Start = t
			return
		}
	}
	d.faultAt("digest.start", `%q is not a day; write it like "2026-01-31"`, d.start)
}

func (c *Config) resolveFeeds(d *decoder) {
	seen := map[string]string{}
	for _, f := range []struct{ key, value string }{
		{"feeds.rss", c.Feeds.RSS}, {"feeds.atom", c.Feeds.Atom}, {"feeds.json", c.Feeds.JSON},
	} {
		if f.value == "" {
			continue
		}
		if !isInside(f.value) {
			d.faultAt(f.key, "%q is not a file inside feeds.dir; write it like feed.xml", f.value)
		}
		if other, ok := seen[f.value]; ok {
			d.faultAt(f.key, "%q is also %s; two feeds cannot share a file", f.value, other)
		}
		seen[f.value] = f.key
	}
	for i, hub := range c.Feeds.Hubs {
		if u, err := url.Parse(hub); err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
			d.faultAt("feeds.hubs", "%q (number %d) is not a web address", hub, i+1)
		}
	}
}

func (c *Config) resolveMail(d *decoder) {
	if c.Mail.From == nil {
		if !c.Catches() {
			d.faultAt("mail.from", "is missing; write the sender, like Ada <news@example.com>")
		}
		c.Mail.From = &mail.Address{Name: c.Site.Title, Address: "news@" + c.Site.URL.Hostname()}
	}
	if c.Mail.From.Name == "" {
		c.Mail.From.Name = c.Site.Title
	}
	if c.Mail.SMTP.Timeout <= 0 {
		d.faultAt("mail.smtp.timeout", "must be a duration like 10m")
	}
	c.resolveBounces(d)
	c.resolveEvents(d)
	for i, key := range c.Mail.DKIM {
		if key.Domain == "" || key.Selector == "" || key.KeyFile == "" {
			d.fault(d.at["mail.dkim"], "mail.dkim: number %d needs domain, selector and key_file", i+1)
		}
		for j, field := range key.Omit {
			if !strings.EqualFold(field, "Message-ID") && !strings.EqualFold(field, "Date") {
				d.faultAt(fmt.Sprintf("mail.dkim[%d].omit[%d]", i, j), "%q is always signed; only Message-ID and Date, which some relays replace, can be omitted", field)
			}
		}
	}
	if c.Server.URL == nil && c.Mail.BounceTo == nil && c.Mail.ReplyTo == nil && !c.Catches() {
		d.faultAt("server.url", "is empty, so subscribers unsubscribe by mail; set mail.bounce_to or mail.reply_to")
	}
}

func contains(list, value string) bool {
	for word := range strings.FieldsSeq(list) {
		if word == value {
			return true
		}
	}
	return false
}

// isInside reports whether p is a relative file path that stays inside its folder.
func isInside(p string) bool {
	if strings.HasPrefix(p, "/") || strings.HasSuffix(p, "/") || strings.ContainsAny(p, "\\\x00") {
		return false
	}
	for part := range strings.SplitSeq(p, "/") {
		if part == "" || part == "." || part == ".." {
			return false
		}
	}
	return true
}

func isPort(s string) bool {
	n, err := strconv.Atoi(s)
	return err == nil && n >= 0 && n <= 65535
}
