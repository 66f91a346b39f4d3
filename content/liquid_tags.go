package content

import (
	"html"
	"path"
	"publisher/internal/xmltext"
	"regexp"
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

// eleventyTags are those that the most used plugins add.
func eleventyTags(l *liquid, tag liquidMark, inner string) (string, bool) {
	if e, ok := l.article.engine.(*eleventy); ok {
		if out, found, ok := e.ownShortcode(l, tag, inner); found && ok {
			return out, true
		}
	}
	switch tag.name {
	case "post_url":
		return l.post(tag), true
	case "include", "render":
		return l.include(tag), true
	case "css", "js", "html", "block", "extends", "import", "from", "macro":
		return "", tag.name != "block" && tag.name != "macro"
	case "image", "img", "picture":
		arguments := l.tagArguments(tag.arguments)
		if src := arguments.get(0, "src"); src != "" {
			return figureless(src, arguments.get(1, "alt")), true
		}
	}
	return commonTags(l, tag, inner)
}

// pelicanTag is one of the liquid_tags plugin's; Pelican itself has none, so
// whatever else looks like one is text.
var pelicanTag = regexp.MustCompile(`\{%\s*(img|youtube|vimeo|gist|soundcloud|spotify|video|audio)\s+([^%\n]*?)\s*%\}`)

func expandPelicanTag(l *liquid, tag string) string {
	m := pelicanTag.FindStringSubmatch(tag)
	if m[1] == "youtube" || m[1] == "vimeo" || m[1] == "gist" {
		if out, ok := commonTags(l, liquidMark{name: m[1], arguments: m[2]}, ""); ok {
			return out
		}
	}
	for word := range strings.FieldsSeq(m[2]) {
		switch {
		case !strings.ContainsAny(word, "/."):
		case m[1] == "img":
			return figureless(word, "")
		default:
			return plainLink(word, "▶ "+path.Base(word))
		}
	}
	return ""
}

func figureless(src, alt string) string {
	return `<img src="` + html.EscapeString(xmltext.Line(src)) + `" alt="` + html.EscapeString(xmltext.Line(alt)) + `"/>`
}

func commonTags(l *liquid, tag liquidMark, inner string) (string, bool) {
	arguments := l.tagArguments(tag.arguments)
	name := strings.ToLower(strings.TrimSuffix(tag.name, "Embed"))
	if name == "figure" && arguments.get(0, "src") != "" && inner == "" {
		return figure{src: arguments.get(0, "src"), alt: arguments.get(-1, "alt"), caption: l.inlineHTML(arguments.get(-1, "caption"))}.html(), true
	}
	id := arguments.get(0, "id", "url", "slug")
	if id == "" || inner != "" {
		return "", false
	}
	return embed(name, id, arguments.get(-1, "title"))
}

var tagArgument = regexp.MustCompile(`(?:([\w-]+)\s*=\s*)?(?:"([^"]*)"|'([^']*)'|([^\s,"'=]+))`)

// tagArguments reads what follows a tag's name: words, texts and name=value, each
// evaluated where it is a variable.
func (l *liquid) tagArguments(text string) shortcodeParams {
	p := shortcodeParams{named: map[string]string{}}
	for _, m := range tagArgument.FindAllStringSubmatch(text, 50) {
		value := m[2] + m[3] + m[4]
		if m[4] != "" {
			if v, ok := l.variable(m[4]); ok {
				value = liquidText(v)
			}
		}
		if m[1] != "" {
			p.named[strings.ToLower(m[1])] = value
		} else {
			p.placed = append(p.placed, value)
		}
	}
	return p
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
func (t *blog) postNamed(want string) (string, bool) {
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
