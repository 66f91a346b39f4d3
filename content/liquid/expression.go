package liquid

import (
	"regexp"
	"strconv"
	"strings"
)

// tokenPattern takes a name and the brackets after it as one token: site.data[page.key]["a b"].
var tokenPattern = regexp.MustCompile(`"[^"]*"|'[^']*'|==|!=|<=|>=|<|>|\||:|,|\(|\)|=|(?:[\w.@?-]|\[\s*(?:"[^"]*"|'[^']*'|[\w.@?-]|\[[^\[\]]*\])*\s*\])+|\S`)

// tokensOf returns the tokens of an expression, which is divided once per text.
func (e *Evaluator) tokensOf(expression string) []string {
	e.Budget.Scan(len(expression))
	c := e.cache()
	tokens, ok := c.tokens[expression]
	if ok {
		return tokens
	}
	tokens = tokenPattern.FindAllString(expression, 200)
	if len(c.tokens) < maxParsed {
		c.tokens[expression] = tokens
	}
	return tokens
}

// evaluate returns the value of `value | filter: argument, … | …`; ok is false if a filter is unknown. An
// unknown name is nil, as in Liquid, and then the result is known only if filters give it a value.
func (e *Evaluator) evaluate(expression string) (v any, ok bool) {
	if e.Nunjucks && strings.Contains(expression, " or ") {
		return e.either(expression)
	}
	return e.filtered(expression)
}

// either returns the first of Nunjucks' alternatives that is true.
func (e *Evaluator) either(expression string) (v any, ok bool) {
	for alternative := range strings.SplitSeq(expression, " or ") {
		if v, ok = e.filtered(alternative); ok && truthy(v) && Text(v) != "" {
			break
		}
	}
	return v, ok
}

func (e *Evaluator) filtered(expression string) (v any, ok bool) {
	return e.apply(e.tokensOf(expression))
}

// apply returns a value after the filters that follow it.
func (e *Evaluator) apply(tokens []string) (v any, ok bool) {
	if len(tokens) == 0 {
		return nil, false
	}
	v, known := e.operand(tokens[0])
	for tokens = tokens[1:]; len(tokens) > 0; {
		if tokens[0] != "|" || len(tokens) < 2 {
			return nil, false
		}
		name := tokens[1]
		tokens = tokens[2:]
		var arguments []any
		arguments, tokens, ok = e.arguments(tokens)
		if !ok {
			return nil, false
		}
		if v, ok = e.filter(name, v, arguments); !ok {
			return nil, false
		}
		if s, isText := v.(string); isText && len(s) > MaxValueSize {
			return nil, false
		}
	}
	return v, known || Text(v) != ""
}

// arguments reads the arguments of a filter: after a colon in Liquid, in parentheses in Nunjucks.
func (e *Evaluator) arguments(tokens []string) (list []any, rest []string, ok bool) {
	if len(tokens) == 0 || tokens[0] != ":" && tokens[0] != "(" {
		return nil, tokens, true
	}
	if tokens[0] == "(" {
		return e.bracketed(tokens[1:])
	}
	for tokens = tokens[1:]; len(tokens) > 0 && tokens[0] != "|"; tokens = tokens[1:] {
		if tokens[0] == "," || tokens[0] == ")" {
			continue
		}
		v, ok := e.operand(tokens[0])
		if !ok {
			return nil, nil, false
		}
		list = append(list, v)
	}
	return list, tokens, true
}

// bracketed reads arguments up to the closing parenthesis, named or not, each with filters of its own.
func (e *Evaluator) bracketed(tokens []string) (list []any, rest []string, ok bool) {
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
		v, ok := e.apply(argument)
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

func (e *Evaluator) operand(token string) (any, bool) {
	switch token {
	case "empty", "blank":
		if !e.Nunjucks {
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
			if !e.Nunjucks && strings.Contains(token, ".") {
				return Decimal(n), true
			}
			return n, true
		}
	}
	return e.Variable(token)
}

// Variable returns the value of a path: names separated by dots, and strings, numbers or variables in
// brackets. A path is known if its first name is, since a missing member is nil in Liquid; but of the site
// and the page only some members are known.
func (e *Evaluator) Variable(path string) (any, bool) {
	parts, ok := e.parts(path)
	if !ok {
		return nil, false
	}
	var v any
	found := false
	scope := len(e.vars)
	for scope > 0 && !found {
		scope--
		v, found = e.vars[scope][parts[0]]
	}
	if !found {
		scope = -1
	}
	e.useVariable(scope, parts[0])
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
			e.useOutside()
			v = lazy()
		}
	}
	return v, true
}

// pathParts divides the path of a variable and evaluates what is in brackets.
func (e *Evaluator) pathParts(path string) (parts []string, ok bool) {
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
		v, _ := e.operand(key)
		parts = append(parts, Text(v))
	}
	return parts, len(parts) > 0
}

// condition reports whether `a == b and c` is true. An unknown name is nil, which is false. Liquid
// associates from the right, Nunjucks from the left.
func (e *Evaluator) condition(expression string) bool {
	tokens := e.tokensOf(expression)
	if !e.Nunjucks {
		for i, token := range tokens {
			if token != "and" && token != "or" {
				continue
			}
			first, rest := e.compared(tokens[:i]), strings.Join(tokens[i+1:], " ")
			if token == "and" {
				return first && e.condition(rest)
			}
			return first || e.condition(rest)
		}
	}
	return e.compared(tokens)
}

func (e *Evaluator) compared(tokens []string) bool {
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
		left, _ := e.operand(tokens[i])
		holds := truthy(left)
		i++
		if i+1 < len(tokens) && tokens[i] != "and" && tokens[i] != "or" {
			right, _ := e.operand(tokens[i+1])
			e.Budget.Scan(sizeOf(left) + sizeOf(right))
			if e.Nunjucks {
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
