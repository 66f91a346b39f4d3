package content

import (
	"path"
	"strings"
)

// ref is the address of another page, found by its path or by its file's name.
func (x *shortcodeExpander) ref(s shortcode) string {
	want := s.params.get(0, "path")
	file, fragment := cutFragment(want)
	if file == "" {
		return x.article.post.URL + fragment
	}
	if to, ok := findPage(x.macros, file); ok {
		return to + fragment
	}
	x.warn(s.from, "the shortcode "+s.name+" leads to "+clip(want)+", which is not in the content folder")
	return x.article.site.absolute("/") + fragment
}

// refText is what a reference shows where it is no link: relref's are without the host.
func (x *shortcodeExpander) refText(name, to string) string {
	if name == "relref" {
		return x.article.site.withoutHost(to)
	}
	return to
}

// findPage finds the page that Hugo means by a path: from the page's own folder,
// from the content root, or by the file's name alone; with or without .md.
func findPage(m *macros, want string) (string, bool) {
	a := m.article
	want = strings.TrimSuffix(want, "/")
	var tries []string
	add := func(p string) {
		p = strings.TrimPrefix(path.Clean("/"+p), "/")
		if rest, ok := strings.CutPrefix(p, a.site.below+"/"); ok && a.site.below != "" {
			p = rest
		}
		if isMarkdownName(p) {
			tries = append(tries, p)
			return
		}
		tries = append(tries, p+".md", path.Join(p, "index.md"), path.Join(p, "_index.md"))
	}
	if !strings.HasPrefix(want, "/") {
		add(path.Join(path.Dir(a.path), want))
		if a.name.bundle {
			add(path.Join(path.Dir(path.Dir(a.path)), want))
		}
	}
	add(want)
	for _, try := range tries {
		if to, ok := m.tree.addressOf(try); ok {
			return to, true
		}
	}
	return m.tree.posts.Load().byBaseName(path.Base(want))
}

// reference finds a page as the shortcodes ref and relref do.
func (h *hugoTemplates) reference(relative bool) func(page, want any) (string, error) {
	return func(_, want any) (string, error) {
		s, err := h.text(want)
		if err != nil {
			return "", err
		}
		file, fragment := cutFragment(s)
		to, ok := findPage(h.macros, file)
		if !ok {
			return "", errTemplate
		}
		if relative {
			to = pathOf(to)
		}
		return to + fragment, nil
	}
}
