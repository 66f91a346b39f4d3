package content

import (
	"path"
	"strings"
)

// jekyllTags are Jekyll's own, and those of the plugins that most blogs have.
func jekyllTags(l *liquid, tag liquidMark, inner string) (string, bool) {
	switch tag.name {
	case "post_url", "link":
		return l.post(tag), true
	case "include", "include_relative", "include_cached":
		return l.include(tag), true
	case "increment", "decrement":
		return l.counter(tag), true
	case "cycle":
		return l.cycle(tag), true
	case "t", "translate", "tf", "translate_file":
		if out, ok := l.translate(tag); ok {
			return out, true
		}
	case "echo":
		l.output(liquidMark{stretch: tag.stretch, arguments: tag.arguments})
		return "", true
	case "seo", "feed_meta", "toc":
		return "", true
	}
	return commonTags(l, tag, inner)
}

// post is the address that {% post_url name %} and {% link path %} mean.
func (l *liquid) post(tag liquidMark) string {
	want := strings.Trim(strings.TrimSpace(tag.arguments), `"'`)
	if strings.Contains(want, "{{") { // its own output stands in the tag
		return ""
	}
	want = strings.TrimPrefix(want, "/")
	if tag.name == "link" {
		return l.afterBase(l.linkTo(tag, want))
	}
	if to, ok := l.tree.postNamed(want); ok {
		return l.afterBase(to)
	}
	l.warn(tag.from, "the tag post_url leads to "+clip(want)+", which is not in the content folder")
	return l.article.site.absolute("/")
}

// afterBase is an address as a path. Jekyll 3 left the blog's folder out of it,
// so many write {{ site.baseurl }} before.
func (l *liquid) afterBase(address string) string {
	s := l.article.site
	address = s.withoutHost(address)
	if base := strings.TrimSuffix(s.url.Path, "/"); base != "" && strings.HasSuffix(l.out.String(), base) {
		address = strings.TrimPrefix(address, base)
	}
	return address
}

// postNamed finds a post by its file's name without the extension, before which
// folders may stand; _posts is left out of them.
func (t *Tree) postNamed(want string) (string, bool) {
	posts := t.posts.Load()
	if posts == nil {
		return "", false
	}
	best := ""
	for _, p := range posts.names()[path.Base(want)] {
		stem := "/" + strings.ReplaceAll("/"+strings.TrimSuffix(p, path.Ext(p)), "/_posts/", "/")
		if strings.HasSuffix(stem, "/"+want) && (best == "" || p < best) {
			best = p
		}
	}
	return posts.urls()[best], best != ""
}

// linkTo follows {% link %}, whose path counts from the blog's root folder.
func (l *liquid) linkTo(tag liquidMark, want string) string {
	s := l.article.site
	inTree := want
	if rest, ok := strings.CutPrefix(want, s.below+"/"); ok && s.below != "" {
		inTree = rest
	}
	if to, ok := l.tree.addressOf(inTree); ok {
		return to
	}
	if !isMarkdownName(want) && path.Ext(want) != ".html" {
		return s.absolute(want)
	}
	if j, ok := l.article.engine.(*jekyll); ok {
		if to, ok := j.documentAddress(want); ok {
			return s.absolute(to)
		}
	}
	l.warn(tag.from, "the tag link leads to "+clip(want)+", which is not in the content folder")
	return s.absolute("/")
}
