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
type eleventyScripts struct {
	program    *script.Program
	filters    map[string]script.Function
	shortcodes map[string]script.Function
	paired     map[string]script.Function
	data       map[string]script.Function // addGlobalData
	dates      []script.Function          // addDateParsing
	addresses  []script.Function          // addUrlTransform
	drops      map[string]script.Function // addPreprocessor
}

var (
	filterMethods    = []string{"addFilter", "addAsyncFilter", "addLiquidFilter", "addNunjucksFilter", "addNunjucksAsyncFilter"}
	shortcodeMethods = []string{"addShortcode", "addAsyncShortcode", "addLiquidShortcode", "addNunjucksShortcode", "addNunjucksAsyncShortcode"}
	pairedMethods    = []string{"addPairedShortcode", "addPairedAsyncShortcode", "addPairedLiquidShortcode", "addPairedNunjucksShortcode", "addPairedNunjucksAsyncShortcode"}
)

func readEleventyScripts(own *dialect.Settings) eleventyScripts {
	p := script.Load(scriptFiles(own))
	return eleventyScripts{p, p.Registered(filterMethods...), p.Registered(shortcodeMethods...), p.Registered(pairedMethods...), p.Registered("addGlobalData"), p.Given("addDateParsing"),
		p.Given("addUrlTransform"), p.Registered("addPreprocessor")}
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
func (e *Engine) host(m *dialect.Expansion, a *dialect.Page) script.Host {
	host := script.Host{Zone: e.Loc, Slug: eleventySlugOf, Date: e.dateOf(a), Step: a.Budget.Step}
	host.This = script.NewObject()
	host.This.Missing = func(key string) (any, bool) {
		if key == "page" {
			return e.pageObject(a), true
		}
		return e.filterMethod(a, key)
	}
	if m != nil && m.Tree != nil {
		host.Markdown = func(text string, inline bool) (string, bool) {
			if inline {
				return m.InlineHTML(text), true
			}
			out, err := m.Tree.Markdown.HTML(text, e.MarkdownOptions())
			return out, err == nil
		}
	}
	return host
}

// filterMethod is a filter that functions call as this.name.
func (e *Engine) filterMethod(a *dialect.Page, name string) (any, bool) {
	f, own := e.code.filters[name]
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
			v, err := f.Call(e.host(nil, a), args...)
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

func eleventySlugOf(text string, decamelize bool) string {
	if decamelize {
		text = camelWord.ReplaceAllString(text, "$1 $2")
	}
	return slug.Eleventy(text)
}

// pageObject is Eleventy's page, as far as it is known before the page is written.
func (e *Engine) pageObject(a *dialect.Page) *script.Object {
	o := script.NewObject()
	o.Set("fileSlug", a.Name.Stem)
	o.Set("filePathStem", path.Join("/", a.Name.Dir, eleventyUndated(a.Name.Full)))
	o.Set("inputPath", "./"+path.Join(e.input, a.Name.Dir, path.Base(a.Path)))
	o.Set("outputFileExtension", "html")
	if date := e.dateOf(a); !date.IsZero() {
		o.Set("date", date)
	}
	o.Missing = func(key string) (any, bool) {
		if key == "url" && a.Post.URL != "" {
			return a.Site.WithoutHost(a.Post.URL), true
		}
		return nil, false
	}
	return o
}

// dateOf is the page's date before the rest of its fields is read; zero where it is
// not known.
func (e *Engine) dateOf(a *dialect.Page) time.Time {
	if !a.Post.Date.IsZero() {
		return a.Post.Date
	}
	if text := a.Front.Scalar("date"); text != "" {
		t, _ := frontmatter.ParseDate(text, e.Loc)
		return t
	}
	if a.Name.Date != "" {
		t, _ := frontmatter.ParseDate(a.Name.Date, e.Loc)
		return t
	}
	return time.Time{}
}

// dataObject is what eleventyComputed and the like are given: a page's data.
func (e *Engine) dataObject(a *dialect.Page) *script.Object {
	o := script.NewObject()
	o.Missing = func(key string) (any, bool) {
		lower := strings.ToLower(key)
		switch lower {
		case "page":
			return e.pageObject(a), true
		case "eleventy":
			return runObject(), true
		case "collections", "pkg":
			return nil, false
		}
		if v, ok := a.Front.Values[lower]; ok {
			if lower == "date" {
				if t := e.dateOf(a); !t.IsZero() {
					return t, true
				}
				return nil, false
			}
			return toScript(v), true
		}
		if v, ok := a.Global[lower]; ok {
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
	run.Missing, env.Missing = unknown, unknown
	return run
}

// isGlobal reports that code gives all pages a value of that name.
func (e *Engine) isGlobal(key string) bool {
	_, set := e.code.data[key]
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
		list := &script.List{}
		for _, item := range v {
			list.Items = append(list.Items, toScript(item))
		}
		return list
	case map[string]any:
		o := script.NewObject()
		o.Missing = func(key string) (any, bool) {
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
	o.Missing = func(string) (any, bool) { return nil, false }
	return o
}

// fromScript is the way back.
func fromScript(v any) any {
	switch v := v.(type) {
	case script.Undefined:
		return nil
	case *script.List:
		out := make([]any, len(v.Items))
		for i, item := range v.Items {
			out[i] = fromScript(item)
		}
		return out
	case *script.Object:
		out := map[string]any{}
		for key, item := range v.Own() {
			out[strings.ToLower(key)] = fromScript(item)
		}
		return out
	case nil, bool, float64, string, time.Time:
		return v
	}
	return nil
}

// ownFilter applies a filter that the config defines; found is false where it does not.
func (e *Engine) ownFilter(m *dialect.Expansion, name string, v any, arguments []any) (out any, found, ok bool) {
	f, found := e.code.filters[name]
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
func (e *Engine) ownShortcode(m *dialect.Expansion, l *liquid.Evaluator, tag liquid.Mark, inner string) (out string, found, ok bool) {
	f, paired := e.code.paired[tag.Name]
	if !paired || !tag.IsBlock() {
		if f, found = e.code.shortcodes[tag.Name]; !found {
			return "", false, false
		}
		paired = false
	}
	values, ok := l.ValuesIn(tag)
	if !ok {
		return "", true, false
	}
	args := scriptArguments(values)
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
func scriptArguments(values []liquid.TagValue) []any {
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
func (e *Engine) parseDate(a *dialect.Page) {
	written := a.Front.Scalar("date")
	if len(e.code.dates) == 0 || written == "" {
		return
	}
	var v any = written
	if !quotedDate.MatchString(a.Front.Text) {
		if t, ok := frontmatter.ParseDate(written, time.UTC); ok {
			v = t
		}
	}
	for _, f := range e.code.dates {
		out, err := f.Call(e.host(nil, a), v)
		if err != nil {
			return
		}
		if t, ok := script.Time(out); ok {
			v, a.Post.Date = t, t
			a.DropProblem("date")
		}
	}
}

// transformed is the address that the config's own functions make of a page's; ok is
// false where that is not known.
func (e *Engine) transformed(a *dialect.Page, url string) (string, bool) {
	for _, f := range e.code.addresses {
		page := e.pageObject(a)
		page.Set("url", url)
		v, err := f.Call(e.host(nil, a), page)
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
func (e *Engine) globalValues(s *folders) map[string]any {
	out := map[string]any{}
	for _, key := range globalKeys {
		if f, ok := e.code.data[key]; ok {
			if v, err := f.Value(script.Host{}); err == nil {
				switch v := v.(type) {
				case string, bool, *script.List:
					out[strings.ToLower(key)] = spelled(fromScript(v))
				}
			}
		}
		if s == nil {
			continue
		}
		if v, ok := s.plain[key]; ok {
			out[strings.ToLower(key)] = v
		}
	}
	return out
}
