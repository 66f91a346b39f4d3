// Package hugo reads blogs as Hugo does.
package hugo

import (
	"bytes"
	"cmp"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"publisher/content/dialect"
	"publisher/content/dialect/hugo/shortcode"
	"publisher/content/frontmatter"
	"publisher/content/markdown"
	"publisher/content/mdsource"
	"publisher/content/slug"
	"publisher/internal/xmltext"
)

// Engine reads posts as Hugo does.
type Engine struct {
	dialect.BaseEngine
	settings      *dialect.Settings
	permalinks    []permalinkRule
	ugly          any // uglyURLs: for all, or by section
	languages     languages
	dates         dateOrder
	slugs         slug.Hugo
	cascade       []cascade
	rules         rules
	emoji         bool
	typographer   bool // quotes and dashes become typographic
	hardWraps     bool
	noLinkify     bool
	noStrike      bool
	marks         markdown.Marks
	markup        markdown.Markup
	passthrough   string
	dropHTML      bool // HTML in Markdown is left out
	namesSections bool // addresses have sections in them
}

// New returns Hugo's engine; settings are nil without a config.
func New(s *dialect.Site, settings *dialect.Settings) *Engine {
	if settings != nil && len(s.Languages) == 0 { // of one language: file names may have it all the same
		s.OnlyLanguage = strings.ToLower(cmp.Or(settings.Scalar("defaultcontentlanguage"), "en"))
		s.Languages[s.OnlyLanguage] = true
	}
	h := &Engine{BaseEngine: dialect.BaseEngine{Site: s}, settings: settings, ugly: settings.Value("uglyurls"),
		permalinks: readPermalinks(settings.Value("permalinks")),
		languages:  readLanguages(s, settings),
		dates:      readDateOrder(settings.Value("frontmatter")),
		slugs:      slug.Hugo{KeepCase: settings.Scalar("disablepathtolower") == "true", DropAccents: settings.Scalar("removepathaccents") == "true"},
		emoji:      settings.Scalar("enableemoji") == "true"}
	h.readMarkup()
	if len(h.languages.tables) == 0 {
		s.Languages[h.languages.first] = true // which file names may have all the same
	}
	if settings != nil {
		h.namesSections = bytes.Contains(settings.Text, []byte(":section"))
	}
	if settings.Value("cascade") != nil {
		h.cascade = readCascades(settings.Value("cascade"))
	}
	h.rules = newRules(h)
	return h
}

// Prepare finds the language, from the folder or the file's name, and applies what sections
// cascade.
func (h *Engine) Prepare(p *dialect.Page) {
	around := foldersOf(p)
	h.findLanguage(p)
	page, lang := h.pagePath(p), h.LanguageOf(p)
	layers := around.of(path.Join(h.Subdir, p.Name.Dir, p.Name.Full), page, lang)
	for _, l := range layers {
		p.FolderOmission = dialect.PickOmission(p.FolderOmission, l.doubt)
	}
	if own := p.Front.Values["cascade"]; own != nil {
		layers = append(readCascades(own), layers...)
	}
	for _, l := range append(layers, h.cascade...) {
		if l.holds(page, lang) {
			p.Inherit(l.values)
		}
	}
	p.InheritCommon(p.Front.Table("params"))
	if h.dates != nil {
		h.dates.fill(p)
	}
}

// IsPage also reports what has no date and is at the top.
func (h *Engine) IsPage(p *dialect.Page) bool {
	if h.languages.disabled[p.Name.Lang] {
		return true
	}
	if dialect.IsPageLayout(p) || p.Name.Full == "_index" {
		return true
	}
	dated := p.Name.Date != "" || slices.ContainsFunc([]string{"date", "publishdate", "lastmod"}, p.Front.Has)
	return h.settings != nil && !dated && h.Folder(p) == "" && p.Front.Form != frontmatter.None // such as about.md
}

// PageAddress returns where a section's page is, which posts may link to.
func (h *Engine) PageAddress(p *dialect.Page) (string, bool) {
	if p.Name.Full != "_index" {
		return h.Address(p), true
	}
	return h.InLanguage(p, h.slugs.Path(h.Folder(p))+"/"), true
}

// Complete implements [dialect.Engine].
func (h *Engine) Complete(p *dialect.Page) {
	if p.Post.Date.IsZero() && p.Name.Date != "" {
		p.Post.Date, _ = frontmatter.ParseDate(p.Name.Date, h.Location)
	}
	if p.Post.Date.IsZero() {
		p.Post.Date = p.Post.Updated
	}
	p.Post.Draft = h.isDraft(p)
	p.PublishDate = p.Date("publishdate", "pubdate")
	// A text is one term, commas and all.
	p.Categories = append(dialect.Names(p.Front.Strings("category", frontmatter.NoSplit)), dialect.Names(p.Front.Strings("categories", frontmatter.NoSplit))...)
	p.SetTags(p.Front.Strings("tags", frontmatter.NoSplit))
	p.Post.Summary = strings.TrimSpace(p.Front.Scalar("summary"))
	p.TitleSlug = h.slugs.Of(p.Post.Title)
	if p.Slug = h.slugs.Of(slugField(p)); p.Slug == "" {
		p.Slug = p.TitleSlug
	}
}

// Address implements [dialect.Engine].
func (h *Engine) Address(p *dialect.Page) string {
	if own := p.Front.Scalar("url"); own != "" {
		return h.ownAddress(p, own)
	}
	if h.Permalink != "" {
		where := h.slugs.Path(p.Expand(h.Permalink))
		if !strings.HasSuffix(where, "/") && path.Ext(where) == "" {
			where += "/"
		}
		return h.InLanguage(p, where)
	}
	folder := h.Folder(p)
	section, _, _ := strings.Cut(folder, "/")
	pattern := h.pattern(p)
	var where string
	if pattern != "" {
		where = h.slugs.Pattern(p.Expand(pattern))
	} else {
		folder = strings.ReplaceAll(folder, " ", "-")
		last := strings.ReplaceAll(p.Name.Full, " ", "-")
		if s := slugField(p); s != "" {
			last = s
		}
		where = "/" + h.slugs.Path(folder) + "/" + h.slugs.Of(last)
	}
	_, bySection := h.ugly.(map[string]any)
	if !h.isUgly(section) || bySection && strings.HasSuffix(where, "/") { // a pattern decides for its section
		where = strings.TrimSuffix(where, "/") + "/"
	} else {
		where = strings.TrimSuffix(where, "/") + ".html"
	}
	return h.InLanguage(p, unescaped(where))
}

// unescaped returns a path with escapes decoded, so that it is not escaped twice.
func unescaped(where string) string {
	if plain, err := url.PathUnescape(where); err == nil {
		return plain
	}
	return where
}

// ownAddress returns the `url` of a front matter, which may have placeholders. Without a leading
// slash it counts from the language's folder.
func (h *Engine) ownAddress(p *dialect.Page, own string) string {
	if strings.Contains(own, "://") {
		return own
	}
	where := unescaped(strings.TrimSuffix(p.Expand(own), "index.html"))
	if !strings.HasSuffix(where, "/") && !strings.Contains(where, ".") {
		where += "/"
	}
	if !strings.HasPrefix(own, "/") {
		return h.InLanguage(p, "/"+where)
	}
	return where
}

// slugField returns the slug of the front matter, as Hugo keeps it.
func slugField(p *dialect.Page) string {
	return strings.Trim(xmltext.Line(p.Front.Scalar("slug")), "-")
}

// Folder implements [shortcode.Host].
func (h *Engine) Folder(p *dialect.Page) string {
	full := path.Join(h.Subdir, p.Name.Dir)
	if p.Name.LangFolder == "" {
		return full
	}
	return strings.TrimPrefix(strings.TrimPrefix(full, p.Name.LangFolder), "/")
}

func (h *Engine) isUgly(section string) bool {
	switch v := h.ugly.(type) {
	case string:
		return v == "true"
	case map[string]any:
		return v[strings.ToLower(section)] == "true"
	}
	return false
}

// Slugify implements [dialect.Engine].
func (h *Engine) Slugify(text string) string { return h.slugs.Of(text) }

// SlugPath implements [shortcode.Host].
func (h *Engine) SlugPath(text string) string { return h.slugs.Path(text) }

// Expand implements [dialect.Engine].
func (h *Engine) Expand(x *dialect.Expansion, text string) string {
	text = moreApart(shortcode.Expand(x, h, text))
	if attributes, _ := frontmatter.Lookup(h.settings.Value("markup"), "goldmark.parser.attribute.block"); attributes == "true" {
		text = mdsource.OutsideCode(text, func(prose string) string { return blockAttributes.ReplaceAllString(prose, "$1") })
	}
	return text
}

// moreApart gives the mark that ends an excerpt a paragraph of its own, as Hugo does: what shares
// its line is Markdown.
func moreApart(text string) string {
	const mark = "<!--more-->"
	before, after, ok := strings.Cut(text, mark)
	if !ok || strings.TrimSpace(mdsource.LineBefore(text, len(before))) == "" && strings.TrimSpace(mdsource.LineAfter(after, 0)) == "" {
		return text
	}
	if _, within := mdsource.CodeAt(mdsource.CodeSpans(text), len(before)); within {
		return text
	}
	return strings.TrimRight(before, " \t") + "\n\n" + mark + "\n\n" + strings.TrimLeft(after, " \t")
}

// blockAttributes matches a line of attributes below the block that they are for.
var blockAttributes = regexp.MustCompile(`(?m)(^|\n)[ \t>]*\{[.#\w][^{}\n]*\}[ \t]*(?:\n|\z)`)

// ExcerptRule implements [dialect.Engine].
func (h *Engine) ExcerptRule() dialect.ExcerptRule {
	return dialect.ExcerptRule{MarkFirst: true, KeepAsides: h.settings != nil}
}

// MarkdownOptions implements [dialect.Engine].
func (h *Engine) MarkdownOptions() markdown.Options {
	return markdown.Options{Typographer: h.typographer, Emoji: h.emoji,
		HardWraps: h.hardWraps, DropHTML: h.dropHTML, NoLinkify: h.noLinkify, NoStrike: h.noStrike, Marks: h.marks,
		NoMath: true, Passthrough: h.passthrough, Markup: h.markup, PlainAlerts: h.settings != nil && hasThemes(h.settings)}
}

// HasBundles implements [dialect.Engine].
func (h *Engine) HasBundles() bool { return true }

// Extensions implements [dialect.Engine].
func (h *Engine) Extensions() []string { return []string{".html", ".htm"} }

// IsOtherMarkup implements [dialect.Engine].
func (h *Engine) IsOtherMarkup(file string) bool {
	return h.settings != nil && slices.Contains([]string{".org", ".adoc", ".asciidoc", ".ad", ".rst", ".pandoc", ".pdc"}, path.Ext(file))
}
