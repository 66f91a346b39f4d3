package content

import (
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"publisher/content/kramdown"
)

// jekyll reads posts as Jekyll does: they live in _posts and _drafts, and their
// file names begin with the date.
type jekyll struct {
	folderEngine
	own         *ownConfig
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

func newJekyll(s *site, own *ownConfig) *jekyll {
	j := &jekyll{folderEngine: folderEngine{site: s}, own: own, separator: "\n\n"}
	j.pattern = own.scalar("permalink")
	collections, _ := own.setting("collections").(map[string]any)
	if posts, ok := collections["posts"].(map[string]any); ok {
		if p, ok := posts["permalink"].(string); ok {
			j.pattern = p
		}
	}
	if s, ok := own.setting("excerpt_separator").(string); ok {
		j.separator = s
	}
	j.markdown = kramdownOptions(own)
	if j.pattern == "" {
		j.pattern = "date"
	}
	if dir := path.Clean(own.scalar("collections_dir")); dir != "." && filepath.IsLocal(dir) {
		j.collections = dir + "/"
	}
	if rel, err := filepath.Rel(s.dir, j.source()); err == nil && rel != "." && filepath.IsLocal(rel) {
		j.outside = filepath.ToSlash(rel) + "/"
	}
	j.readLanguages()
	j.rules = newJekyllRules(j)
	j.inPosts = slices.Contains(strings.Split(s.below, "/"), "_posts") || path.Base(s.dir) == "_posts"
	return j
}

func (j *jekyll) covers(p string) bool {
	file := path.Join(j.below, p)
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
func (j *jekyll) file(a *article) string {
	_, file := j.languageOf(strings.TrimPrefix(path.Join(j.below, a.path), j.outside+j.collections))
	return file
}

// source is the folder that Jekyll reads.
func (j *jekyll) source() string {
	if j.own == nil {
		return j.root
	}
	return filepath.Join(j.root, filepath.FromSlash(j.own.contentDir))
}

func (j *jekyll) prepare(a *article) {
	file, kind := j.file(a), "posts"
	if slices.Contains(strings.Split(a.name.dir, "/"), "_drafts") {
		kind = "drafts"
	}
	if m := jekyllName.FindStringSubmatch(a.name.full); m != nil {
		a.name.date, a.name.stem = m[1], m[2]
	}
	for _, values := range jekyllDefaults(j.own, file, kind) {
		a.inherit(values)
	}
	if lang := j.language(a); lang != "" {
		a.inherit(map[string]any{"lang": lang})
	}
}

func (j *jekyll) isPage(a *article) bool { return !j.covers(a.path) }

// pageAddress is where a page stands, which posts may link to.
func (j *jekyll) pageAddress(a *article) (string, bool) {
	if own := a.front.scalar("permalink"); own != "" {
		return own, true
	}
	where, _ := j.documentAddress(path.Join(j.below, a.path))
	return where, true
}

func (j *jekyll) complete(a *article) {
	p := a.post
	if p.Date.IsZero() && a.name.date != "" {
		p.Date, _ = rubyDate(a.name.date, j.loc)
	}
	if p.Draft = j.isDraft(a); slices.Contains(strings.Split(a.name.dir, "/"), "_drafts") && p.Date.IsZero() {
		p.Date = a.modTime
	}
	if !p.Date.IsZero() {
		p.Date = p.Date.In(j.loc)
	}
	if p.Title == "" {
		p.Title = titleCase(a.name.stem)
	}
	a.categories = j.categories(a)
	tags := a.front.list("tag", whole)
	if tags == nil {
		tags = a.front.list("tags", spaceOrComma)
	}
	a.setTags(tags)
	p.Summary = strings.TrimSpace(a.front.scalar("excerpt"))
	a.titleSlug = jekyllPretty(a.name.stem)
	if a.slug != "" {
		a.titleSlug = jekyllPretty(a.slug)
	}
	if a.slug = jekyllSlug(a.slug); a.slug == "" {
		a.slug = jekyllSlug(a.name.stem)
	}
}

// categories come from the folders above _posts, then the front matter's
// `categories`, where a string is divided by spaces, then its `category`.
func (j *jekyll) categories(a *article) []string {
	var all []string
	for folder := range strings.SplitSeq(path.Dir(j.file(a)), "/") {
		if folder == "_posts" || folder == "_drafts" || folder == "." {
			break
		}
		all = append(all, folder)
	}
	all = append(all, a.front.list("categories", bySpace)...)
	all = append(all, a.front.list("category", whole)...)
	return distinct(names(all))
}

func (j *jekyll) address(a *article) string {
	lang := j.language(a)
	return j.languageRoot(lang) + "/" + strings.TrimPrefix(j.documentPath(a, lang), "/")
}

func (j *jekyll) documentPath(a *article, lang string) string {
	own := a.front.scalar("permalink")
	if other := a.front.scalar("permalink_" + lang); lang != "" && own != "" && other != "" {
		own = other
	}
	if own != "" {
		return a.expand(own) // there the names of styles mean nothing
	}
	pattern := j.permalink
	if pattern == "" {
		pattern = j.pattern
	}
	if style, ok := jekyllStyles[pattern]; ok {
		pattern = style
	}
	return a.expand(pattern)
}

func (j *jekyll) slugify(text string) string { return jekyllSlug(text) }

func (j *jekyll) expand(m *macros, text string) string {
	o := m.liquidOptions()
	if !hasLiquid(text, o) {
		return text // the variables cost more than many a post
	}
	if m.tree != nil && j.language(m.article) == "" { // site.lang is not the same for all posts
		o.memory = &m.tree.includes
	}
	if on, set := m.article.front.truth("render_with_liquid"); !set || on {
		text, _ = expandLiquid(jekyllHost{m, j}, o, text, j.variables(m))
	}
	return text
}

// variables are what templates may name: the settings of the blog and the front
// matter of the post.
func (j *jekyll) variables(m *macros) map[string]any {
	site := maps.Clone(j.siteSettings())
	for name := range j.collectionNames() {
		site[name] = func() any { return j.collection(name) }
	}
	j.siteLists(site, m)
	site["data"] = func() any { return j.siteData() }
	site["url"] = j.host()
	site["baseurl"] = strings.TrimSuffix(j.url.Path, "/")
	if _, ok := site["title"]; !ok {
		site["title"] = ""
	}
	if lang := j.language(m.article); lang != "" {
		site["lang"], site["default_lang"], site["baseurl_root"] = lang, j.languages.main, site["baseurl"]
		site["baseurl"] = strings.TrimSuffix(j.url.Path, "/") + j.languageRoot(lang)
		site["translations"] = func() any { return map[string]any{lang: j.languageTexts(lang)} }
	}
	page := j.page(m.article)
	if m.tree != nil {
		self := &postObject{jekyll: j, tree: m.tree, post: m.article.post}
		for _, name := range []string{"next", "previous"} {
			page[name] = func() any { v, _ := self.Member(name); return v }
		}
	}
	return map[string]any{"site": site, "page": page, "jekyll": map[string]any{"environment": "production", "version": "4.3.1"}}
}

// collectionNames are those of the settings, which name them in a list or a table.
func (j *jekyll) collectionNames() map[string]bool {
	out := map[string]bool{}
	switch v := j.own.setting("collections").(type) {
	case map[string]any:
		for name := range v {
			out[name] = true
		}
	case []any:
		for _, name := range listOf(v, whole) {
			out[name] = true
		}
	}
	delete(out, "posts")
	return out
}

// documentAddress is where a file of a collection or a page stands that is not
// among the posts.
func (j *jekyll) documentAddress(file string) (string, bool) {
	label, rest, ok := strings.Cut(strings.TrimPrefix(file, "_"), "/")
	stem := strings.TrimSuffix(rest, path.Ext(rest))
	if !ok || file[0] != '_' {
		stem = strings.TrimSuffix(file, path.Ext(file))
		if strings.HasSuffix(j.pattern, "/") || j.pattern == "pretty" {
			return "/" + strings.TrimSuffix(stem, "index") + "/", true
		}
		return "/" + stem + ".html", true
	}
	collections, _ := j.own.setting("collections").(map[string]any)
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
	return strings.NewReplacer(":collection", label, ":path", stem, ":name", jekyllSlug(base), ":title", jekyllPretty(base), ":slug", jekyllSlug(base), ":output_ext", ".html").Replace(pattern), true
}

func (j *jekyll) writing() markdownOptions { return markdownOptions{kramdown: j.markdown} }

func (j *jekyll) excerpts() excerptRule { return excerptRule{separator: j.separator} }

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

func (j *jekyll) extensions() []string { return []string{".html", ".htm"} }

// imageAddress counts from the blog's folder.
func (j *jekyll) imageAddress(text string) string {
	if strings.HasPrefix(text, "/") && !strings.HasPrefix(text, "//") && j.url.Path != "" {
		return j.absolute(text)
	}
	return text
}

// placeholder keeps :categories as they are written, but for their case.
func (j *jekyll) placeholder(a *article, word string) (string, bool) {
	if word != "categories" {
		return "", false
	}
	return a.joinCategories(strings.ToLower), true
}
