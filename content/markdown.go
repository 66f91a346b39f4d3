package content

import (
	"path"
	"strings"
)

// markdown reads a folder of Markdown files that no engine claims.
type markdown struct{ folderEngine }

func newMarkdown(s *site) *markdown { return &markdown{folderEngine{site: s}} }

func (m *markdown) covers(p string) bool { return !strings.HasPrefix(path.Base(p), "_index.") }

// prepare finds the language whose folder a file is in.
func (m *markdown) prepare(a *article, _ *sections) {
	first, _, _ := strings.Cut(a.name.dir, "/")
	if a.name.lang == "" && m.languages[first] {
		a.name.lang, a.name.root = first, first
	}
}

func (m *markdown) isPage(a *article) bool { return isPageLayout(a) }

// isPageLayout is how a front matter says in most engines that it is no post.
func isPageLayout(a *article) bool {
	return a.front.scalar("layout") == "page" || a.front.scalar("type") == "page"
}

func (m *markdown) complete(a *article) {
	if a.post.Date.IsZero() {
		a.post.Date = a.date(otherDates...)
	}
	if a.post.Date.IsZero() && a.name.date != "" && !a.invalid() {
		a.post.Date, _ = parseDate(a.name.date, m.loc)
	}
	if a.post.Title == "" {
		a.post.Title = headingTitle(a.body)
	}
	taxonomies := a.front.table("taxonomies")
	a.categories = append(a.categories, names(listOf(taxonomies["categories"], whole))...)
	a.setNearTags(append(a.front.list("tags", byComma), listOf(taxonomies["tags"], whole)...))
	a.post.Summary = a.front.scalar("summary", "excerpt", "description")
	a.titleSlug = hugoSlug(a.post.Title)
	if a.slug = hugoSlug(a.slug); a.slug == "" {
		a.slug = hugoSlug(a.name.stem)
	}
}

func (m *markdown) address(a *article) string {
	if own := a.front.scalar("url", "permalink", "path"); own != "" {
		return own
	}
	where := "/" + a.slugPath(a.name.dir) + "/" + a.slug + "/"
	if m.permalink != "" {
		where = a.expand(m.permalink)
	}
	// post.de.md lies beside post.md, and must not have its address.
	if a.name.lang != "" && a.name.root == "" && a.name.lang != m.language && !strings.Contains(m.permalink, ":lang") {
		where = "/" + strings.ToLower(a.name.lang) + "/" + strings.TrimLeft(where, "/")
	}
	return where
}

func (m *markdown) slugify(text string) string { return hugoSlug(text) }

// expand knows Hugo's shortcodes, which nothing else looks like.
func (m *markdown) expand(x *macros, text string) string { return expandShortcodes(x, nil, text) }

func (m *markdown) writing() writing {
	return writing{summaryKeys: []string{"summary", "excerpt", "description"}}
}

// firstHeading is the text of the heading that a file without a title opens with.
func firstHeading(body string) string {
	lines := strings.Split(strings.TrimSpace(body), "\n")
	if text, ok := strings.CutPrefix(lines[0], "# "); ok {
		return plainInline(strings.TrimRight(strings.TrimSpace(text), "# "))
	}
	if len(lines) > 1 && lines[1] != "" && strings.Trim(lines[1], "=") == "" {
		return plainInline(lines[0])
	}
	return ""
}

// autoEngine is for a tree in which no engine's own config was found: each file
// is read by the rules that its own form shows.
type autoEngine struct {
	*markdown
	pelican *pelican
	jekyll  *jekyll
}

func newAuto(s *site) *autoEngine {
	return &autoEngine{newMarkdown(s), newPelican(s, nil), newJekyll(s, nil)}
}

func (e *autoEngine) of(src *source) engine {
	switch {
	case src.front.form == blockForm:
		return e.pelican
	case e.jekyll.covers(src.path):
		return e.jekyll
	}
	return e.markdown
}
