package eleventy

import (
	"regexp"
	"strconv"
	"time"

	"publisher/content/dialect"
	"publisher/content/frontmatter"
	"publisher/content/liquid"
	"publisher/content/script"
	"publisher/content/slug"
)

// configFunctions are the functions that the config registers.
type configFunctions struct {
	program       *script.Program
	filters       map[string]script.Function
	shortcodes    map[string]script.Function
	paired        map[string]script.Function
	globalData    map[string]script.Function // addGlobalData
	dateParsers   []script.Function          // addDateParsing
	urlTransforms []script.Function          // addUrlTransform
	preprocessors map[string]script.Function // addPreprocessor
}

var (
	filterMethods    = []string{"addFilter", "addAsyncFilter", "addLiquidFilter", "addNunjucksFilter", "addNunjucksAsyncFilter"}
	shortcodeMethods = []string{"addShortcode", "addAsyncShortcode", "addLiquidShortcode", "addNunjucksShortcode", "addNunjucksAsyncShortcode"}
	pairedMethods    = []string{"addPairedShortcode", "addPairedAsyncShortcode", "addPairedLiquidShortcode", "addPairedNunjucksShortcode", "addPairedNunjucksAsyncShortcode"}
)

// readConfigFunctions finds the functions that the config and its imports register.
func readConfigFunctions(settings *dialect.Settings) configFunctions {
	p := script.Load(scriptFiles(settings))
	return configFunctions{p, p.Registered(filterMethods...), p.Registered(shortcodeMethods...), p.Registered(pairedMethods...), p.Registered("addGlobalData"), p.Callbacks("addDateParsing"),
		p.Callbacks("addUrlTransform"), p.Registered("addPreprocessor")}
}

// filterMethod returns a filter that functions call as this.name; ok is false for an unknown one.
func (e *Engine) filterMethod(p *dialect.Page, name string) (any, bool) {
	f, defined := e.functions.filters[name]
	if !defined && name != "slugify" && name != "slug" {
		return nil, false
	}
	return script.Native(func(args []any) (any, bool) {
		text, isText := "", false
		if len(args) > 0 {
			text, isText = args[0].(string)
		}
		switch {
		case defined:
			v, err := f.Call(e.host(nil, p), args...)
			return v, err == nil
		case !isText || len(args) > 1:
			return nil, false
		case name == "slug":
			slug, err := script.Slugify(text)
			return slug, err == nil
		}
		return slug.Eleventy(text), true
	}), true
}

var camelWord = regexp.MustCompile(`(\p{Ll}|\d)(\p{Lu})`)

// sindresorhusSlug returns the slug that @sindresorhus/slugify makes.
func sindresorhusSlug(text string, decamelize bool) string {
	if decamelize {
		text = camelWord.ReplaceAllString(text, "$1 $2")
	}
	return slug.Eleventy(text)
}

// callFilter applies a filter of the config. found is false where the config has none of that name; ok
// is false where the result is unknown.
func (e *Engine) callFilter(m *dialect.Expansion, name string, v any, arguments []any) (out any, found, ok bool) {
	f, found := e.functions.filters[name]
	if !found {
		if name == "slug" {
			slug, err := script.Slugify(liquid.Text(v))
			return slug, err == nil, true
		}
		return nil, false, false
	}
	args := []any{toScript(v)}
	for _, arg := range arguments {
		args = append(args, toScript(arg))
	}
	result, err := f.Call(e.host(m, m.Page), args...)
	if err != nil {
		return nil, true, false
	}
	return fromScript(result), true, true
}

// callShortcode calls a shortcode of the config. found is false where the config has none of that name;
// ok is false where the result is unknown.
func (e *Engine) callShortcode(m *dialect.Expansion, l *liquid.Evaluator, tag liquid.Tag, inner string) (out string, found, ok bool) {
	f, paired := e.functions.paired[tag.Name]
	if !paired || !tag.IsBlock() {
		if f, found = e.functions.shortcodes[tag.Name]; !found {
			return "", false, false
		}
		paired = false
	}
	values, ok := l.TypedArguments(tag)
	if !ok {
		return "", true, false
	}
	args := callArguments(values)
	if paired {
		args = append([]any{inner}, args...)
	}
	v, err := f.Call(e.host(m, m.Page), args...)
	if err != nil {
		return "", true, false
	}
	switch v := v.(type) {
	case string:
		return v, true, true
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), true, true
	}
	return "", true, false
}

// callArguments returns a shortcode's arguments; named ones form an object at the end.
func callArguments(values []liquid.Argument) []any {
	var args []any
	var named *script.Object
	for _, v := range values {
		if v.Name == "" {
			args = append(args, toArgument(v.Value))
			continue
		}
		if named == nil {
			named = script.NewObject()
		}
		named.Set(v.Name, toArgument(v.Value))
	}
	if named != nil {
		args = append(args, named)
	}
	return args
}

// toArgument is toScript for an argument, where "true" in quotes is a string.
func toArgument(v any) any {
	if s, ok := v.(string); ok {
		return s
	}
	return toScript(v)
}

var quotedDate = regexp.MustCompile(`(?m)^["']?date["']?\s*[:=]\s*["']`)

// applyDateParsers lets the config's addDateParsing functions read the date of the front matter. Where
// their result is unknown, the date stays as written.
func (e *Engine) applyDateParsers(p *dialect.Page) {
	written := p.Front.Scalar("date")
	if len(e.functions.dateParsers) == 0 || written == "" {
		return
	}
	var v any = written
	if !quotedDate.MatchString(p.Front.Text) {
		if t, ok := frontmatter.ParseDate(written, time.UTC); ok {
			v = t
		}
	}
	for _, f := range e.functions.dateParsers {
		out, err := f.Call(e.host(nil, p), v)
		if err != nil {
			return
		}
		if t, ok := script.Time(out); ok {
			v, p.Post.Date = t, t
			p.DropProblem("date")
		}
	}
}

// transformURL returns the address that the config's addUrlTransform functions make; ok is false where
// it is unknown.
func (e *Engine) transformURL(p *dialect.Page, url string) (string, bool) {
	for _, f := range e.functions.urlTransforms {
		page := e.pageObject(p)
		page.Set("url", url)
		v, err := f.Call(e.host(nil, p), page)
		if err != nil {
			return url, false
		}
		if s, ok := v.(string); ok {
			url = s
		}
	}
	return url, true
}
