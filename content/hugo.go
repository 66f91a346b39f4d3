package content

import (
	"bytes"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
)

// hugo reads posts as Hugo does.
type hugo struct {
	folderEngine
	own           *ownConfig
	permalinks    []hugoPermalink
	ugly          any // uglyURLs: for all, or by section
	languages     hugoLanguages
	dates         hugoDates
	slugs         hugoSlugs
	cascade       []inherited
	rules         hugoRules
	emoji         bool
	smart         bool // quotes and dashes become typographic
	hardWraps     bool
	bareLinks     bool
	noStrike      bool
	marks         marks
	markup        markup
	passthrough   string
	noRaw         bool // HTML in Markdown is left out
	namesSections bool // addresses have sections in them
}

func newHugo(s *site, own *ownConfig) *hugo {
	h := &hugo{folderEngine: folderEngine{site: s}, own: own, ugly: own.setting("uglyurls"),
		permalinks: hugoPermalinks(own.setting("permalinks")),
		languages:  readHugoLanguages(s, own),
		dates:      readHugoDates(own.setting("frontmatter")),
		slugs:      hugoSlugs{keepCase: own.scalar("disablepathtolower") == "true", dropAccents: own.scalar("removepathaccents") == "true"},
		emoji:      own.scalar("enableemoji") == "true"}
	h.readMarkup()
	if len(h.languages.tables) == 0 {
		s.languages[h.languages.first] = true // which file names may bear all the same
	}
	if own != nil {
		h.namesSections = bytes.Contains(own.text, []byte(":section"))
	}
	if own.setting("cascade") != nil {
		h.cascade = cascades(own.setting("cascade"))
	}
	h.rules = newHugoRules(h)
	return h
}

// prepare finds the language, from the folder or the file's name, and takes over
// what sections cascade.
func (h *hugo) prepare(a *article, s *sections) {
	if s != nil {
		a.global = s.global
	}
	h.findLanguage(a)
	page, lang := h.pagePath(a), h.languageOf(a)
	layers := s.of(path.Join(h.below, a.name.dir, a.name.full), page, lang)
	for _, l := range layers {
		a.computed = omitted(a.computed, l.doubt)
	}
	if own := a.front.values["cascade"]; own != nil {
		layers = append(cascades(own), layers...)
	}
	for _, l := range append(layers, h.cascade...) {
		if l.holds(page, lang) {
			a.inherit(l.values)
		}
	}
	a.inheritSome(a.front.table("params"))
	if h.dates != nil {
		h.dates.fill(a)
	}
}

func (h *hugo) covers(p string) bool { return !strings.HasPrefix(path.Base(p), "_index.") }

// isPage also knows what has no date and stands at the top.
func (h *hugo) isPage(a *article) bool {
	if h.languages.disabled[a.name.lang] {
		return true
	}
	if isPageLayout(a) || a.name.full == "_index" {
		return true
	}
	dated := a.name.date != "" || slices.ContainsFunc([]string{"date", "publishdate", "lastmod"}, a.front.has)
	return h.own != nil && !dated && h.folder(a) == "" && a.front.form != noFrontMatter // such as about.md
}

// pageAddress is where a section's page stands, which posts may link to.
func (h *hugo) pageAddress(a *article) (string, bool) {
	if a.name.full != "_index" {
		return h.address(a), true
	}
	return h.inLanguage(a, h.slugs.path(h.folder(a))+"/"), true
}

func (h *hugo) complete(a *article) {
	if a.post.Date.IsZero() && a.name.date != "" {
		a.post.Date, _ = parseDate(a.name.date, h.loc)
	}
	if a.post.Date.IsZero() {
		a.post.Date = a.post.Updated
	}
	a.post.Draft = h.isDraft(a)
	a.published = a.date("publishdate", "pubdate")
	// A text is one term, commas and all.
	a.categories = append(names(a.front.list("category", whole)), names(a.front.list("categories", whole))...)
	a.setTags(a.front.list("tags", whole))
	a.post.Summary = strings.TrimSpace(a.front.scalar("summary"))
	a.titleSlug = h.slugs.of(a.post.Title)
	if a.slug = h.slugs.of(hugoSlugField(a)); a.slug == "" {
		a.slug = a.titleSlug
	}
}

func (h *hugo) address(a *article) string {
	if own := a.front.scalar("url"); own != "" {
		return h.ownAddress(a, own)
	}
	if h.permalink != "" {
		where := h.slugs.path(a.expand(h.permalink))
		if !strings.HasSuffix(where, "/") && path.Ext(where) == "" {
			where += "/"
		}
		return h.inLanguage(a, where)
	}
	folder := h.folder(a)
	section, _, _ := strings.Cut(folder, "/")
	pattern := h.pattern(a)
	var where string
	if pattern != "" {
		where = h.slugs.pattern(a.expand(pattern))
	} else {
		folder = strings.ReplaceAll(folder, " ", "-")
		last := strings.ReplaceAll(a.name.full, " ", "-")
		if s := hugoSlugField(a); s != "" {
			last = s
		}
		where = "/" + h.slugs.path(folder) + "/" + h.slugs.of(last)
	}
	_, bySection := h.ugly.(map[string]any)
	if !h.isUgly(section) || bySection && strings.HasSuffix(where, "/") { // what a pattern says of its section's addresses stands
		where = strings.TrimSuffix(where, "/") + "/"
	} else {
		where = strings.TrimSuffix(where, "/") + ".html"
	}
	return h.inLanguage(a, unescaped(where))
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
func (h *hugo) ownAddress(a *article, own string) string {
	if strings.Contains(own, "://") {
		return own
	}
	where := unescaped(strings.TrimSuffix(a.expand(own), "index.html"))
	if !strings.HasSuffix(where, "/") && !strings.Contains(where, ".") {
		where += "/"
	}
	if !strings.HasPrefix(own, "/") {
		return h.inLanguage(a, "/"+where)
	}
	return where
}

// hugoSlugField is the slug that a front matter gives, as Hugo keeps it.
func hugoSlugField(a *article) string {
	return strings.Trim(oneLine(a.front.scalar("slug")), "-")
}

// folder is the post's folder below its language's content folder.
func (h *hugo) folder(a *article) string {
	full := path.Join(h.below, a.name.dir)
	if a.name.root == "" {
		return full
	}
	return strings.TrimPrefix(strings.TrimPrefix(full, a.name.root), "/")
}

func (h *hugo) isUgly(section string) bool {
	switch v := h.ugly.(type) {
	case string:
		return v == "true"
	case map[string]any:
		return v[strings.ToLower(section)] == "true"
	}
	return false
}

func (h *hugo) slugify(text string) string { return h.slugs.of(text) }

func (h *hugo) slugPath(text string) string { return h.slugs.path(text) }

func (h *hugo) expand(m *macros, text string) string {
	text = moreApart(expandShortcodes(m, h, text))
	if attributes, _ := dig(h.own.setting("markup"), "goldmark.parser.attribute.block"); attributes == "true" {
		text = outsideCode(text, func(prose string) string { return blockAttributes.ReplaceAllString(prose, "$1") })
	}
	return text
}

// moreApart gives the mark that ends an excerpt a paragraph of its own, as Hugo
// does: what shares its line is Markdown.
func moreApart(text string) string {
	const mark = "<!--more-->"
	before, after, ok := strings.Cut(text, mark)
	if !ok || strings.TrimSpace(lineBefore(text, len(before))) == "" && strings.TrimSpace(lineAfter(after, 0)) == "" {
		return text
	}
	if _, within := inCode(codeIn(text), len(before)); within {
		return text
	}
	return strings.TrimRight(before, " \t") + "\n\n" + mark + "\n\n" + strings.TrimLeft(after, " \t")
}

// blockAttributes are a line of attributes below the block that they are for.
var blockAttributes = regexp.MustCompile(`(?m)(^|\n)[ \t>]*\{[.#\w][^{}\n]*\}[ \t]*(?:\n|\z)`)

func (h *hugo) writing() writing {
	return writing{smart: h.smart, summaryKeys: []string{"summary"}, markFirst: true, emoji: h.emoji,
		hardWraps: h.hardWraps, noRaw: h.noRaw, bareLinks: h.bareLinks, noStrike: h.noStrike, marks: h.marks,
		noMath: true, passthrough: h.passthrough, markup: h.markup, keepAsides: h.own != nil, plainAlerts: h.own != nil && hasThemes(h.own)}
}
