package eleventy

import (
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"publisher/content/dialect"
	"publisher/content/frontmatter"
	"publisher/content/liquid"
	"publisher/content/script"
	"publisher/content/slug"
)

// eleventyScripts are the functions of the config that templates call by name.
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

func readConfigFunctions(own *dialect.Settings) configFunctions {
	p := script.Load(scriptFiles(own))
	return configFunctions{p, p.Registered(filterMethods...), p.Registered(shortcodeMethods...), p.Registered(pairedMethods...), p.Registered("addGlobalData"), p.Callbacks("addDateParsing"),
		p.Callbacks("addUrlTransform"), p.Registered("addPreprocessor")}
}

// scriptFiles are the config and what it imports.
func scriptFiles(o *dialect.Settings) []script.File {
	var files []script.File
	for _, f := range o.Files {
		files = append(files, script.File{Path: filepath.ToSlash(f.Name), Text: f.Text})
	}
	return files
}

// host is what Eleventy gives the functions of a page.
func (e *Engine) host(m *dialect.Expansion, p *dialect.Page) script.Host {
	host := script.Host{Zone: e.Loc, Slug: sindresorhusSlug, Date: e.dateOf(p), Step: p.Budget.Step}
	host.This = script.NewObject()
	host.This.Lookup = func(key string) (any, bool) {
		if key == "page" {
			return e.pageObject(p), true
		}
		return e.filterMethod(p, key)
	}
	if m != nil && m.Tree != nil {
		host.Markdown = func(text string, inline bool) (string, bool) {
			if inline {
				return m.InlineHTML(text), true
			}
			out, err := m.Tree.Markdown.Html(text, e.MarkdownOptions())
			return out, err == nil
		}
	}
	return host
}

// filterMethod is a filter that functions call as this.name.
func (e *Engine) filterMethod(p *dialect.Page, name string) (any, bool) {
	f, own := e.functions.filters[name]
	if !own && name != "slugify" && name != "slug" {
		return nil, false
	}
	return script.Native(func(args []any) (any, bool) {
		text, isText := "", false
		if len(args) > 0 {
			text, isText = args[0].(string)
		}
		switch {
		case own:
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

func sindresorhusSlug(text string, decamelize bool) string {
	if decamelize {
		text = camelWord.ReplaceAllString(text, "$1 $2")
	}
	return slug.Eleventy(text)
}

// pageObject is Eleventy's page, as far as it is known before the page is written.
func (e *Engine) pageObject(p *dialect.Page) *script.Object {
	o := script.NewObject()
	o.Set("fileSlug", p.Name.Stem)
	o.Set("filePathStem", path.Join("/", p.Name.Dir, withoutDate(p.Name.Full)))
	o.Set("inputPath", "./"+path.Join(e.input, p.Name.Dir, path.Base(p.Path)))
	o.Set("outputFileExtension", "html")
	if date := e.dateOf(p); !date.IsZero() {
		o.Set("date", date)
	}
	o.Lookup = func(key string) (any, bool) {
		if key == "url" && p.Post.URL != "" {
			return p.Site.WithoutHost(p.Post.URL), true
		}
		return nil, false
	}
	return o
}

// dateOf is the page's date before the rest of its fields is read; zero where it is
// not known.
func (e *Engine) dateOf(p *dialect.Page) time.Time {
	if !p.Post.Date.IsZero() {
		return p.Post.Date
	}
	if text := p.Front.Scalar("date"); text != "" {
		t, _ := frontmatter.ParseDate(text, e.Loc)
		return t
	}
	if p.Name.Date != "" {
		t, _ := frontmatter.ParseDate(p.Name.Date, e.Loc)
		return t
	}
	return time.Time{}
}

// dataObject is what eleventyComputed and the like are given: a page's data.
func (e *Engine) dataObject(p *dialect.Page) *script.Object {
	o := script.NewObject()
	o.Lookup = func(key string) (any, bool) {
		lower := strings.ToLower(key)
		switch lower {
		case "page":
			return e.pageObject(p), true
		case "eleventy":
			return runObject(), true
		case "collections", "pkg":
			return nil, false
		}
		if v, ok := p.Front.Values[lower]; ok {
			if lower == "date" {
				if t := e.dateOf(p); !t.IsZero() {
					return t, true
				}
				return nil, false
			}
			return toScript(v), true
		}
		if v, ok := p.Global[lower]; ok {
			return toScript(v), true
		}
		if e.isGlobal(key) {
			return nil, false
		}
		return script.Undefined{}, true
	}
	return o
}

// runObject is Eleventy's own data: that it builds the site.
func runObject() *script.Object {
	run, env := script.NewObject(), script.NewObject()
	env.Set("runMode", "build")
	unknown := func(string) (any, bool) { return nil, false }
	run.Set("env", env)
	run.Lookup, env.Lookup = unknown, unknown
	return run
}

// isGlobal reports that code gives all pages a value of that name.
func (e *Engine) isGlobal(key string) bool {
	_, set := e.functions.globalData[key]
	return set || slices.Contains(e.dataNames, key)
}

// toScript is a value of front matter, data or templates as scripts have it.
func toScript(v any) any {
	switch v := v.(type) {
	case nil:
		return script.Undefined{}
	case string:
		if v == "true" || v == "false" {
			return v == "true"
		}
		return v
	case []any:
		list := &script.Array{}
		for _, item := range v {
			list.Items = append(list.Items, toScript(item))
		}
		return list
	case map[string]any:
		o := script.NewObject()
		o.Lookup = func(key string) (any, bool) {
			item, ok := v[strings.ToLower(key)]
			if !ok {
				item, ok = v[key]
			}
			return toScript(item), ok
		}
		return o
	case bool, float64, time.Time:
		return v
	case func() any:
		return toScript(v())
	}
	o := script.NewObject()
	o.Lookup = func(string) (any, bool) { return nil, false }
	return o
}

// fromScript is the way back.
func fromScript(v any) any {
	switch v := v.(type) {
	case script.Undefined:
		return nil
	case *script.Array:
		out := make([]any, len(v.Items))
		for i, item := range v.Items {
			out[i] = fromScript(item)
		}
		return out
	case *script.Object:
		out := map[string]any{}
		for key, item := range v.Properties() {
			out[strings.ToLower(key)] = fromScript(item)
		}
		return out
	case nil, bool, float64, string, time.Time:
		return v
	}
	return nil
}

// ownFilter applies a filter that the config defines; found is false where it does not.
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
	result, err := f.Call(e.host(m, m.Article), args...)
	if err != nil {
		return nil, true, false
	}
	return fromScript(result), true, true
}

// ownShortcode calls a shortcode that the config defines.
func (e *Engine) callShortcode(m *dialect.Expansion, l *liquid.Evaluator, tag liquid.Mark, inner string) (out string, found, ok bool) {
	f, paired := e.functions.paired[tag.Name]
	if !paired || !tag.IsBlock() {
		if f, found = e.functions.shortcodes[tag.Name]; !found {
			return "", false, false
		}
		paired = false
	}
	values, ok := l.ValuesIn(tag)
	if !ok {
		return "", true, false
	}
	args := callArguments(values)
	if paired {
		args = append([]any{inner}, args...)
	}
	v, err := f.Call(e.host(m, m.Article), args...)
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

// scriptArguments are what a shortcode is called with: those with names are an object at the end.
func callArguments(values []liquid.TagValue) []any {
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

// toArgument keeps the words true and false in quotes what they are: texts.
func toArgument(v any) any {
	if s, ok := v.(string); ok {
		return s
	}
	return toScript(v)
}

var quotedDate = regexp.MustCompile(`(?m)^["']?date["']?\s*[:=]\s*["']`)

// parseDate lets the config's own functions for dates read the one of the front matter.
// What they make of it and is not known here leaves the date as it is written.
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

// transformed is the address that the config's own functions make of a page's; ok is
// false where that is not known.
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

// globalKeys are the data that decide about pages, of those that hold for all.
var globalKeys = []string{"layout", "permalink", "eleventyExcludeFromCollections", "draft", "tags"}

// globalValues are the plain ones among them.
func (e *Engine) globalValues(c *dataCascade) map[string]any {
	out := map[string]any{}
	for _, key := range globalKeys {
		if f, ok := e.functions.globalData[key]; ok {
			if v, err := f.Value(script.Host{}); err == nil {
				switch v := v.(type) {
				case string, bool, *script.Array:
					out[strings.ToLower(key)] = asFrontMatter(fromScript(v))
				}
			}
		}
		if c == nil {
			continue
		}
		if v, ok := c.singleValues[key]; ok {
			out[strings.ToLower(key)] = v
		}
	}
	return out
}
