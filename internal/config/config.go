// Package config turns config.yaml into one Config value: with defaults and environment
// variables filled in and every value checked. Each fault is reported with its line and
// column and what to write instead.
package config

import (
	"net/mail"
	"net/netip"
	"net/url"
	"path/filepath"
	"strconv"
	"time"

	"github.com/robfig/cron/v3"
)

// Config is everything that the owner can set. Load returns it complete and valid, and it
// does not change afterwards.
type Config struct {
	Site        Site        `yaml:"site"`
	Languages   []Language  `yaml:"languages"` // in addition to site.language; none: all posts are together
	Content     Content     `yaml:"content"`
	Feeds       Feeds       `yaml:"feeds"`
	Digest      Digest      `yaml:"digest"`
	Mail        Mail        `yaml:"mail"`
	Subscribers Subscribers `yaml:"subscribers"`
	Ledger      string      `yaml:"ledger"`
	State       State       `yaml:"state"`
	// LedgerKeep is how long each delivery of a finished edition is kept; 0 for ever. Then some are
	// only counted.
	LedgerKeep time.Duration `yaml:"ledger_keep"`
	Server     Server        `yaml:"server"`
	Signup     Signup        `yaml:"signup"`
	Templates  string        `yaml:"templates"`

	// File is config.yaml itself. Dir is its folder, an absolute path; all paths in it are
	// relative to that.
	File string `yaml:"-"`
	Dir  string `yaml:"-"`

	places  map[string]place  // of each key's value in File
	written map[string]string // values that may be secrets as written in File, without parts from the environment
}

type place struct{ line, column int }

// Fault returns an error about a key's value that was found only when it was used. It names
// the key's place in config.yaml.
func (c *Config) Fault(key, message string) error {
	at := c.places[key]
	return &Error{[]Fault{{File: c.File, Line: at.line, Column: at.column, Message: key + ": " + message}}}
}

// Site describes the publication.
type Site struct {
	Title       string         `yaml:"title"`
	URL         *url.URL       `yaml:"url"` // without a trailing slash
	Description string         `yaml:"description"`
	Language    string         `yaml:"language"` // BCP 47
	Timezone    *time.Location `yaml:"timezone"`
	Author      Author         `yaml:"author"`
	Logo        string         `yaml:"logo"` // web address of a picture; "": none
}

// Author is the author of posts that do not name one.
type Author struct {
	Name  string `yaml:"name"`
	Email string `yaml:"email"`
}

// Content says where the posts are and how to read them.
type Content struct {
	Dir          string   `yaml:"dir"`
	Dialect      Dialect  `yaml:"dialect"`
	Permalink    string   `yaml:"permalink"` // "": the dialect's own default
	Exclude      []string `yaml:"exclude"`   // globs over slash paths relative to Dir
	Include      []string `yaml:"include"`   // globs of posts to publish even if the engine's settings leave that unclear
	ExcerptWords int      `yaml:"excerpt_words"`
}

// Dialect names a blog engine, or Auto.
type Dialect string

// The dialects that content.dialect may name.
const (
	Auto     Dialect = "auto"
	Hugo     Dialect = "hugo"
	Jekyll   Dialect = "jekyll"
	Pelican  Dialect = "pelican"
	Zola     Dialect = "zola"
	Eleventy Dialect = "eleventy"
	Markdown Dialect = "markdown"
)

// Feeds says which feed documents are written. An empty file name turns a format off.
type Feeds struct {
	Dir     string   `yaml:"dir"`
	RSS     string   `yaml:"rss"`
	Atom    string   `yaml:"atom"`
	JSON    string   `yaml:"json"`
	Items   int      `yaml:"items"`
	Content string   `yaml:"content"` // "full" or "excerpt"
	Tags    bool     `yaml:"tags"`
	Archive bool     `yaml:"archive"` // RFC 5005
	Hubs    []string `yaml:"hubs"`    // WebSub
}

// Digest says when digests go out and what is in them.
type Digest struct {
	Cadences  []Cadence     `yaml:"cadences"`
	Default   string        `yaml:"default"`
	Start     time.Time     `yaml:"start"` // zero: no post of the first pass is new
	Settle    time.Duration `yaml:"settle"`
	MaxPosts  int           `yaml:"max_posts"`
	MaxBytes  int           `yaml:"max_bytes"`
	HoldAbove int           `yaml:"hold_above"`
	Subject   string        `yaml:"subject"` // text/template; "": subject.txt's
	Intro     string        `yaml:"intro"`   // Markdown file above the next edition of each cadence; "" for none
}

// Cadence is how often a subscriber wants mail.
type Cadence struct {
	Name string
	// Spec is the cron schedule as written; "" means every pass.
	Spec string
	// Schedule is Spec parsed; nil means every pass. It is in wall-clock time of the site's
	// zone; publish handles daylight saving time.
	Schedule cron.Schedule
}

// Mail says who sends the mail, and how.
type Mail struct {
	From          *mail.Address `yaml:"from"`
	ReplyTo       *mail.Address `yaml:"reply_to"`  // nil: none
	BounceTo      *mail.Address `yaml:"bounce_to"` // nil: the return path is From
	PostalAddress string        `yaml:"postal_address"`
	Bounces       string        `yaml:"bounces"`   // "maildir:PATH", "imaps://user:password@host/folder" or ""
	Events        []Events      `yaml:"events"`    // what mail services post
	Uncertain     string        `yaml:"uncertain"` // "resend" or "hold": see HoldsUncertain
	RetryFor      time.Duration `yaml:"retry_for"`
	SMTP          SMTP          `yaml:"smtp"`
	DKIM          []DKIM        `yaml:"dkim"`
	Outbox        string        `yaml:"outbox"`

	// Resolved from Bounces.
	Mailbox *Mailbox `yaml:"-"` // nil: none
}

// HoldsUncertain reports whether mails are held of which it is not known whether the server accepted them,
// rather than sent again.
func (m *Mail) HoldsUncertain() bool { return m.Uncertain == "hold" }

// SMTP is the mail server. Without a host, the built-in catcher writes mail to the outbox.
type SMTP struct {
	Host                  string        `yaml:"host"`
	Port                  int           `yaml:"port"`
	TLS                   string        `yaml:"tls"` // "starttls", "implicit" or "none"
	Username              string        `yaml:"username"`
	Password              string        `yaml:"password"`
	Auth                  string        `yaml:"auth"` // "auto", "none", "plain", "login", "cram-md5", "scram-sha-1", "scram-sha-256"
	Connections           int           `yaml:"connections"`
	MessagesPerConnection int           `yaml:"messages_per_connection"` // 0: no limit
	Rate                  []Rate        `yaml:"rate"`
	Timeout               time.Duration `yaml:"timeout"`
}

// Rate allows at most Count messages in any window of length Per.
type Rate struct {
	Count int
	Per   time.Duration
}

// DKIM is one signing key (RFC 6376).
type DKIM struct {
	Domain   string `yaml:"domain"`
	Selector string `yaml:"selector"`
	KeyFile  string `yaml:"key_file"`
	// Omit lists fields not to sign because the relay replaces them: Message-ID, Date.
	Omit []string `yaml:"omit"`
}

// Subscribers names another source of subscribers.
type Subscribers struct {
	File string `yaml:"file"` // CSV; "" for none
}

// Server is the web server, and how clients reach it.
type Server struct {
	Listen string   `yaml:"listen"`
	URL    *url.URL `yaml:"url"` // without a trailing slash; nil: no web server
	// TrustedProxies are the web servers in front, as addresses or networks.
	TrustedProxies []string `yaml:"trusted_proxies"`

	// Archive says who finds the editions on the web: "public", "unlisted" (with their
	// address only) or "off".
	Archive string `yaml:"archive"`

	// Resolved from the above.
	Proxies []netip.Prefix `yaml:"-"`
}

// Signup says how people subscribe on the web and by mail.
type Signup struct {
	AskName       bool     `yaml:"ask_name"`
	Welcome       bool     `yaml:"welcome"`        // a mail after confirming
	MailsPerHour  int      `yaml:"mails_per_hour"` // to all who sign up
	RefuseDomains []string `yaml:"refuse_domains"` // of addresses, in lower case
	RecordIP      bool     `yaml:"record_ip"`      // with the consent
}

// Path returns a path of config.yaml as an absolute one.
func (c *Config) Path(p string) string {
	if filepath.IsAbs(p) {
		return filepath.Clean(p)
	}
	return filepath.Join(c.Dir, filepath.FromSlash(p))
}

// Cadence returns the cadence of that name.
func (c *Config) Cadence(name string) (Cadence, bool) {
	for _, cadence := range c.Digest.Cadences {
		if cadence.Name == name {
			return cadence, true
		}
	}
	return Cadence{}, false
}

// EditionURL returns the address of an edition's web version; "" if there is none.
func (c *Config) EditionURL(number int64) string {
	if c.Server.URL == nil || c.Server.Archive == "off" {
		return ""
	}
	return c.Server.URL.JoinPath("archive", strconv.FormatInt(number, 10)).String()
}

// Catches reports whether mail goes to the built-in catcher.
func (c *Config) Catches() bool { return c.Mail.SMTP.Host == "" }

// Owner returns the address of the blog's owner.
func (c *Config) Owner() string {
	switch {
	case c.Site.Author.Email != "":
		return c.Site.Author.Email
	case c.Mail.ReplyTo != nil:
		return c.Mail.ReplyTo.Address
	}
	return c.Mail.From.Address
}

// Default returns the defaults of all settings.
func Default() *Config {
	return &Config{
		Site:    Site{Language: "en", Timezone: time.UTC},
		Content: Content{Dir: "content/posts", Dialect: Auto, ExcerptWords: 70},
		Feeds: Feeds{Dir: "public", RSS: "feed.xml", Atom: "atom.xml", JSON: "feed.json",
			Items: 20, Content: "full", Tags: true, Archive: true},
		Digest: Digest{
			Cadences: []Cadence{{Name: "immediate"}, {Name: "daily", Spec: "0 8 * * *"}, {Name: "weekly", Spec: "0 8 * * MON"}},
			Default:  "weekly", Settle: 10 * time.Minute, MaxPosts: 20, MaxBytes: 98000, HoldAbove: 10,
		},
		Mail: Mail{Uncertain: "resend", RetryFor: 48 * time.Hour, Outbox: "outbox",
			SMTP: SMTP{Port: 587, TLS: "starttls", Auth: "auto", Connections: 10, Timeout: 10 * time.Minute}},
		Ledger:    "sqlite:publisher.db",
		State:     State{Dir: "state"},
		Server:    Server{Listen: "127.0.0.1:8080", URL: &url.URL{Scheme: "http", Host: "localhost:8080"}, TrustedProxies: []string{"127.0.0.0/8", "::1"}, Archive: "public"},
		Signup:    Signup{Welcome: true, MailsPerHour: 300},
		Templates: "templates",
	}
}
