package shortcode

import (
	"html/template"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxPartialDepth bounds the nesting of partials.
const maxPartialDepth = 20

// partial evaluates a partial. Its value is what it returns by `return`, else what it writes.
func (e *Evaluator) partial(name string, context ...any) (any, error) {
	key := strings.TrimSuffix(strings.TrimPrefix(strings.ToLower(name), "partials/"), ".html")
	t, ok := e.host.Library(e.Page).Partials[key]
	if !ok || e.depth >= maxPartialDepth || e.charge(1000) != nil {
		return nil, errUnsupported
	}
	var given any
	if len(context) > 0 {
		given = context[0]
	}
	outer := e.returned
	e.returned = nil
	e.depth++
	out, ok := e.Run(t, given)
	e.depth--
	result := e.returned
	e.returned = outer
	switch {
	case !ok:
		return nil, errUnsupported
	case result != nil:
		return *result, nil
	}
	return template.HTML(out), nil
}

// returnValue is `return` in a partial.
func (e *Evaluator) returnValue(v ...any) string {
	var result any
	if len(v) > 0 {
		result = v[0]
	}
	e.returned = &result
	return ""
}

// translate returns the text of a key in the page's language, else in the blog's first.
func (e *Evaluator) translate(key string, _ ...any) (string, error) {
	for _, lang := range []string{e.host.LanguageOf(e.Page), e.host.FirstLanguage()} {
		if text, ok := e.host.Library(e.Page).Translations[lang][strings.ToLower(key)]; ok {
			if strings.Contains(text, "{{") {
				return "", errUnsupported
			}
			return text, nil
		}
	}
	return "", errUnsupported
}

// store is where templates keep values.
type store struct {
	values    map[string]any
	templates *Evaluator
}

// Set sets a value.
func (s *store) Set(key string, v any) (string, error) {
	s.values[key] = v
	return "", s.templates.charge(64)
}

// Get returns a value, or nil.
func (s *store) Get(key string) any { return s.values[key] }

// Delete removes a value.
func (s *store) Delete(key string) string {
	delete(s.values, key)
	return ""
}

// Add adds to a value: a text to a text, a number to a number, an item to a list.
func (s *store) Add(key string, v any) (string, error) {
	old, ok := s.values[key]
	if !ok {
		return s.Set(key, v)
	}
	switch old := old.(type) {
	case []any:
		more, isList := v.([]any)
		if !isList {
			more = []any{v}
		}
		s.values[key] = append(slices.Clip(old), more...)
		return "", s.templates.charge(16 * (len(old) + len(more)))
	case int, float64:
		sum, err := s.templates.compute(func(a, b float64) float64 { return a + b })(old, v)
		s.values[key] = sum
		return "", err
	}
	texts, err := s.templates.texts(old, v)
	if err != nil {
		return "", err
	}
	s.values[key] = texts[0] + texts[1]
	return "", s.templates.charge(len(texts[0]) + len(texts[1]))
}

func (e *Evaluator) newStore() *store {
	return &store{values: map[string]any{}, templates: e}
}

// hugoInfo is what templates may ask of the program.
type hugoInfo struct {
	Version, Environment                              string
	IsProduction, IsDevelopment, IsServer, IsExtended bool
}

// querify returns a query string of alternating keys and values.
func (e *Evaluator) querify(items ...any) (string, error) {
	texts, err := e.texts(items...)
	if err != nil || len(texts)%2 != 0 {
		return "", errUnsupported
	}
	query := url.Values{}
	for i := 0; i < len(texts); i += 2 {
		query.Add(texts[i], texts[i+1])
	}
	return query.Encode(), nil
}

// pageLink is another page, of which templates know its address.
type pageLink struct{ Permalink, RelPermalink string }

// GetPage returns another page by its path, or nil.
func (p *PageContext) GetPage(where any) (any, error) {
	want, err := p.templates.text(where)
	if err != nil || want == "" {
		return nil, err
	}
	if to, ok := findPage(p.templates.Expansion, want); ok {
		return &pageLink{to, pathOf(to)}, nil
	}
	return nil, nil
}

// smallWords are not capitalized in titles, by the style of the Associated Press.
var smallWords = map[string]bool{
	"a": true, "an": true, "and": true, "as": true, "at": true, "but": true, "by": true, "en": true,
	"for": true, "if": true, "in": true, "nor": true, "of": true, "on": true, "or": true, "per": true,
	"so": true, "the": true, "to": true, "v": true, "v.": true, "via": true, "vs.": true, "vs": true,
	"yet": true,
}

// titleCase capitalizes a text as titles are.
func titleCase(s string) string {
	words := strings.Fields(s)
	for i, word := range words {
		if i == 0 || i == len(words)-1 || !smallWords[strings.ToLower(word)] {
			r, size := utf8.DecodeRuneInString(word)
			words[i] = string(unicode.ToUpper(r)) + word[size:]
		}
	}
	return strings.Join(words, " ")
}
