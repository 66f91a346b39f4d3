package content

import (
	"path"
	"publisher/internal/xmltext"
	"strings"

	"golang.org/x/net/html"
)

// tagParams are the words and texts that follow a tag's name.
func tagParams(l *liquid, tag liquidMark) shortcodeParams {
	placed, named := l.words(tag.arguments)
	return shortcodeParams{placed: placed, named: named}
}

// embedTag is a tag that shows a picture, or what another site has, in the same way wherever it is found.
func (m *macros) embedTag(name string, params shortcodeParams, inner string) (out string, ok bool) {
	name = strings.ToLower(strings.TrimSuffix(name, "Embed"))
	if name == "figure" && params.get(0, "src") != "" && inner == "" {
		return figure{src: params.get(0, "src"), alt: params.get(-1, "alt"), caption: m.inlineHTML(params.get(-1, "caption"))}.html(), true
	}
	id := params.get(0, "id", "url", "slug")
	if id == "" || inner != "" {
		return "", false
	}
	return embed(name, id, params.get(-1, "title"))
}

// includeTag evaluates an include of the blog's own, or does what the best known ones of themes do.
func (m *macros) includeTag(l *liquid, tag liquidMark) string {
	name := l.nameIn(tag)
	if out, ok := l.include(tag, name); ok {
		return out
	}
	params := tagParams(l, tag)
	base := strings.TrimSuffix(path.Base(name), path.Ext(name))
	src := params.get(-1, "image_path", "src", "url", "image", "file", "path", "name")
	switch base {
	case "figure", "image", "img", "picture", "responsive-image":
		if src != "" {
			f := figure{src: src, alt: params.get(-1, "alt", "description"), caption: m.inlineHTML(params.get(-1, "caption"))}
			return f.html()
		}
	case "video":
		if id := params.get(-1, "id"); id != "" {
			if provider := params.get(-1, "provider"); provider != "" {
				if out, ok := embed(provider, id, params.get(-1, "title")); ok {
					return out
				}
			}
			out, _ := embed("youtube", id, params.get(-1, "title"))
			return out
		}
	case "toc":
		return ""
	}
	base = strings.ToLower(strings.NewReplacer("-", "", "_", "", "embed", "", "player", "", "video", "").Replace(base))
	if out, ok := embed(base, params.get(-1, "id", "url", "src", base+"_id"), params.get(-1, "title")); ok && out != "" {
		return out
	}
	l.warn(tag, "the include "+clip(name)+" is not known here and was left out")
	return ""
}

// postURL is the address that {% post_url name %} means.
func (m *macros) postURL(l *liquid, tag liquidMark) string {
	want := linkedName(tag)
	if want == "" {
		return ""
	}
	if to, ok := m.tree.postNamed(want); ok {
		return m.afterBase(l, to)
	}
	l.warn(tag, "the tag post_url leads to "+clip(want)+", which is not in the content folder")
	return m.article.site.absolute("/")
}

// linkedName is what post_url and link lead to; "" where the tag's own output stands in it.
func linkedName(tag liquidMark) string {
	want := strings.Trim(strings.TrimSpace(tag.arguments), `"'`)
	if strings.Contains(want, "{{") {
		return ""
	}
	return strings.TrimPrefix(want, "/")
}

// afterBase is an address as a path. Jekyll 3 left the blog's folder out of it,
// so many write {{ site.baseurl }} before.
func (m *macros) afterBase(l *liquid, address string) string {
	s := m.article.site
	address = s.withoutHost(address)
	if base := strings.TrimSuffix(s.url.Path, "/"); base != "" && l.endsWith(base) {
		address = strings.TrimPrefix(address, base)
	}
	return address
}

// plainImage is a picture without a caption.
func plainImage(src, alt string) string {
	return `<img src="` + html.EscapeString(xmltext.Line(src)) + `" alt="` + html.EscapeString(xmltext.Line(alt)) + `"/>`
}
