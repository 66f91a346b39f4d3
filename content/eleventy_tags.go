package content

import (
	"path"
	"strings"

	"golang.org/x/net/html"
)

// eleventyHost is what Eleventy gives the Liquid or Nunjucks of a text.
type eleventyHost struct {
	*macros
	engine *eleventy
}

// Tag evaluates the shortcodes of the config, and the tags that the most used plugins add.
func (h eleventyHost) Tag(l *liquid, tag liquidMark, inner string) (string, bool) {
	if tag.name == "highlight" {
		if isMarkdownName(h.article.path) {
			return "", false
		}
		return "<pre><code>" + html.EscapeString(strings.Trim(inner, "\n")) + "</code></pre>", true
	}
	if out, found, ok := h.engine.ownShortcode(h.macros, l, tag, inner); found && ok {
		return out, true
	}
	switch tag.name {
	case "post_url":
		return h.postURL(l, tag), true
	case "include", "render":
		return h.includeTag(l, tag), true
	case "css", "js", "html", "block", "extends", "import", "from", "macro":
		return "", tag.name != "block" && tag.name != "macro"
	case "image", "img", "picture":
		params := tagParams(l, tag)
		if src := params.get(0, "src"); src != "" {
			return plainImage(src, params.get(1, "alt")), true
		}
	}
	return h.embedTag(tag.name, tagParams(l, tag), inner)
}

// Filter applies a filter of the config.
func (h eleventyHost) Filter(_ *liquid, name string, v any, arguments []any) (out any, found, ok bool) {
	return h.engine.ownFilter(h.macros, name, v, arguments)
}

// Include reads a file of the includes folder.
func (h eleventyHost) Include(name string, _ bool) (string, bool) {
	folder := "_includes"
	if h.engine.includes != "" {
		folder = h.engine.includes
		if path.Ext(name) == "" {
			name += ".liquid"
		}
	}
	return h.article.site.readInclude(h.article.site.root, folder, name)
}
