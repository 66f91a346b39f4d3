package eleventy

import (
	"path"
	"strings"
	"time"

	"publisher/content/dialect"
	"publisher/content/frontmatter"
	"publisher/content/liquid"
	"publisher/content/script"
)

// host returns the environment of functions that are called for a page.
func (e *Engine) host(m *dialect.Expansion, p *dialect.Page) script.Host {
	host := script.Host{Zone: e.Location, Slug: sindresorhusSlug, Date: e.dateOf(p), Step: p.Budget.Step}
	host.This = script.NewObject()
	host.This.Lookup = func(key string) (any, bool) {
		if key == "page" {
			return e.pageObject(p), true
		}
		return e.filterMethod(p, key)
	}
	if m != nil && m.Blog != nil {
		host.Markdown = func(text string, inline bool) (string, bool) {
			if inline {
				return m.InlineHTML(text), true
			}
			out, err := m.Blog.Markdown.HTML(text, e.MarkdownOptions())
			return out, err == nil
		}
	}
	return host
}

// pageObject returns Eleventy's page object, as far as it is known before the page is written.
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

// dateOf returns the page's date, also before Complete; zero where it is unknown.
func (e *Engine) dateOf(p *dialect.Page) time.Time {
	if !p.Post.Date.IsZero() {
		return p.Post.Date
	}
	if text := p.Front.Scalar("date"); text != "" {
		t, _ := frontmatter.ParseDate(text, e.Location)
		return t
	}
	if p.Name.Date != "" {
		t, _ := frontmatter.ParseDate(p.Name.Date, e.Location)
		return t
	}
	return time.Time{}
}

// dataObject returns the data of a page that functions are given.
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
		if v, ok := p.Global[key]; ok {
			if values, isMap := v.(map[string]any); isMap && len(values) == 0 {
				return nil, false // a script may export anything
			}
			return toScript(v), true
		}
		if _, ok := e.functions.globalData[key]; ok {
			return nil, false
		}
		return script.Undefined{}, true
	}
	return o
}

// runObject returns the eleventy object: its run mode is build.
func runObject() *script.Object {
	run, env := script.NewObject(), script.NewObject()
	env.Set("runMode", "build")
	unknown := func(string) (any, bool) { return nil, false }
	run.Set("env", env)
	run.Lookup, env.Lookup = unknown, unknown
	return run
}

// toScript converts a value of front matter, data or templates to one of a script.
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

// fromScript converts a value of a script to one of templates; nil where there is none.
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

// addLiterals adds the literal values of a script to those of front matter, with folded keys.
func addLiterals(values, more map[string]any) map[string]any {
	if values == nil {
		values = map[string]any{}
	}
	for key, v := range more {
		values[strings.ToLower(key)] = asFrontMatter(fromScript(v))
	}
	return values
}

// asFrontMatter converts scalars to their spelling, as front matter has them.
func asFrontMatter(v any) any {
	switch v := v.(type) {
	case bool, float64:
		return liquid.Text(v)
	case time.Time:
		return v.Format(time.RFC3339)
	case []any:
		for i := range v {
			v[i] = asFrontMatter(v[i])
		}
	case map[string]any:
		for key := range v {
			v[key] = asFrontMatter(v[key])
		}
	}
	return v
}
