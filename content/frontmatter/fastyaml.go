package frontmatter

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// fastYAML parses the YAML that nearly every post has, `key: value` lines and
// simple lists, exactly as the YAML library would, in a fraction of the time.
// ok is false if there is anything else: then the library decides.
func fastYAML(text string) (values map[string]any, ok bool) {
	values = make(map[string]any, 8)
	for text != "" {
		line, rest, _ := strings.Cut(text, "\n")
		text = rest
		if line == "" || line[0] == '#' && plainCharacters(line, true) {
			continue
		}
		n := plainKey(line)
		if n == 0 {
			return nil, false
		}
		key := strings.ToLower(line[:n])
		if _, twice := values[key]; twice {
			return nil, false
		}
		if value := strings.TrimLeft(line[n+1:], " "); value != "" {
			if n+1 < len(line) && line[n+1] != ' ' {
				return nil, false
			}
			if values[key], ok = plainValue(value); !ok {
				return nil, false
			}
			if strings.HasPrefix(text, " ") || strings.HasPrefix(text, "\t") || strings.HasPrefix(text, "-") {
				return nil, false // the value continues
			}
			continue
		}
		if len(line) > n+1 {
			return nil, false
		}
		list, rest, ok := plainList(text)
		if !ok {
			return nil, false
		}
		if values[key] = nil; list != nil {
			values[key] = list
		}
		text = rest
	}
	return values, len(values) > 0
}

// maxPlainKey is below the 1,024 characters that YAML 1.2 §7.4 allows a key.
const maxPlainKey = 100

// plainKey returns the length of the key that a line begins with, 0 for none.
func plainKey(line string) int {
	for i := 0; i < min(len(line), maxPlainKey); i++ {
		switch c := line[i]; {
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_':
		case i > 0 && (c == '-' || c >= '0' && c <= '9'):
		case c == ':':
			return i
		default:
			return 0
		}
	}
	return 0
}

// plainList reads `- item` lines, all indented alike.
func plainList(text string) (list []any, rest string, ok bool) {
	indent := -1
	for text != "" {
		line, after, _ := strings.Cut(text, "\n")
		trimmed := strings.TrimLeft(line, " ")
		if trimmed == "" {
			if line != "" {
				return nil, "", false
			}
			text = after
			continue
		}
		item, isItem := strings.CutPrefix(trimmed, "- ")
		if !isItem {
			// what is indented, or begins with a dash, belongs to the key in another way
			return list, text, len(trimmed) == len(line) && trimmed[0] != '-'
		}
		if n := len(line) - len(trimmed); indent < 0 {
			indent = n
		} else if n != indent {
			return nil, "", false
		}
		v, ok := plainScalar(strings.TrimLeft(item, " "))
		if !ok || len(list) > 100 {
			return nil, "", false
		}
		list = append(list, v)
		text = after
	}
	return list, "", true
}

func plainValue(s string) (any, bool) {
	if s[0] != '[' {
		return plainScalar(s)
	}
	inner, ok := strings.CutSuffix(s[1:], "]")
	if !ok || len(inner) > 2000 {
		return nil, false
	}
	list := []any{}
	if inner == "" {
		return list, true
	}
	for item := range strings.SplitSeq(inner, ",") {
		item = strings.Trim(item, " ")
		v, ok := plainScalar(item)
		if !ok || strings.ContainsAny(item, "[]{}:?") {
			return nil, false
		}
		list = append(list, v)
	}
	return list, true
}

// plainScalar reads a word, a few words, or a quoted text without escapes.
func plainScalar(s string) (string, bool) {
	if s == "" {
		return "", false
	}
	if q := s[0]; q == '"' || q == '\'' {
		if len(s) < 2 || s[len(s)-1] != q {
			return "", false
		}
		inner := s[1 : len(s)-1]
		return inner, strings.IndexByte(inner, q) < 0 && strings.IndexByte(inner, '\\') < 0 && plainCharacters(inner, true)
	}
	switch s {
	case "null", "Null", "NULL":
		return "", false
	}
	return s, startsPlain(s) && s[len(s)-1] != ' ' && plainCharacters(s, false)
}

func startsPlain(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return r < utf8.RuneSelf && (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9') || r >= 0xa1 && unicode.IsLetter(r)
}

// plainCharacters reports whether s has no characters that mean something to YAML or
// that it counts among line ends.
func plainCharacters(s string, quoted bool) bool {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= utf8.RuneSelf:
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError || !unicode.IsLetter(r) && !unicode.IsMark(r) && !strings.ContainsRune("“”‘’„–—…«»", r) {
				return false
			}
			i += size - 1
		case c < ' ' || c == 0x7f:
			return false
		case quoted:
		case c == '#':
			return false
		case c == ':' && (i+1 == len(s) || s[i+1] == ' '):
			return false
		}
	}
	return true
}
