package content

import (
	"path"
	"path/filepath"
	"strings"
)

// jekyllHost is what Jekyll gives the Liquid of a text.
type jekyllHost struct {
	*macros
	engine *jekyll
}

// Tag evaluates Jekyll's own tags, and those of the plugins that most blogs have.
func (h jekyllHost) Tag(l *liquid, tag liquidMark, inner string) (string, bool) {
	switch tag.name {
	case "post_url":
		return h.postURL(l, tag), true
	case "link":
		return h.link(l, tag), true
	case "include", "include_relative", "include_cached":
		return h.includeTag(l, tag), true
	case "highlight":
		return h.highlight(tag, inner)
	case "t", "translate", "tf", "translate_file":
		if out, ok := h.translate(l, tag); ok {
			return out, true
		}
	case "seo", "feed_meta", "toc":
		return "", true
	}
	return h.embedTag(tag.name, tagParams(l, tag), inner)
}

// Filter applies relative_url where it is given an empty text.
func (h jekyllHost) Filter(_ *liquid, name string, v any, _ []any) (out any, found, ok bool) {
	if name == "relative_url" && v != nil && liquidText(v) == "" {
		return strings.TrimSuffix(h.article.site.url.Path, "/"), true, true
	}
	return nil, false, false
}

// Include reads a file of the includes folder.
func (h jekyllHost) Include(name string, relative bool) (string, bool) {
	if relative {
		s := h.article.site
		return s.readInclude(h.engine.source(), path.Join(s.below, path.Dir(h.article.path)), name)
	}
	folder := "_includes"
	if own := path.Clean(h.engine.own.scalar("includes_dir")); own != "." && filepath.IsLocal(own) {
		folder = own
	}
	return h.article.site.readInclude(h.engine.source(), folder, name)
}

// highlight shows code as kramdown's Jekyll does; ok is false where the blog has another parser.
func (h jekyllHost) highlight(tag liquidMark, code string) (string, bool) {
	if h.engine.markdown == nil || h.tree == nil {
		return "", false
	}
	language, _, _ := strings.Cut(tag.arguments, " ")
	code = strings.Trim(code, "\n")
	return `<figure class="highlight">` + h.tree.markdown.code.highlight(code, languageWord(language), h.article.budget) + "</figure>", true
}

// link follows {% link %}, whose path counts from the blog's root folder.
func (h jekyllHost) link(l *liquid, tag liquidMark) string {
	want := linkedName(tag)
	if want == "" {
		return ""
	}
	return h.afterBase(l, h.linkTo(l, tag, want))
}

func (h jekyllHost) linkTo(l *liquid, tag liquidMark, want string) string {
	s := h.article.site
	inTree := want
	if rest, ok := strings.CutPrefix(want, s.below+"/"); ok && s.below != "" {
		inTree = rest
	}
	if to, ok := h.tree.addressOf(inTree); ok {
		return to
	}
	if !isMarkdownName(want) && path.Ext(want) != ".html" {
		return s.absolute(want)
	}
	if to, ok := h.engine.documentAddress(want); ok {
		return s.absolute(to)
	}
	l.warn(tag, "the tag link leads to "+clip(want)+", which is not in the content folder")
	return s.absolute("/")
}
