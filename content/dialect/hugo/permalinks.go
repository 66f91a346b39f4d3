package hugo

import (
	"cmp"
	"maps"
	"path"
	"slices"
	"strings"

	"publisher/content/dialect"
	"publisher/content/frontmatter"
	"publisher/content/glob"
)

// permalinkRule is one rule of Hugo's permalinks.
type permalinkRule struct {
	glob    *glob.Pattern // of pages, from the content root with a slash before; nil for all
	lang    *glob.Pattern // nil for all
	pattern string
}

// readPermalinks reads both forms: a list of targets with a pattern each, and a table of patterns
// by section, which the tables page, term and so on may divide.
func readPermalinks(v any) []permalinkRule {
	var rules []permalinkRule
	switch v := v.(type) {
	case map[string]any:
		table := maps.Clone(v)
		if page, ok := v["page"].(map[string]any); ok {
			maps.Copy(table, page)
		}
		for section, pattern := range table {
			if pattern, ok := pattern.(string); ok {
				rules = append(rules, permalinkRule{glob: pagesGlob(sectionGlob(section)), pattern: pattern})
			}
		}
		slices.SortFunc(rules, func(a, b permalinkRule) int { // the most exact section first
			return cmp.Or(cmp.Compare(len(b.glob.Text), len(a.glob.Text)), cmp.Compare(a.glob.Text, b.glob.Text))
		})
	case []any:
		for _, item := range v {
			rule, _ := item.(map[string]any)
			pattern, _ := rule["pattern"].(string)
			target := readTarget(rule["target"])
			if pattern != "" && target.ofPages {
				rules = append(rules, permalinkRule{target.glob, target.lang, pattern})
			}
		}
	}
	return rules
}

// sectionGlob returns a glob of the pages of a section; "/" or nothing is the root's.
func sectionGlob(section string) string {
	section = strings.ToLower(strings.Trim(section, " /"))
	if section == "" {
		return "/*"
	}
	return "/{" + section + "," + section + "/**}"
}

// pagesTarget is what Hugo's `target` tables select pages by.
type pagesTarget struct {
	glob, lang *glob.Pattern
	ofPages    bool // posts can be among them
}

// readTarget reads a `target` table.
func readTarget(v any) pagesTarget {
	table, _ := v.(map[string]any)
	var t pagesTarget
	glob, _ := table["path"].(string)
	lang, _ := table["lang"].(string)
	if languages, ok := frontmatter.Lookup(table, "sites.matrix.languages"); ok {
		if list := frontmatter.Strings(languages, frontmatter.NoSplit); len(list) == 1 {
			lang = list[0]
		} else if len(list) > 1 {
			lang = "{" + strings.Join(list, ",") + "}"
		}
	}
	t.glob, t.lang = pagesGlob(glob), pagesGlob(lang)
	kind, _ := table["kind"].(string)
	environment, _ := table["environment"].(string)
	t.ofPages = matchesGlob(pagesGlob(kind), "page") && matchesGlob(pagesGlob(environment), "production")
	return t
}

// pattern returns the first pattern of the settings for a page, or "".
func (h *Engine) pattern(p *dialect.Page) string {
	rules := h.permalinks
	if own, ok := h.languageSetting(p.Name.Lang, "permalinks").(map[string]any); ok {
		rules = readPermalinks(own)
	}
	page := h.pagePath(p)
	for _, r := range rules {
		if matchesGlob(r.glob, page) && matchesGlob(r.lang, h.LanguageOf(p)) {
			return r.pattern
		}
	}
	return ""
}

// pagePath returns what globs are matched with.
func (h *Engine) pagePath(p *dialect.Page) string { return "/" + path.Join(h.Folder(p), p.Name.Full) }

// pagesGlob reads a case-insensitive glob of a target; nil for none.
func pagesGlob(text string) *glob.Pattern {
	if text == "" {
		return nil
	}
	p := glob.Hugo(strings.ToLower(text))
	return &p
}

// matchesGlob reports whether a glob, or nil for any, matches. Hugo's paths have no spaces.
func matchesGlob(glob *glob.Pattern, text string) bool {
	return glob == nil || glob.Re.MatchString(strings.ReplaceAll(strings.ToLower(text), " ", "-"))
}

// sectionOf returns the nearest section of a page: one of the first level, or one with a page of
// its own.
func (h *Engine) sectionOf(p *dialect.Page) string {
	folder := h.Folder(p)
	for strings.Contains(folder, "/") && foldersOf(p).page(p, folder) == nil {
		folder = path.Dir(folder)
	}
	return folder
}

// sectionSlugs returns the slugs, or titles, of a page's section and those above it.
func (h *Engine) sectionSlugs(p *dialect.Page) []string {
	var slugs []string
	for at := h.sectionOf(p); at != ""; at = strings.TrimPrefix(path.Dir(at), ".") {
		name := path.Base(at)
		if page := foldersOf(p).page(p, at); page != nil && *page != "" {
			name = *page
		} else if page == nil && strings.Contains(at, "/") {
			continue
		}
		slugs = append([]string{h.slugs.Of(name)}, slugs...)
	}
	return slugs
}

// Placeholder knows a page's sections, and Go's date layouts, such as :2006 or :January.
func (h *Engine) Placeholder(p *dialect.Page, word string) (string, bool) {
	switch word {
	case "":
		return "", false
	case "section":
		first, _, _ := strings.Cut(h.sectionOf(p), "/")
		return h.Slugify(first), true
	case "sections", "path":
		return p.SlugPath(h.sectionOf(p)), true
	case "sectionslugs":
		return strings.Join(h.sectionSlugs(p), "/"), true
	case "sectionslug":
		slugs := h.sectionSlugs(p)
		return strings.Join(slugs[:min(len(slugs), 1)], "/"), true
	}
	if slices.Contains(dialect.Placeholders, word) || dialect.LayoutDay.Format(word) == word {
		return "", false
	}
	return p.Post.Date.Format(word), true
}
