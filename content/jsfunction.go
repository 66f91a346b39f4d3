package content

import (
	"regexp"
	"strings"
)

// jsFunction is a function in a script, which is read and never run.
type jsFunction struct {
	params []string // as written
	body   string   // statements, or an expression
	isExpr bool
}

var (
	jsArrow    = regexp.MustCompile(`^\s*(?:async\s+)?(?:\(([^()]*(?:\([^()]*\)[^()]*)*)\)|([A-Za-z_$][\w$]*))\s*=>\s*`)
	jsClassic  = regexp.MustCompile(`^\s*(?:async\s+)?function\s*\*?\s*[\w$]*\s*\(([^()]*)\)\s*\{`)
	jsMethod   = regexp.MustCompile(`^\s*\(([^()]*)\)\s*\{`)
	jsName     = regexp.MustCompile(`^\s*([A-Za-z_$][\w$]*)\s*(?:[,;)}\n]|$)`)
	jsReturned = regexp.MustCompile(`^\s*(?:\{\s*)?(?:(?://[^\n]*|/\*[^*]*\*/)\s*)*return\s+`)
)

// readJSFunction reads the function that a text begins with, or the one of the name
// that it begins with; nil where there is neither. One without parameters that makes
// a function stands for that.
func readJSFunction(text, whole string) *jsFunction { return readJS(text, whole, 0) }

func readJS(text, whole string, depth int) *jsFunction {
	if depth > 5 {
		return nil
	}
	f := &jsFunction{}
	switch {
	case jsArrow.MatchString(text):
		m := jsArrow.FindStringSubmatch(text)
		f.params = splitParams(m[1] + m[2])
		rest := text[len(m[0]):]
		if f.isExpr = !strings.HasPrefix(rest, "{"); f.isExpr {
			f.body = rest
		} else {
			f.body = bracketed(rest)
		}
	case jsClassic.MatchString(text):
		m := jsClassic.FindStringSubmatch(text)
		f.params, f.body = splitParams(m[1]), bracketed(text[len(m[0])-1:])
	case jsMethod.MatchString(text):
		m := jsMethod.FindStringSubmatch(text)
		f.params, f.body = splitParams(m[1]), bracketed(text[len(m[0])-1:])
	default:
		m := jsName.FindStringSubmatch(text)
		if m == nil {
			return nil
		}
		at := definitionOf(m[1], whole)
		if at < 0 {
			return nil
		}
		return readJS(whole[at:], whole, depth+1)
	}
	if len(f.params) == 0 {
		inner := f.body
		if !f.isExpr {
			m := jsReturned.FindString(inner)
			if m == "" {
				return f
			}
			inner = inner[len(m):]
		}
		if made := readJS(inner, whole, depth+1); made != nil {
			return made
		}
	}
	return f
}

// definitionOf is where a function or constant of that name is defined, from the
// word function or the value on; -1 for nowhere.
func definitionOf(name, text string) int {
	quoted := regexp.QuoteMeta(name)
	re := regexp.MustCompile(`(?m)(?:\b(?:const|let|var)\s+` + quoted + `\s*=\s*|^[ \t]*(?:export\s+)?(?:default\s+)?((?:async\s+)?function\s+` + quoted + `\b))`)
	m := re.FindStringSubmatchIndex(text)
	switch {
	case m == nil:
		return -1
	case m[2] >= 0:
		return m[2]
	}
	return m[1]
}

// bracketed is what stands in the brackets that a text begins with.
func bracketed(text string) string {
	e := &jsEvaluator{text: text, at: 1}
	e.closeBracket()
	return text[1:max(1, e.at-1)]
}

func splitParams(text string) []string {
	var out []string
	depth, start := 0, 0
	for i, c := range text + "," {
		switch {
		case c == '{' || c == '[' || c == '(':
			depth++
		case c == '}' || c == ']' || c == ')':
			depth--
		case c == ',' && depth == 0:
			if p := strings.TrimSpace(text[start:i]); p != "" {
				out = append(out, p)
			}
			start = i + 1
		}
	}
	return out
}

// values are what the function may return for a page: one where that can be known.
// find gives the page's data.
func (f *jsFunction) values(find func(string) jsValue) []jsValue {
	e := &jsEvaluator{text: f.body, find: find, names: map[string]string{}, texts: map[string]bool{}}
	for i, p := range f.params {
		switch {
		case i > 0:
			e.texts[p] = true // a preprocessor's content
		case strings.HasPrefix(p, "{"):
			for _, name := range splitParams(strings.Trim(p, "{} \t\n")) {
				name, _, _ = strings.Cut(name, "=")
				key, as, renamed := strings.Cut(name, ":")
				if key, as = strings.TrimSpace(key), strings.TrimSpace(as); !renamed {
					as = key
				}
				e.names[as] = strings.ToLower(key)
			}
		default:
			e.data = p
		}
	}
	if f.isExpr {
		return flatten(e.expression())
	}
	var out []jsValue
	if !e.statements(&out, 0) {
		out = append(out, nil)
	}
	return out
}

func flatten(v jsValue) []jsValue {
	if c, ok := v.(jsChoice); ok {
		return append(flatten(c.one), flatten(c.other)...)
	}
	return []jsValue{v}
}

// statements goes through a body and reports whether it surely returns.
func (e *jsEvaluator) statements(out *[]jsValue, depth int) bool {
	for e.skip(); e.at < len(e.text); e.skip() {
		if e.text[e.at] == '}' {
			return false
		}
		if e.statement(out, depth) {
			return true
		}
	}
	return false
}

func (e *jsEvaluator) statement(out *[]jsValue, depth int) bool {
	if depth > maxJSDepth {
		e.at = len(e.text)
		*out = append(*out, jsUnknown{})
		return true
	}
	switch {
	case e.take(";"):
		return false
	case e.take("{"):
		inner := *e
		e.closeBracket()
		inner.text = inner.text[:max(inner.at, e.at-1)]
		return inner.statements(out, depth+1)
	case e.take("return"):
		e.returned(out)
		return true
	case e.take("if"):
		return e.branch(out, depth)
	}
	e.opaque(out)
	return false
}

func (e *jsEvaluator) returned(out *[]jsValue) {
	line, _, _ := strings.Cut(e.text[e.at:], "\n")
	if rest := strings.TrimSpace(line); rest == "" || rest[0] == ';' || rest[0] == '}' {
		*out = append(*out, nil)
		return
	}
	*out = append(*out, flatten(e.expression())...)
}

func (e *jsEvaluator) branch(out *[]jsValue, depth int) bool {
	if !e.take("(") {
		*out = append(*out, jsUnknown{})
		return true
	}
	condition := e.expression()
	if !e.take(")") {
		e.closeBracket()
		condition = jsUnknown{}
	}
	truth, known := jsTruth(condition)
	var yes, no []jsValue
	yesReturns := e.statement(&yes, depth+1)
	noReturns := false
	e.take(";")
	if e.take("else") {
		noReturns = e.statement(&no, depth+1)
	}
	if !known || truth {
		*out = append(*out, yes...)
	}
	if !known || !truth {
		*out = append(*out, no...)
	}
	switch {
	case !known:
		return yesReturns && noReturns
	case truth:
		return yesReturns
	}
	return noReturns
}

// opaque passes a statement that is not followed. One that may return makes the
// function's value unknown.
func (e *jsEvaluator) opaque(out *[]jsValue) {
	start := e.at
	for e.at < len(e.text) {
		switch c := e.text[e.at]; c {
		case '(', '[', '{':
			e.at++
			e.closeBracket()
			if e.skip(); c == '{' && e.at < len(e.text) && !strings.ContainsAny(e.text[e.at:e.at+1], ".)],;") {
				e.mayReturn(e.text[start:e.at], out)
				return
			}
			continue
		case ';', '}':
			if c == ';' {
				e.at++
			}
			e.mayReturn(e.text[start:e.at], out)
			return
		case '\n':
			e.at++
			if e.skip(); e.at < len(e.text) && (isWordByte(e.text[e.at]) || e.text[e.at] == '}') {
				e.mayReturn(e.text[start:e.at], out)
				return
			}
			continue
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
	e.mayReturn(e.text[start:e.at], out)
}

// returns finds the statements that may return; what others hold is other functions'.
var returns = regexp.MustCompile(`^\s*(?:for|while|do|switch|try)\b(?s:.*)\breturn\b`)

func (e *jsEvaluator) mayReturn(statement string, out *[]jsValue) {
	if returns.MatchString(statement) {
		*out = append(*out, jsUnknown{})
	}
}
