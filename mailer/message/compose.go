package message

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/mail"
	"net/url"
	"strings"
	"time"

	"publisher/internal/config"
	"publisher/mailer/address"
	"publisher/templates"
)

// Compose renders the digest as text and HTML that fit digest.max_bytes (excerpts shrink, then
// posts become one-line links, then "and N more") and encodes both. d's Posts must be all posts
// of the set, newest first, with full excerpts; Compose makes their ExcerptText.
func Compose(cfg *config.Config, set *templates.Set, d *templates.Digest, date time.Time) (*Message, error) {
	marks := placeholders()
	r := &renderer{set: set, marks: marks}
	fitted, size, err := fit(r, d, cfg.Digest.MaxPosts, cfg.Digest.MaxBytes)
	if err != nil {
		return nil, err
	}
	if fitted.Subject == "" {
		if fitted.Subject, err = set.Subject(fitted); err != nil {
			return nil, err
		}
	}
	m := &Message{
		Subject: headerText(fitted.Subject), HTMLSize: size,
		Full: len(fitted.Posts), Brief: len(fitted.Brief), More: fitted.More,
		oneClick: oneClick(cfg),
	}
	withText(fitted)
	for have := range m.bodies {
		if m.bodies[have], err = r.body(fitted, links(have)); err != nil {
			return nil, err
		}
	}
	return m, m.header(cfg, fields{site: fitted.Site, replyTo: cfg.Mail.ReplyTo, date: date, list: true})
}

// oneClick reports whether List-Unsubscribe can have a web address (RFC 8058).
func oneClick(cfg *config.Config) bool {
	return cfg.Server.URL != nil && cfg.Server.URL.Scheme == "https"
}

// renderer renders the parts of a digest with gaps for the recipient's links.
type renderer struct {
	set   *templates.Set
	marks [2]string
}

// html renders the HTML part for recipients with these links.
func (r *renderer) html(d *templates.Digest, have links) (splicedText, error) {
	var b strings.Builder
	if err := r.set.DigestHTML(&b, r.marked(d, have)); err != nil {
		return splicedText{}, err
	}
	return split(b.String(), r.marks), nil
}

func (r *renderer) text(d *templates.Digest, have links) (splicedText, error) {
	var b strings.Builder
	if err := r.set.DigestText(&b, r.marked(d, have)); err != nil {
		return splicedText{}, err
	}
	return split(b.String(), r.marks), nil
}

func (r *renderer) marked(d *templates.Digest, have links) *templates.Digest {
	marked := *d
	marked.UnsubscribeURL, marked.PreferencesURL = "", ""
	if have&unsubscribe != 0 {
		marked.UnsubscribeURL = r.marks[0]
	}
	if have&preferences != 0 {
		marked.PreferencesURL = r.marks[1]
	}
	return &marked
}

// body renders and encodes both parts.
func (r *renderer) body(d *templates.Digest, have links) (body, error) {
	text, err := r.text(d, have)
	if err != nil {
		return body{}, err
	}
	html, err := r.html(d, have)
	if err != nil {
		return body{}, err
	}
	return newBody(text, html), nil
}

// newBody encodes both parts.
func newBody(text, html splicedText) body {
	text.encode()
	html.encode()
	boundary := boundary(text, html)
	part := func(subtype string) string {
		return "--" + boundary + "\r\nContent-Type: text/" + subtype + "; charset=utf-8\r\n" +
			"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
	}
	return body{
		text: text, html: html,
		head: []byte("Content-Type: multipart/alternative;\r\n boundary=\"" + boundary + "\"\r\n\r\n" + part("plain")),
		// The line break before a boundary belongs to the boundary (RFC 2046 §5.1.1).
		middle: []byte("\r\n" + part("html")),
		tail:   []byte("\r\n--" + boundary + "--\r\n"),
	}
}

// boundary derives the boundary from the content, so that the same digest has the same bytes.
// "=_" cannot occur in quoted-printable (RFC 2045 §6.7).
func boundary(parts ...splicedText) string {
	hash := sha256.New()
	for _, part := range parts {
		for _, segment := range part.segments {
			hash.Write([]byte(segment))
			hash.Write([]byte{0})
		}
	}
	return "=_" + hex.EncodeToString(hash.Sum(nil)[:16])
}

// fields are what the header has that is the same for all recipients.
type fields struct {
	site    templates.Site
	replyTo *mail.Address // nil: none
	date    time.Time
	list    bool // the mail is part of what the recipient subscribed to
}

// header makes the fields that are the same for all recipients.
func (m *Message) header(cfg *config.Config, f fields) error {
	path, ascii, err := address.Path(cfg.Mail.From.Address)
	if err == nil && !ascii {
		err = fmt.Errorf("%s is not accepted by every server: the part before the @ must be ASCII", cfg.Mail.From.Address)
	}
	if err != nil {
		return fmt.Errorf("mail.from: %w", err)
	}
	m.domain = path[strings.LastIndexByte(path, '@')+1 : len(path)-1]
	name := cfg.Mail.From.Name
	if name == cfg.Site.Title {
		name = f.site.Title // as the publication is called in the mail's language
	}
	m.from = appendAddress(nil, "From", name, cfg.Mail.From.Address)
	h := appendReplyTo(nil, f.replyTo)
	h = appendText(h, "Subject", m.Subject)
	h = append(h, "Date: "+f.date.Format(time.RFC1123Z)+"\r\n"...)
	if f.list {
		h = appendListID(h, f.site.Title, cfg.Site.URL)
	}
	h = append(h, "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"...)
	if f.site.Language != "" {
		h = appendText(h, "Content-Language", f.site.Language)
	}
	m.fixed = h
	return nil
}

func appendReplyTo(dst []byte, to *mail.Address) []byte {
	if to == nil {
		return dst
	}
	return appendAddress(dst, "Reply-To", to.Name, to.Address)
}

// appendListID appends List-Id (RFC 2919), which depends only on the site's address: a new title
// must not break subscribers' filters.
func appendListID(dst []byte, title string, site *url.URL) []byte {
	labels := []string{"newsletter", site.Hostname()}
	for part := range strings.SplitSeq(site.Path, "/") {
		if part != "" {
			labels = append([]string{part}, labels...)
		}
	}
	for i, label := range labels {
		labels[i] = strings.Map(func(r rune) rune {
			if 'a' <= r && r <= 'z' || '0' <= r && r <= '9' || r == '-' || r == '.' {
				return r
			}
			return '-'
		}, strings.ToLower(label))
	}
	id := dotAtom(strings.Join(labels, "."))
	start := len(dst)
	dst = append(dst, "List-Id: "...)
	if title = headerText(title); title != "" {
		if isPlain(title) && !strings.ContainsAny(title, `()<>[]:;@\,."`) {
			dst = appendPhrase(dst, len("List-Id: "), title, isPlain)
		} else {
			dst = appendPhrase(dst, len("List-Id: "), title, neverPlain)
		}
		if lineLength(dst[start:])+len(id)+3 > foldAt {
			dst = append(dst, "\r\n"...)
		}
		dst = append(dst, ' ')
	}
	return append(dst, "<"+id+">\r\n"...)
}
