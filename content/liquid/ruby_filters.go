package liquid

import (
	"encoding/json"
	"math"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"

	"publisher/content/slug"
)

// expressionFilter selects or groups items by an expression.
func (e *Evaluator) expressionFilter(name string, list []any, variable, expression string) (any, bool) {
	if name != "where_exp" && name != "find_exp" && name != "group_by_exp" {
		return nil, false
	}
	out := []any{}
	var keyed []any
	for _, item := range list[:min(len(list), maxSteps/10)] {
		e.vars = append(e.vars, map[string]any{variable: item})
		if name == "group_by_exp" {
			key, _ := e.evaluate(expression)
			keyed = append(keyed, map[string]any{"key": key, "item": item})
		} else if e.condition(expression) {
			out = append(out, item)
		}
		e.vars = e.vars[:len(e.vars)-1]
	}
	switch {
	case name == "group_by_exp":
		groups := groupBy(keyed, "key")
		for _, group := range groups {
			items := group.(map[string]any)["items"].([]any)
			for i, pair := range items {
				items[i] = pair.(map[string]any)["item"]
			}
		}
		return groups, true
	case name == "where_exp":
		return out, true
	case len(out) > 0:
		return out[0], true
	}
	return nil, true
}

var (
	scriptText = regexp.MustCompile(`(?is)<script.*?</script>|<!--.*?-->|<style.*?</style>`)
	anyHTMLTag = regexp.MustCompile(`(?s)<.*?>`)
	cjkLetters = regexp.MustCompile(`[\p{Han}\p{Katakana}\p{Hiragana}\p{Hangul}]`)
)

// rubyFilter applies the filters that Jekyll and Liquid define differently from Nunjucks.
func rubyFilter(name string, v any, arguments []any) (any, bool) {
	argument := ""
	if len(arguments) > 0 {
		argument = Text(arguments[0])
	}
	s := Text(v)
	switch name {
	case "slugify":
		return slugifyMode(s, argument), true
	case "strip_html":
		return anyHTMLTag.ReplaceAllString(scriptText.ReplaceAllString(s, ""), ""), true
	case "array_to_sentence_string":
		if list, ok := v.([]any); ok && argument != "" {
			return sentence(list, argument), true
		}
	case "number_of_words":
		if argument == "cjk" || argument == "auto" && cjkLetters.MatchString(s) {
			return float64(len(cjkLetters.FindAllString(s, -1)) + len(strings.Fields(cjkLetters.ReplaceAllString(s, " ")))), true
		}
	case "jsonify":
		out, err := json.Marshal(plainJSON(v, 0))
		return string(out), err == nil && len(out) <= MaxValueSize
	case "inspect":
		return inspected(v, 0), true
	case "size":
		if v == nil {
			return 0.0, true
		}
	case "to_integer":
		if n, ok := numberOf(v); ok {
			return math.Trunc(n), true
		}
	}
	return nil, false
}

// slugifyMode returns the slug of a text in one of Jekyll's modes.
func slugifyMode(s, mode string) string {
	switch mode {
	case "none":
		return strings.ToLower(s)
	case "raw":
		return slug.Hyphenate(strings.ToLower(s), func(r rune) bool { return !unicode.IsSpace(r) })
	case "pretty":
		return strings.ToLower(slug.JekyllPretty(s))
	case "ascii":
		return slug.Hyphenate(strings.ToLower(s), func(r rune) bool { return r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)) })
	case "latin":
		plain, _, err := transform.String(transform.Chain(norm.NFD, runes.Remove(runes.In(unicode.Mn)), norm.NFC), s)
		if err != nil {
			plain = s
		}
		return slugifyMode(plain, "ascii")
	}
	return slug.Jekyll(s)
}

// sentence joins the items of a list as in English: a, b, and c.
func sentence(list []any, connector string) string {
	var b strings.Builder
	for i, item := range list {
		switch {
		case i == 0:
		case i == len(list)-1 && i == 1:
			b.WriteString(" " + connector + " ")
		case i == len(list)-1:
			b.WriteString(", " + connector + " ")
		default:
			b.WriteString(", ")
		}
		b.WriteString(Text(item))
	}
	return b.String()
}

// maxShownDepth is how deep nested lists and tables are shown.
const maxShownDepth = 20

// plainJSON returns a value without what JSON cannot represent.
func plainJSON(v any, depth int) any {
	if depth > maxShownDepth {
		return nil
	}
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = plainJSON(item, depth+1)
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for key, item := range v {
			out[key] = plainJSON(item, depth+1)
		}
		return out
	case nil, string, bool, float64:
		return v
	case Decimal:
		return float64(v)
	}
	return Text(v)
}

// inspected returns a value as Ruby's inspect shows it.
func inspected(v any, depth int) string {
	switch v := v.(type) {
	case nil:
		return "nil"
	case string:
		return strconv.Quote(v)
	case []any:
		parts := make([]string, 0, len(v))
		for _, item := range v {
			if depth < maxShownDepth {
				parts = append(parts, inspected(item, depth+1))
			}
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return Text(v)
}
