package eleventy

import (
	"path"
	"strings"

	"golang.org/x/net/html"

	"publisher/content/dialect"
	"publisher/content/liquid"
	"publisher/content/mdsource"
)

// templateHost is the environment of Liquid or Nunjucks in a text.
type templateHost struct {
	*dialect.Expansion
	engine *Engine
}

// Tag evaluates the config's shortcodes, and the tags of common plugins.
func (h templateHost) Tag(l *liquid.Evaluator, tag liquid.Tag, inner string) (string, bool) {
	if tag.Name == "highlight" {
		if mdsource.IsMarkdownName(h.Page.Path) {
			return "", false
		}
		return "<pre><code>" + html.EscapeString(strings.Trim(inner, "\n")) + "</code></pre>", true
	}
	if out, found, ok := h.engine.callShortcode(h.Expansion, l, tag, inner); found && ok {
		return out, true
	}
	switch tag.Name {
	case "post_url":
		return h.PostURL(l, tag), true
	case "include", "render":
		return h.IncludeTag(l, tag), true
	case "css", "js", "html", "block", "extends", "import", "from", "macro":
		return "", tag.Name != "block" && tag.Name != "macro"
	case "image", "img", "picture":
		params := dialect.TagParams(l, tag)
		if src := params.Get(0, "src"); src != "" {
			return dialect.PlainImage(src, params.Get(1, "alt")), true
		}
	}
	return h.EmbedTag(tag.Name, dialect.TagParams(l, tag), inner)
}

// Filter applies a filter of the config.
func (h templateHost) Filter(_ *liquid.Evaluator, name string, v any, arguments []any) (out any, found, ok bool) {
	return h.engine.callFilter(h.Expansion, name, v, arguments)
}

// Include returns a file of the includes folder.
func (h templateHost) Include(name string, _ bool) (string, bool) {
	folder := "_includes"
	if h.engine.includes != "" {
		folder = h.engine.includes
		if path.Ext(name) == "" {
			name += ".liquid"
		}
	}
	return h.Page.Site.ReadInclude(h.Page.Site.Root, folder, name)
}
