// Package glob reads the glob patterns of blog engines' settings, each in its own syntax.
package glob

import (
	"regexp"
	"strings"
)

// Pattern is a compiled glob.
type Pattern struct {
	Text string // as the settings spell it
	Re   *regexp.Regexp
}

// Fnmatch returns the pattern as the C library, Python and Ruby read it: * also matches
// slashes.
func Fnmatch(text string) Pattern { return compilePattern(text, fnmatchRegexp(text)) }

func compilePattern(text, expression string) Pattern {
	re, err := regexp.Compile(`\A(?s:` + expression + `)\z`)
	if err != nil { // such as a class whose range is reversed
		re = regexp.MustCompile(`\A` + regexp.QuoteMeta(text) + `\z`)
	}
	return Pattern{text, re}
}

func fnmatchRegexp(text string) string {
	var b strings.Builder
	next := 0
	for i, r := range text {
		if i < next {
			continue
		}
		next = i + 1
		switch end := 0; r {
		case '*':
			b.WriteString(`.*`)
		case '?':
			b.WriteByte('.')
		case '[':
			if end = classEnd(text, i); end < 0 {
				b.WriteString(`\[`)
				continue
			}
			b.WriteString(class(text[i+1 : end]))
			next = end + 1
		default:
			b.WriteString(regexp.QuoteMeta(string(r)))
		}
	}
	return b.String()
}

// classEnd returns the index of the bracket that closes the class opened at an index, or -1.
// A closing bracket that comes first is a member of the class.
func classEnd(text string, at int) int {
	i := at + 1
	if i < len(text) && (text[i] == '!' || text[i] == '^') {
		i++
	}
	if i < len(text) && text[i] == ']' {
		i++
	}
	if end := strings.IndexByte(text[min(i, len(text)):], ']'); end >= 0 {
		return i + end
	}
	return -1
}

func class(members string) string {
	not := ""
	if members[0] == '!' || members[0] == '^' {
		not, members = "^", members[1:]
	}
	return "[" + not + strings.NewReplacer(`\`, `\\`, `[`, `\[`, `]`, `\]`, `^`, `\^`).Replace(members) + "]"
}

// Zola returns the pattern as Zola reads it: * and ? also match slashes, ** between slashes
// matches any folders, {a,b} one of several. ? and a class match one byte, so what is
// compared must go through ByteRunes.
func Zola(glob string) Pattern {
	text := ByteRunes(glob)
	var b strings.Builder
	for i := 0; i < len(text); {
		rest := text[i:]
		start := i == 0 || text[i-1] == '/'
		switch {
		case start && strings.HasPrefix(rest, "**/"):
			b.WriteString(`(?:.*/)?`)
			i += 3
		case start && rest == "**":
			b.WriteString(`.*`)
			i += 2
		default:
			n := 1
			switch {
			case rest[0] == '[' && classEnd(text, i) > 0:
				n = classEnd(text, i) + 1 - i
				b.WriteString(fnmatchRegexp(rest[:n]))
			case rest[0] == '{':
				b.WriteString(`(?:`)
			case rest[0] == '}':
				b.WriteByte(')')
			case rest[0] == ',' && strings.Count(text[:i], "{") > strings.Count(text[:i], "}"):
				b.WriteByte('|')
			case rest[0] == '\\' && len(rest) > 1:
				n = 2
				b.WriteString(regexp.QuoteMeta(rest[1:2]))
			case rest[0] >= 0x80:
				n = len(string([]rune(rest[:min(len(rest), 4)])[:1]))
				b.WriteString(regexp.QuoteMeta(rest[:n]))
			default:
				b.WriteString(fnmatchRegexp(rest[:1]))
			}
			i += n
		}
	}
	return compilePattern(glob, b.String())
}

// ByteRunes returns s with each byte as the character of that number.
func ByteRunes(s string) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteRune(rune(s[i]))
	}
	return b.String()
}

// Hugo returns a pattern whose * stops at slashes and whose ** does not. What is on both
// sides of a lone ** may overlap: a/**/b matches a/b too.
func Hugo(text string) Pattern {
	var b strings.Builder
	if before, after, ok := strings.Cut(text, "**"); ok && !strings.ContainsAny(before+after, `*?[]{}\`) {
		for n := min(len(before), len(after)); n > 0; n-- {
			if strings.HasSuffix(before, after[:n]) {
				b.WriteString(regexp.QuoteMeta(before+after[n:]) + "|")
			}
		}
	}
	depth := 0
	for i, next := 0, 0; i < len(text); i = next {
		next = i + 1
		switch c := text[i]; {
		case strings.HasPrefix(text[i:], "**"):
			b.WriteString(`.*`)
			next++
		case c == '*':
			b.WriteString(`[^/]*`)
		case c == '?':
			b.WriteString(`[^/]`)
		case c == '{':
			depth++
			b.WriteString(`(?:`)
		case c == '}' && depth > 0:
			depth--
			b.WriteByte(')')
		case c == ',' && depth > 0:
			b.WriteByte('|')
		case c == '[' && classEnd(text, i) > 0:
			next = classEnd(text, i) + 1
			b.WriteString(class(text[i+1 : next-1]))
		case c == '\\' && next < len(text):
			b.WriteString(regexp.QuoteMeta(text[next : next+1]))
			next++
		case c >= 0x80:
			b.WriteByte(c)
		default:
			b.WriteString(regexp.QuoteMeta(text[i:next]))
		}
	}
	return compilePattern(text, b.String())
}

// IsZola reports whether Zola can read the pattern.
func IsZola(text string) bool {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			if i++; i == len(text) {
				return false
			}
		case '{':
			depth++
		case '}':
			if depth--; depth < 0 {
				return false
			}
		case '[':
			end := classEnd(text, i)
			if end < 0 {
				return false
			}
			if _, err := regexp.Compile(class(text[i+1 : end])); err != nil {
				return false
			}
			i = end
		}
	}
	return depth == 0
}
