// Package mailtoken creates and verifies the tokens in mail: in links, return paths and
// Message-IDs.
package mailtoken

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"hash"
	"strconv"
	"strings"
	"sync"
)

// Purpose is what a token permits.
type Purpose byte

const (
	Unsubscribe Purpose = 'u'
	Preferences Purpose = 'p'
	ReturnPath  Purpose = 'r'
	MessageID   Purpose = 'm'
	NoticeID    Purpose = 'n'
)

// Octets of the MAC that stand in a token.
const (
	linkMAC = 16
	mailMAC = 10 // a local part has 64 octets (RFC 5321 §4.5.3.1.1)
)

// Codec creates and verifies tokens: lower-case base32 of subscriber id,
// purpose, in a return path also the edition, and an HMAC-SHA256 (128 bits in links, 80 in
// return paths) with the ledger's key.
type Codec struct {
	macs sync.Pool // of *macer
}

// macer makes MACs, one at a time.
type macer struct {
	hash hash.Hash // keyed
	sum  [sha256.Size]byte
}

// New returns a Codec with an HMAC key.
func New(key []byte) *Codec {
	return &Codec{macs: sync.Pool{New: func() any { return &macer{hash: hmac.New(sha256.New, key)} }}}
}

// Link returns the token for a subscriber's link.
func (t *Codec) Link(p Purpose, subscriber int64) string {
	return t.seal(head(p, subscriber), linkMAC)
}

// ReturnPath returns the token for the return path of one edition to one subscriber, at
// most 50 octets.
func (t *Codec) ReturnPath(subscriber, edition int64) string {
	return t.seal(returnPath(subscriber, edition), mailMAC)
}

// OpenLink returns the subscriber of a link's token. Case does not matter.
func (t *Codec) OpenLink(p Purpose, token string) (subscriber int64, ok bool) {
	payload, ok := decode(token, linkMAC)
	if !ok {
		return 0, false
	}
	subscriber, _, ok = cutNumber(payload)
	if !ok || !same(token, t.Link(p, subscriber)) {
		return 0, false
	}
	return subscriber, true
}

// OpenReturnPath returns the subscriber and edition of a return path's token. Case does
// not matter, because mail systems change it in local parts.
func (t *Codec) OpenReturnPath(token string) (subscriber, edition int64, ok bool) {
	payload, ok := decode(token, mailMAC)
	if !ok {
		return 0, 0, false
	}
	subscriber, rest, ok := cutNumber(payload)
	if !ok || len(rest) == 0 {
		return 0, 0, false
	}
	edition, _, ok = cutNumber(rest[1:]) // behind the purpose
	if !ok || !same(token, t.ReturnPath(subscriber, edition)) {
		return 0, 0, false
	}
	return subscriber, edition, true
}

// MessageID returns the left part of the Message-ID of one edition to one subscriber.
func (t *Codec) MessageID(edition, subscriber int64) string {
	payload := binary.AppendUvarint(head(MessageID, subscriber), uint64(edition))
	id := append(strconv.AppendInt(nil, edition, 10), '.')
	id = append(strconv.AppendInt(id, subscriber, 10), '.')
	return string(base32Text.AppendEncode(id, t.appendMAC(payload, mailMAC)[len(payload):]))
}

// NoticeMessageID returns the left part of the Message-ID of a notice. It is none that
// OpenMessageID opens: what comes back to it is about no delivery.
func (t *Codec) NoticeMessageID(notice int64) string {
	payload := head(NoticeID, notice)
	id := append(strconv.AppendInt([]byte("n"), notice, 10), '.')
	return string(base32Text.AppendEncode(id, t.appendMAC(payload, mailMAC)[len(payload):]))
}

// OpenMessageID returns the edition and subscriber of a Message-ID, given its left part.
func (t *Codec) OpenMessageID(id string) (edition, subscriber int64, ok bool) {
	parts := strings.Split(id, ".")
	if len(parts) != 3 {
		return 0, 0, false
	}
	edition, err := strconv.ParseInt(parts[0], 10, 64)
	if err != nil || edition < 1 {
		return 0, 0, false
	}
	subscriber, err = strconv.ParseInt(parts[1], 10, 64)
	if err != nil || subscriber < 1 || !same(id, t.MessageID(edition, subscriber)) {
		return 0, 0, false
	}
	return edition, subscriber, true
}

func head(p Purpose, subscriber int64) []byte {
	return append(binary.AppendUvarint(make([]byte, 0, 64), uint64(subscriber)), byte(p))
}

func returnPath(subscriber, edition int64) []byte {
	return binary.AppendUvarint(head(ReturnPath, subscriber), uint64(edition))
}

// seal appends n octets of the payload's MAC and encodes both.
func (t *Codec) seal(payload []byte, n int) string {
	return base32Text.EncodeToString(t.appendMAC(payload, n))
}

// appendMAC appends n octets of the payload's MAC.
func (t *Codec) appendMAC(payload []byte, n int) []byte {
	m := t.macs.Get().(*macer)
	defer t.macs.Put(m)
	m.hash.Reset()
	m.hash.Write(payload)
	return append(payload, m.hash.Sum(m.sum[:0])[:n]...)
}

var base32Text = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// decode returns the bytes before the MAC. They are not to be trusted until the whole
// token equals the one made from them, which also rejects every alternative spelling.
func decode(token string, mac int) (payload []byte, ok bool) {
	const longest = 64
	if len(token) > longest {
		return nil, false
	}
	b, err := base32Text.DecodeString(lowerASCII(token))
	if err != nil || len(b) <= mac {
		return nil, false
	}
	return b[:len(b)-mac], true
}

// cutNumber takes a positive number from the front of b.
func cutNumber(b []byte) (n int64, rest []byte, ok bool) {
	u, size := binary.Uvarint(b)
	if size <= 0 || int64(u) <= 0 {
		return 0, nil, false
	}
	return int64(u), b[size:], true
}

func same(given, made string) bool {
	return len(given) == len(made) && subtle.ConstantTimeCompare([]byte(lowerASCII(given)), []byte(made)) == 1
}

// lowerASCII leaves non-ASCII letters alone: Unicode has a second k.
func lowerASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}
