package eleventy

import (
	"strings"

	"publisher/content/literal"
)

// argumentAt returns the rest of the argument list that contains an offset.
func argumentAt(text string, from int) string {
	depth := 0
	for at := from; at < len(text); at++ {
		switch text[at] {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			if depth--; depth < 0 {
				return text[from:at]
			}
		case '\'', '"', '`':
			end := strings.IndexByte(text[at+1:], text[at])
			if end < 0 {
				return text[from:]
			}
			at += end + 1
		}
	}
	return text[from:]
}

// maxLookBack is how far back isConditional looks: more than any function of a config has.
const maxLookBack = 50_000

// isConditional reports whether an offset in a script is within a statement or block that may not run.
func isConditional(text string, at int) bool {
	depth, end := 0, at
	for i := at - 1; i >= max(0, at-maxLookBack); i-- {
		switch text[i] {
		case '}':
			depth++
		case '{':
			if depth > 0 {
				depth--
				break
			}
			end = i
		}
		if depth > 0 || i > 0 && !strings.ContainsRune(";{}", rune(text[i-1])) {
			continue
		}
		if conditional.MatchString(text[i:end]) {
			return true
		}
	}
	return false
}

// blankComments replaces the comments of a script with spaces, so that offsets and lines stay the
// same.
func blankComments(text string) string {
	out := []byte(text)
	for i := 0; i < len(text); {
		rest := text[i:]
		end := 1
		switch {
		case strings.HasPrefix(rest, "//") && (i == 0 || text[i-1] != ':' && text[i-1] != '\\'):
			if end = strings.IndexByte(rest, '\n'); end < 0 {
				end = len(rest)
			}
			blank(out[i : i+end])
		case strings.HasPrefix(rest, "/*") && (i == 0 || !strings.ContainsRune(`*'"`+"`", rune(text[i-1]))):
			if end = strings.Index(rest, "*/") + 2; end < 2 {
				end = len(rest)
			}
			blank(out[i : i+end])
		case rest[0] == '"' || rest[0] == '\'':
			if _, size, ok := literal.Quoted(rest); ok {
				end = size
			}
		case rest[0] == '`':
			if closing := strings.IndexByte(rest[1:], '`'); closing >= 0 {
				end = closing + 2
			}
		}
		i += end
	}
	return string(out)
}

func blank(part []byte) {
	for i, c := range part {
		if c != '\n' {
			part[i] = ' '
		}
	}
}
