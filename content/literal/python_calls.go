package literal

import (
	"path"
	"regexp"
	"slices"
	"strings"
)

// maxPythonSum limits the size of sums of settings, in bytes or in values.
const maxPythonSum = 64 << 10

// pass skips white space, with line ends only within brackets.
func (p *valueReader) pass(depth int) {
	if depth > 0 {
		p.skip()
		return
	}
	p.at += len(p.text[p.at:]) - len(strings.TrimLeft(p.text[p.at:], " \t"))
}

// pythonSum returns a + b for strings and for lists.
func pythonSum(a, b any) (any, bool) {
	switch a := a.(type) {
	case string:
		b, ok := b.(string)
		return a + b, ok && len(a)+len(b) <= maxPythonSum && !isPythonWord(a) && !isPythonWord(b)
	case []any:
		b, ok := b.([]any)
		return append(append([]any{}, a...), b...), ok && len(a)+len(b) <= maxPythonSum
	}
	return nil, false
}

// isPythonWord reports whether a value may have been a number or True, which are kept as text.
func isPythonWord(s string) bool {
	return s == "true" || s == "false" || s != "" && strings.Trim(s, "0123456789.") == ""
}

// code reads an earlier setting, or a call that makes a plain value.
func (p *valueReader) code(word string, depth int) (v any, ok, isCode bool) {
	if p.lookup == nil || word == "" {
		return nil, false, false
	}
	switch word {
	case "dict", "list", "tuple", "set", "os.path.join":
		if p.peek() == '(' {
			v, ok = p.call(word, depth)
			return v, ok, true
		}
	}
	if word == "None" || word == "True" || word == "False" || !pythonName.MatchString(word) || p.peek() == '(' || p.peek() == '[' {
		return nil, false, false
	}
	v, ok = p.lookup(word)
	return v, ok, true
}

var pythonName = regexp.MustCompile(`^[A-Z][A-Z0-9_]*$`)

var keywordArgument = regexp.MustCompile(`^([A-Za-z_]\w*)\s*=`)

func (p *valueReader) call(name string, depth int) (any, bool) {
	p.at++
	named := map[string]any{}
	var list []any
	for {
		if p.skip(); p.peek() == ')' {
			p.at++
			break
		}
		key := keywordArgument.FindStringSubmatch(p.text[p.at:])
		if key != nil {
			p.at += len(key[0])
			p.skip()
		}
		v, ok := p.value(depth + 1)
		if !ok {
			return nil, false
		}
		if key != nil {
			named[key[1]] = v
		} else {
			list = append(list, v)
		}
		if p.skip(); p.peek() == ',' {
			p.at++
		} else if p.peek() != ')' {
			return nil, false
		}
	}
	return callResult(name, list, named)
}

func callResult(name string, list []any, named map[string]any) (any, bool) {
	switch {
	case name == "dict" && len(list) == 0:
		return named, true
	case len(named) > 0:
	case name == "os.path.join":
		parts := make([]string, 0, len(list))
		for _, item := range list {
			if s, ok := item.(string); ok {
				parts = append(parts, s)
			}
		}
		absolute := func(part string) bool { return strings.HasPrefix(part, "/") }
		return path.Join(parts...), len(parts) > 0 && len(parts) == len(list) && !slices.ContainsFunc(parts[1:], absolute)
	case len(list) == 0:
		return []any{}, true
	case len(list) == 1:
		inner, ok := list[0].([]any)
		return inner, ok
	}
	return nil, false
}

var fieldName = regexp.MustCompile(`\{\{|\}\}|\{([^{}]*)\}?|\}`)

// fill substitutes earlier settings in an f-string.
func (p *valueReader) fill(text string) (string, bool) {
	known := true
	out := fieldName.ReplaceAllStringFunc(text, func(field string) string {
		switch {
		case field == "{{" || field == "}}":
			return field[:1]
		case p.lookup == nil || len(field) < 3 || !pythonName.MatchString(field[1:len(field)-1]):
			known = false
			return ""
		}
		v, ok := p.lookup(field[1 : len(field)-1])
		s, isText := v.(string)
		known = known && ok && isText
		return s
	})
	return out, known && len(out) <= maxPythonSum
}
