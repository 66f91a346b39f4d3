package message

import (
	"encoding/base64"
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"publisher/mailer/address"
)

const (
	// foldAt is the longest header line (RFC 5322 §2.1.1 says 78, RFC 2047 §2 says
	// 76 where there is an encoded word).
	foldAt = 76
	// maxWord is the longest encoded word (RFC 2047 §2).
	maxWord = 75
)

// headerText returns s as one line: white space and control characters become one space, so that
// no value can start another header field.
func headerText(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, "\uFFFD"), func(r rune) bool {
		return unicode.IsSpace(r) && r != '\u00a0' || unicode.IsControl(r)
	}), " ")
}

// appendText appends an unstructured field, such as Subject.
func appendText(dst []byte, name, value string) []byte {
	dst = append(append(dst, name...), ": "...)
	return append(appendPhrase(dst, len(name)+2, headerText(value), isPlain), "\r\n"...)
}

// appendAddress appends an address field. An address whose local part is not ASCII is not allowed
// in a 7-bit header. It is then shown as the name of an empty group (RFC 6857 §3.2.1).
func appendAddress(dst []byte, name, display, email string) []byte {
	dst = append(append(dst, name...), ": "...)
	start := len(dst) - len(name) - 2
	display = headerText(display)
	path, ascii, err := address.Path(email)
	if err != nil || !ascii {
		if display == "" {
			display = headerText(email)
		}
		dst = appendPhrase(dst, len(dst)-start, display, neverPlain)
		return append(dst, " :;\r\n"...)
	}
	if display == "" {
		return append(append(dst, path[1:len(path)-1]...), "\r\n"...)
	}
	if quoted := (&mail.Address{Name: display}).String(); address.IsASCII(display) && !strings.Contains(display, "=?") && len(quoted) < 60 {
		dst = append(dst, strings.TrimSuffix(quoted, " <@>")...)
	} else {
		dst = appendPhrase(dst, len(dst)-start, display, neverPlain)
	}
	if lineLength(dst[start:])+1+len(path) > foldAt {
		dst = append(dst, "\r\n"...)
	}
	return append(append(append(dst, ' '), path...), "\r\n"...)
}

// lineLength returns the length of the last line.
func lineLength(b []byte) int {
	for i := len(b) - 1; i >= 0; i-- {
		if b[i] == '\n' {
			return len(b) - 1 - i
		}
	}
	return len(b)
}

// isPlain reports whether text needs no encoding in an unstructured field.
func isPlain(s string) bool {
	if !address.IsASCII(s) || strings.Contains(s, "=?") {
		return false
	}
	for word := range strings.FieldsSeq(s) {
		if len(word) > foldAt-20 {
			return false // could not be folded
		}
	}
	return true
}

func neverPlain(string) bool { return false }

// appendPhrase appends words, folded, starting at the column: unchanged if plain returns true,
// else as encoded words.
func appendPhrase(dst []byte, column int, s string, plain func(string) bool) []byte {
	if !plain(s) {
		return appendEncodedWords(dst, column, s)
	}
	for i, word := range strings.Fields(s) {
		switch {
		case i > 0 && column+1+len(word) > foldAt:
			dst = append(dst, "\r\n "...)
			column = 1
		case i > 0:
			dst = append(dst, ' ')
			column++
		}
		dst = append(dst, word...)
		column += len(word)
	}
	return dst
}

// appendEncodedWords appends s as encoded words (RFC 2047), never splitting a character (§5), in B
// encoding if it is much shorter than Q.
func appendEncodedWords(dst []byte, column int, s string) []byte {
	const frame = len("=?utf-8?q??=")
	q := 0
	for i := range len(s) {
		q += qWidth(s[i])
	}
	// Spam filters look askance at base64 for what is nearly ASCII.
	useBase64 := base64.StdEncoding.EncodedLen(len(s))*3/2 < q
	for len(s) > 0 {
		room := min(foldAt-column, maxWord) - frame
		n := 0
		for width := 0; n < len(s); {
			_, size := utf8.DecodeRuneInString(s[n:])
			for i := range size {
				width += qWidth(s[n+i])
			}
			if useBase64 {
				width = base64.StdEncoding.EncodedLen(n + size)
			}
			if width > room && n > 0 {
				break
			}
			n += size
		}
		if useBase64 {
			dst = append(dst, "=?utf-8?b?"...)
			dst = base64.StdEncoding.AppendEncode(dst, []byte(s[:n]))
		} else {
			dst = append(dst, "=?utf-8?q?"...)
			dst = appendQ(dst, s[:n])
		}
		dst = append(dst, "?="...)
		if s = s[n:]; s != "" {
			dst = append(dst, "\r\n "...)
			column = 1
		}
	}
	return dst
}

func qWidth(c byte) int {
	if isQLiteral(c) || c == ' ' {
		return 1
	}
	return 3
}

// isQLiteral reports whether c needs no encoding even in a phrase (RFC 2047 §5, rule 3).
func isQLiteral(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("!*+-/", c) >= 0
}

func appendQ(dst []byte, s string) []byte {
	for i := range len(s) {
		switch c := s[i]; {
		case c == ' ':
			dst = append(dst, '_')
		case isQLiteral(c):
			dst = append(dst, c)
		default:
			dst = append(dst, '=', upperHex[c>>4], upperHex[c&15])
		}
	}
	return dst
}

// dotAtom removes characters that are not allowed in a dot-atom (RFC 5322 §3.2.3).
func dotAtom(s string) string {
	if address.IsDotAtom(s) {
		return s
	}
	s = strings.Map(func(r rune) rune {
		if r == '.' || r < utf8.RuneSelf && address.IsAtext(byte(r)) {
			return r
		}
		return -1
	}, s)
	for strings.Contains(s, "..") {
		s = strings.ReplaceAll(s, "..", ".")
	}
	return strings.Trim(s, ".")
}
