package jekyll

import (
	"path"
	"path/filepath"
	"strings"

	"publisher/content/dialect"
	"publisher/content/liquid"
	"publisher/content/mdsource"
	"publisher/content/post"
)

// host answers what the Liquid of a text asks about the blog.
type host struct {
	*dialect.Expansion
	engine *Engine
}

// Tag evaluates Jekyll's own tags, and those of common plugins.
func (h host) Tag(l *liquid.Evaluator, tag liquid.Tag, inner string) (string, bool) {
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

// Filter applies relative_url to an empty text.
func (h host) Filter(_ *liquid.Evaluator, name string, v any, _ []any) (out any, found, ok bool) {
	if name == "relative_url" && v != nil && liquid.Text(v) == "" {
		return strings.TrimSuffix(h.Page.Site.URL.Path, "/"), true, true
	}
	return nil, false, false
}

// Include reads a file of the includes folder.
func (h host) Include(name string, relative bool) (string, bool) {
	if relative {
		s := h.Page.Site
		return s.ReadInclude(h.engine.source(), path.Join(s.Subdir, path.Dir(h.Page.Path)), name)
	}
	folder := "_includes"
	if own := path.Clean(h.engine.own.Scalar("includes_dir")); own != "." && filepath.IsLocal(own) {
		folder = own
	}
	return h.Page.Site.ReadInclude(h.engine.source(), folder, name)
}

// highlight returns highlighted code as Jekyll does with kramdown; ok is false if the blog uses another
// parser.
func (h host) highlight(tag liquid.Tag, code string) (string, bool) {
	if h.engine.markdown == nil || h.Blog == nil {
		return "", false
	}
	language, _, _ := strings.Cut(tag.Arguments, " ")
	code = strings.Trim(code, "\n")
	return `<figure class="highlight">` + h.Blog.Markdown.Highlight(code, mdsource.CodeLanguage(language), h.Page.Budget) + "</figure>", true
}

// link returns the address for {% link %}, whose path is relative to the blog's root folder.
func (h host) link(l *liquid.Evaluator, tag liquid.Tag) string {
	want := dialect.LinkTarget(tag)
	if want == "" {
		return ""
	}
	return h.WithoutBasePath(l, h.linkTo(l, tag, want))
}

func (h host) linkTo(l *liquid.Evaluator, tag liquid.Tag, want string) string {
	s := h.Page.Site
	inTree := want
	if rest, ok := strings.CutPrefix(want, s.Subdir+"/"); ok && s.Subdir != "" {
		inTree = rest
	}
	if to, ok := h.Blog.AddressOf(inTree); ok {
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
