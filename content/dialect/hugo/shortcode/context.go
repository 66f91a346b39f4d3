package shortcode

import (
	"html/template"
	"maps"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"

	"publisher/content/dialect"
	"publisher/content/frontmatter"
	"publisher/content/mdsource"
)

// callContext is the context of a shortcode's template. Exported names are Hugo's, since
// templates reach them.
type callContext struct {
	Name          string
	Ordinal       int
	IsNamedParams bool
	Params        any // a table or a list
	Parent        *callContext
	Page          *PageContext
	Site          siteContext
	inner         string
}

func (e *Evaluator) call(s mark, around []mark) *callContext {
	page := e.PageContext()
	c := &callContext{Name: s.name, Ordinal: e.calls[s.name], Page: page, Site: page.Site}
	e.calls[s.name]++
	c.Params, c.IsNamedParams = paramValues(s.params)
	if n := len(around); n > 0 {
		c.Parent = e.call(around[n-1], around[:n-1])
		e.calls[around[n-1].name]--
	}
	return c
}

// paramValues returns the parameters with their types: what is quoted is text.
func paramValues(p dialect.Params) (list any, named bool) {
	if len(p.Named) > 0 {
		table := map[string]any{}
		for key, text := range p.Named {
			table[key] = paramValue(text, p.Quoted[key])
		}
		return table, true
	}
	places := make([]any, len(p.Placed))
	for i, text := range p.Placed {
		places[i] = paramValue(text, p.Quoted[strconv.Itoa(i)])
	}
	return places, false
}

func paramValue(text string, quoted bool) any {
	if quoted {
		return text
	}
	if text == "true" || text == "false" {
		return text == "true"
	}
	if n, err := strconv.Atoi(text); err == nil {
		return n
	}
	if f, err := strconv.ParseFloat(text, 64); err == nil && strings.Trim(text, "0123456789.-") == "" {
		return f
	}
	return text
}

// Get returns a parameter by its name or its place, or "".
func (c *callContext) Get(which any) any {
	switch params := c.Params.(type) {
	case map[string]any:
		if name, ok := which.(string); ok {
			if v, ok := params[strings.ToLower(name)]; ok {
				return v
			}
		}
	case []any:
		if i, ok := which.(int); ok && i >= 0 && i < len(params) {
			return params[i]
		}
	}
	return ""
}

// Inner returns the text between the marks.
func (c *callContext) Inner() template.HTML { return template.HTML(c.inner) }

// InnerDeindent returns Inner without the indentation that all lines share.
func (c *callContext) InnerDeindent() template.HTML { return template.HTML(mdsource.Dedent(c.inner)) }

// PageContext is the page that a template sees.
type PageContext struct {
	Title, LinkTitle, Description   string
	Date, Lastmod, PublishDate      time.Time
	Draft, IsPage, IsNode, IsHome   bool
	Permalink, RelPermalink         string
	Section, Type, Kind, Lang, Slug string
	Params                          map[string]any
	Language                        languageContext
	Site                            siteContext
	File                            fileContext
	Resources                       pageResources
	Scratch, Store                  *store
	templates                       *Evaluator
}

type languageContext struct{ Lang, LanguageCode, Locale, LanguageName, Label string }

type fileContext struct{ Path, Dir, LogicalName, BaseFileName, ContentBaseName, TranslationBaseName, Ext string }

type siteContext struct {
	Title, BaseURL, LanguageCode, Copyright string
	Params                                  map[string]any
	Language                                languageContext
}

// Param returns a value of the page, else of the site.
func (p *PageContext) Param(name string) any {
	for _, params := range []map[string]any{p.Params, p.Site.Params} {
		if v, ok := frontmatter.Lookup(params, strings.ToLower(name)); ok {
			return v
		}
	}
	return nil
}

// RenderString renders Markdown; of two arguments the first are options.
func (p *PageContext) RenderString(options any, more ...any) (template.HTML, error) {
	text, block := options, false
	if len(more) > 0 {
		text = more[0]
		table, _ := options.(map[string]any)
		block = table["display"] == "block"
	}
	source, err := p.templates.text(text)
	if err != nil {
		return "", err
	}
	return p.templates.markdown(source, block)
}

// PageContext is the page that the text is of.
func (e *Evaluator) PageContext() *PageContext {
	if e.context == nil {
		e.context = newPage(e)
	}
	return e.context
}

func newPage(e *Evaluator) *PageContext {
	p, post := e.Page, e.Page.Post
	c := &PageContext{Title: post.Title, LinkTitle: post.Title, Description: p.Front.Scalar("description"), Date: post.Date, Lastmod: post.Updated,
		PublishDate: post.Date, Draft: post.Draft, IsPage: true, Permalink: post.URL, RelPermalink: pathOf(post.URL),
		Kind: "page", Lang: post.Language, Slug: p.Front.Scalar("slug"), Resources: pageResources{e}, Scratch: e.newStore(), templates: e}
	c.Store = c.Scratch
	if c.Lastmod.IsZero() {
		c.Lastmod = c.Date
	}
	if title := p.Front.Scalar("linktitle"); title != "" {
		c.LinkTitle = title
	}
	c.Section, _, _ = strings.Cut(e.host.Folder(p), "/")
	if c.Type = p.Front.Scalar("type"); c.Type == "" {
		c.Type = c.Section
	}
	c.File = fileOf(p)
	c.Params = map[string]any{}
	maps.Copy(c.Params, withBooleans(p.Front.Values).(map[string]any))
	maps.Copy(c.Params, withBooleans(p.Front.Table("params")).(map[string]any))
	c.Language = languageContext{Lang: post.Language, LanguageCode: post.Language, Locale: post.Language}
	params, _ := e.Blog.Settings.Value("params").(map[string]any)
	c.Site = siteContext{Title: e.Blog.Settings.Scalar("title"), BaseURL: p.Site.URL.String(), LanguageCode: p.Site.Language,
		Copyright: e.Blog.Settings.Scalar("copyright"), Params: withBooleans(params).(map[string]any), Language: c.Language}
	return c
}

// fileOf returns the page's file, from the content root.
func fileOf(p *dialect.Page) fileContext {
	where := path.Join(p.Site.Subdir, p.Path)
	f := fileContext{Path: where, Dir: strings.TrimPrefix(path.Dir(where)+"/", "./"), LogicalName: path.Base(where), ContentBaseName: p.Name.Full, Ext: strings.TrimPrefix(p.Name.Ext, ".")}
	f.BaseFileName = strings.TrimSuffix(f.LogicalName, p.Name.Ext)
	f.TranslationBaseName = f.BaseFileName
	if p.Name.LangInName {
		f.TranslationBaseName = strings.TrimSuffix(f.BaseFileName, path.Ext(f.BaseFileName))
	}
	return f
}

// withBooleans returns values with texts that spell booleans as such, since front matter keeps
// all scalars as texts.
func withBooleans(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, item := range v {
			out[key] = withBooleans(item)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = withBooleans(item)
		}
		return out
	case string:
		if v == "true" || v == "false" {
			return v == "true"
		}
	}
	return v
}

// pathOf returns an address without its host.
func pathOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	u.Scheme, u.Host, u.User = "", "", nil
	return u.String()
}
