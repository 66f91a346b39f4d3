// Package hugo reads blogs as Hugo does.
package hugo

import (
	"bytes"
	"cmp"
	"net/url"
	"path"
	"publisher/content/dialect"
	"publisher/content/dialect/hugo/shortcode"
	"publisher/content/frontmatter"
	"publisher/content/markdown"
	"publisher/content/mdsource"
	"publisher/content/slug"
	"publisher/internal/xmltext"
	"regexp"
	"slices"
	"strings"
)

// hugo reads posts as Hugo does.
type Engine struct {
	dialect.BaseEngine
	own           *dialect.Settings
	permalinks    []hugoPermalink
	ugly          any // uglyURLs: for all, or by section
	languages     hugoLanguages
	dates         hugoDates
	slugs         slug.Hugo
	cascade       []hugoLayer
	rules         hugoRules
	emoji         bool
	smart         bool // quotes and dashes become typographic
	hardWraps     bool
	bareLinks     bool
	noStrike      bool
	marks         markdown.Marks
	markup        markdown.Markup
	passthrough   string
	noRaw         bool // HTML in Markdown is left out
	namesSections bool // addresses have sections in them
}

func New(s *dialect.Site, own *dialect.Settings) *Engine {
	if own != nil && len(s.Languages) == 0 { // of one language: files may bear its name all the same
		s.OnlyLanguage = strings.ToLower(cmp.Or(own.Scalar("defaultcontentlanguage"), "en"))
		s.Languages[s.OnlyLanguage] = true
	}
	h := &Engine{BaseEngine: dialect.BaseEngine{Site: s}, own: own, ugly: own.Setting("uglyurls"),
		permalinks: hugoPermalinks(own.Setting("permalinks")),
		languages:  readHugoLanguages(s, own),
		dates:      readHugoDates(own.Setting("frontmatter")),
		slugs:      slug.Hugo{KeepCase: own.Scalar("disablepathtolower") == "true", DropAccents: own.Scalar("removepathaccents") == "true"},
		emoji:      own.Scalar("enableemoji") == "true"}
	h.readMarkup()
	if len(h.languages.tables) == 0 {
		s.Languages[h.languages.first] = true // which file names may bear all the same
	}
	if own != nil {
		h.namesSections = bytes.Contains(own.Text, []byte(":section"))
	}
	if own.Setting("cascade") != nil {
		h.cascade = cascades(own.Setting("cascade"))
	}
	h.rules = newHugoRules(h)
	return h
}

// prepare finds the language, from the folder or the file's name, and takes over
// what sections cascade.
func (h *Engine) Prepare(a *dialect.Page) {
	around := hugoFoldersOf(a)
	if around != nil {
		a.Global = around.global
	}
	h.findLanguage(a)
	page, lang := h.pagePath(a), h.LanguageOf(a)
	layers := around.of(path.Join(h.Below, a.Name.Dir, a.Name.Full), page, lang)
	for _, l := range layers {
		a.Computed = dialect.Omitted(a.Computed, l.doubt)
	}
	if own := a.Front.Values["cascade"]; own != nil {
		layers = append(cascades(own), layers...)
	}
	for _, l := range append(layers, h.cascade...) {
		if l.holds(page, lang) {
			a.Inherit(l.values)
		}
	}
	a.InheritSome(a.Front.Table("params"))
	if h.dates != nil {
		h.dates.fill(a)
	}
}

func (h *Engine) Covers(p string) bool { return !strings.HasPrefix(path.Base(p), "_index.") }

// isPage also knows what has no date and stands at the top.
func (h *Engine) IsPage(a *dialect.Page) bool {
	if h.languages.disabled[a.Name.Lang] {
		return true
	}
	if dialect.IsPageLayout(a) || a.Name.Full == "_index" {
		return true
	}
	dated := a.Name.Date != "" || slices.ContainsFunc([]string{"date", "publishdate", "lastmod"}, a.Front.Has)
	return h.own != nil && !dated && h.Folder(a) == "" && a.Front.Form != frontmatter.None // such as about.md
}

// pageAddress is where a section's page stands, which posts may link to.
func (h *Engine) PageAddress(a *dialect.Page) (string, bool) {
	if a.Name.Full != "_index" {
		return h.Address(a), true
	}
	return h.InLanguage(a, h.slugs.Path(h.Folder(a))+"/"), true
}

func (h *Engine) Complete(a *dialect.Page) {
	if a.Post.Date.IsZero() && a.Name.Date != "" {
		a.Post.Date, _ = frontmatter.ParseDate(a.Name.Date, h.Loc)
	}
	if a.Post.Date.IsZero() {
		a.Post.Date = a.Post.Updated
	}
	a.Post.Draft = h.isDraft(a)
	a.Published = a.Date("publishdate", "pubdate")
	// A text is one term, commas and all.
	a.Categories = append(dialect.Names(a.Front.Strings("category", frontmatter.NoSplit)), dialect.Names(a.Front.Strings("categories", frontmatter.NoSplit))...)
	a.SetTags(a.Front.Strings("tags", frontmatter.NoSplit))
	a.Post.Summary = strings.TrimSpace(a.Front.Scalar("summary"))
	a.TitleSlug = h.slugs.Of(a.Post.Title)
	if a.Slug = h.slugs.Of(hugoSlugField(a)); a.Slug == "" {
		a.Slug = a.TitleSlug
	}
}

func (h *Engine) Address(a *dialect.Page) string {
	if own := a.Front.Scalar("url"); own != "" {
		return h.ownAddress(a, own)
	}
	if h.Permalink != "" {
		where := h.slugs.Path(a.Expand(h.Permalink))
		if !strings.HasSuffix(where, "/") && path.Ext(where) == "" {
			where += "/"
		}
		return h.InLanguage(a, where)
	}
	folder := h.Folder(a)
	section, _, _ := strings.Cut(folder, "/")
	pattern := h.pattern(a)
	var where string
	if pattern != "" {
		where = h.slugs.Pattern(a.Expand(pattern))
	} else {
		folder = strings.ReplaceAll(folder, " ", "-")
		last := strings.ReplaceAll(a.Name.Full, " ", "-")
		if s := hugoSlugField(a); s != "" {
			last = s
		}
		where = "/" + h.slugs.Path(folder) + "/" + h.slugs.Of(last)
	}
	_, bySection := h.ugly.(map[string]any)
	if !h.isUgly(section) || bySection && strings.HasSuffix(where, "/") { // what a pattern says of its section's addresses stands
		where = strings.TrimSuffix(where, "/") + "/"
	} else {
		where = strings.TrimSuffix(where, "/") + ".html"
	}
	return h.InLanguage(a, unescaped(where))
}

// unescaped is a path as people read it: what is escaped already is not escaped again.
func unescaped(where string) string {
	if plain, err := url.PathUnescape(where); err == nil {
		return plain
	}
	return where
}

// ownAddress is the `url` of a front matter, which may hold placeholders. One
// without a slash before it counts from the language's folder.
func (h *Engine) ownAddress(a *dialect.Page, own string) string {
	if strings.Contains(own, "://") {
		return own
	}
	where := unescaped(strings.TrimSuffix(a.Expand(own), "index.html"))
	if !strings.HasSuffix(where, "/") && !strings.Contains(where, ".") {
		where += "/"
	}
	if !strings.HasPrefix(own, "/") {
		return h.InLanguage(a, "/"+where)
	}
	return where
}

// hugoSlugField is the slug that a front matter gives, as Hugo keeps it.
func hugoSlugField(a *dialect.Page) string {
	return strings.Trim(xmltext.Line(a.Front.Scalar("slug")), "-")
}

// folder is the post's folder below its language's content folder.
func (h *Engine) Folder(a *dialect.Page) string {
	full := path.Join(h.Below, a.Name.Dir)
	if a.Name.Root == "" {
		return full
	}
	return strings.TrimPrefix(strings.TrimPrefix(full, a.Name.Root), "/")
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

func (h *Engine) Slugify(text string) string { return h.slugs.Of(text) }

func (h *Engine) SlugPath(text string) string { return h.slugs.Path(text) }

func (h *Engine) Expand(m *dialect.Expansion, text string) string {
	text = moreApart(shortcode.Expand(m, h, text))
	if attributes, _ := frontmatter.Lookup(h.own.Setting("markup"), "goldmark.parser.attribute.block"); attributes == "true" {
		text = mdsource.OutsideCode(text, func(prose string) string { return blockAttributes.ReplaceAllString(prose, "$1") })
	}
	return text
}

// moreApart gives the mark that ends an excerpt a paragraph of its own, as Hugo
// does: what shares its line is Markdown.
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

// blockAttributes are a line of attributes below the block that they are for.
var blockAttributes = regexp.MustCompile(`(?m)(^|\n)[ \t>]*\{[.#\w][^{}\n]*\}[ \t]*(?:\n|\z)`)

func (h *Engine) ExcerptRule() dialect.ExcerptRule {
	return dialect.ExcerptRule{MarkFirst: true, KeepAsides: h.own != nil}
}

func (h *Engine) MarkdownOptions() markdown.Options {
	return markdown.Options{Typographer: h.smart, Emoji: h.emoji,
		HardWraps: h.hardWraps, DropHTML: h.noRaw, NoLinkify: h.bareLinks, NoStrike: h.noStrike, Marks: h.marks,
		NoMath: true, Passthrough: h.passthrough, Markup: h.markup, PlainAlerts: h.own != nil && hasThemes(h.own)}
}

func (h *Engine) HasBundles() bool { return true }

func (h *Engine) Extensions() []string { return []string{".html", ".htm"} }

func (h *Engine) OtherMarkup(file string) bool {
	return h.own != nil && slices.Contains([]string{".org", ".adoc", ".asciidoc", ".ad", ".rst", ".pandoc", ".pdc"}, path.Ext(file))
}
