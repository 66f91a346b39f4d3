package content

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Values of Liquid are nil, bool, float64, string, time.Time, []any and
// map[string]any.

// liquidToken also takes a name with what stands in brackets behind it, site.data[page.key]["a b"],
// for one.
var liquidToken = regexp.MustCompile(`"[^"]*"|'[^']*'|==|!=|<=|>=|<|>|\||:|,|\(|\)|=|(?:[\w.@?-]|\[\s*(?:"[^"]*"|'[^']*'|[\w.@?-]|\[[^\[\]]*\])*\s*\])+|\S`)

// tokensOf divides an expression, each once in a text.
func (l *liquid) tokensOf(expression string) []string {
	l.article.budget.work(len(expression))
	c := l.cache()
	tokens, ok := c.tokens[expression]
	if ok {
		return tokens
	}
	tokens = liquidToken.FindAllString(expression, 200)
	if len(c.tokens) < maxMacros {
		c.tokens[expression] = tokens
	}
	return tokens
}

// evaluate reads `value | filter: argument, … | …`; ok is false where a filter is
// not known here. A name that is not known is nil, as in Liquid; then only what
// filters make of it counts.
func (l *liquid) evaluate(expression string) (v any, ok bool) {
	if l.comments && strings.Contains(expression, " or ") {
		return l.either(expression)
	}
	return l.filtered(expression)
}

// either is the first of Nunjucks' alternatives that holds.
func (l *liquid) either(expression string) (v any, ok bool) {
	for alternative := range strings.SplitSeq(expression, " or ") {
		if v, ok = l.filtered(alternative); ok && truthy(v) && liquidText(v) != "" {
			break
		}
	}
	return v, ok
}

func (l *liquid) filtered(expression string) (v any, ok bool) {
	return l.apply(l.tokensOf(expression))
}

// apply reads a value and the filters after it.
func (l *liquid) apply(tokens []string) (v any, ok bool) {
	if len(tokens) == 0 {
		return nil, false
	}
	v, known := l.value(tokens[0])
	for tokens = tokens[1:]; len(tokens) > 0; {
		if tokens[0] != "|" || len(tokens) < 2 {
			return nil, false
		}
		name := tokens[1]
		tokens = tokens[2:]
		var arguments []any
		arguments, tokens, ok = l.arguments(tokens)
		if !ok {
			return nil, false
		}
		if v, ok = l.filter(name, v, arguments); !ok {
			return nil, false
		}
		if s, isText := v.(string); isText && len(s) > maxLiquidText {
			return nil, false
		}
	}
	return v, known || liquidText(v) != ""
}

// arguments follow a filter after a colon in Liquid, in brackets in Nunjucks.
func (l *liquid) arguments(tokens []string) (list []any, rest []string, ok bool) {
	if len(tokens) == 0 || tokens[0] != ":" && tokens[0] != "(" {
		return nil, tokens, true
	}
	if tokens[0] == "(" {
		return l.bracketed(tokens[1:])
	}
	for tokens = tokens[1:]; len(tokens) > 0 && tokens[0] != "|"; tokens = tokens[1:] {
		if tokens[0] == "," || tokens[0] == ")" {
			continue
		}
		v, ok := l.value(tokens[0])
		if !ok {
			return nil, nil, false
		}
		list = append(list, v)
	}
	return list, tokens, true
}

// bracketed are arguments up to the closing bracket, with their names or without,
// each with filters of its own.
func (l *liquid) bracketed(tokens []string) (list []any, rest []string, ok bool) {
	for len(tokens) > 0 && tokens[0] != ")" {
		end, depth := 0, 0
		for ; end < len(tokens) && (depth > 0 || tokens[end] != "," && tokens[end] != ")"); end++ {
			switch tokens[end] {
			case "(":
				depth++
			case ")":
				depth--
			}
		}
		argument := tokens[:end]
		if len(argument) > 2 && argument[1] == "=" {
			argument = argument[2:]
		}
		v, ok := l.apply(argument)
		if !ok {
			return nil, nil, false
		}
		list = append(list, v)
		if tokens = tokens[end:]; len(tokens) > 0 && tokens[0] == "," {
			tokens = tokens[1:]
		}
	}
	return list, tokens[min(1, len(tokens)):], true
}

func (l *liquid) value(token string) (any, bool) {
	switch token {
	case "empty", "blank":
		if !l.comments {
			return emptiness(token), true
		}
		return nil, true
	case "nil", "null", "none":
		return nil, true
	case "true", "false":
		return token == "true", true
	}
	if c := token[0]; c == '"' || c == '\'' {
		return strings.Trim(token, string(c)), len(token) > 1
	}
	if c := token[0]; c == '-' || c >= '0' && c <= '9' {
		if n, err := strconv.ParseFloat(token, 64); err == nil {
			if !l.comments && strings.Contains(token, ".") {
				return decimal(n), true
			}
			return n, true
		}
	}
	return l.variable(token)
}

// variable follows a path: names with dots between, and in brackets texts, numbers or variables. A
// name is known where the first is: what a thing does not have is nil, as in Liquid. Of the site we
// know only a part.
func (l *liquid) variable(path string) (any, bool) {
	parts, ok := l.parts(path)
	if !ok {
		return nil, false
	}
	var v any
	found := false
	scope := len(l.vars)
	for scope > 0 && !found {
		scope--
		v, found = l.vars[scope][parts[0]]
	}
	if !found {
		scope = -1
	}
	l.useVariable(scope, parts[0])
	if !found {
		return nil, false
	}
	for i, part := range parts[1:] {
		if v, found = member(v, part); !found {
			return nil, parts[0] != "site" && (parts[0] != "page" || i > 0) || i > 0 && parts[1] == "data"
		}
		if lazy, ok := v.(func() any); ok {
			v = lazy()
		}
	}
	return v, true
}

// path divides a variable's path; those in brackets are evaluated.
func (l *liquid) path(path string) (parts []string, ok bool) {
	for path != "" && len(parts) < maxLiquidDepth {
		if path[0] != '[' {
			name, _, _ := strings.Cut(path, "[")
			path = path[len(name):]
			for part := range strings.FieldsFuncSeq(name, func(r rune) bool { return r == '.' }) {
				parts = append(parts, part)
			}
			continue
		}
		end, depth := 0, 0
		for ; end < len(path); end++ {
			if path[end] == '[' {
				depth++
			} else if path[end] == ']' {
				if depth--; depth == 0 {
					break
				}
			}
		}
		if end == len(path) {
			return nil, false
		}
		key := strings.TrimSpace(path[1:end])
		path = path[end+1:]
		if key == "" {
			return nil, false
		}
		v, _ := l.value(key)
		parts = append(parts, liquidText(v))
	}
	return parts, len(parts) > 0
}

func member(v any, name string) (any, bool) {
	switch v := v.(type) {
	case map[string]any:
		out, ok := v[name]
		if !ok {
			out, ok = v[strings.ToLower(name)]
		}
		if !ok && name == "size" {
			return float64(len(v)), true
		}
		return out, ok
	case lazyObject:
		out, ok := v.member(name)
		if lower := strings.ToLower(name); !ok && lower != name {
			out, ok = v.member(lower)
		}
		return out, ok
	case []any:
		switch name {
		case "size", "length":
			return float64(len(v)), true
		case "first":
			return at(v, 0)
		case "last":
			return at(v, len(v)-1)
		}
		if n, err := strconv.Atoi(name); err == nil {
			return at(v, n)
		}
	case string:
		if name == "size" || name == "length" {
			return float64(len([]rune(v))), true
		}
	}
	return nil, false
}

func at(list []any, n int) (any, bool) {
	if n < 0 || n >= len(list) {
		return nil, true
	}
	return list[n], true
}

// condition reads `a == b and c`; what is not known is nil, which is false. Liquid joins from the
// right, Nunjucks from the left.
func (l *liquid) condition(expression string) bool {
	tokens := l.tokensOf(expression)
	if !l.comments {
		for i, token := range tokens {
			if token != "and" && token != "or" {
				continue
			}
			first, rest := l.compared(tokens[:i]), strings.Join(tokens[i+1:], " ")
			if token == "and" {
				return first && l.condition(rest)
			}
			return first || l.condition(rest)
		}
	}
	return l.compared(tokens)
}

func (l *liquid) compared(tokens []string) bool {
	result, join, negate := false, "or", false
	for i := 0; i < len(tokens); {
		switch tokens[i] {
		case "and", "or":
			join = tokens[i]
			i++
			continue
		case "not":
			negate = !negate
			i++
			continue
		}
		left, _ := l.value(tokens[i])
		holds := truthy(left)
		i++
		if i+1 < len(tokens) && tokens[i] != "and" && tokens[i] != "or" {
			right, _ := l.value(tokens[i+1])
			l.article.budget.work(sizeOf(left) + sizeOf(right))
			if l.comments {
				holds = compareValues(left, tokens[i], right)
			} else {
				holds = compareTyped(left, tokens[i], right)
			}
			i += 2
		}
		holds = holds != negate
		negate = false
		if join == "and" {
			result = result && holds
		} else {
			result = result || holds
		}
	}
	return result
}

// sizeOf is about how many bytes a value is compared by.
func sizeOf(v any) int {
	switch v := v.(type) {
	case string:
		return len(v)
	case []any:
		return 64 * len(v)
	}
	return 8
}

func compareValues(left any, operator string, right any) bool {
	a, b := liquidText(left), liquidText(right)
	x, isNumber := numberOf(left)
	y, both := numberOf(right)
	switch operator {
	case "==", "===":
		return a == b
	case "!=", "!==":
		return a != b
	case "contains":
		if list, ok := left.([]any); ok {
			for _, item := range list {
				if liquidText(item) == b {
					return true
				}
			}
			return false
		}
		return strings.Contains(a, b)
	case "<":
		return isNumber && both && x < y
	case ">":
		return isNumber && both && x > y
	case "<=":
		return isNumber && both && x <= y
	case ">=":
		return isNumber && both && x >= y
	}
	return false
}

// numberOf reads the numbers of front matter too, which are texts.
func numberOf(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case decimal:
		return float64(v), true
	case string:
		v = strings.TrimSpace(v)
		if v == "" || !strings.Contains("+-.0123456789", v[:1]) {
			return 0, false
		}
		n, err := strconv.ParseFloat(v, 64)
		return n, err == nil && !math.IsNaN(n) && !math.IsInf(n, 0)
	}
	return 0, false
}

func truthy(v any) bool {
	b, isBool := v.(bool)
	return v != nil && (!isBool || b)
}

// liquidText is a value as output shows it.
func liquidText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case decimal:
		return v.text()
	case time.Time:
		return v.Format("2006-01-02 15:04:05 -0700")
	case []any:
		var b strings.Builder
		for _, item := range v {
			if b.Len() > maxLiquidText {
				break
			}
			b.WriteString(liquidText(item))
		}
		return b.String()
	}
	return ""
}
