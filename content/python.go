package content

import (
	"regexp"
	"strings"
)

// pythonSettings reads the plain assignments of a pelicanconf.py: NAME = a
// string, number, True, False, None, or a list, tuple or dict of these. The file
// is never executed; what is computed is left out. Keys come back lower-case,
// scalars as text, None as nil.
func pythonSettings(text string) map[string]any {
	out := map[string]any{}
	for _, m := range assignment.FindAllStringSubmatchIndex(text, -1) {
		p := &pythonReader{text: text, at: m[1]}
		if v, ok := p.value(0); ok {
			out[strings.ToLower(text[m[2]:m[3]])] = v
		}
	}
	return out
}

var assignment = regexp.MustCompile(`(?m)^([A-Z][A-Z0-9_]*)[ \t]*=[ \t]*`)

type pythonReader struct {
	text   string
	at     int
	script bool // JavaScript, whose literals differ a little
}

// skip passes white space, line ends and comments.
func (p *pythonReader) skip() {
	for p.at < len(p.text) {
		switch c := p.text[p.at]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			p.at++
		case c == '#':
			if end := strings.IndexByte(p.text[p.at:], '\n'); end >= 0 {
				p.at += end
			} else {
				p.at = len(p.text)
			}
		default:
			return
		}
	}
}

func (p *pythonReader) peek() byte {
	if p.at < len(p.text) {
		return p.text[p.at]
	}
	return 0
}

func (p *pythonReader) value(depth int) (any, bool) {
	if depth > 20 {
		return nil, false
	}
	switch c := p.peek(); c {
	case '[', '(', '{':
		return p.collection(depth, c)
	}
	if s, ok := p.str(); ok {
		for depth > 0 { // adjacent strings are one, over line ends only within brackets
			p.skip()
			more, ok := p.str()
			if !ok {
				break
			}
			s += more
		}
		return s, true
	}
	word := bareWord.FindString(p.text[p.at:])
	p.at += len(word)
	switch word {
	case "", "None":
		return nil, word != ""
	case "True", "False":
		return strings.ToLower(word), true
	case "true", "false":
		return word, p.script
	case "null", "undefined":
		return nil, p.script
	}
	return word, word[0] == '-' || word[0] >= '0' && word[0] <= '9'
}

var bareWord = regexp.MustCompile(`^[-+\w.]+`)

var stringStart = regexp.MustCompile(`^([rRuUbBfF]{0,2})('''|"""|'|")`)

func (p *pythonReader) str() (string, bool) {
	m := stringStart.FindStringSubmatch(p.text[p.at:])
	if m == nil {
		return "", false
	}
	raw := strings.ContainsAny(m[1], "rR")
	rest := p.text[p.at+len(m[0]):]
	var b strings.Builder
	for i := 0; i < len(rest); i++ {
		switch {
		case strings.HasPrefix(rest[i:], m[2]):
			p.at += len(m[0]) + i + len(m[2])
			return b.String(), true
		case rest[i] == '\n' && len(m[2]) == 1:
			return "", false
		case rest[i] == '\\' && i+1 < len(rest):
			i++
			b.WriteString(unescape(rest[i:i+1], raw))
		default:
			b.WriteByte(rest[i])
		}
	}
	return "", false
}

func unescape(c string, raw bool) string {
	switch {
	case raw:
		return `\` + c
	case c == "n":
		return "\n"
	case c == "t":
		return "\t"
	case c == "\n":
		return ""
	case strings.Contains(`\'"`, c):
		return c
	}
	return `\` + c
}

var closing = map[byte]byte{'[': ']', '(': ')', '{': '}'}

// key is a bare word in JavaScript that stands for a key.
func (p *pythonReader) key(open byte) (any, bool) {
	if m := scriptKey.FindStringSubmatch(p.text[p.at:]); p.script && open == '{' && m != nil {
		p.at += len(m[1])
		return m[1], true
	}
	return nil, false
}

var scriptKey = regexp.MustCompile(`^([A-Za-z_$][\w$]*)\s*:`)

// collection reads a list or tuple, or a dict. One value in round brackets
// without a comma is that value.
func (p *pythonReader) collection(depth int, open byte) (any, bool) {
	p.at++
	var list []any
	dict := map[string]any{}
	comma := false
	for {
		p.skip()
		if p.peek() == closing[open] {
			p.at++
			break
		}
		v, ok := p.key(open)
		if !ok {
			v, ok = p.value(depth + 1)
		}
		if !ok {
			return nil, false
		}
		p.skip()
		if key, isKey := v.(string); open == '{' && isKey && p.peek() == ':' {
			p.at++
			p.skip()
			if dict[key], ok = p.value(depth + 1); !ok {
				return nil, false
			}
			p.skip()
		} else {
			list = append(list, v)
		}
		if p.peek() == ',' {
			comma = true
			p.at++
		} else if p.peek() != closing[open] {
			return nil, false
		}
	}
	switch {
	case open == '{' && len(list) == 0:
		return dict, true
	case open == '(' && len(list) == 1 && !comma:
		return list[0], true
	}
	if list == nil {
		list = []any{}
	}
	return list, true
}
