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

// jekyll reads posts as Jekyll does: they live in _posts and _drafts, and their
// file names begin with the date.
type Engine struct {
	dialect.BaseEngine
	own         *dialect.Settings
	pattern     string
	separator   string
	collections string // collections_dir, "" for the source itself
	outside     string // the source's path from a content.dir above it, "" for none
	inPosts     bool   // content.dir is a _posts folder, or below one
	rules       jekyllRules
	read        jekyllData
	markdown    *kramdown.Options // nil where the blog has another parser
	languages   jekyllLanguages
}

// jekyllStyles are the names that Jekyll has for patterns.
var jekyllStyles = map[string]string{
	"date":     "/:categories/:year/:month/:day/:title:output_ext",
	"pretty":   "/:categories/:year/:month/:day/:title/",
	"ordinal":  "/:categories/:year/:y_day/:title:output_ext",
	"weekdate": "/:categories/:year/W:week/:short_day/:title:output_ext",
	"none":     "/:categories/:title:output_ext",
}

func New(s *dialect.Site, own *dialect.Settings) *Engine {
	j := &Engine{BaseEngine: dialect.BaseEngine{Site: s}, own: own, separator: "\n\n"}
	j.pattern = own.Scalar("permalink")
	collections, _ := own.Setting("collections").(map[string]any)
	if posts, ok := collections["posts"].(map[string]any); ok {
		if p, ok := posts["permalink"].(string); ok {
			j.pattern = p
		}
	}
	if s, ok := own.Setting("excerpt_separator").(string); ok {
		j.separator = s
	}
	j.markdown = kramdownOptions(own)
	if j.pattern == "" {
		j.pattern = "date"
	}
	if dir := path.Clean(own.Scalar("collections_dir")); dir != "." && filepath.IsLocal(dir) {
		j.collections = dir + "/"
	}
	if rel, err := filepath.Rel(s.Dir, j.source()); err == nil && rel != "." && filepath.IsLocal(rel) {
		j.outside = filepath.ToSlash(rel) + "/"
	}
	j.readLanguages()
	j.rules = newJekyllRules(j)
	j.inPosts = slices.Contains(strings.Split(s.Below, "/"), "_posts") || path.Base(s.Dir) == "_posts"
	return j
}

func (j *Engine) Covers(p string) bool {
	file := path.Join(j.Below, p)
	if !strings.HasPrefix(file, j.outside+j.collections) {
		return false
	}
	file = strings.TrimPrefix(file, j.outside)
	if j.isUntranslated(file) {
		return false
	}
	_, file = j.languageOf(file)
	for folder := range strings.SplitSeq(path.Dir(file), "/") {
		switch {
		case folder == "_drafts":
			return true
		case folder == "_posts":
			return jekyllName.MatchString(path.Base(p))
		case folder[0] == '_' && len(j.rules.include) == 0:
			return false // Jekyll looks into no other
		}
	}
	return j.inPosts && jekyllName.MatchString(path.Base(p))
}

// file is a post's path as Jekyll has it: from the source, or from
// collections_dir.
func (j *Engine) file(a *dialect.Page) string {
	_, file := j.languageOf(strings.TrimPrefix(path.Join(j.Below, a.Path), j.outside+j.collections))
	return file
}

// source is the folder that Jekyll reads.
func (j *Engine) source() string {
	if j.own == nil {
		return j.Root
	}
	return filepath.Join(j.Root, filepath.FromSlash(j.own.ContentDir))
}

func (j *Engine) Prepare(a *dialect.Page) {
	file, kind := j.file(a), "posts"
	if slices.Contains(strings.Split(a.Name.Dir, "/"), "_drafts") {
		kind = "drafts"
	}
	if m := jekyllName.FindStringSubmatch(a.Name.Full); m != nil {
		a.Name.Date, a.Name.Stem = m[1], m[2]
	}
	for _, values := range jekyllDefaults(j.own, file, kind) {
		a.Inherit(values)
	}
	if lang := j.language(a); lang != "" {
		a.Inherit(map[string]any{"lang": lang})
	}
}

func (j *Engine) IsPage(a *dialect.Page) bool { return !j.Covers(a.Path) }

// pageAddress is where a page stands, which posts may link to.
func (j *Engine) PageAddress(a *dialect.Page) (string, bool) {
	if own := a.Front.Scalar("permalink"); own != "" {
		return own, true
	}
	where, _ := j.documentAddress(path.Join(j.Below, a.Path))
	return where, true
}

func (j *Engine) Complete(a *dialect.Page) {
	p := a.Post
	if p.Date.IsZero() && a.Name.Date != "" {
		p.Date, _ = liquid.RubyDate(a.Name.Date, j.Loc)
	}
	if p.Draft = j.isDraft(a); slices.Contains(strings.Split(a.Name.Dir, "/"), "_drafts") && p.Date.IsZero() {
		p.Date = a.ModTime
	}
	if !p.Date.IsZero() {
		p.Date = p.Date.In(j.Loc)
	}
	if p.Title == "" {
		p.Title = titleCase(a.Name.Stem)
	}
	a.Categories = j.categories(a)
	tags := a.Front.Strings("tag", frontmatter.NoSplit)
	if tags == nil {
		tags = a.Front.Strings("tags", spaceOrComma)
	}
	a.SetTags(tags)
	p.Summary = strings.TrimSpace(a.Front.Scalar("excerpt"))
	a.TitleSlug = slug.JekyllPretty(a.Name.Stem)
	if a.Slug != "" {
		a.TitleSlug = slug.JekyllPretty(a.Slug)
	}
	if a.Slug = slug.Jekyll(a.Slug); a.Slug == "" {
		a.Slug = slug.Jekyll(a.Name.Stem)
	}
}

// categories come from the folders above _posts, then the front matter's
// `categories`, where a string is divided by spaces, then its `category`.
func (j *Engine) categories(a *dialect.Page) []string {
	var all []string
	for folder := range strings.SplitSeq(path.Dir(j.file(a)), "/") {
		if folder == "_posts" || folder == "_drafts" || folder == "." {
			break
		}
		all = append(all, folder)
	}
	all = append(all, a.Front.Strings("categories", frontmatter.SplitSpaces)...)
	all = append(all, a.Front.Strings("category", frontmatter.NoSplit)...)
	return dialect.Distinct(dialect.Names(all))
}

func (j *Engine) Address(a *dialect.Page) string {
	lang := j.language(a)
	return j.languageRoot(lang) + "/" + strings.TrimPrefix(j.documentPath(a, lang), "/")
}

func (j *Engine) documentPath(a *dialect.Page, lang string) string {
	own := a.Front.Scalar("permalink")
	if other := a.Front.Scalar("permalink_" + lang); lang != "" && own != "" && other != "" {
		own = other
	}
	if own != "" {
		return a.Expand(own) // there the names of styles mean nothing
	}
	pattern := j.Permalink
	if pattern == "" {
		pattern = j.pattern
	}
	if style, ok := jekyllStyles[pattern]; ok {
		pattern = style
	}
	return a.Expand(pattern)
}

func (j *Engine) Slugify(text string) string { return slug.Jekyll(text) }

func (j *Engine) Expand(m *dialect.Expansion, text string) string {
	o := m.LiquidOptions()
	if !liquid.HasMarks(text, o) {
		return text // the variables cost more than many a post
	}
	if m.Tree != nil && j.language(m.Article) == "" { // site.lang is not the same for all posts
		o.Memory = &m.Tree.Includes
	}
	if on, set := m.Article.Front.Bool("render_with_liquid"); !set || on {
		text, _ = liquid.Expand(jekyllHost{m, j}, o, text, j.variables(m))
	}
	return text
}

// variables are what templates may name: the settings of the blog and the front
// matter of the post.
func (j *Engine) variables(m *dialect.Expansion) map[string]any {
	site := maps.Clone(j.siteSettings())
	for name := range j.collectionNames() {
		site[name] = func() any { return j.collection(name) }
	}
	j.siteLists(site, m)
	site["data"] = func() any { return j.siteData() }
	site["url"] = j.Host()
	site["baseurl"] = strings.TrimSuffix(j.Url.Path, "/")
	if _, ok := site["title"]; !ok {
		site["title"] = ""
	}
	if lang := j.language(m.Article); lang != "" {
		site["lang"], site["default_lang"], site["baseurl_root"] = lang, j.languages.main, site["baseurl"]
		site["baseurl"] = strings.TrimSuffix(j.Url.Path, "/") + j.languageRoot(lang)
		site["translations"] = func() any { return map[string]any{lang: j.languageTexts(lang)} }
	}
	page := j.page(m.Article)
	if m.Tree != nil {
		self := &postObject{jekyll: j, tree: m.Tree, post: m.Article.Post}
		for _, name := range []string{"next", "previous"} {
			page[name] = func() any { v, _ := self.Member(name); return v }
		}
	}
	return map[string]any{"site": site, "page": page, "jekyll": map[string]any{"environment": "production", "version": "4.3.1"}}
}

// collectionNames are those of the settings, which name them in a list or a table.
func (j *Engine) collectionNames() map[string]bool {
	out := map[string]bool{}
	switch v := j.own.Setting("collections").(type) {
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

// documentAddress is where a file of a collection or a page stands that is not
// among the posts.
func (j *Engine) documentAddress(file string) (string, bool) {
	label, rest, ok := strings.Cut(strings.TrimPrefix(file, "_"), "/")
	stem := strings.TrimSuffix(rest, path.Ext(rest))
	if !ok || file[0] != '_' {
		stem = strings.TrimSuffix(file, path.Ext(file))
		if strings.HasSuffix(j.pattern, "/") || j.pattern == "pretty" {
			return "/" + strings.TrimSuffix(stem, "index") + "/", true
		}
		return "/" + stem + ".html", true
	}
	collections, _ := j.own.Setting("collections").(map[string]any)
	collection, ok := collections[label].(map[string]any)
	if !ok {
		return "", false
	}
	pattern, _ := collection["permalink"].(string)
	if pattern == "" {
		pattern = "/:collection/:path:output_ext"
		if style := j.pattern; style == "pretty" || strings.HasSuffix(style, "/") {
			pattern = "/:collection/:path/"
		} else if _, named := jekyllStyles[style]; !named && !strings.HasSuffix(style, ":output_ext") {
			pattern = "/:collection/:path"
		}
	}
	base := path.Base(stem)
	return strings.NewReplacer(":collection", label, ":path", stem, ":name", slug.Jekyll(base), ":title", slug.JekyllPretty(base), ":slug", slug.Jekyll(base), ":output_ext", ".html").Replace(pattern), true
}

func (j *Engine) MarkdownOptions() markdown.Options { return markdown.Options{Kramdown: j.markdown} }

func (j *Engine) ExcerptRule() dialect.ExcerptRule {
	return dialect.ExcerptRule{Separator: j.separator}
}

// spaceOrComma also divides at commas, which Jekyll would leave on the tags.
func spaceOrComma(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || unicode.IsSpace(r) })
}

// titleCase makes a title of a file name, each word with one capital.
func titleCase(stem string) string {
	words := strings.FieldsFunc(stem, func(r rune) bool { return r == '-' })
	for i, w := range words {
		r, size := utf8.DecodeRuneInString(w)
		words[i] = string(unicode.ToUpper(r)) + strings.ToLower(w[size:])
	}
	return strings.Join(words, " ")
}

func (j *Engine) Extensions() []string { return []string{".html", ".htm"} }

// imageAddress counts from the blog's folder.
func (j *Engine) ImageAddress(text string) string {
	if strings.HasPrefix(text, "/") && !strings.HasPrefix(text, "//") && j.Url.Path != "" {
		return j.Absolute(text)
	}
	return text
}

// placeholder keeps :categories as they are written, but for their case.
func (j *Engine) Placeholder(a *dialect.Page, word string) (string, bool) {
	if word != "categories" {
		return "", false
	}
	return a.JoinCategories(strings.ToLower), true
}
