package pelican

import (
	"path"
	"publisher/content/dialect"
	"publisher/content/frontmatter"
	"publisher/content/mdsource"
	"publisher/content/sanitize"
	"regexp"
	"strings"
)

// pelicanLink is `{filename}path` and its like; the old form is `|filename|path`.
var pelicanLink = regexp.MustCompile(`^(?:\{(\w+)\}|\|(\w+)\|)(.*)$`)

// resolve follows Pelican's intra-site links. Paths count from the file's own
// folder, or from Pelican's PATH where they begin with a slash.
func (p *Engine) Resolve(l *dialect.Linker, dest string) (sanitize.Target, bool) {
	m := pelicanLink.FindStringSubmatch(dest)
	if m == nil {
		return sanitize.Target{}, false
	}
	value := strings.TrimSpace(m[3])
	switch strings.ToLower(m[1] + m[2]) {
	case "filename":
		file, fragment := dialect.CutFragment(value)
		return p.toFile(l, file, fragment), true
	case "static":
		return p.toStatic(l, value), true
	case "attach":
		return p.toAttached(l, value), true
	case "tag":
		return l.ToSite(p.taxonomy("tag", value)), true
	case "category":
		return l.ToSite(p.taxonomy("category", value)), true
	case "author":
		return l.ToSite(p.taxonomy("author", value)), true
	case "index":
		return l.ToSite(p.setting("index_save_as", "index.html")), true
	}
	return sanitize.Target{}, false
}

func (p *Engine) taxonomy(kind, value string) string {
	slug := p.slugOf(kind, strings.TrimPrefix(value, "/"))
	return strings.ReplaceAll(p.setting(kind+"_url", kind+"/{slug}.html"), "{slug}", slug)
}

// source is a link's path from PATH.
func (p *Engine) source(l *dialect.Linker, value string) string {
	if strings.HasPrefix(value, "/") {
		return path.Clean(value)[1:]
	}
	return path.Join(p.Below, path.Dir(l.Article.Path), value)
}

// inTree is a path from PATH as one from content.dir.
func (p *Engine) inTree(source string) (string, bool) {
	if p.Below == "" {
		return source, !strings.HasPrefix(source, "../")
	}
	return strings.CutPrefix(source, p.Below+"/")
}

func (p *Engine) toFile(l *dialect.Linker, value, fragment string) sanitize.Target {
	source := p.source(l, value)
	file, ok := p.inTree(source)
	if ok && mdsource.IsMarkdownName(file) {
		return l.ToPost(file, fragment)
	}
	return p.toStatic(l, value)
}

// toStatic leads to a file that Pelican copies to the same path.
func (p *Engine) toStatic(l *dialect.Linker, value string) sanitize.Target {
	value, fragment := dialect.CutFragment(value)
	source := p.source(l, value)
	to := l.ToSite(source + fragment)
	if file, ok := p.inTree(source); ok {
		to.Places = []sanitize.Place{{Dir: l.Article.Site.Dir, Rel: file}}
	}
	return to
}

// toAttached leads to a file that Pelican puts beside the article's own output.
func (p *Engine) toAttached(l *dialect.Linker, value string) sanitize.Target {
	value, fragment := dialect.CutFragment(value)
	source := p.source(l, value)
	own := path.Dir(path.Join(p.Below, l.Article.Path))
	tail, beneath := strings.CutPrefix(source, own+"/")
	if own == "." {
		tail, beneath = source, true
	}
	if !beneath {
		tail = path.Base(source)
	}
	to := l.ToSite(path.Join(path.Dir(p.saveAs(l.Article)), tail) + fragment)
	if file, ok := p.inTree(source); ok {
		to.Places = []sanitize.Place{{Dir: l.Article.Site.Dir, Rel: file}}
	}
	return to
}

// saveAs is the article's output file.
func (p *Engine) saveAs(a *dialect.Page) string {
	if own := a.Front.Scalar("save_as"); own != "" {
		return own
	}
	if p.own.Setting("article_save_as") == nil && p.Permalink != "" {
		return strings.TrimPrefix(p.Address(a), "/") + "index.html"
	}
	return p.format(a, p.setting("article_save_as", "{slug}.html"))
}

// copies is about STATIC_PATHS.
func (p *Engine) Copies(file string) string {
	static := []string{"images"}
	if set, ok := p.own.Setting("static_paths").([]any); ok {
		static = frontmatter.Strings(set, frontmatter.NoSplit)
	}
	for i, folder := range static {
		static[i] = path.Join(p.own.ContentDir, folder)
	}
	return p.CopiedFrom("Pelican", file, static...)
}
