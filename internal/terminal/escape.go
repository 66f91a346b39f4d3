// Package terminal makes text safe to show on a terminal: untrusted text from posts, lists,
// mails and replies cannot move the cursor, reorder a line, or hide in it.
package terminal

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Escape returns s as one line in which every character that would not just print itself is
// escaped: controls (C0, DEL, C1), line and paragraph separators, direction marks, invisible
// characters, and bytes that are not UTF-8. The escapes are those of JSON, so that a JSON
// document keeps its meaning; a stray byte is \x9b.
func Escape(s string) string {
	if isPlain(s) {
		return s
	}
	out, _ := appendEscaped(make([]byte, 0, len(s)+16), s, 0, "")
	return string(out)
}

// isPlain reports whether s is printable ASCII, as most text is.
func isPlain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// appendEscaped appends s, which follows the character last, and returns the last character
// of s. Characters in keep are not escaped.
func appendEscaped(dst []byte, s string, last rune, keep string) ([]byte, rune) {
	for i := 0; i < len(s); {
		if c := s[i]; c >= ' ' && c <= '~' {
			dst, last = append(dst, c), rune(c)
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			dst, last = fmt.Appendf(dst, `\x%02x`, s[i]), 0
		case strings.ContainsRune(keep, r), !deceives(r, last):
			dst, last = append(dst, s[i:i+size]...), r
		default:
			dst, last = appendRune(dst, r), 0
		}
		i += size
	}
	return dst, last
}

func appendRune(dst []byte, r rune) []byte {
	switch r {
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	}
	if high, low := utf16.EncodeRune(r); high != unicode.ReplacementChar {
		return fmt.Appendf(dst, `\u%04x\u%04x`, high, low)
	}
	return fmt.Appendf(dst, `\u%04x`, r)
}

// Strip returns s without what Escape would show as an escape.
func Strip(s string) string {
	if isPlain(s) {
		return s
	}
	var last rune
	return strings.Map(func(r rune) rune {
		if deceives(r, last) {
			return -1
		}
		last = r
		return r
	}, strings.ToValidUTF8(s, ""))
}

const (
	zeroWidthNonJoiner = '\u200c'
	zeroWidthJoiner    = '\u200d'
)

// deceives reports whether r, after the character last, does not just print itself. Joiners
// are part of the spelling of many languages and of emoji, and a variation selector is part of
// the character before it.
func deceives(r, last rune) bool {
	switch {
	case r == zeroWidthJoiner, r == zeroWidthNonJoiner:
		return last < 0x600 || !unicode.In(last, unicode.L, unicode.M, unicode.So, unicode.Sk)
	case unicode.Is(unicode.Variation_Selector, r):
		return last < 0x80 && !strings.ContainsRune("#*0123456789", last) || !unicode.In(last, unicode.L, unicode.S, unicode.P, unicode.N)
	case unicode.Is(unicode.Prepended_Concatenation_Mark, r):
		return false // Arabic number signs and their like are seen
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Noncharacter_Code_Point, unicode.Other_Default_Ignorable_Code_Point)
}

// Args returns arguments for a format of package fmt whose text is escaped when formatted. The
// format itself is trusted: its line ends and tabs are kept.
func Args(args []any) []any {
	out := make([]any, len(args))
	for i, arg := range args {
		switch arg.(type) {
		case int, int64, float64, bool, rune:
			out[i] = arg // also a width
		default:
			out[i] = escaped{arg}
		}
	}
	return out
}

// escaped is a value whose text is escaped.
type escaped struct{ value any }

// Format implements fmt.Formatter.
func (e escaped) Format(s fmt.State, verb rune) {
	_, _ = io.WriteString(s, Escape(fmt.Sprintf(fmt.FormatString(s, verb), e.value))) // a State's Write does not fail
}
