package content

import (
	"path"
	"strings"
)

// hugo reads posts as Hugo does.
type hugo struct {
	folderEngine
	permalinks map[string]any // section → pattern
	ugly       any            // uglyURLs: for all, or by section
	roots      []string       // content folders of languages, below dir's own root
}

func newHugo(s *site, own *ownConfig) *hugo {
	h := &hugo{folderEngine: folderEngine{s}, ugly: own.setting("uglyurls")}
	h.permalinks, _ = own.setting("permalinks").(map[string]any)
	if page, ok := h.permalinks["page"].(map[string]any); ok {
		h.permalinks = page
	}
	languages, _ := own.setting("languages").(map[string]any)
	for _, v := range languages {
		if m, ok := v.(map[string]any); ok {
			if dir, ok := m["contentdir"].(string); ok {
				h.roots = append(h.roots, path.Clean(dir))
			}
		}
	}
	return h
}

func (h *hugo) covers(p string) bool {
	return path.Base(p) != "_index.md" && !strings.HasPrefix(path.Base(p), "_index.")
}

func (h *hugo) isPage(a *article) bool {
	return a.front.scalar("layout") == "page" || a.front.scalar("type") == "page"
}

func (h *hugo) complete(a *article) {
	if a.post.Date.IsZero() && a.name.date != "" {
		a.post.Date, _ = parseDate(a.name.date, h.loc)
	}
	a.setTags(a.front.list("tags", byComma))
	a.post.Summary = strings.TrimSpace(a.front.scalar("summary"))
	a.titleSlug = hugoSlug(a.post.Title)
	if a.slug = hugoSlug(a.slug); a.slug == "" {
		a.slug = a.titleSlug
	}
}

func (h *hugo) address(a *article) string {
	if own := a.front.scalar("url"); own != "" {
		return own
	}
	pattern := h.permalink
	section, _, _ := strings.Cut(h.folder(a), "/")
	if pattern == "" {
		pattern, _ = h.permalinks[section].(string)
	}
	if pattern == "" {
		last := hugoSlug(a.name.full)
		if s := a.front.scalar("slug"); s != "" {
			last = hugoSlug(s)
		}
		pattern = a.slugPath(h.folder(a)) + "/" + last + "/"
		pattern = strings.ReplaceAll(pattern, ":", "")
	}
	where := a.expand(pattern)
	if h.isUgly(section) && h.permalinks[section] == nil && h.permalink == "" {
		where = strings.TrimSuffix(where, "/") + ".html"
	}
	return where
}

// folder is the post's folder below its language's content folder.
func (h *hugo) folder(a *article) string {
	full := path.Join(h.below, a.name.dir)
	for _, root := range h.roots {
		for _, prefix := range []string{root, strings.TrimPrefix(root, "content/")} {
			if rest, ok := strings.CutPrefix(full+"/", prefix+"/"); ok {
				return strings.TrimSuffix(rest, "/")
			}
		}
	}
	return full
}

func (h *hugo) isUgly(section string) bool {
	switch v := h.ugly.(type) {
	case string:
		return v == "true"
	case map[string]any:
		return v[section] == "true"
	}
	return false
}

func (h *hugo) slugify(text string) string { return hugoSlug(text) }

func (h *hugo) expand(m *macros, text string) string { return expandShortcodes(m, text) }

func (h *hugo) writing() writing {
	return writing{smart: true, summaryKeys: []string{"summary"}, markFirst: true}
}
