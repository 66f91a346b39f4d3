// Package jekyll reads blogs as Jekyll does.
package jekyll

import (
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"publisher/content/dialect"
	"publisher/content/frontmatter"
	"publisher/content/kramdown"
	"publisher/content/liquid"
	"publisher/content/markdown"
	"publisher/content/slug"
)

// Engine reads posts as Jekyll does: they are in _posts and _drafts, and their file names begin with the
// date.
type Engine struct {
	dialect.BaseEngine
	own         *dialect.Settings
	pattern     string
	separator   string
	collections string // collections_dir, "" for the source itself
	outside     string // the source's path from a content.dir above it; "" for none
	inPosts     bool   // content.dir is a _posts folder, or below one
	rules       rules
	read        lazyData
	markdown    *kramdown.Options // nil if the blog uses another parser
	languages   languages
}

// permalinkStyles are Jekyll's named permalinks.
var permalinkStyles = map[string]string{
	"date":     "/:categories/:year/:month/:day/:title:output_ext",
	"pretty":   "/:categories/:year/:month/:day/:title/",
	"ordinal":  "/:categories/:year/:y_day/:title:output_ext",
	"weekdate": "/:categories/:year/W:week/:short_day/:title:output_ext",
	"none":     "/:categories/:title:output_ext",
}

// New returns Jekyll's rules for a site; own is nil if the blog has no config.
func New(s *dialect.Site, own *dialect.Settings) *Engine {
	e := &Engine{BaseEngine: dialect.BaseEngine{Site: s}, own: own, separator: "\n\n"}
	e.pattern = own.Scalar("permalink")
	collections, _ := own.Value("collections").(map[string]any)
	if posts, ok := collections["posts"].(map[string]any); ok {
		if p, ok := posts["permalink"].(string); ok {
			e.pattern = p
		}
	}
	if s, ok := own.Value("excerpt_separator").(string); ok {
		e.separator = s
	}
	e.markdown = kramdownOptions(own)
	if e.pattern == "" {
		e.pattern = "date"
	}
	if dir := path.Clean(own.Scalar("collections_dir")); dir != "." && filepath.IsLocal(dir) {
		e.collections = dir + "/"
	}
	if rel, err := filepath.Rel(s.Dir, e.source()); err == nil && rel != "." && filepath.IsLocal(rel) {
		e.outside = filepath.ToSlash(rel) + "/"
	}
	e.readLanguages()
	e.rules = newRules(e)
	e.inPosts = slices.Contains(strings.Split(s.Subdir, "/"), "_posts") || path.Base(s.Dir) == "_posts"
	return e
}

// MayBePost reports whether a file can be a post by its path.
func (e *Engine) MayBePost(p string) bool {
	file := path.Join(e.Subdir, p)
	if !strings.HasPrefix(file, e.outside+e.collections) {
		return false
	}
	file = strings.TrimPrefix(file, e.outside)
	if e.isUntranslated(file) {
		return false
	}
	_, file = e.languageOf(file)
	for folder := range strings.SplitSeq(path.Dir(file), "/") {
		switch {
		case folder == "_drafts":
			return true
		case folder == "_posts":
			return postName.MatchString(path.Base(p))
		case folder[0] == '_' && len(e.rules.include) == 0:
			return false // Jekyll does not look into others
		}
	}
	return e.inPosts && postName.MatchString(path.Base(p))
}

// file returns a post's path in Jekyll: relative to the source, or to collections_dir.
func (e *Engine) file(page *dialect.Page) string {
	_, file := e.languageOf(strings.TrimPrefix(path.Join(e.Subdir, page.Path), e.outside+e.collections))
	return file
}

// source returns the folder that Jekyll reads.
func (e *Engine) source() string {
	if e.own == nil {
		return e.Root
	}
	return filepath.Join(e.Root, filepath.FromSlash(e.own.ContentDir))
}

// Prepare takes the date from the file's name, and the values that the settings and the folder give to the
// post.
func (e *Engine) Prepare(page *dialect.Page) {
	file, kind := e.file(page), "posts"
	if inDrafts(page) {
		kind = "drafts"
	}
	if m := postName.FindStringSubmatch(page.Name.Full); m != nil {
		page.Name.Date, page.Name.Stem = m[1], m[2]
	}
	for _, values := range frontMatterDefaults(e.own, file, kind) {
		page.Inherit(values)
	}
	if lang := e.language(page); lang != "" {
		page.Inherit(map[string]any{"lang": lang})
	}
}

// IsPage reports whether a file is a page of the site.
func (e *Engine) IsPage(page *dialect.Page) bool { return !e.MayBePost(page.Path) }

// PageAddress returns where a page is on the site, to which posts may link.
func (e *Engine) PageAddress(page *dialect.Page) (string, bool) {
	if own := page.Front.Scalar("permalink"); own != "" {
		return own, true
	}
	where, _ := e.documentAddress(path.Join(e.Subdir, page.Path))
	return where, true
}

// Complete fills in what the front matter leaves open.
func (e *Engine) Complete(page *dialect.Page) {
	p := page.Post
	if p.Date.IsZero() && page.Name.Date != "" {
		p.Date, _ = liquid.RubyDate(page.Name.Date, e.Location)
	}
	if p.Draft = e.isDraft(page); inDrafts(page) && p.Date.IsZero() {
		p.Date = page.ModTime
	}
	if !p.Date.IsZero() {
		p.Date = p.Date.In(e.Location)
	}
	if p.Title == "" {
		p.Title = titleCase(page.Name.Stem)
	}
	page.Categories = e.categories(page)
	page.SetTags(tagsOf(page))
	p.Summary = strings.TrimSpace(page.Front.Scalar("excerpt"))
	page.TitleSlug = slug.JekyllPretty(page.Name.Stem)
	if page.Slug != "" {
		page.TitleSlug = slug.JekyllPretty(page.Slug)
	}
	if page.Slug = slug.Jekyll(page.Slug); page.Slug == "" {
		page.Slug = slug.Jekyll(page.Name.Stem)
	}
}

// categories returns a post's categories: the folders above _posts, then those in the front matter's
// `categories`, where spaces divide a string, then its `category`.
func (e *Engine) categories(page *dialect.Page) []string {
	var all []string
	for folder := range strings.SplitSeq(path.Dir(e.file(page)), "/") {
		if folder == "_posts" || folder == "_drafts" || folder == "." {
			break
		}
		all = append(all, folder)
	}
	all = append(all, page.Front.Strings("categories", frontmatter.SplitSpaces)...)
	all = append(all, page.Front.Strings("category", frontmatter.NoSplit)...)
	return dialect.Distinct(dialect.Names(all))
}

// tagsOf returns the tags in the front matter of a post.
func tagsOf(page *dialect.Page) []string {
	if tags := page.Front.Strings("tag", frontmatter.NoSplit); tags != nil {
		return tags
	}
	return page.Front.Strings("tags", spaceOrComma)
}

// inDrafts reports whether a file is in a folder _drafts.
func inDrafts(page *dialect.Page) bool {
	return slices.Contains(strings.Split(page.Name.Dir, "/"), "_drafts")
}

// Address returns a post's address on the site.
func (e *Engine) Address(page *dialect.Page) string {
	lang := e.language(page)
	return e.languageRoot(lang) + "/" + strings.TrimPrefix(e.documentPath(page, lang), "/")
}

func (e *Engine) documentPath(page *dialect.Page, lang string) string {
	own := page.Front.Scalar("permalink")
	if other := page.Front.Scalar("permalink_" + lang); lang != "" && own != "" && other != "" {
		own = other
	}
	if own != "" {
		return page.Expand(own) // names of styles have no meaning here
	}
	pattern := e.Permalink
	if pattern == "" {
		pattern = e.pattern
	}
	if style, ok := permalinkStyles[pattern]; ok {
		pattern = style
	}
	return page.Expand(pattern)
}

// Slugify returns a text as a part of an address.
func (e *Engine) Slugify(text string) string { return slug.Jekyll(text) }

// Expand evaluates the Liquid in a text.
func (e *Engine) Expand(m *dialect.Expansion, text string) string {
	o := m.LiquidOptions()
	if !liquid.HasTags(text, o) {
		return text // the variables cost more than many posts
	}
	if m.Blog != nil && e.language(m.Page) == "" { // site.lang depends on the post
		o.Cache = &m.Blog.Includes
	}
	if on, set := m.Page.Front.Bool("render_with_liquid"); !set || on {
		text, _ = liquid.Expand(host{m, e}, o, text, e.variables(m))
	}
	return text
}

// variables returns what templates may use: the settings of the blog and the front matter of the post.
func (e *Engine) variables(m *dialect.Expansion) map[string]any {
	site := maps.Clone(e.siteSettings())
	for name := range e.collectionNames() {
		site[name] = func() any { return e.documentsOf(name) }
	}
	e.siteLists(site, m)
	site["data"] = func() any { return e.siteData() }
	site["url"] = e.Host()
	site["baseurl"] = strings.TrimSuffix(e.URL.Path, "/")
	if _, ok := site["title"]; !ok {
		site["title"] = ""
	}
	if lang := e.language(m.Page); lang != "" {
		site["lang"], site["default_lang"], site["baseurl_root"] = lang, e.languages.main, site["baseurl"]
		site["baseurl"] = strings.TrimSuffix(e.URL.Path, "/") + e.languageRoot(lang)
		site["translations"] = func() any { return map[string]any{lang: e.languageTexts(lang)} }
	}
	page := e.page(m.Page)
	if m.Blog != nil {
		self := &postObject{engine: e, tree: m.Blog, post: m.Page.Post}
		for _, name := range []string{"next", "previous"} {
			page[name] = func() any { v, _ := self.Member(name); return v }
		}
	}
	return map[string]any{"site": site, "page": page, "jekyll": map[string]any{"environment": "production", "version": "4.3.1"}}
}

// collectionNames returns the collections in the settings, which are a list or a table.
func (e *Engine) collectionNames() map[string]bool {
	out := map[string]bool{}
	switch v := e.own.Value("collections").(type) {
	case map[string]any:
		for name := range v {
			out[name] = true
		}
	case []any:
		for _, name := range frontmatter.Strings(v, frontmatter.NoSplit) {
			out[name] = true
		}
	}
	delete(out, "posts")
	return out
}

// documentAddress returns where a page or a file of a collection is on the site.
func (e *Engine) documentAddress(file string) (string, bool) {
	label, rest, ok := strings.Cut(strings.TrimPrefix(file, "_"), "/")
	stem := strings.TrimSuffix(rest, path.Ext(rest))
	if !ok || file[0] != '_' {
		stem = strings.TrimSuffix(file, path.Ext(file))
		if strings.HasSuffix(e.pattern, "/") || e.pattern == "pretty" {
			return "/" + strings.TrimSuffix(stem, "index") + "/", true
		}
		return "/" + stem + ".html", true
	}
	collections, _ := e.own.Value("collections").(map[string]any)
	collection, ok := collections[label].(map[string]any)
	if !ok {
		return "", false
	}
	pattern, _ := collection["permalink"].(string)
	if pattern == "" {
		pattern = "/:collection/:path:output_ext"
		if style := e.pattern; style == "pretty" || strings.HasSuffix(style, "/") {
			pattern = "/:collection/:path/"
		} else if _, named := permalinkStyles[style]; !named && !strings.HasSuffix(style, ":output_ext") {
			pattern = "/:collection/:path"
		}
	}
	base := path.Base(stem)
	return strings.NewReplacer(":collection", label, ":path", stem, ":name", slug.Jekyll(base), ":title", slug.JekyllPretty(base), ":slug", slug.Jekyll(base), ":output_ext", ".html").Replace(pattern), true
}

// MarkdownOptions returns how the blog's Markdown is rendered.
func (e *Engine) MarkdownOptions() markdown.Options { return markdown.Options{Kramdown: e.markdown} }

// ExcerptRule returns where excerpts end.
func (e *Engine) ExcerptRule() dialect.ExcerptRule {
	return dialect.ExcerptRule{Separator: e.separator}
}

// spaceOrComma divides at commas too, which Jekyll would leave on the tags.
func spaceOrComma(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || unicode.IsSpace(r) })
}

// titleCase turns a file name into a title, with each word capitalized.
func titleCase(stem string) string {
	words := strings.FieldsFunc(stem, func(r rune) bool { return r == '-' })
	for i, w := range words {
		r, size := utf8.DecodeRuneInString(w)
		words[i] = string(unicode.ToUpper(r)) + strings.ToLower(w[size:])
	}
	return strings.Join(words, " ")
}

// Extensions returns the extensions of posts other than Markdown's.
func (e *Engine) Extensions() []string { return []string{".html", ".htm"} }

// ImagePath returns the address of an image, whose path is relative to the blog's folder.
func (e *Engine) ImagePath(text string) string {
	if strings.HasPrefix(text, "/") && !strings.HasPrefix(text, "//") && e.URL.Path != "" {
		return e.Absolute(text)
	}
	return text
}

// Placeholder fills in :categories as they are written, but in lower case.
func (e *Engine) Placeholder(page *dialect.Page, word string) (string, bool) {
	if word != "categories" {
		return "", false
	}
	return page.JoinCategories(strings.ToLower), true
}

// Claims reports whether a file lies where Jekyll has posts, in a tree without any engine's
// config.
func Claims(e dialect.Engine, src *dialect.Source) bool {
	return src.Front.Form != frontmatter.Metadata && e.MayBePost(src.Path)
}
