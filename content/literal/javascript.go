package literal

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// JSSettings returns the strings in the object literals of a JavaScript file:
// {title: "x", author: {name: 'y'}} gives title and, below author, name. The file
// is never executed; what is computed is left out, and so are lists. Keys are
// lower-case; the first of several equal ones counts.
func JSSettings(text string) map[string]any {
	r := jsReader{valueReader: valueReader{text: text}, root: map[string]any{}}
	r.tables = []map[string]any{r.root}
	for r.at < len(text) {
		r.step()
	}
	return r.root
}

type jsReader struct {
	valueReader
	root   map[string]any
	tables []map[string]any // one for each open bracket; nil inside lists
	key    string           // of the value that follows
}

var jsName = regexp.MustCompile(`^[A-Za-z_$][\w$]*`)

// maxJSDepth is deeper than any config nests.
const maxJSDepth = 100

func (r *jsReader) step() {
	rest := r.text[r.at:]
	switch c := rest[0]; {
	case strings.HasPrefix(rest, "//"):
		r.past("\n")
	case strings.HasPrefix(rest, "/*"):
		r.past("*/")
	case c == ' ' || c == '\t' || c == '\n' || c == '\r':
		r.at++
	case c == '\'' || c == '"' || c == '`':
		s, ok := r.literal(c)
		if !ok {
			r.at++ // an apostrophe in a regular expression, say
			r.key = ""
			return
		}
		r.word(s, true)
	case c == '{':
		r.open(r.table())
	case c == '(':
		r.open(r.tables[len(r.tables)-1])
	case c == '[':
		r.open(nil)
	case c == '}' || c == ']' || c == ')':
		r.at++
		r.key = ""
		if len(r.tables) > 1 {
			r.tables = r.tables[:len(r.tables)-1]
		}
	default:
		if name := jsName.FindString(rest); name != "" {
			r.at += len(name)
			r.word(name, false)
			return
		}
		r.at++
		r.key = ""
	}
}

func (r *jsReader) past(end string) {
	if i := strings.Index(r.text[r.at:], end); i >= 0 {
		r.at += i + len(end)
	} else {
		r.at = len(r.text)
	}
}

// literal reads a string; a template literal with substitutions is not one.
func (r *jsReader) literal(quote byte) (string, bool) {
	if quote != '`' {
		return r.str()
	}
	end := strings.IndexByte(r.text[r.at+1:], '`')
	if end < 0 {
		return "", false
	}
	s := r.text[r.at+1 : r.at+1+end]
	r.at += end + 2
	return s, !strings.Contains(s, "${")
}

// word handles a name or string, which is a key if a colon follows.
func (r *jsReader) word(s string, isText bool) {
	rest := strings.TrimLeft(r.text[r.at:], " \t\r\n")
	current := r.tables[len(r.tables)-1]
	switch {
	case strings.HasPrefix(rest, ":"):
		r.at = len(r.text) - len(rest) + 1
		r.key = strings.ToLower(s)
		return
	case isText && r.key != "" && current != nil && !strings.HasPrefix(rest, "+") && !strings.HasPrefix(rest, "."):
		if _, taken := current[r.key]; !taken {
			current[r.key] = s
		}
	}
	r.key = ""
}

func (r *jsReader) open(table map[string]any) {
	r.at++
	r.key = ""
	if len(r.tables) < maxJSDepth {
		r.tables = append(r.tables, table)
	} else {
		r.at = len(r.text)
	}
}

// table returns the table for the keys of the object that opens here: the keys of a
// function's body and of an object without a name belong to the enclosing table.
func (r *jsReader) table() map[string]any {
	current := r.tables[len(r.tables)-1]
	if r.key == "" || current == nil {
		return current
	}
	inner, ok := current[r.key].(map[string]any)
	if !ok {
		inner = map[string]any{}
		if _, taken := current[r.key]; !taken {
			current[r.key] = inner
		}
	}
	return inner
}

var jsConstant = regexp.MustCompile(`(?m)^\s*(?:export\s+)?(?:const|let|var)\s+([A-Za-z_$][\w$]*)\s*=\s*`)

// JSValues returns the values of front matter in JavaScript: an object literal, or
// constants. Keys are lower-case; what is computed is left out.
func JSValues(text string) map[string]any {
	r := &valueReader{text: strings.TrimSpace(text), script: true}
	if v, ok := r.value(0); ok {
		if values, isObject := v.(map[string]any); isObject {
			return FoldKeys(values)
		}
	}
	values := map[string]any{}
	for _, m := range jsConstant.FindAllStringSubmatchIndex(text, -1) {
		r := &valueReader{text: text, at: m[1], script: true}
		if v, ok := r.value(0); ok {
			values[text[m[2]:m[3]]] = v
		}
	}
	return FoldKeys(values)
}

// FoldKeys returns values of TOML or JSON in the form that this program reads: keys are
// lower-case, and values are nil, string, []any or map[string]any.
func FoldKeys(m map[string]any) map[string]any { return foldKeys(m, 0) }

func foldKeys(m map[string]any, depth int) map[string]any {
	out := make(map[string]any, len(m))
	for k, v := range m {
		out[strings.ToLower(k)] = foldValue(v, depth+1)
	}
	return out
}

func foldValue(v any, depth int) any {
	if depth > 100 {
		return nil
	}
	switch v := v.(type) {
	case nil:
		return nil
	case string:
		return v
	case map[string]any:
		return foldKeys(v, depth)
	case []any:
		list := make([]any, len(v))
		for i, item := range v {
			list[i] = foldValue(item, depth+1)
		}
		return list
	case time.Time:
		return v.Format(time.RFC3339Nano)
	case json.Number:
		return v.String()
	}
	return fmt.Sprint(v)
}
