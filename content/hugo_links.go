package content

import (
	"net/url"
	"path"
	"strings"
)

// resolve follows links as sites of Hugo have them besides addresses: to a page's
// file or folder, and to what lies in a bundle that several languages share.
func (h *hugo) resolve(l *linker, dest string) (target, bool) {
	file, fragment := cutFragment(dest)
	if file == "" || strings.Contains(file, "://") || strings.HasPrefix(file, "//") || strings.HasPrefix(file, "mailto:") {
		return target{}, false
	}
	if to, ok := h.sharedFile(l, file); ok {
		to.url += fragment
		return to, true
	}
	if l.tree == nil || path.Ext(file) != "" && !isMarkdownName(file) {
		return target{}, false
	}
	files := h.pageFiles(l.article, file)
	if !isMarkdownName(file) && h.isAddress(l, file) {
		l.asked = append(l.asked, files...) // which decide that, too
		return target{}, false
	}
	for _, f := range files {
		if to, ok := l.post(f); ok {
			return target{url: to + fragment}, true
		}
	}
	return target{}, false
}

// isAddress reports that a link leads to a post by its address, as a browser takes it.
func (h *hugo) isAddress(l *linker, file string) bool {
	where := strings.TrimPrefix(l.article.post.URL, h.host())
	if strings.HasSuffix(where, "/") {
		where = path.Join(where, file)
	} else {
		where = path.Join(path.Dir(where), file)
	}
	if strings.HasPrefix(file, "/") {
		where = path.Clean(file)
	}
	return l.tree.posts.Load().hasAddress(strings.TrimSuffix(h.host()+where, "/"))
}

// pageFiles are the files that a link may mean: from the page's own folder, that of
// its bundle, or the content root.
func (h *hugo) pageFiles(a *article, want string) []string {
	from := []string{path.Dir(a.path)}
	if a.name.bundle {
		from = append(from, path.Dir(path.Dir(a.path)))
	}
	if strings.HasPrefix(want, "/") {
		from = []string{"/"}
	}
	var files []string
	for _, dir := range from {
		p := strings.TrimPrefix(path.Clean("/"+path.Join(dir, want)), "/")
		if strings.HasPrefix(want, "/") && h.below != "" {
			rest, ok := strings.CutPrefix(p, h.below+"/")
			if !ok {
				continue
			}
			p = rest
		}
		if isMarkdownName(p) {
			files = append(files, p)
			continue
		}
		for _, stem := range []string{p, path.Join(p, "index"), path.Join(p, "_index")} {
			if a.name.inLang {
				files = append(files, stem+"."+a.name.lang+".md")
			}
			files = append(files, stem+".md")
		}
	}
	return files
}

// sharedFile is where Hugo publishes a file of a bundle that several languages have:
// once, in the folder of the default language's page.
func (h *hugo) sharedFile(l *linker, file string) (target, bool) {
	a, t := l.article, l.tree
	if t == nil {
		t = l.home
	}
	duplicates, _ := dig(h.own.setting("markup"), "goldmark.duplicateresourcefiles")
	if t == nil || len(h.languages.tables) < 2 || h.languages.hosts || duplicates == "true" || strings.HasPrefix(file, "/") || !strings.HasPrefix(path.Base(a.path), "index.") {
		return target{}, false
	}
	folder := path.Dir(a.path)
	rel := path.Join(folder, file)
	if !strings.HasPrefix(rel, folder+"/") || isMarkdownName(file) || h.local(rel) == "" || h.hasLanguage(file) {
		return target{}, false
	}
	for _, name := range []string{"index." + h.languages.first + ".md", "index.md"} {
		page := path.Join(folder, name)
		if page == a.path {
			break // its own folder
		}
		l.asked = append(l.asked, page)
		if h.local(page) == "" {
			continue
		}
		if to, ok := t.addressOf(page); ok {
			out := target{url: strings.TrimSuffix(to, "/") + "/" + (&url.URL{Path: path.Clean(file)}).EscapedPath()}
			out.places = []place{{dir: h.dir, rel: rel}}
			return out, true
		}
	}
	return target{}, false
}

// hasLanguage reports that a file's name says which language it is for.
func (h *hugo) hasLanguage(file string) bool {
	m := langSuffix.FindStringSubmatch(strings.TrimSuffix(file, path.Ext(file)))
	return m != nil && h.site.languages[strings.ToLower(m[2])]
}

// copies is about the static folders, and the content: what is no page there is a
// resource of one.
func (h *hugo) copies(file string) string {
	static := listOf(h.own.setting("staticdir"), whole)
	if len(static) == 0 {
		static = []string{"static"}
	}
	folders := []string{path.Join(h.own.contentDir)}
	for i, folder := range static {
		static[i] = path.Join(folder)
	}
	return h.copiedFrom("Hugo", file, append(static, folders...)...)
}
