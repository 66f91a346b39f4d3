package jekyll

import (
	"path"
	"path/filepath"
	"publisher/content/dialect"
	"publisher/content/liquid"
	"publisher/content/mdsource"
	"publisher/content/post"
	"strings"
)

// jekyllHost is what Jekyll gives the Liquid of a text.
type jekyllHost struct {
	*dialect.Expansion
	engine *Engine
}

// Tag evaluates Jekyll's own tags, and those of the plugins that most blogs have.
func (h jekyllHost) Tag(l *liquid.Evaluator, tag liquid.Mark, inner string) (string, bool) {
	switch tag.Name {
	case "post_url":
		return h.PostURL(l, tag), true
	case "link":
		return h.link(l, tag), true
	case "include", "include_relative", "include_cached":
		return h.IncludeTag(l, tag), true
	case "highlight":
		return h.highlight(tag, inner)
	case "t", "translate", "tf", "translate_file":
		if out, ok := h.translate(l, tag); ok {
			return out, true
		}
	case "seo", "feed_meta", "toc":
		return "", true
	}
	return h.EmbedTag(tag.Name, dialect.TagParams(l, tag), inner)
}

// Filter applies relative_url where it is given an empty text.
func (h jekyllHost) Filter(_ *liquid.Evaluator, name string, v any, _ []any) (out any, found, ok bool) {
	if name == "relative_url" && v != nil && liquid.Text(v) == "" {
		return strings.TrimSuffix(h.Article.Site.Url.Path, "/"), true, true
	}
	return nil, false, false
}

// Include reads a file of the includes folder.
func (h jekyllHost) Include(name string, relative bool) (string, bool) {
	if relative {
		s := h.Article.Site
		return s.ReadInclude(h.engine.source(), path.Join(s.Below, path.Dir(h.Article.Path)), name)
	}
	folder := "_includes"
	if own := path.Clean(h.engine.own.Scalar("includes_dir")); own != "." && filepath.IsLocal(own) {
		folder = own
	}
	return h.Article.Site.ReadInclude(h.engine.source(), folder, name)
}

// highlight shows code as kramdown's Jekyll does; ok is false where the blog has another parser.
func (h jekyllHost) highlight(tag liquid.Mark, code string) (string, bool) {
	if h.engine.markdown == nil || h.Tree == nil {
		return "", false
	}
	language, _, _ := strings.Cut(tag.Arguments, " ")
	code = strings.Trim(code, "\n")
	return `<figure class="highlight">` + h.Tree.Markdown.Highlight(code, mdsource.CodeLanguage(language), h.Article.Budget) + "</figure>", true
}

// link follows {% link %}, whose path counts from the blog's root folder.
func (h jekyllHost) link(l *liquid.Evaluator, tag liquid.Mark) string {
	want := dialect.LinkedName(tag)
	if want == "" {
		return ""
	}
	return h.AfterBase(l, h.linkTo(l, tag, want))
}

func (h jekyllHost) linkTo(l *liquid.Evaluator, tag liquid.Mark, want string) string {
	s := h.Article.Site
	inTree := want
	if rest, ok := strings.CutPrefix(want, s.Below+"/"); ok && s.Below != "" {
		inTree = rest
	}
	if to, ok := h.Tree.AddressOf(inTree); ok {
		return to
	}
	if !mdsource.IsMarkdownName(want) && path.Ext(want) != ".html" {
		return s.Absolute(want)
	}
	if to, ok := h.engine.documentAddress(want); ok {
		return s.Absolute(to)
	}
	l.Warn(tag, "the tag link leads to "+post.Clip(want)+", which is not in the content folder")
	return s.Absolute("/")
}
