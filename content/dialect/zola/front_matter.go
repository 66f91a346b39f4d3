package zola

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"publisher/content/frontmatter"

	"github.com/pelletier/go-toml/v2"
	"go.yaml.in/yaml/v3"
)

var frontMatterOpening = regexp.MustCompile(`^[[:space:]]*(\+\+\+|---)[ \t]*\n`)

// splitFrontMatter finds front matter where Zola does: after any white space, between a line +++
// or --- and the next line that ends in the same mark.
func splitFrontMatter(text string) (fm frontmatter.Block, body string, bodyLine int, err error) {
	opening := frontMatterOpening.FindStringSubmatch(text)
	if opening == nil {
		return frontmatter.Block{Line: 1}, text, 1, nil
	}
	mark, start := opening[1], len(opening[0])
	fm = frontmatter.Block{Form: frontmatter.YAML, Line: strings.Count(opening[0], "\n") + 1}
	if mark == "+++" {
		fm.Form = frontmatter.TOML
	}
	at := start
	for line := range strings.Lines(text[start:]) {
		trimmed := strings.TrimRight(line, " \t\v\f\n")
		if inner, closes := strings.CutSuffix(trimmed, mark); closes {
			fm.Text = text[start : at+len(inner)]
			body = text[at+len(line):]
			return fm, body, fm.Line + strings.Count(fm.Text, "\n") + 1, fm.Parse()
		}
		if at += len(line); at-start > frontmatter.MaxSize {
			return fm, "", 0, frontmatter.TooLarge(fm.Line - 1)
		}
	}
	return fm, "", 0, &frontmatter.SyntaxError{Line: fm.Line - 1, Message: "the front matter that opens here is never closed; put a line " + mark + " after its last key"}
}

// accepts reports whether Zola takes a value, as TOML and YAML have it, for a key.
type accepts func(v any) bool

// pageTypes are the keys of a page. Zola does not build a page with a value of another type;
// other keys do not matter.
var pageTypes = []struct {
	key   string
	takes accepts
}{
	{"title", isText}, {"description", isText}, {"template", isText},
	{"slug", isName}, {"path", isName},
	{"date", isDate}, {"updated", isDate},
	{"draft", isBool}, {"render", isBool}, {"in_search_index", isBool},
	{"weight", isWeight},
	{"aliases", isTextList}, {"authors", isTextList},
	{"taxonomies", isTaxonomies}, {"extra", isTable},
}

// mistyped returns the first key with a value of a type that Zola rejects, or "".
func mistyped(fm *frontmatter.Block) string {
	values := map[string]any{}
	var err error
	if fm.Form == frontmatter.TOML {
		err = toml.Unmarshal([]byte(fm.Text), &values)
	} else {
		err = yaml.Unmarshal([]byte(fm.Text), &values)
	}
	if err != nil {
		return "" // its parser has told
	}
	for _, t := range pageTypes {
		v, there := values[t.key]
		if _, isTime := v.(time.Time); isTime && fm.Form == frontmatter.YAML {
			v = fm.Values[t.key] // text, of which Zola reads fewer forms
		}
		if there && !t.takes(v) {
			return t.key
		}
	}
	return ""
}

func isText(v any) bool {
	switch v.(type) {
	case nil, string, time.Time: // a date without quotes is text in YAML
		return true
	}
	return false
}

func isName(v any) bool { return isText(v) && v != "" }

func isBool(v any) bool { _, ok := v.(bool); return ok }

func isTable(v any) bool { _, ok := v.(map[string]any); return ok }

func isWeight(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case int:
		return v >= 0
	case int64:
		return v >= 0
	}
	return false
}

func isTextList(v any) bool {
	list, ok := v.([]any)
	return ok && !slices.ContainsFunc(list, func(item any) bool { return item == nil || !isText(item) })
}

func isTaxonomies(v any) bool {
	terms, ok := v.(map[string]any)
	for _, list := range terms {
		ok = ok && isTextList(list)
	}
	return ok
}

// dateTime matches a date that Zola reads in a text.
var dateTime = regexp.MustCompile(`^\d{4}-\d{1,2}-\d{1,2}(?:[Tt ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s*(?:[Zz]|[+-]\d{2}:\d{2})?)?$`)

func isDate(v any) bool {
	switch v := v.(type) {
	case nil, time.Time, toml.LocalDate, toml.LocalDateTime:
		return true
	case string:
		return dateTime.MatchString(v)
	}
	return false
}
