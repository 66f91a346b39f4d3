package content

import "strings"

// members follows what stands after a value: .key, ?.key, ["key"], calls. key is the
// path of the value in the data, "." for the data themselves, "" for another.
func (e *jsEvaluator) members(v jsValue, key string) jsValue {
	for {
		e.skip()
		rest := e.text[e.at:]
		switch {
		case strings.HasPrefix(rest, "?.") && len(rest) > 2 && !strings.ContainsAny(rest[2:3], "0123456789"), strings.HasPrefix(rest, "."):
			e.at += len(rest) - len(strings.TrimLeft(rest, "?."))
			name := scriptName.FindString(e.text[e.at:])
			if e.at += len(name); name == "" {
				continue
			}
			v, key = e.member(v, key, name)
		case strings.HasPrefix(rest, "["):
			e.at++
			inner := e.expression()
			if !e.take("]") {
				e.closeBracket()
			}
			name, ok := inner.(string)
			if !ok {
				v, key = jsUnknown{}, ""
				continue
			}
			v, key = e.member(v, key, name)
		case strings.HasPrefix(rest, "("):
			e.at++
			e.closeBracket()
			if _, isText := v.(jsText); !isText {
				v = jsUnknown{}
			}
			key = ""
		default:
			return v
		}
	}
}

func (e *jsEvaluator) member(v jsValue, key, name string) (jsValue, string) {
	switch {
	case key == ".":
		return e.find(strings.ToLower(name)), strings.ToLower(name)
	case key != "":
		key += "." + strings.ToLower(name)
		return e.find(key), key
	}
	if _, isText := v.(jsText); isText {
		return v, "" // a method that makes a text of a text
	}
	return jsUnknown{}, ""
}

// template reads a template literal; what it computes is written for Nunjucks.
func (e *jsEvaluator) template() jsValue {
	literal, _, ok := strings.Cut(e.text[e.at+1:], "`")
	if !ok {
		e.at = len(e.text)
		return jsUnknown{}
	}
	e.at += len(literal) + 2
	if !strings.Contains(literal, "${") {
		return literal
	}
	if rest := scriptVariable.ReplaceAllString(literal, ""); strings.Contains(rest, "${") {
		return jsText{}
	}
	return jsTemplate(scriptVariable.ReplaceAllStringFunc(literal, nunjucksVariable))
}

// closeBracket passes what is left of an open bracket.
func (e *jsEvaluator) closeBracket() {
	for depth := 1; e.at < len(e.text); {
		e.skip()
		if e.at >= len(e.text) {
			return
		}
		switch c := e.text[e.at]; c {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			if depth--; depth == 0 {
				e.at++
				return
			}
		case '\'', '"':
			r := &pythonReader{text: e.text, at: e.at}
			if _, ok := r.str(); ok {
				e.at = r.at
				continue
			}
		case '`':
			e.template()
			continue
		}
		e.at++
	}
}
