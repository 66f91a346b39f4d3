package content

import (
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
)

// eleventy reads posts as Eleventy does: the address follows the path.
type eleventy struct {
	folderEngine
	plain bool // Markdown is no template
}

var noTemplates = regexp.MustCompile(`\bmarkdownTemplateEngine["']?\s*:\s*false\b`)

func newEleventy(s *site, own *ownConfig) *eleventy {
	return &eleventy{folderEngine{s}, own != nil && noTemplates.Match(own.text)}
}

func (e *eleventy) prepare(a *article, s *sections) {
	stem := strings.TrimSuffix(path.Join(e.below, a.path), a.name.ext)
	own := a.front.list("tags", whole)
	for _, l := range s.of(stem, a.name.lang) {
		own = append(own, listOf(l.values["tags"], whole)...) // tags add up
		a.inherit(l.values)
	}
	if len(own) > 0 {
		a.front.values["tags"] = anyList(own)
	}
}

// isPage also knows what has no address, and what is neither dated nor tagged.
func (e *eleventy) isPage(a *article) bool {
	if written, set := a.front.truth("permalink"); set && !written {
		return true
	}
	hidden, _ := a.front.truth("eleventyexcludefromcollections")
	dated := a.front.has("date") || a.name.date != ""
	return hidden || isPageLayout(a) || !dated && a.front.form != noFrontMatter && len(a.front.list("tags", whole)) == 0
}

// fileDates are what Eleventy takes for a date that it finds itself.
var fileDates = set("created last git modified")

func (e *eleventy) complete(a *article) {
	first, _, _ := strings.Cut(strings.ToLower(a.front.scalar("date")), " ")
	switch {
	case fileDates[first]:
		a.dropProblem("date")
		a.post.Date = a.modTime.In(e.loc)
	case a.post.Date.IsZero() && a.name.date != "":
		a.post.Date, _ = parseDate(a.name.date, e.loc)
	case a.post.Date.IsZero() && !a.front.has("date") && a.front.form != noFrontMatter:
		a.post.Date = a.modTime.In(e.loc)
	}
	tags := slices.DeleteFunc(a.front.list("tags", whole), func(tag string) bool { return collections[strings.ToLower(tag)] })
	a.setTags(tags)
	a.post.Summary = a.front.scalar("excerpt", "summary", "description")
	a.titleSlug = eleventySlug(a.post.Title)
	if a.slug == "" {
		a.slug = a.name.stem
	}
}

// collections are tags that say what kind of page it is, not what it is about.
var collections = set("all nav post posts")

func (e *eleventy) address(a *article) string {
	if own := a.front.scalar("permalink", "url"); own != "" {
		where, ok := own, true
		if strings.Contains(own, "{") {
			where, ok = e.fill(a, own)
		}
		if !ok {
			a.reject(a.front.lineOf("permalink"), "the permalink "+clip(own)+" holds what cannot be evaluated here; write the post's address out, or set content.permalink in config.yaml")
		}
		return strings.TrimSuffix(where, "index.html")
	}
	if e.permalink != "" {
		return a.expand(e.permalink)
	}
	stem := a.name.stem
	if a.name.bundle {
		stem = a.name.full
	}
	return "/" + path.Join(e.below, a.name.dir, stem) + "/"
}

// fill evaluates a permalink's template; ok is false where a part of it is not
// known here.
func (e *eleventy) fill(a *article, template string) (string, bool) {
	m := &macros{article: a, base: template, quiet: true}
	l := &liquid{macros: m, text: template, vars: []map[string]any{e.variables(a), {}}, tags: eleventyTags, comments: true}
	l.read()
	for _, mark := range l.marks {
		if v, ok := l.evaluate(mark.arguments); !mark.output || !ok || liquidText(v) == "" {
			return "", false
		}
	}
	l.write(0, len(l.marks), 0, len(template), 0)
	return strings.TrimSpace(l.out.String()), true
}

func (e *eleventy) slugify(text string) string { return eleventySlug(text) }

func (e *eleventy) expand(m *macros, text string) string {
	if e.plain {
		return text
	}
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
