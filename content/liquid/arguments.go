package liquid

import (
	"regexp"
	"strings"
)

// nameIn is the name that a tag begins with, which may be made of variables: {{ page.box }}.html.
func (e *Evaluator) FirstArgument(tag Tag) string {
	text := tag.Arguments
	if e.Nunjucks || !strings.Contains(text, "{{") {
		placed, _ := e.ParseArguments(text)
		if len(placed) == 0 {
			return ""
		}
		return strings.TrimSuffix(placed[0], ",")
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

// parameters are what an include is given: texts, and variables as they are.
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

// words reads what follows a tag's name: words, texts and name=value, each
// evaluated where it is a variable. Names are in lower case.
func (e *Evaluator) ParseArguments(text string) (placed []string, named map[string]string) {
	return ParseArguments(text, e.Variable)
}

// wordsOfTag is words where variables are known to a function.
func ParseArguments(text string, variable func(name string) (any, bool)) (placed []string, named map[string]string) {
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
			placed = append(placed, value)
		}
	}
	return placed, named
}

// tagValue is one of the values that a tag is given; name is "" where it has none.
type Argument struct {
	Name  string
	Value any
}

// valuesIn reads the values of a tag, with commas or spaces between; ok is false where anything else
// stands there.
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
