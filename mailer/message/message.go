// Package message composes digests as MIME messages. Compose renders and encodes a digest once,
// with gaps for each recipient's own parts; Message.Append fills them.
package message

import (
	"crypto/sha256"
	"encoding/hex"
	"html"
	"strings"
)

// Message is a digest, composed and MIME-encoded, with gaps for each recipient's own parts.
type Message struct {
	Subject string
	// HTMLSize is the octets of the decoded HTML part, each of the recipient's own
	// links reckoned at linkSize.
	HTMLSize          int
	Full, Brief, More int // posts with excerpt, as one-line links, behind "and N more"

	domain   string // of From, for Message-IDs
	oneClick bool   // server.url is https (RFC 8058 wants it)

	// The header, around the fields that each recipient has for themselves.
	from, fixed []byte
	// bodies are rendered with and without the links that a recipient may lack.
	bodies [allLinks + 1]body
}

// Recipient is what differs between the messages of a digest.
type Recipient struct {
	Name, Address string
	// MessageID stands without the angle brackets; where it has no @, the domain of
	// From follows. "" makes one of the message's content.
	MessageID string
	// UnsubscribeURL and PreferencesURL go into the body; "" leaves them out. Where
	// there is no UnsubscribeURL, UnsubscribeMailto stands in the body for it.
	UnsubscribeURL, PreferencesURL string
	// UnsubscribeMailto is "mailto:…" for List-Unsubscribe; "" for none.
	UnsubscribeMailto string
}

// links says which links a recipient has, one bit each.
type links int

const (
	unsubscribe links = 1 << iota
	preferences
	allLinks = unsubscribe | preferences
)

// body is both encoded parts, with the lines of MIME between them.
type body struct {
	text, html splicedText
	// head ends at the text, middle stands between the parts, tail after the HTML.
	head, middle, tail []byte
}

// values are the recipient's links, by gap.
func (r Recipient) values() [2]string {
	link := r.UnsubscribeURL
	if link == "" {
		link = r.UnsubscribeMailto
	}
	return [2]string{link, r.PreferencesURL}
}

func (m *Message) body(values [2]string) *body {
	var have links
	if values[0] != "" {
		have |= unsubscribe
	}
	if values[1] != "" {
		have |= preferences
	}
	return &m.bodies[have]
}

// escaped returns values as written in HTML, both in text and in attributes.
func escaped(values [2]string) [2]string {
	return [2]string{html.EscapeString(values[0]), html.EscapeString(values[1])}
}

// Append appends the message to r, header first, in 7 bits, with CRLF line ends and without lines
// that begin with a dot.
func (m *Message) Append(dst []byte, r Recipient) []byte {
	values := r.values()
	b := m.body(values)
	dst = append(dst, m.from...)
	dst = appendAddress(dst, "To", r.Name, r.Address)
	dst = append(dst, m.fixed...)
	dst = append(dst, "Message-ID: <"...)
	dst = m.appendMessageID(dst, r)
	dst = append(dst, ">\r\n"...)
	dst = m.appendUnsubscribe(dst, r)
	dst = append(dst, b.head...)
	dst = b.text.append(dst, values)
	dst = append(dst, b.middle...)
	dst = b.html.append(dst, escaped(values))
	return append(dst, b.tail...)
}

// HTML returns the decoded HTML part for a recipient, with LF line ends.
func (m *Message) HTML(r Recipient) string {
	values := r.values()
	return m.body(values).html.fill(escaped(values))
}

// Text returns the decoded text part for a recipient, with LF line ends.
func (m *Message) Text(r Recipient) string {
	values := r.values()
	return m.body(values).text.fill(values)
}

func (m *Message) appendMessageID(dst []byte, r Recipient) []byte {
	id, domain, found := strings.Cut(r.MessageID, "@")
	if !found {
		domain = m.domain
	}
	id, domain = dotAtom(id), dotAtom(domain)
	if id == "" {
		sum := sha256.Sum256(append(append([]byte(nil), m.fixed...), r.Address...))
		id = hex.EncodeToString(sum[:16])
	}
	return append(append(append(dst, id...), '@'), domain...)
}

// appendUnsubscribe appends List-Unsubscribe (RFC 2369) and, only for an https address,
// List-Unsubscribe-Post (RFC 8058 §3.1).
func (m *Message) appendUnsubscribe(dst []byte, r Recipient) []byte {
	post := m.oneClick && isURI(r.UnsubscribeURL, "https://")
	mail := isURI(r.UnsubscribeMailto, "mailto:")
	if !post && !mail {
		return dst
	}
	dst = append(dst, "List-Unsubscribe: "...)
	if post {
		dst = append(append(append(dst, '<'), r.UnsubscribeURL...), '>')
	}
	if post && mail {
		dst = append(dst, ",\r\n "...)
	}
	if mail {
		dst = append(append(append(dst, '<'), r.UnsubscribeMailto...), '>')
	}
	dst = append(dst, "\r\n"...)
	if post {
		dst = append(dst, "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"...)
	}
	return dst
}

// isURI reports whether s is a URI that can be put between angle brackets in a header unchanged.
func isURI(s, prefix string) bool {
	if len(s) <= len(prefix) || len(s) > 900 || !strings.EqualFold(s[:len(prefix)], prefix) {
		return false
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f || s[i] == '<' || s[i] == '>' {
			return false
		}
	}
	return true
}
