package content

import (
	"maps"
	"path"
	"strings"
)

// eleventy reads posts as Eleventy does: the address follows the path.
type eleventy struct{ folderEngine }

func newEleventy(s *site) *eleventy { return &eleventy{folderEngine{s}} }

func (e *eleventy) isPage(a *article) bool { return isPageLayout(a) }

func (e *eleventy) complete(a *article) {
	if a.post.Date.IsZero() && a.name.date != "" {
		a.post.Date, _ = parseDate(a.name.date, e.loc)
	}
	a.setTags(a.front.list("tags", whole))
	a.post.Summary = a.front.scalar("excerpt", "summary", "description")
	a.titleSlug = jekyllSlug(a.post.Title)
	if a.slug == "" {
		a.slug = a.name.stem
	}
}

func (e *eleventy) address(a *article) string {
	if own := a.front.scalar("permalink", "url"); own != "" && !strings.Contains(own, "{") {
		return strings.TrimSuffix(own, "index.html")
	}
	if e.permalink != "" {
		return a.expand(e.permalink)
	}
	return "/" + path.Join(e.below, a.name.dir, a.name.stem) + "/"
}

func (e *eleventy) slugify(text string) string { return jekyllSlug(text) }

func (e *eleventy) expand(m *macros, text string) string {
	if override, ok := m.article.front.values["templateengineoverride"].(string); ok && !strings.Contains(override, "liquid") && !strings.Contains(override, "njk") {
		return text
	}
	return expandLiquid(m, text, true, e.variables(m.article), eleventyTags)
}

// variables are the front matter's, and what Eleventy says of the page.
func (e *eleventy) variables(a *article) map[string]any {
	vars := map[string]any{}
	maps.Copy(vars, a.front.values)
	vars["page"] = a.pageVariables()
	return vars
}

func (e *eleventy) writing() writing {
	return writing{summaryKeys: []string{"excerpt", "summary", "description"}}
}
