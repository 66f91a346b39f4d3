package content

import (
	"regexp"
	"strconv"
	"strings"
)

// jsValue is what an expression of JavaScript comes to, as far as it can be known
// without running it: nil (undefined), bool, string, float64, jsTemplate, jsUnknown.
type jsValue any

// jsUnknown is a value that only running the script would tell.
type jsUnknown struct{}

// jsText is a text that is not known, but a text.
type jsText struct{}

// jsTemplate is a template literal, written as Nunjucks would.
type jsTemplate string

// jsTruth is whether a value counts as true; known is false where nobody can tell.
func jsTruth(v jsValue) (truth, known bool) {
	switch v := v.(type) {
	case nil:
		return false, true
	case bool:
		return v, true
	case string:
		return v != "", true
	case float64:
		return v != 0, true
	case jsUnknown, jsText:
		return false, false
	case jsChoice:
		one, oneKnown := jsTruth(v.one)
		other, otherKnown := jsTruth(v.other)
		return one, oneKnown && otherKnown && one == other
	}
	return true, true
}

// jsEvaluator reads one expression, or one function's body, by what is known of a
// page: no loops, no calls, no assignments. What it does not follow is unknown.
type jsEvaluator struct {
	text  string
	at    int
	data  string               // the name of the parameter that holds the page's data
	names map[string]string    // other names for its keys: ({draft}) => …
	find  func(string) jsValue // a key of the data, its parts joined by dots
	texts map[string]bool      // names of texts that are not known
	depth int
}

// maxJSDepth is more than any condition nests.
const maxJSDepth = 60

func (e *jsEvaluator) skip() {
	for e.at < len(e.text) {
		rest := e.text[e.at:]
		switch {
		case strings.ContainsAny(rest[:1], " \t\r\n"):
			e.at++
		case strings.HasPrefix(rest, "//"):
			e.pass("\n")
		case strings.HasPrefix(rest, "/*"):
			e.pass("*/")
		default:
			return
		}
	}
}

func (e *jsEvaluator) pass(end string) {
	if i := strings.Index(e.text[e.at:], end); i >= 0 {
		e.at += i + len(end)
	} else {
		e.at = len(e.text)
	}
}

// take passes a sign or word if it comes next.
func (e *jsEvaluator) take(sign string) bool {
	e.skip()
	rest := e.text[e.at:]
	if !strings.HasPrefix(rest, sign) {
		return false
	}
	if isWordByte(sign[len(sign)-1]) && len(rest) > len(sign) && isWordByte(rest[len(sign)]) {
		return false
	}
	e.at += len(sign)
	return true
}

func isWordByte(c byte) bool {
	return c == '_' || c == '$' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// expression reads a ternary, or what is below it.
func (e *jsEvaluator) expression() jsValue {
	if e.depth++; e.depth > maxJSDepth {
		e.at = len(e.text)
		return jsUnknown{}
	}
	defer func() { e.depth-- }()
	condition := e.alternatives()
	e.skip()
	if strings.HasPrefix(e.text[e.at:], "?.") || !e.take("?") {
		return condition
	}
	yes := e.expression()
	if !e.take(":") {
		return jsUnknown{}
	}
	no := e.expression()
	switch truth, known := jsTruth(condition); {
	case !known:
		return jsEither(yes, no)
	case truth:
		return yes
	}
	return no
}

// jsChoice is one of two values.
type jsChoice struct{ one, other jsValue }

func jsEither(a, b jsValue) jsValue {
	if a == b {
		return a
	}
	return jsChoice{a, b}
}

func (e *jsEvaluator) alternatives() jsValue {
	v := e.conjunction()
	for {
		nullish := false
		if e.skip(); strings.HasPrefix(e.text[e.at:], "??") {
			nullish = true
			e.at += 2
		} else if !e.take("||") {
			return v
		}
		other := e.conjunction()
		truth, known := jsTruth(v)
		if _, isBool := v.(bool); nullish && (isBool || v == "") {
			continue
		}
		switch {
		case !known:
			if t, k := jsTruth(other); k && t && other == true {
				v = true
			} else {
				v = jsEither(v, other)
			}
		case !truth:
			v = other
		}
	}
}

func (e *jsEvaluator) conjunction() jsValue {
	v := e.equality()
	for e.take("&&") {
		other := e.equality()
		truth, known := jsTruth(v)
		switch {
		case !known:
			if t, k := jsTruth(other); k && !t {
				v = other
			} else {
				v = jsUnknown{}
			}
		case truth:
			v = other
		}
	}
	return v
}

func (e *jsEvaluator) equality() jsValue {
	v := e.unary()
	for {
		e.skip()
		rest := e.text[e.at:]
		switch {
		case strings.HasPrefix(rest, "==") || strings.HasPrefix(rest, "!="):
			e.at += 2
			if e.at < len(e.text) && e.text[e.at] == '=' {
				e.at++
			}
			other := e.unary()
			if !isPlainJS(v) || !isPlainJS(other) {
				v = jsUnknown{}
			} else {
				v = (v == other) == (rest[0] == '=')
			}
		case rest != "" && strings.ContainsAny(rest[:1], "<>+-*/%&|^") && !strings.HasPrefix(rest, "&&") && !strings.HasPrefix(rest, "||"):
			e.at += len(rest) - len(strings.TrimLeft(rest, "<>+-*/%&|^="))
			e.unary()
			v = jsUnknown{}
		case e.take("in") || e.take("instanceof"):
			e.unary()
			v = jsUnknown{}
		default:
			return v
		}
	}
}

func isPlainJS(v jsValue) bool {
	switch v.(type) {
	case nil, bool, string, float64:
		return true
	}
	return false
}

func (e *jsEvaluator) unary() jsValue {
	e.skip()
	rest := e.text[e.at:]
	switch {
	case rest == "":
		return jsUnknown{}
	case rest[0] == '!' && !strings.HasPrefix(rest, "!="):
		e.at++
		if e.depth++; e.depth > maxJSDepth {
			e.at = len(e.text)
			return jsUnknown{}
		}
		defer func() { e.depth-- }()
		if truth, known := jsTruth(e.unary()); known {
			return !truth
		}
		return jsUnknown{}
	case e.take("await"):
		return e.unary()
	case e.take("typeof") || e.take("new") || rest[0] == '-' || rest[0] == '+':
		if rest[0] == '-' || rest[0] == '+' {
			e.at++
		}
		e.primary()
		return jsUnknown{}
	}
	return e.primary()
}

var jsNumber = regexp.MustCompile(`^\d+(?:\.\d+)?`)

func (e *jsEvaluator) primary() jsValue {
	e.skip()
	rest := e.text[e.at:]
	switch {
	case rest == "":
		return jsUnknown{}
	case rest[0] == '(':
		e.at++
		v := e.expression()
		if !e.take(")") {
			e.closeBracket()
			v = jsUnknown{}
		}
		return e.members(v, "")
	case rest[0] == '\'' || rest[0] == '"':
		r := &pythonReader{text: e.text, at: e.at}
		s, ok := r.str()
		if e.at = r.at; !ok {
			e.at++
			return jsUnknown{}
		}
		return e.members(s, "")
	case rest[0] == '`':
		return e.template()
	case rest[0] == '[' || rest[0] == '{':
		e.at++
		e.closeBracket()
		return e.members(jsUnknown{}, "")
	}
	if number := jsNumber.FindString(rest); number != "" {
		e.at += len(number)
		f, _ := strconv.ParseFloat(number, 64)
		return f
	}
	name := scriptName.FindString(rest)
	if name == "" {
		e.at++
		return jsUnknown{}
	}
	e.at += len(name)
	return e.named(name)
}

func (e *jsEvaluator) named(name string) jsValue {
	switch name {
	case "true", "false":
		return name == "true"
	case "null", "undefined":
		return nil
	case "process":
		if m := runMode.FindString(e.text[e.at:]); m != "" {
			e.at += len(m)
			return "build"
		}
		return e.members(jsUnknown{}, "")
	case "Boolean":
		if e.take("(") {
			v := e.expression()
			if truth, known := jsTruth(v); e.take(")") && known {
				return truth
			}
		}
		return jsUnknown{}
	}
	switch {
	case name == e.data:
		return e.members(jsUnknown{}, ".")
	case e.names[name] != "":
		return e.members(e.find(e.names[name]), e.names[name])
	case e.texts[name]:
		return e.members(jsText{}, "")
	}
	return e.members(jsUnknown{}, "")
}

var runMode = regexp.MustCompile(`^\s*\.\s*env\s*\.\s*ELEVENTY_RUN_MODE\b`)
