package hugo

import (
	"net/url"
	"path"
	"strings"

	"publisher/content/dialect"
	"publisher/content/frontmatter"
	"publisher/content/mdsource"
	"publisher/content/sanitize"
)

// ResolveLink follows links that sites of Hugo have besides addresses: to a page's file or
// folder, and to files of a bundle that several languages share.
func (h *Engine) ResolveLink(l *dialect.Linker, dest string) (sanitize.Target, bool) {
	file, fragment := dialect.CutFragment(dest)
	if file == "" || strings.Contains(file, "://") || strings.HasPrefix(file, "//") || strings.HasPrefix(file, "mailto:") {
		return sanitize.Target{}, false
	}
	if to, ok := h.sharedFile(l, file); ok {
		to.URL += fragment
		return to, true
	}
	if l.Scanning || path.Ext(file) != "" && !mdsource.IsMarkdownName(file) {
		return sanitize.Target{}, false
	}
	files := h.pageFiles(l.Page, file)
	if !mdsource.IsMarkdownName(file) && h.isAddress(l, file) {
		l.LookedUp = append(l.LookedUp, files...) // which decide that, too
		return sanitize.Target{}, false
	}
	for _, f := range files {
		if to, ok := l.URLOf(f); ok {
			return sanitize.Target{URL: to + fragment}, true
		}
	}
	return sanitize.Target{}, false
}

// isAddress reports whether a link leads to a post by its address, as a browser resolves it.
func (h *Engine) isAddress(l *dialect.Linker, file string) bool {
	where := strings.TrimPrefix(l.Page.Post.URL, h.Host())
	if strings.HasSuffix(where, "/") {
		where = path.Join(where, file)
	} else {
		where = path.Join(path.Dir(where), file)
	}
	if strings.HasPrefix(file, "/") {
		where = path.Clean(file)
	}
	return l.Blog.Posts.Load().HasAddress(strings.TrimSuffix(h.Host()+where, "/"))
}

// pageFiles returns the files that a link may mean: from the page's folder, its bundle's, or the
// content root.
func (h *Engine) pageFiles(p *dialect.Page, want string) []string {
	from := []string{path.Dir(p.Path)}
	if p.Name.Bundle {
		from = append(from, path.Dir(path.Dir(p.Path)))
	}
	if strings.HasPrefix(want, "/") {
		from = []string{"/"}
	}
	var files []string
	for _, dir := range from {
		file := strings.TrimPrefix(path.Clean("/"+path.Join(dir, want)), "/")
		if strings.HasPrefix(want, "/") && h.Subdir != "" {
			rest, ok := strings.CutPrefix(file, h.Subdir+"/")
			if !ok {
				continue
			}
			file = rest
		}
		if mdsource.IsMarkdownName(file) {
			files = append(files, file)
			continue
		}
		for _, stem := range []string{file, path.Join(file, "index"), path.Join(file, "_index")} {
			if p.Name.LangInName {
				files = append(files, stem+"."+p.Name.Lang+".md")
			}
			files = append(files, stem+".md")
		}
	}
	return files
}

// sharedFile returns where Hugo publishes a file of a bundle that several languages have: once,
// in the folder of the default language's page.
func (h *Engine) sharedFile(l *dialect.Linker, file string) (sanitize.Target, bool) {
	p := l.Page
	duplicates, _ := frontmatter.Lookup(h.settings.Value("markup"), "goldmark.duplicateresourcefiles")
	if len(h.languages.tables) < 2 || h.languages.hosts || duplicates == "true" || strings.HasPrefix(file, "/") || !strings.HasPrefix(path.Base(p.Path), "index.") {
		return sanitize.Target{}, false
	}
	folder := path.Dir(p.Path)
	rel := path.Join(folder, file)
	if !strings.HasPrefix(rel, folder+"/") || mdsource.IsMarkdownName(file) || h.LocalFile(rel) == "" || h.hasLanguage(file) {
		return sanitize.Target{}, false
	}
	for _, name := range []string{"index." + h.languages.first + ".md", "index.md"} {
		page := path.Join(folder, name)
		if page == p.Path {
			break // its own folder
		}
		l.LookedUp = append(l.LookedUp, page)
		if h.LocalFile(page) == "" {
			continue
		}
		if to, ok := l.Blog.AddressOf(page); ok {
			out := sanitize.Target{URL: strings.TrimSuffix(to, "/") + "/" + (&url.URL{Path: path.Clean(file)}).EscapedPath()}
			out.Places = []sanitize.Place{{Dir: h.Dir, Rel: rel}}
			return out, true
		}
	}
	return sanitize.Target{}, false
}

// hasLanguage reports whether a file's name has a language.
func (h *Engine) hasLanguage(file string) bool {
	m := dialect.LangSuffix.FindStringSubmatch(strings.TrimSuffix(file, path.Ext(file)))
	return m != nil && h.Site.Languages[strings.ToLower(m[2])]
}

// CopyNotice covers the static folders, and the content, where what is not a page is a resource
// of one.
func (h *Engine) CopyNotice(file string) string {
	static := frontmatter.Strings(h.settings.Value("staticdir"), frontmatter.NoSplit)
	if len(static) == 0 {
		static = []string{"static"}
	}
	folders := []string{path.Join(h.settings.ContentDir)}
	for i, folder := range static {
		static[i] = path.Join(folder)
	}
	return h.CopiedFrom("Hugo", file, append(static, folders...)...)
}
