package content

import (
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"golang.org/x/text/language"
)

// hugo reads posts as Hugo does.
type hugo struct {
	folderEngine
	own        *ownConfig
	permalinks map[string]any // section → pattern
	targets    []permalinkTarget
	ugly       any               // uglyURLs: for all, or by section
	roots      map[string]string // language → its content folder, below the content root
	only       string            // the language that content.dir is the folder of; "" for none
	language   string            // the default one
	inSubdir   bool              // it has a folder of its own on the site all the same
	byName     bool              // dates in file names come before the front matter's
	slugs      hugoSlugs
	cascade    []inherited
	emoji      bool
}

// permalinkTarget is an item of the newer form of Hugo's permalinks.
type permalinkTarget struct{ glob, pattern string }

func newHugo(s *site, own *ownConfig) *hugo {
	h := &hugo{folderEngine: folderEngine{s}, own: own, ugly: own.setting("uglyurls"), roots: map[string]string{},
		language: own.scalar("defaultcontentlanguage"), inSubdir: own.scalar("defaultcontentlanguageinsubdir") == "true",
		slugs: hugoSlugs{keepCase: own.scalar("disablepathtolower") == "true", dropAccents: own.scalar("removepathaccents") == "true"},
		emoji: own.scalar("enableemoji") == "true"}
	if h.language == "" {
		h.language = "en"
	}
	h.readPermalinks()
	languages, _ := own.setting("languages").(map[string]any)
	for tag, v := range languages {
		if m, ok := v.(map[string]any); ok {
			if dir, ok := m["contentdir"].(string); ok {
				dir = path.Clean(dir)
				if own.root != "" && filepath.Join(own.root, filepath.FromSlash(dir)) == s.dir && dir != contentFolderOf(own) {
					h.only = tag
				}
				h.roots[tag] = strings.TrimPrefix(strings.TrimPrefix(dir, contentFolderOf(own)), "/")
			}
		}
	}
	if own.setting("cascade") != nil {
		h.cascade = cascades(own.setting("cascade"))
	}
	front, _ := own.setting("frontmatter").(map[string]any)
	order := listOf(front["date"], whole)
	named, usual := slices.Index(order, ":filename"), slices.IndexFunc(order, func(s string) bool { return s == ":default" || s == "date" })
	h.byName = named >= 0 && (usual < 0 || named < usual)
	return h
}

func contentFolderOf(own *ownConfig) string {
	if own == nil {
		return "content"
	}
	return path.Clean(contentFolder(own))
}

func (h *hugo) readPermalinks() {
	switch v := h.own.setting("permalinks").(type) {
	case map[string]any:
		h.permalinks = v
		if page, ok := v["page"].(map[string]any); ok {
			h.permalinks = page
		}
	case []any:
		for _, item := range v {
			rule, _ := item.(map[string]any)
			target, _ := rule["target"].(map[string]any)
			t := permalinkTarget{}
			t.pattern, _ = rule["pattern"].(string)
			t.glob, _ = target["path"].(string)
			if kind, _ := target["kind"].(string); t.pattern != "" && (kind == "" || kind == "page") {
				h.targets = append(h.targets, t)
			}
		}
	}
}

// prepare finds the language, from the folder or the file's name, and takes over
// what sections cascade.
func (h *hugo) prepare(a *article, s *sections) {
	full := path.Join(h.below, a.name.dir)
	for tag, root := range h.roots {
		if root != "" && (full == root || strings.HasPrefix(full, root+"/")) {
			a.name.lang = tag
			a.name.root = root
		}
	}
	if a.name.lang == "" {
		a.name.lang = h.only
	}
	if a.name.lang == "" && len(h.languages) > 0 {
		a.name.lang = h.language
	}
	if _, err := language.Parse(a.name.lang); a.name.lang != "" && err != nil { // a key such as cn
		if tag, ok := dig(h.own.setting("languages"), a.name.lang+".languagecode"); ok {
			a.inherit(map[string]any{"lang": tag})
		} else if tag, ok := dig(h.own.setting("languages"), a.name.lang+".locale"); ok {
			a.inherit(map[string]any{"lang": tag})
		}
	}
	file := path.Join(full, a.name.full)
	for _, l := range s.of(file, a.name.lang) {
		a.inherit(l.values)
	}
	for _, l := range h.cascade {
		if l.holds("/"+path.Join(h.folder(a), a.name.full), a.name.lang) {
			a.inherit(l.values)
		}
	}
	a.inheritSome(a.front.table("params"))
	if slug := a.name.stem; h.byName && a.name.date != "" {
		a.inherit(map[string]any{"slug": slug})
		a.front.values["date"] = a.name.date
	}
}

func (h *hugo) covers(p string) bool { return !strings.HasPrefix(path.Base(p), "_index.") }

// isPage also knows what is built without a page of its own, or kept out of
// lists.
func (h *hugo) isPage(a *article) bool {
	if headless, _ := a.front.truth("headless"); headless || isPageLayout(a) || a.name.full == "_index" {
		return true
	}
	dated := a.name.date != "" || slices.ContainsFunc([]string{"date", "publishdate", "lastmod"}, a.front.has)
	if h.own != nil && !dated && h.folder(a) == "" && a.front.form != noFrontMatter {
		return true // such as about.md
	}
	for _, key := range []string{"build", "_build"} {
		build := a.front.table(key)
		render, _ := build["render"].(string)
		list, _ := build["list"].(string)
		if render == "never" || render == "false" || render == "link" || list == "never" || list == "false" {
			return true
		}
	}
	return false
}

// pageAddress is where a section's page stands, which posts may link to.
func (h *hugo) pageAddress(a *article) string {
	if a.name.full != "_index" {
		return h.address(a)
	}
	return h.inLanguage(a, h.slugs.path(h.folder(a))+"/")
}

func (h *hugo) complete(a *article) {
	if a.post.Date.IsZero() && a.name.date != "" {
		a.post.Date, _ = parseDate(a.name.date, h.loc)
	}
	if a.post.Date.IsZero() {
		a.post.Date = a.post.Updated
	}
	a.published = a.date("publishdate")
	a.setTags(a.front.list("tags", byComma))
	a.post.Summary = strings.TrimSpace(a.front.scalar("summary"))
	a.titleSlug = h.slugs.of(a.post.Title)
	if a.slug = h.slugs.of(a.slug); a.slug == "" {
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
	pattern := h.pattern(a, section)
	var where string
	if pattern != "" {
		where = h.slugs.path(a.expand(pattern))
	} else {
		last := a.name.full
		if s := a.front.scalar("slug"); s != "" {
			last = s
		}
		where = "/" + h.slugs.path(folder) + "/" + h.slugs.of(last)
	}
	switch {
	case strings.HasSuffix(where, "/") || path.Ext(where) == ".html":
	case h.isUgly(section):
		where += ".html"
	default:
		where += "/"
	}
	return h.inLanguage(a, where)
}

// pattern is the one that the settings give for a section; "/" is the root's.
func (h *hugo) pattern(a *article, section string) string {
	for _, t := range h.targets {
		page := "/" + path.Join(h.folder(a), a.name.full)
		if ok, _ := doublestar.Match(strings.ToLower(t.glob), strings.ToLower(page)); ok || t.glob == "" {
			return t.pattern
		}
	}
	keys := []string{strings.ToLower(section)}
	if section == "" {
		keys = []string{"/", ""}
	}
	for _, key := range keys {
		if pattern, ok := h.permalinks[key].(string); ok {
			return pattern
		}
	}
	return ""
}

// ownAddress is the `url` of a front matter, which may hold placeholders. One
// without a slash before it counts from the language's folder.
func (h *hugo) ownAddress(a *article, own string) string {
	if strings.Contains(own, "://") {
		return own
	}
	where := a.expand(own)
	if !strings.HasSuffix(where, "/") && !strings.Contains(where, ".") {
		where += "/"
	}
	if !strings.HasPrefix(own, "/") {
		return h.inLanguage(a, "/"+where)
	}
	return where
}

// inLanguage puts the language's folder before an address.
func (h *hugo) inLanguage(a *article, where string) string {
	if a.name.lang == "" || a.name.lang == h.language && !h.inSubdir {
		return where
	}
	return "/" + strings.ToLower(a.name.lang) + "/" + strings.TrimPrefix(where, "/")
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

func (h *hugo) expand(m *macros, text string) string {
	text = expandShortcodes(m, text)
	if attributes, _ := dig(h.own.setting("markup"), "goldmark.parser.attribute.block"); attributes == "true" {
		text = outsideCode(text, func(prose string) string { return blockAttributes.ReplaceAllString(prose, "$1") })
	}
	return text
}

// blockAttributes are a line of attributes below the block that they are for.
var blockAttributes = regexp.MustCompile(`(?m)(^|\n)[ \t>]*\{[.#\w][^{}\n]*\}[ \t]*(?:\n|\z)`)

func (h *hugo) writing() writing {
	return writing{smart: true, summaryKeys: []string{"summary"}, markFirst: true, emoji: h.emoji}
}
