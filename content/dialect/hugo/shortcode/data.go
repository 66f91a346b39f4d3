package shortcode

import (
	"html/template"
	"maps"
	"net/url"
	"path"
	"publisher/content/dialect"
	"publisher/content/frontmatter"
	"publisher/content/mdsource"
	"strconv"
	"strings"
	"time"
)

// hugoCall is what a shortcode's template is given. Exported names are Hugo's:
// templates reach them.
type hugoCall struct {
	Name          string
	Ordinal       int
	IsNamedParams bool
	Params        any // a table or a list
	Parent        *hugoCall
	Page          *Page
	Site          hugoSite
	inner         string
}

func (h *HugoTemplates) call(s shortcode, around []shortcode) *hugoCall {
	page := h.ThisPage()
	c := &hugoCall{Name: s.name, Ordinal: h.calls[s.name], Page: page, Site: page.Site}
	h.calls[s.name]++
	c.Params, c.IsNamedParams = paramValues(s.params)
	if n := len(around); n > 0 {
		c.Parent = h.call(around[n-1], around[:n-1])
		h.calls[around[n-1].name]--
	}
	return c
}

// paramValues are the parameters with their kinds: what is quoted is a text.
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

// Get is a parameter by its name or its place; "" where there is none.
func (c *hugoCall) Get(which any) any {
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

// Inner is what stands between the marks.
func (c *hugoCall) Inner() template.HTML { return template.HTML(c.inner) }

// InnerDeindent is the same without the indentation that all lines share.
func (c *hugoCall) InnerDeindent() template.HTML { return template.HTML(mdsource.Dedent(c.inner)) }

// hugoPage is the page that a shortcode stands in.
type Page struct {
	Title, LinkTitle, Description   string
	Date, Lastmod, PublishDate      time.Time
	Draft, IsPage, IsNode, IsHome   bool
	Permalink, RelPermalink         string
	Section, Type, Kind, Lang, Slug string
	Params                          map[string]any
	Language                        hugoLanguage
	Site                            hugoSite
	File                            hugoFile
	Resources                       hugoResources
	Scratch, Store                  *hugoStore
	templates                       *HugoTemplates
}

type hugoLanguage struct{ Lang, LanguageCode, Locale, LanguageName, Label string }

type hugoFile struct{ Path, Dir, LogicalName, BaseFileName, ContentBaseName, TranslationBaseName, Ext string }

type hugoSite struct {
	Title, BaseURL, LanguageCode, Copyright string
	Params                                  map[string]any
	Language                                hugoLanguage
}

// Param is a value of the page, else of the site.
func (p *Page) Param(name string) any {
	for _, params := range []map[string]any{p.Params, p.Site.Params} {
		if v, ok := frontmatter.Lookup(params, strings.ToLower(name)); ok {
			return v
		}
	}
	return nil
}

// RenderString renders Markdown; of two arguments the first are options.
func (p *Page) RenderString(options any, more ...any) (template.HTML, error) {
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

// thisPage is the page that the text is of.
func (h *HugoTemplates) ThisPage() *Page {
	if h.page == nil {
		h.page = newHugoPage(h)
	}
	return h.page
}

func newHugoPage(h *HugoTemplates) *Page {
	a, post := h.Article, h.Article.Post
	p := &Page{Title: post.Title, LinkTitle: post.Title, Description: a.Front.Scalar("description"), Date: post.Date, Lastmod: post.Updated,
		PublishDate: post.Date, Draft: post.Draft, IsPage: true, Permalink: post.URL, RelPermalink: pathOf(post.URL),
		Kind: "page", Lang: post.Language, Slug: a.Front.Scalar("slug"), Resources: hugoResources{h}, Scratch: h.newStore(), templates: h}
	p.Store = p.Scratch
	if p.Lastmod.IsZero() {
		p.Lastmod = p.Date
	}
	if title := a.Front.Scalar("linktitle"); title != "" {
		p.LinkTitle = title
	}
	p.Section, _, _ = strings.Cut(h.host.Folder(a), "/")
	if p.Type = a.Front.Scalar("type"); p.Type == "" {
		p.Type = p.Section
	}
	p.File = fileOf(a)
	p.Params = map[string]any{}
	maps.Copy(p.Params, kinds(a.Front.Values).(map[string]any))
	maps.Copy(p.Params, kinds(a.Front.Table("params")).(map[string]any))
	p.Language = hugoLanguage{Lang: post.Language, LanguageCode: post.Language, Locale: post.Language}
	params, _ := h.Tree.Own.Setting("params").(map[string]any)
	p.Site = hugoSite{Title: h.Tree.Own.Scalar("title"), BaseURL: a.Site.Url.String(), LanguageCode: a.Site.Language,
		Copyright: h.Tree.Own.Scalar("copyright"), Params: kinds(params).(map[string]any), Language: p.Language}
	return p
}

// fileOf is the page's file, from the content root.
func fileOf(a *dialect.Page) hugoFile {
	where := path.Join(a.Site.Below, a.Path)
	f := hugoFile{Path: where, Dir: strings.TrimPrefix(path.Dir(where)+"/", "./"), LogicalName: path.Base(where), ContentBaseName: a.Name.Full, Ext: strings.TrimPrefix(a.Name.Ext, ".")}
	f.BaseFileName = strings.TrimSuffix(f.LogicalName, a.Name.Ext)
	f.TranslationBaseName = f.BaseFileName
	if a.Name.InLang {
		f.TranslationBaseName = strings.TrimSuffix(f.BaseFileName, path.Ext(f.BaseFileName))
	}
	return f
}

// kinds makes truths of the texts that are written so: front matter keeps all
// scalars as texts.
func kinds(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, item := range v {
			out[key] = kinds(item)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = kinds(item)
		}
		return out
	case string:
		if v == "true" || v == "false" {
			return v == "true"
		}
	}
	return v
}

// pathOf is an address without its host.
func pathOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	u.Scheme, u.Host, u.User = "", "", nil
	return u.String()
}
