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
func (m *markdown) prepare(a *article) {
	first, _, _ := strings.Cut(a.name.dir, "/")
	if a.name.lang == "" && m.languages[first] {
		a.name.lang, a.name.root = first, first
	}
}

func (m *markdown) isPage(a *article) bool { return isPageLayout(a) }

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

func (m *markdown) writing() markdownOptions { return markdownOptions{} }
