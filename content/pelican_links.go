package content

import (
	"path"
	"regexp"
	"strings"
)

// pelicanLink is `{filename}path` and its like; the old form is `|filename|path`.
var pelicanLink = regexp.MustCompile(`^(?:\{(\w+)\}|\|(\w+)\|)(.*)$`)

// resolve follows Pelican's intra-site links. Paths count from the file's own
// folder, or from Pelican's PATH where they begin with a slash.
func (p *pelican) resolve(l *linker, dest string) (target, bool) {
	m := pelicanLink.FindStringSubmatch(dest)
	if m == nil {
		return target{}, false
	}
	value := strings.TrimSpace(m[3])
	switch strings.ToLower(m[1] + m[2]) {
	case "filename":
		file, fragment := cutFragment(value)
		return p.toFile(l, file, fragment), true
	case "static":
		return p.toStatic(l, value), true
	case "attach":
		return p.toAttached(l, value), true
	case "tag":
		return l.toSite(p.taxonomy("tag", value)), true
	case "category":
		return l.toSite(p.taxonomy("category", value)), true
	case "author":
		return l.toSite(p.taxonomy("author", value)), true
	case "index":
		return l.toSite(p.setting("index_save_as", "index.html")), true
	}
	return target{}, false
}

func (p *pelican) taxonomy(kind, value string) string {
	slug := p.slugOf(kind, strings.TrimPrefix(value, "/"))
	return strings.ReplaceAll(p.setting(kind+"_url", kind+"/{slug}.html"), "{slug}", slug)
}

// source is a link's path from PATH.
func (p *pelican) source(l *linker, value string) string {
	if strings.HasPrefix(value, "/") {
		return path.Clean(value)[1:]
	}
	return path.Join(p.below, path.Dir(l.article.path), value)
}

// inTree is a path from PATH as one from content.dir.
func (p *pelican) inTree(source string) (string, bool) {
	if p.below == "" {
		return source, !strings.HasPrefix(source, "../")
	}
	return strings.CutPrefix(source, p.below+"/")
}

func (p *pelican) toFile(l *linker, value, fragment string) target {
	source := p.source(l, value)
	file, ok := p.inTree(source)
	if ok && isMarkdownName(file) {
		return l.toPost(file, fragment)
	}
	return p.toStatic(l, value)
}

// toStatic leads to a file that Pelican copies to the same path.
func (p *pelican) toStatic(l *linker, value string) target {
	value, fragment := cutFragment(value)
	source := p.source(l, value)
	to := l.toSite(source + fragment)
	if file, ok := p.inTree(source); ok {
		to.places = []place{{dir: l.article.site.dir, rel: file}}
	}
	return to
}

// toAttached leads to a file that Pelican puts beside the article's own output.
func (p *pelican) toAttached(l *linker, value string) target {
	value, fragment := cutFragment(value)
	source := p.source(l, value)
	own := path.Dir(path.Join(p.below, l.article.path))
	tail, beneath := strings.CutPrefix(source, own+"/")
	if own == "." {
		tail, beneath = source, true
	}
	if !beneath {
		tail = path.Base(source)
	}
	to := l.toSite(path.Join(path.Dir(p.saveAs(l.article)), tail) + fragment)
	if file, ok := p.inTree(source); ok {
		to.places = []place{{dir: l.article.site.dir, rel: file}}
	}
	return to
}

// saveAs is the article's output file.
func (p *pelican) saveAs(a *article) string {
	if own := a.front.scalar("save_as"); own != "" {
		return own
	}
	if p.own.setting("article_save_as") == nil && p.permalink != "" {
		return strings.TrimPrefix(p.address(a), "/") + "index.html"
	}
	return p.format(a, p.setting("article_save_as", "{slug}.html"))
}

// copies is about STATIC_PATHS.
func (p *pelican) copies(file string) string {
	static := []string{"images"}
	if set, ok := p.own.setting("static_paths").([]any); ok {
		static = listOf(set, whole)
	}
	for i, folder := range static {
		static[i] = path.Join(p.own.contentDir, folder)
	}
	return p.copiedFrom("Pelican", file, static...)
}
