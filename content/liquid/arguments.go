package liquid

import (
	"regexp"
	"strings"
)

// FirstArgument returns the first of a tag's arguments, such as a file's name, in which variables are filled
// in: {{ page.box }}.html.
func (e *Evaluator) FirstArgument(tag Tag) string {
	text := tag.Arguments
	if e.Nunjucks || !strings.Contains(text, "{{") {
		positional, _ := e.ParseArguments(text)
		if len(positional) == 0 {
			return ""
		}
		return strings.TrimSuffix(positional[0], ",")
	}
	var name strings.Builder
	for text != "" && text[0] != ' ' && text[0] != '\t' && text[0] != '\n' {
		expression, rest, ok := strings.Cut(strings.TrimPrefix(text, "{{"), "}}")
		if !strings.HasPrefix(text, "{{") || !ok {
			name.WriteByte(text[0])
			text = text[1:]
			continue
		}
		v, _ := e.evaluate(strings.TrimSpace(expression))
		name.WriteString(Text(v))
		text = rest
	}
	return name.String()
}

// parameters returns the parameters of an include: strings, and variables with their values.
func (e *Evaluator) parameters(text string) map[string]any {
	values := map[string]any{}
	for _, m := range includeParameter.FindAllStringSubmatch(text, 50) {
		switch {
		case m[4] == "":
			values[m[1]] = strings.NewReplacer(`\"`, `"`, `\'`, `'`).Replace(m[2] + m[3])
		default:
			values[m[1]], _ = e.operand(m[4])
		}
	}
	return values
}

var includeParameter = regexp.MustCompile(`([\w-]+)\s*=\s*(?:"((?:\\.|[^"\\])*)"|'((?:\\.|[^'\\])*)'|((?:[\w.-]|\[[^\]]*\])+))`)

var tagArgument = regexp.MustCompile(`(?:([\w-]+)\s*=\s*)?(?:"([^"]*)"|'([^']*)'|([^\s,"'=]+))`)

// ParseArguments reads a tag's arguments: words, strings and name=value, with the values of variables in
// place of their names. Names are in lower case.
func (e *Evaluator) ParseArguments(text string) (positional []string, named map[string]string) {
	return ParseArguments(text, e.Variable)
}

// ParseArguments is [Evaluator.ParseArguments] with variables from a function; nil for no variables.
func ParseArguments(text string, variable func(name string) (any, bool)) (positional []string, named map[string]string) {
	named = map[string]string{}
	for _, m := range tagArgument.FindAllStringSubmatch(text, 50) {
		value := m[2] + m[3] + m[4]
		if m[4] != "" && variable != nil {
			if v, ok := variable(m[4]); ok {
				value = Text(v)
			}
		}
		if m[1] != "" {
			named[strings.ToLower(m[1])] = value
		} else {
			positional = append(positional, value)
		}
	}
	return positional, named
}

// Argument is one argument of a tag. Name is "" for a positional one.
type Argument struct {
	Name  string
	Value any
}

// TypedArguments returns a tag's arguments, divided by commas or spaces, with the types of their values; ok
// is false if the tag has anything else.
func (e *Evaluator) TypedArguments(tag Tag) (list []Argument, ok bool) {
	tokens := e.tokensOf(tag.Arguments)
	for len(tokens) > 0 {
		if tokens[0] == "," {
			tokens = tokens[1:]
			continue
		}
		name := ""
		if len(tokens) > 2 && (tokens[1] == "=" || tokens[1] == ":") {
			name, tokens = tokens[0], tokens[2:]
		}
		if c := tokens[0][0]; c == '[' || c == '{' || c == '(' || c == '|' || c == ')' || c == '`' {
			return nil, false
		}
		v, known := e.operand(tokens[0])
		if !known && v != nil {
			return nil, false
		}
		if tokens = tokens[1:]; len(tokens) > 0 && (tokens[0] == "|" || tokens[0] == "(") {
			return nil, false
		}
		list = append(list, Argument{name, v})
	}
	return list, true
}
