package htmldom

import "strings"

// maxReference is more than the longest name of a character has.
const maxReference = 40

// EscapeText escapes text for HTML and leaves the character references in it as they are. isNameByte reports
// which bytes the name in a reference may have.
func EscapeText(s string, isNameByte func(byte) bool) string {
	if !strings.ContainsAny(s, "<>&") {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 16)
	for i := range len(s) {
		switch {
		case s[i] == '<':
			b.WriteString("&lt;")
		case s[i] == '>':
			b.WriteString("&gt;")
		case s[i] == '&' && ReferenceSize(s[i:], isNameByte) == 0:
			b.WriteString("&amp;")
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// ReferenceSize returns the length of the character reference that s begins with; 0 if there is none.
func ReferenceSize(s string, isNameByte func(byte) bool) int {
	end := strings.IndexByte(s[:min(len(s), maxReference)], ';')
	if end < 2 {
		return 0
	}
	for i := 1; i < end; i++ {
		if !isNameByte(s[i]) && (s[i] != '#' || i > 1) {
			return 0
		}
	}
	return end + 1
}
