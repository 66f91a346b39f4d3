package hugo

import (
	"net/url"
	"path"
	"publisher/content/dialect"
	"publisher/content/frontmatter"
	"publisher/content/mdsource"
	"publisher/content/sanitize"
	"strings"
)

// resolve follows links as sites of Hugo have them besides addresses: to a page's
// file or folder, and to what lies in a bundle that several languages share.
func (h *Engine) Resolve(l *dialect.Linker, dest string) (sanitize.Target, bool) {
	file, fragment := dialect.CutFragment(dest)
	if file == "" || strings.Contains(file, "://") || strings.HasPrefix(file, "//") || strings.HasPrefix(file, "mailto:") {
		return sanitize.Target{}, false
	}
	if to, ok := h.sharedFile(l, file); ok {
		to.URL += fragment
		return to, true
	}
	if l.Tree == nil || path.Ext(file) != "" && !mdsource.IsMarkdownName(file) {
		return sanitize.Target{}, false
	}
	files := h.pageFiles(l.Article, file)
	if !mdsource.IsMarkdownName(file) && h.isAddress(l, file) {
		l.Asked = append(l.Asked, files...) // which decide that, too
		return sanitize.Target{}, false
	}
	for _, f := range files {
		if to, ok := l.Post(f); ok {
			return sanitize.Target{URL: to + fragment}, true
		}
	}
	return sanitize.Target{}, false
}

// isAddress reports that a link leads to a post by its address, as a browser takes it.
func (h *Engine) isAddress(l *dialect.Linker, file string) bool {
	where := strings.TrimPrefix(l.Article.Post.URL, h.Host())
	if strings.HasSuffix(where, "/") {
		where = path.Join(where, file)
	} else {
		where = path.Join(path.Dir(where), file)
	}
	if strings.HasPrefix(file, "/") {
		where = path.Clean(file)
	}
	return l.Tree.Posts.Load().HasAddress(strings.TrimSuffix(h.Host()+where, "/"))
}

// pageFiles are the files that a link may mean: from the page's own folder, that of
// its bundle, or the content root.
func (h *Engine) pageFiles(a *dialect.Page, want string) []string {
	from := []string{path.Dir(a.Path)}
	if a.Name.Bundle {
		from = append(from, path.Dir(path.Dir(a.Path)))
	}
	if strings.HasPrefix(want, "/") {
		from = []string{"/"}
	}
	var files []string
	for _, dir := range from {
		p := strings.TrimPrefix(path.Clean("/"+path.Join(dir, want)), "/")
		if strings.HasPrefix(want, "/") && h.Below != "" {
			rest, ok := strings.CutPrefix(p, h.Below+"/")
			if !ok {
				continue
			}
			p = rest
		}
		if mdsource.IsMarkdownName(p) {
			files = append(files, p)
			continue
		}
		for _, stem := range []string{p, path.Join(p, "index"), path.Join(p, "_index")} {
			if a.Name.InLang {
				files = append(files, stem+"."+a.Name.Lang+".md")
			}
			files = append(files, stem+".md")
		}
	}
	return files
}

// sharedFile is where Hugo publishes a file of a bundle that several languages have:
// once, in the folder of the default language's page.
func (h *Engine) sharedFile(l *dialect.Linker, file string) (sanitize.Target, bool) {
	a, t := l.Article, l.Tree
	if t == nil {
		t = l.Home
	}
	duplicates, _ := frontmatter.Lookup(h.own.Setting("markup"), "goldmark.duplicateresourcefiles")
	if t == nil || len(h.languages.tables) < 2 || h.languages.hosts || duplicates == "true" || strings.HasPrefix(file, "/") || !strings.HasPrefix(path.Base(a.Path), "index.") {
		return sanitize.Target{}, false
	}
	folder := path.Dir(a.Path)
	rel := path.Join(folder, file)
	if !strings.HasPrefix(rel, folder+"/") || mdsource.IsMarkdownName(file) || h.Local(rel) == "" || h.hasLanguage(file) {
		return sanitize.Target{}, false
	}
	for _, name := range []string{"index." + h.languages.first + ".md", "index.md"} {
		page := path.Join(folder, name)
		if page == a.Path {
			break // its own folder
		}
		l.Asked = append(l.Asked, page)
		if h.Local(page) == "" {
			continue
		}
		if to, ok := t.AddressOf(page); ok {
			out := sanitize.Target{URL: strings.TrimSuffix(to, "/") + "/" + (&url.URL{Path: path.Clean(file)}).EscapedPath()}
			out.Places = []sanitize.Place{{Dir: h.Dir, Rel: rel}}
			return out, true
		}
	}
	return sanitize.Target{}, false
}

// hasLanguage reports that a file's name says which language it is for.
func (h *Engine) hasLanguage(file string) bool {
	m := dialect.LangSuffix.FindStringSubmatch(strings.TrimSuffix(file, path.Ext(file)))
	return m != nil && h.Site.Languages[strings.ToLower(m[2])]
}

// copies is about the static folders, and the content: what is no page there is a
// resource of one.
func (h *Engine) Copies(file string) string {
	static := frontmatter.Strings(h.own.Setting("staticdir"), frontmatter.NoSplit)
	if len(static) == 0 {
		static = []string{"static"}
	}
	folders := []string{path.Join(h.own.ContentDir)}
	for i, folder := range static {
		static[i] = path.Join(folder)
	}
	return h.CopiedFrom("Hugo", file, append(static, folders...)...)
}
