package config

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"publisher/internal/private"
)

// Private returns the files that only the owner may see.
func (c *Config) Private() *private.List {
	file := c.File
	if !filepath.IsAbs(file) {
		file = filepath.Join(c.Dir, filepath.Base(file))
	}
	places := []private.Place{{What: "the config", Path: file, Kind: private.File}}
	if ledger, ok := strings.CutPrefix(c.Ledger, "sqlite:"); ok {
		places = append(places, private.Place{What: "the ledger", Key: ledgerKey, Path: c.Path(ledger), Kind: private.Ledger})
	}
	if c.OnPostgreSQL() {
		places = append(places, private.Place{What: "what belongs to the ledger", Key: "state.dir", Path: c.Path(c.State.Dir), Kind: private.Folder})
	}
	if c.Mail.Outbox != "" {
		places = append(places, private.Place{What: "the mails of the built-in catcher", Key: "mail.outbox", Path: c.Path(c.Mail.Outbox), Kind: private.Folder})
	}
	if folder, ok := strings.CutPrefix(c.Mail.Bounces, "maildir:"); ok {
		places = append(places, private.Place{What: "bounces", Key: "mail.bounces", Path: c.Path(folder), Kind: private.Folder})
	}
	if c.Subscribers.File != "" {
		places = append(places, private.Place{What: "the list of subscribers", Key: "subscribers.file", Path: c.Path(c.Subscribers.File), Kind: private.File})
	}
	for _, key := range c.Mail.DKIM {
		if key.KeyFile != "" {
			places = append(places, private.Place{What: "a signing key", Key: "mail.dkim", Path: c.Path(key.KeyFile), Kind: private.File})
		}
	}
	return private.NewList(places...)
}

// The keys whose values may be secrets.
const (
	smtpPassword = "mail.smtp.password"
	ledgerKey    = "ledger"
	bouncesKey   = "mail.bounces"
)

// isSecret reports whether the value of a key may be, or contain, a secret.
func isSecret(key string) bool {
	switch key {
	case smtpPassword, ledgerKey, bouncesKey:
		return true
	}
	return strings.HasPrefix(key, "mail.events[") && (strings.HasSuffix(key, ".password") || strings.HasSuffix(key, ".key"))
}

// Secret returns the key of a password that is in the file itself and not from the
// environment, or "".
func (c *Config) Secret() string {
	if c.written[smtpPassword] != "" {
		return smtpPassword
	}
	if u, err := url.Parse(c.written[ledgerKey]); err == nil {
		if password, _ := u.User.Password(); password != "" {
			return ledgerKey
		}
	}
	if mailbox, err := parseMailbox(c.written[bouncesKey]); err == nil && mailbox.Password != "" {
		return bouncesKey
	}
	for i, e := range c.Mail.Events {
		for _, name := range []string{"password", "key"} {
			if key := fmt.Sprintf("mail.events[%d].%s", i, name); c.written[key] != "" && e.From != "sendgrid" { // whose key is public
				return key
			}
		}
	}
	return ""
}

// checkFeedsDir returns an *Error if the public folder of feeds would expose private files.
func (c *Config) checkFeedsDir() error {
	dir := c.Path(c.Feeds.Dir)
	real := private.Resolve(dir)
	list := c.Private()
	info, err := os.Stat(real)
	if err != nil {
		info = nil
	}
	if p, ok := list.Look().Holds(real, info); ok {
		return c.exposed(p, "%s is, or is in, %s (%s)", dir, p.Path, p.What)
	}
	for _, p := range list.Places() {
		for _, at := range private.Locations(p.Path) {
			switch {
			case private.WithinAny(at, real):
				return c.exposed(p, "%s is public and contains %s (%s)", dir, p.Path, p.What)
			case p.Kind == private.Folder && private.WithinAny(real, at):
				return c.exposed(p, "%s is in %s (%s)", dir, p.Path, p.What)
			}
		}
	}
	posts := c.Path(c.Content.Dir)
	if at := private.Resolve(posts); private.WithinAny(at, real) && private.WithinAny(real, at) {
		return c.exposed(private.Place{Key: "content.dir"}, "%s is public and is content.dir, %s, which contains drafts", dir, posts)
	}
	if slices.Contains(strings.Split(filepath.ToSlash(real), "/"), ".git") {
		return c.exposed(private.Place{}, "%s is in git's own folder, %s", dir, real[:strings.Index(real, ".git")+len(".git")])
	}
	return nil
}

func (c *Config) exposed(p private.Place, format string, args ...any) error {
	at, written := c.places["feeds.dir"]
	if other, ok := c.places[p.Key]; !written && ok && p.Key != "" {
		at = other // this key is in the file, and points into the default folder
	}
	return &Error{[]Fault{{File: c.File, Line: at.line, Column: at.column,
		Message: "feeds.dir: " + fmt.Sprintf(format, args...) + "; use a folder only for the feeds, such as public"}}}
}
