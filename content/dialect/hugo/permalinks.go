package hugo

import (
	"cmp"
	"maps"
	"path"
	"publisher/content/dialect"
	"publisher/content/frontmatter"
	"slices"
	"strings"
)

// hugoPermalink is one rule of Hugo's permalinks.
type hugoPermalink struct {
	glob    *dialect.Glob // of pages, from the content root with a slash before; nil for all
	lang    *dialect.Glob // nil for all
	pattern string
}

// hugoPermalinks reads both forms: a list of targets with a pattern each, and a
// table of patterns by section, which the tables page, term and so on may divide.
func hugoPermalinks(v any) []hugoPermalink {
	var rules []hugoPermalink
	switch v := v.(type) {
	case map[string]any:
		table := maps.Clone(v)
		if page, ok := v["page"].(map[string]any); ok {
			maps.Copy(table, page)
		}
		for section, pattern := range table {
			if pattern, ok := pattern.(string); ok {
				rules = append(rules, hugoPermalink{glob: pagesGlob(sectionGlob(section)), pattern: pattern})
			}
		}
		slices.SortFunc(rules, func(a, b hugoPermalink) int { // the most exact section first
			return cmp.Or(cmp.Compare(len(b.glob.Text), len(a.glob.Text)), cmp.Compare(a.glob.Text, b.glob.Text))
		})
	case []any:
		for _, item := range v {
			rule, _ := item.(map[string]any)
			pattern, _ := rule["pattern"].(string)
			target := hugoTarget(rule["target"])
			if pattern != "" && target.ofPages {
				rules = append(rules, hugoPermalink{target.glob, target.lang, pattern})
			}
		}
	}
	return rules
}

// sectionGlob matches the pages of a section; "/" or nothing is the root's.
func sectionGlob(section string) string {
	section = strings.ToLower(strings.Trim(section, " /"))
	if section == "" {
		return "/*"
	}
	return "/{" + section + "," + section + "/**}"
}

// pagesTarget is what Hugo's `target` tables choose pages by.
type pagesTarget struct {
	glob, lang *dialect.Glob
	ofPages    bool // posts can be among them
}

func hugoTarget(v any) pagesTarget {
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

// pattern is the first that the settings give for a page; "" for none.
func (h *Engine) pattern(a *dialect.Page) string {
	rules := h.permalinks
	if own, ok := h.ofLanguage(a.Name.Lang, "permalinks").(map[string]any); ok {
		rules = hugoPermalinks(own)
	}
	page := h.pagePath(a)
	for _, r := range rules {
		if matchesGlob(r.glob, page) && matchesGlob(r.lang, h.LanguageOf(a)) {
			return r.pattern
		}
	}
	return ""
}

// pagePath is what globs are matched with.
func (h *Engine) pagePath(a *dialect.Page) string { return "/" + path.Join(h.Folder(a), a.Name.Full) }

// pagesGlob reads a glob of a target, which knows no case; nil for none.
func pagesGlob(text string) *dialect.Glob {
	if text == "" {
		return nil
	}
	p := dialect.HugoGlob(strings.ToLower(text))
	return &p
}

// matchesGlob takes no glob for any text. Hugo's paths have no spaces.
func matchesGlob(glob *dialect.Glob, text string) bool {
	return glob == nil || glob.Re.MatchString(strings.ReplaceAll(strings.ToLower(text), " ", "-"))
}

// sectionOf is the nearest section that a page is in: one of the first level, or
// one with a page of its own.
func (h *Engine) sectionOf(a *dialect.Page) string {
	folder := h.Folder(a)
	for strings.Contains(folder, "/") && hugoFoldersOf(a).page(a, folder) == nil {
		folder = path.Dir(folder)
	}
	return folder
}

// sectionSlugs are the slugs, or titles, of a page's section and those above it.
func (h *Engine) sectionSlugs(a *dialect.Page) []string {
	var slugs []string
	for at := h.sectionOf(a); at != ""; at = strings.TrimPrefix(path.Dir(at), ".") {
		name := path.Base(at)
		if page := hugoFoldersOf(a).page(a, at); page != nil && *page != "" {
			name = *page
		} else if page == nil && strings.Contains(at, "/") {
			continue
		}
		slugs = append([]string{h.slugs.Of(name)}, slugs...)
	}
	return slugs
}

// placeholder knows a page's sections, and Go's date layouts, such as :2006 or :January.
func (h *Engine) Placeholder(a *dialect.Page, word string) (string, bool) {
	switch word {
	case "":
		return "", false
	case "section":
		first, _, _ := strings.Cut(h.sectionOf(a), "/")
		return h.Slugify(first), true
	case "sections", "path":
		return a.SlugPath(h.sectionOf(a)), true
	case "sectionslugs":
		return strings.Join(h.sectionSlugs(a), "/"), true
	case "sectionslug":
		slugs := h.sectionSlugs(a)
		return strings.Join(slugs[:min(len(slugs), 1)], "/"), true
	}
	if slices.Contains(dialect.Placeholders, word) || dialect.LayoutDay.Format(word) == word {
		return "", false
	}
	return a.Post.Date.Format(word), true
}
