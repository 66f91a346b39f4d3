// Package xmltext has the rule for which characters a feed, a mail or a page may
// contain.
package xmltext

import (
	"strings"
	"unicode/utf8"
)

// Allowed reports whether an XML 1.0 document may contain r (§2.2 Char); the control
// characters and noncharacters that XML only discourages are not allowed.
func Allowed(r rune) bool {
	switch {
	case r == '\t' || r == '\n' || r == '\r':
		return true
	case r < 0x20 || r >= 0x7f && r <= 0x9f: // controls
		return false
	}
	return (r < 0xfdd0 || r > 0xfdef) && r&0xfffe != 0xfffe // noncharacters
}

// Index returns the index of the first character in s that is not allowed, or of the first
// byte that is not UTF-8; -1 if there is none.
func Index(s string) int {
	for i := 0; i < len(s); {
		b := s[i]
		if b >= 0x20 && b < 0x7f || b == '\n' || b == '\t' || b == '\r' {
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if !Allowed(r) || r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return -1
}

// Clean returns s without the characters that Index finds. Bytes that are not UTF-8
// become U+FFFD.
func Clean(s string) string {
	if Index(s) < 0 {
		return s
	}
	return strings.Map(func(r rune) rune {
		if Allowed(r) {
			return r
		}
		return -1
	}, s)
}

// Line returns clean text on one line, with white space folded.
func Line(s string) string { return strings.Join(strings.Fields(Clean(s)), " ") }
