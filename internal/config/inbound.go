package config

import (
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Mailbox is a folder on an IMAP server.
type Mailbox struct {
	Host     string
	Port     int
	TLS      bool // false only on this machine
	Username string
	Password string
	Folder   string
}

// Name returns what the mailbox is called in messages: its URL without the password.
func (m *Mailbox) Name() string {
	return fmt.Sprintf("%s at %s, folder %s", m.Username, m.Host, m.Folder)
}

// Events says how to verify what a mail service posts to /hooks/ and its name.
type Events struct {
	From     string `yaml:"from"`     // "ses", "postmark", "mailgun" or "sendgrid"
	Topic    string `yaml:"topic"`    // ses: the ARN of the SNS topic
	Username string `yaml:"username"` // postmark: of the webhook's basic authentication
	Password string `yaml:"password"`
	Key      string `yaml:"key"` // mailgun: the webhook signing key; sendgrid: the public verification key
}

const bouncesExample = "maildir:/var/mail/bounces or imaps://user:${IMAP_PASSWORD}@host/INBOX"

// resolveBounces checks mail.bounces. No message repeats the value: it may contain a password.
func (c *Config) resolveBounces(d *decoder) {
	kind, rest, _ := strings.Cut(c.Mail.Bounces, ":")
	switch {
	case c.Mail.Bounces == "":
	case kind == "maildir" && rest != "":
	case kind == "imap" || kind == "imaps":
		mailbox, err := parseMailbox(c.Mail.Bounces)
		if err != nil {
			d.faultAt(bouncesKey, "not the address of a mailbox (%v); write it like imaps://user:${IMAP_PASSWORD}@host/INBOX", err)
		}
		c.Mail.Mailbox = mailbox
	default:
		d.faultAt(bouncesKey, "must begin with maildir: or imaps:; write it like %s", bouncesExample)
	}
}

// parseMailbox parses imaps://user:password@host:port/folder. User, password and folder may be
// percent-encoded; a percent sign that is not part of a code stands for itself.
func parseMailbox(text string) (*Mailbox, error) {
	scheme, rest, found := strings.Cut(text, "://")
	if !found {
		return nil, errors.New("there is no // after the scheme")
	}
	m := &Mailbox{TLS: scheme == "imaps", Port: 993, Folder: "INBOX"}
	if !m.TLS {
		m.Port = 143
	}
	at := strings.LastIndexByte(rest, '@') // a password may contain one
	if at < 0 {
		return nil, errors.New("there is no user")
	}
	user, password, _ := strings.Cut(rest[:at], ":")
	m.Username, m.Password = unescape(user), unescape(password)
	host, folder, _ := strings.Cut(rest[at+1:], "/")
	if folder != "" {
		m.Folder = unescape(strings.TrimSuffix(folder, "/"))
	}
	m.Host = strings.Trim(host, "[]")
	if name, port, err := net.SplitHostPort(host); err == nil {
		n, err := strconv.Atoi(port)
		if err != nil || n < 1 || n > 65535 {
			return nil, errors.New("the port is not a number from 1 to 65535")
		}
		m.Host, m.Port = name, n
	}
	switch {
	case m.Username == "" || m.Password == "":
		return nil, errors.New("user or password is empty")
	case !isHost(m.Host):
		return nil, errors.New("the host is missing or malformed")
	case strings.ContainsAny(m.Username+m.Password+m.Folder, "\r\n\x00"):
		return nil, errors.New("it contains a control character")
	case !m.TLS && !isLoopback(m.Host):
		return nil, errors.New("imap: would send the password unencrypted, and works for this machine only; imaps: encrypts it")
	}
	return m, nil
}

func unescape(text string) string {
	if plain, err := url.PathUnescape(text); err == nil {
		return plain
	}
	return text
}

// isHost reports whether text may be the name or the address of a host.
func isHost(text string) bool {
	if _, err := netip.ParseAddr(text); err == nil {
		return true
	}
	return text != "" && len(text) <= 253 && strings.Trim(strings.ToLower(text), "abcdefghijklmnopqrstuvwxyz0123456789.-_") == ""
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

func (d *decoder) events(key string, n *yaml.Node, into *[]Events) {
	if n.Kind != yaml.SequenceNode {
		d.fault(n, "%s: must be a list, such as [{from: mailgun, key: \"${MAILGUN_KEY}\"}]", key)
		return
	}
	*into = make([]Events, len(n.Content))
	for i, item := range n.Content {
		d.decode(fmt.Sprintf("%s[%d]", key, i), item, &(*into)[i])
	}
}

var topicARN = regexp.MustCompile(`^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_.-]{1,256}$`)

// resolveEvents checks that each entry of mail.events has what its service needs, and no more.
func (c *Config) resolveEvents(d *decoder) {
	if len(c.Mail.Events) > 0 && c.Server.URL == nil {
		d.faultAt("mail.events", "needs the web server, to which services post; set server.url")
	}
	for i, e := range c.Mail.Events {
		at := fmt.Sprintf("mail.events[%d]", i)
		needs := map[string]string{"ses": "topic", "postmark": "username password", "mailgun": "key", "sendgrid": "key"}[e.From]
		if needs == "" {
			d.faultAt(at, "from must be one of ses, postmark, mailgun, sendgrid")
			continue
		}
		for _, f := range []struct{ name, value string }{{"topic", e.Topic}, {"username", e.Username}, {"password", e.Password}, {"key", e.Key}} {
			switch needed := contains(needs, f.name); {
			case needed && f.value == "":
				d.faultAt(at, "%s needs %s", e.From, strings.ReplaceAll(needs, " ", " and "))
			case !needed && f.value != "":
				d.faultAt(at+"."+f.name, "is not for %s, which needs %s", e.From, strings.ReplaceAll(needs, " ", " and "))
			}
		}
		if e.Topic != "" && !topicARN.MatchString(e.Topic) {
			d.faultAt(at+".topic", "%q is not an SNS topic; write its ARN, like arn:aws:sns:eu-west-1:123456789012:bounces", e.Topic)
		}
		if e.From == "sendgrid" && e.Key != "" {
			if _, err := e.PublicKey(); err != nil {
				d.faultAt(at+".key", "is not a verification key; copy it from SendGrid's signed event webhook")
			}
		}
	}
}

// PublicKey returns the key of a service that signs with ECDSA.
func (e Events) PublicKey() (*ecdsa.PublicKey, error) {
	der, err := base64.StdEncoding.DecodeString(e.Key)
	if err != nil {
		return nil, err
	}
	key, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, err
	}
	public, ok := key.(*ecdsa.PublicKey)
	if !ok {
		return nil, errors.New("not an ECDSA key")
	}
	return public, nil
}
