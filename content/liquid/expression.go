package liquid

import (
	"regexp"
	"strconv"
	"strings"
)

// liquidToken also takes a name with what stands in brackets behind it, site.data[page.key]["a b"],
// for one.
var liquidToken = regexp.MustCompile(`"[^"]*"|'[^']*'|==|!=|<=|>=|<|>|\||:|,|\(|\)|=|(?:[\w.@?-]|\[\s*(?:"[^"]*"|'[^']*'|[\w.@?-]|\[[^\[\]]*\])*\s*\])+|\S`)

// tokensOf divides an expression, each once in a text.
func (l *Evaluator) tokensOf(expression string) []string {
	l.Budget.Scan(len(expression))
	c := l.cache()
	tokens, ok := c.tokens[expression]
	if ok {
		return tokens
	}
	tokens = liquidToken.FindAllString(expression, 200)
	if len(c.tokens) < maxCached {
		c.tokens[expression] = tokens
	}
	return tokens
}

// evaluate reads `value | filter: argument, … | …`; ok is false where a filter is
// not known here. A name that is not known is nil, as in Liquid; then only what
// filters make of it counts.
func (l *Evaluator) evaluate(expression string) (v any, ok bool) {
	if l.Nunjucks && strings.Contains(expression, " or ") {
		return l.either(expression)
	}
	return l.filtered(expression)
}

// either is the first of Nunjucks' alternatives that holds.
func (l *Evaluator) either(expression string) (v any, ok bool) {
	for alternative := range strings.SplitSeq(expression, " or ") {
		if v, ok = l.filtered(alternative); ok && truthy(v) && Text(v) != "" {
			break
		}
	}
	return v, ok
}

func (l *Evaluator) filtered(expression string) (v any, ok bool) {
	return l.apply(l.tokensOf(expression))
}

// apply reads a value and the filters after it.
func (l *Evaluator) apply(tokens []string) (v any, ok bool) {
	if len(tokens) == 0 {
		return nil, false
	}
	v, known := l.operand(tokens[0])
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
		if s, isText := v.(string); isText && len(s) > MaxText {
			return nil, false
		}
	}
	return v, known || Text(v) != ""
}

// arguments follow a filter after a colon in Liquid, in brackets in Nunjucks.
func (l *Evaluator) arguments(tokens []string) (list []any, rest []string, ok bool) {
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
		v, ok := l.operand(tokens[0])
		if !ok {
			return nil, nil, false
		}
		list = append(list, v)
	}
	return list, tokens, true
}

// bracketed are arguments up to the closing bracket, with their names or without,
// each with filters of its own.
func (l *Evaluator) bracketed(tokens []string) (list []any, rest []string, ok bool) {
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

func (l *Evaluator) operand(token string) (any, bool) {
	switch token {
	case "empty", "blank":
		if !l.Nunjucks {
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
			if !l.Nunjucks && strings.Contains(token, ".") {
				return Decimal(n), true
			}
			return n, true
		}
	}
	return l.Variable(token)
}

// variable follows a path: names with dots between, and in brackets texts, numbers or variables. A
// name is known where the first is: what a thing does not have is nil, as in Liquid. Of the site we
// know only a part.
func (l *Evaluator) Variable(path string) (any, bool) {
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
		if v, found = Member(v, part); !found {
			return nil, parts[0] != "site" && (parts[0] != "page" || i > 0) || i > 0 && parts[1] == "data"
		}
		switch lazy := v.(type) {
		case func() any:
			v = lazy()
		case PerText:
			l.useOutside()
			v = lazy()
		}
	}
	return v, true
}

// pathParts divides a variable's path; those in brackets are evaluated.
func (l *Evaluator) pathParts(path string) (parts []string, ok bool) {
	for path != "" && len(parts) < MaxDepth {
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
		v, _ := l.operand(key)
		parts = append(parts, Text(v))
	}
	return parts, len(parts) > 0
}

// condition reads `a == b and c`; what is not known is nil, which is false. Liquid joins from the
// right, Nunjucks from the left.
func (l *Evaluator) condition(expression string) bool {
	tokens := l.tokensOf(expression)
	if !l.Nunjucks {
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

func (l *Evaluator) compared(tokens []string) bool {
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
		left, _ := l.operand(tokens[i])
		holds := truthy(left)
		i++
		if i+1 < len(tokens) && tokens[i] != "and" && tokens[i] != "or" {
			right, _ := l.operand(tokens[i+1])
			l.Budget.Scan(sizeOf(left) + sizeOf(right))
			if l.Nunjucks {
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
