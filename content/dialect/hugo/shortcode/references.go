package shortcode

import (
	"path"
	"strings"

	"publisher/content/dialect"
	"publisher/content/mdsource"
	"publisher/content/post"
)

// ref returns the address of another page, found by its path or its file's name.
func (x *expander) ref(s mark) string {
	want := s.params.Get(0, "path")
	file, fragment := dialect.CutFragment(want)
	if file == "" {
		return x.Page.Post.URL + fragment
	}
	if to, ok := findPage(x.Expansion, file); ok {
		return to + fragment
	}
	x.Warn(s.From, "the shortcode "+s.name+" leads to "+post.Clip(want)+", which is not in the content folder")
	return x.Page.Site.Absolute("/") + fragment
}

// refText returns what a reference shows where it is not a link: relref's has no host.
func (x *expander) refText(name, to string) string {
	if name == "relref" {
		return x.Page.Site.WithoutHost(to)
	}
	return to
}

// findPage finds the page that Hugo means by a path: from the page's folder, from the content
// root, or by the file's name alone; with or without .md.
func findPage(x *dialect.Expansion, want string) (string, bool) {
	from := x.Page
	want = strings.TrimSuffix(want, "/")
	var tries []string
	add := func(p string) {
		p = strings.TrimPrefix(path.Clean("/"+p), "/")
		if rest, ok := strings.CutPrefix(p, from.Site.Subdir+"/"); ok && from.Site.Subdir != "" {
			p = rest
		}
		if mdsource.IsMarkdownName(p) {
			tries = append(tries, p)
			return
		}
		tries = append(tries, p+".md", path.Join(p, "index.md"), path.Join(p, "_index.md"))
	}
	if !strings.HasPrefix(want, "/") {
		add(path.Join(path.Dir(from.Path), want))
		if from.Name.Bundle {
			add(path.Join(path.Dir(path.Dir(from.Path)), want))
		}
	}
	add(want)
	for _, try := range tries {
		if to, ok := x.Blog.AddressOf(try); ok {
			return to, true
		}
	}
	return x.Blog.Posts.Load().ByBaseName(path.Base(want))
}

// reference finds a page as the shortcodes ref and relref do.
func (e *Evaluator) reference(relative bool) func(page, want any) (string, error) {
	return func(_, want any) (string, error) {
		s, err := e.text(want)
		if err != nil {
			return "", err
		}
		file, fragment := dialect.CutFragment(s)
		to, ok := findPage(e.Expansion, file)
		if !ok {
			return "", errUnsupported
		}
		if relative {
			to = pathOf(to)
		}
		return to + fragment, nil
	}
}
