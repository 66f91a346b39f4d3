package pelican

import (
	"path"
	"regexp"
	"strings"

	"publisher/content/dialect"
	"publisher/content/frontmatter"
	"publisher/content/mdsource"
	"publisher/content/sanitize"
)

// intraSiteLink matches `{filename}path` and the like, and the old form `|filename|path`.
var intraSiteLink = regexp.MustCompile(`^(?:\{(\w+)\}|\|(\w+)\|)(.*)$`)

// ResolveLink follows Pelican's intra-site links. Paths are relative to the file's folder, or to Pelican's PATH
// if they begin with a slash.
func (e *Engine) ResolveLink(l *dialect.Linker, dest string) (sanitize.Target, bool) {
	m := intraSiteLink.FindStringSubmatch(dest)
	if m == nil {
		return sanitize.Target{}, false
	}
	value := strings.TrimSpace(m[3])
	switch strings.ToLower(m[1] + m[2]) {
	case "filename":
		file, fragment := dialect.CutFragment(value)
		return e.toFile(l, file, fragment), true
	case "static":
		return e.toStatic(l, value), true
	case "attach":
		return e.toAttached(l, value), true
	case "tag":
		return l.ToSite(e.taxonomy("tag", value)), true
	case "category":
		return l.ToSite(e.taxonomy("category", value)), true
	case "author":
		return l.ToSite(e.taxonomy("author", value)), true
	case "index":
		return l.ToSite(e.setting("index_save_as", "index.html")), true
	}
	return sanitize.Target{}, false
}

func (e *Engine) taxonomy(kind, value string) string {
	slug := e.slugOf(kind, strings.TrimPrefix(value, "/"))
	return strings.ReplaceAll(e.setting(kind+"_url", kind+"/{slug}.html"), "{slug}", slug)
}

// source returns the path of a link's target in PATH.
func (e *Engine) source(l *dialect.Linker, value string) string {
	if strings.HasPrefix(value, "/") {
		return path.Clean(value)[1:]
	}
	return path.Join(e.Subdir, path.Dir(l.Page.Path), value)
}

// inTree returns a path in PATH as one in content.dir; ok is false if it is outside.
func (e *Engine) inTree(source string) (string, bool) {
	if e.Subdir == "" {
		return source, !strings.HasPrefix(source, "../")
	}
	return strings.CutPrefix(source, e.Subdir+"/")
}

func (e *Engine) toFile(l *dialect.Linker, value, fragment string) sanitize.Target {
	source := e.source(l, value)
	file, ok := e.inTree(source)
	if ok && mdsource.IsMarkdownName(file) {
		return l.ToPost(file, fragment)
	}
	return e.toStatic(l, value)
}

// toStatic returns the address of a file that Pelican copies to the same path.
func (e *Engine) toStatic(l *dialect.Linker, value string) sanitize.Target {
	value, fragment := dialect.CutFragment(value)
	source := e.source(l, value)
	to := l.ToSite(source + fragment)
	if file, ok := e.inTree(source); ok {
		to.Places = []sanitize.Place{{Dir: l.Page.Site.Dir, Rel: file}}
	}
	return to
}

// toAttached returns the address of a file that Pelican puts beside the article's output.
func (e *Engine) toAttached(l *dialect.Linker, value string) sanitize.Target {
	value, fragment := dialect.CutFragment(value)
	source := e.source(l, value)
	own := path.Dir(path.Join(e.Subdir, l.Page.Path))
	tail, beneath := strings.CutPrefix(source, own+"/")
	if own == "." {
		tail, beneath = source, true
	}
	if !beneath {
		tail = path.Base(source)
	}
	to := l.ToSite(path.Join(path.Dir(e.saveAs(l.Page)), tail) + fragment)
	if file, ok := e.inTree(source); ok {
		to.Places = []sanitize.Place{{Dir: l.Page.Site.Dir, Rel: file}}
	}
	return to
}

// saveAs returns the article's output file.
func (e *Engine) saveAs(page *dialect.Page) string {
	if own := page.Front.Scalar("save_as"); own != "" {
		return own
	}
	if e.own.Value("article_save_as") == nil && e.Permalink != "" {
		return strings.TrimPrefix(e.Address(page), "/") + "index.html"
	}
	return e.format(page, e.setting("article_save_as", "{slug}.html"))
}

// CopyNotice returns how to exclude a file that STATIC_PATHS makes Pelican copy into the site; "" for other
// files.
func (e *Engine) CopyNotice(file string) string {
	static := []string{"images"}
	if set, ok := e.own.Value("static_paths").([]any); ok {
		static = frontmatter.Strings(set, frontmatter.NoSplit)
	}
	for i, folder := range static {
		static[i] = path.Join(e.own.ContentDir, folder)
	}
	return e.CopiedFrom("Pelican", file, static...)
}
