// Package literal reads Python and JavaScript literals in the config files of blogs; it runs nothing.
package literal

import (
	"regexp"
	"strings"
)

// PythonSettings returns the plain assignments of a pelicanconf.py: NAME = a
// string, number, True, False, None, a list, tuple or dict of these, or a sum of
// them and of earlier settings. The file is never executed; what is computed is
// left out. Keys are lower-case, scalars are text, None is nil.
func PythonSettings(text string) map[string]any {
	values, _ := ParsePython(text, nil)
	return values
}

// ParsePython also returns which settings are computed: unknown has those with a
// statement that is not a plain assignment, unless a later plain one makes them known
// again. imported are the settings that the file imports.
func ParsePython(text string, imported map[string]any) (values map[string]any, unknown map[string]ComputedSetting) {
	values, unknown = map[string]any{}, map[string]ComputedSetting{}
	for _, m := range assignment.FindAllStringSubmatchIndex(text, -1) {
		indent, name, operator := text[m[2]:m[3]], strings.ToLower(text[m[4]:m[5]]), text[m[6]:m[7]]
		p := &valueReader{text: text, at: m[1], lookup: func(name string) (any, bool) {
			name = strings.ToLower(name)
			if _, isUnknown := unknown[name]; isUnknown {
				return nil, false
			}
			if v, ok := values[name]; ok {
				return v, true
			}
			v, ok := imported[name]
			return v, ok
		}}
		if v, ok := p.value(0); ok && indent == "" && operator == "=" && p.ends() && !isAlias(v, text[m[1]:p.at]) {
			values[name] = v
			delete(unknown, name)
			continue
		}
		p.at = max(p.at, m[1])
		if _, already := unknown[name]; !already {
			unknown[name] = ComputedSetting{Line: 1 + strings.Count(text[:m[4]], "\n"), Statement: text[m[4]:statementEnd(text, m[1])]}
		}
		if operator == "=" && indent == "" {
			delete(values, name)
		}
	}
	return values, unknown
}

// ComputedSetting is a setting that code computes.
type ComputedSetting struct {
	File      string // for the caller to set
	Line      int
	Statement string
}

// isAlias reports whether a value is a list or table under a second name, through which it may change.
func isAlias(v any, text string) bool {
	if _, isText := v.(string); isText || v == nil {
		return false
	}
	return pythonName.MatchString(strings.TrimSpace(text))
}

// assignment matches a line that sets a setting, or changes its value.
var assignment = regexp.MustCompile(`(?m)^([ \t]*)([A-Z][A-Z0-9_]*)[ \t]*(=|[-+|&]=|:[^=\n]*=|\[[^\]\n]*\][ \t]*=|\.(?:append|extend|insert|remove|update|clear|pop|setdefault)\b)[ \t]*`)

// ends reports whether nothing follows a value in its statement.
func (p *valueReader) ends() bool {
	rest := strings.TrimLeft(p.text[p.at:], " \t\r")
	return rest == "" || strings.ContainsAny(rest[:1], "\n#;")
}

// statementEnd returns the index at which the brackets are closed that a statement opens.
func statementEnd(text string, at int) int {
	depth := 0
	for i := at; i < len(text); i++ {
		switch text[i] {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			depth--
		case '\n':
			if depth <= 0 {
				return i
			}
		}
	}
	return len(text)
}

// PythonValue returns the value of the literal that text begins with, as PythonSettings does.
func PythonValue(text string) (value any, ok bool) { return (&valueReader{text: text}).value(0) }

// JSValue is PythonValue for JavaScript.
func JSValue(text string) (value any, ok bool) {
	return (&valueReader{text: text, script: true}).value(0)
}

// Quoted returns the value of the quoted string that text begins with, and its size in
// text in bytes.
func Quoted(text string) (value string, size int, ok bool) {
	r := &valueReader{text: text}
	value, ok = r.str()
	return value, r.at, ok
}

type valueReader struct {
	text   string
	at     int
	script bool                          // JavaScript, whose literals differ a little
	lookup func(name string) (any, bool) // returns an earlier setting; nil in JavaScript
}

// skip skips white space, line ends and comments.
func (p *valueReader) skip() {
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

func (p *valueReader) peek() byte {
	if p.at < len(p.text) {
		return p.text[p.at]
	}
	return 0
}

// value reads a value, which may be a sum.
func (p *valueReader) value(depth int) (any, bool) {
	v, ok := p.term(depth)
	for ok && p.lookup != nil {
		before := p.at
		if p.pass(depth); p.peek() != '+' {
			p.at = before
			break
		}
		p.at++
		p.pass(depth)
		var more any
		if more, ok = p.term(depth); ok {
			v, ok = pythonSum(v, more)
		}
	}
	return v, ok
}

func (p *valueReader) term(depth int) (any, bool) {
	if depth > 20 {
		return nil, false
	}
	switch c := p.peek(); c {
	case '[', '(', '{':
		return p.collection(depth, c)
	}
	if s, ok := p.str(); ok {
		for depth > 0 { // adjacent strings are concatenated, across line ends only within brackets
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
	if v, ok, isCode := p.code(word, depth); isCode {
		return v, ok
	}
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

var bareWord = regexp.MustCompile(`^[-+]?[\w.]+`)

var stringStart = regexp.MustCompile(`^([rRuUbBfF]{0,2})('''|"""|'|")`)

func (p *valueReader) str() (string, bool) {
	m := stringStart.FindStringSubmatch(p.text[p.at:])
	if m == nil {
		return "", false
	}
	raw, filled := strings.ContainsAny(m[1], "rR"), strings.ContainsAny(m[1], "fF")
	rest := p.text[p.at+len(m[0]):]
	var b strings.Builder
	for i := 0; i < len(rest); i++ {
		switch {
		case strings.HasPrefix(rest[i:], m[2]):
			p.at += len(m[0]) + i + len(m[2])
			if filled && !p.script {
				return p.fill(b.String())
			}
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

// key reads a bare word in JavaScript that is a key.
func (p *valueReader) key(open byte) (any, bool) {
	if m := jsKey.FindStringSubmatch(p.text[p.at:]); p.script && open == '{' && m != nil {
		p.at += len(m[1])
		return m[1], true
	}
	return nil, false
}

var jsKey = regexp.MustCompile(`^([A-Za-z_$][\w$]*)\s*:`)

// collection reads a list or tuple, or a dict. One value in round brackets
// without a comma is that value.
func (p *valueReader) collection(depth int, open byte) (any, bool) {
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
