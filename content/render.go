package content

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"publisher/content/dialect"
	"publisher/content/limits"
	"publisher/content/markdown"
	"publisher/content/mdsource"
	"publisher/content/post"
	"publisher/content/sanitize"
	"publisher/content/slug"
	"publisher/internal/htmldom"
	"publisher/internal/xmltext"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Render returns the HTML of the post's body. Problems, such as an unknown shortcode or a link to
// a missing file, do not keep a post from being rendered; what does is a *RenderError, and
// concerns this post alone. Any other error is ctx's.
func (t *Tree) Render(ctx context.Context, p *post.Post) (out *post.Rendering, problems []post.Problem, err error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	clock, release := t.begin()
	defer release()
	return t.render(limits.New(ctx, clock, limits.MaxTime-limits.MaxReading), p)
}

func (t *Tree) render(b *limits.Budget, published *post.Post) (out *post.Rendering, problems []post.Problem, err error) {
	src, err := t.blog.ReadAgain(published.Path)
	if err != nil {
		return nil, nil, &RenderError{Path: published.Path, Err: err}
	}
	src.Budget = b
	defer func() {
		if fault := recover(); fault != nil {
			out, problems, err = nil, nil, stoppedBy(src, fault)
		}
	}()
	src.Problems = nil // the scan reported them
	page := t.blog.NewPage(src)
	if err := page.Front.CheckSizes(false); err != nil {
		return nil, nil, newRenderError(src, err)
	}
	page.Post = published
	page.Slug = anchorSlug(published.URL)
	r := newPostRenderer(t, page)
	if out, err = r.render(); err != nil {
		return nil, nil, newRenderError(src, err)
	}
	r.warnOfLinks(src)
	sortProblems(src.Problems)
	out.Dependencies = r.follows(src)
	return out, src.Problems, nil
}

// warnOfLinks warns of links to files that are not there.
func (r *postRenderer) warnOfLinks(src *dialect.Source) {
	for _, lost := range r.links.Broken {
		src.Warn(src.LineHolding(path.Base(lost)), fmt.Sprintf("a link leads to %s, which is not in the content folder; kept its text without the link", lost))
	}
	for _, lost := range r.links.Missing {
		src.Warn(src.LineHolding(path.Base(lost)), fmt.Sprintf("a link leads to %s, and there is no such file beside the posts or among the site's files", lost))
	}
}

// follows returns what else the rendering depends on.
func (r *postRenderer) follows(src *dialect.Source) post.Dependencies {
	f := post.Dependencies{FileHash: src.FileHash, Links: r.links.LookedUp, Files: append(r.cleaner.ImageFiles(), r.links.Tried...), Incomplete: r.hooked}
	for _, mark := range []string{"{{", "{%", "<%"} {
		f.Incomplete = f.Incomplete || strings.Contains(src.Body, mark) || strings.Contains(src.Front.Text, mark)
	}
	slices.Sort(f.Links)
	slices.Sort(f.Files)
	f.Links, f.Files = slices.Compact(f.Links), slices.Compact(f.Files)
	return f
}

// anchorSlug returns what makes a post's anchors its own: the last part of its address.
func anchorSlug(address string) string {
	address = strings.TrimSuffix(strings.TrimSuffix(address, "/"), ".html")
	return slug.ASCII(address[strings.LastIndexByte(address, '/')+1:])
}

// postRenderer renders one post.
type postRenderer struct {
	tree    *Tree
	page    *dialect.Page
	links   *dialect.Linker
	cleaner *sanitize.Cleaner
	set     markdown.HTMLStash
	hooked  bool // render hooks were at work
}

func newPostRenderer(t *Tree, p *dialect.Page) *postRenderer {
	links := &dialect.Linker{Page: p, Blog: t.blog, MailOnly: p.Post.MailOnly}
	c := &sanitize.Cleaner{Links: links, Address: p.Post.URL, Prefix: p.Slug + "-", Budget: p.Budget, Warn: p.WarnOnce}
	return &postRenderer{tree: t, page: p, links: links, cleaner: c}
}

func (r *postRenderer) render() (*post.Rendering, error) {
	p := r.page
	w := p.MarkdownOptions()
	w.Hooks = p.Engine.RenderHooks(r.links, &r.set)
	r.hooked = w.Hooks != nil
	body, err := r.body(w)
	if err != nil {
		return nil, err
	}
	if r.hooked || w.DropHTML {
		dropEmptyParagraphs(body)
	}
	dropTitle(body, p)
	out := &post.Rendering{Words: htmldom.CountWords(body)}
	excerpt, err := r.excerpt(body, w)
	if err != nil {
		return nil, err
	}
	sanitize.RemoveExcerptMarks(body)
	out.HTML = htmldom.InnerHTML(body)
	if len(out.HTML) > limits.MaxHTML {
		return nil, limits.TooLarge()
	}
	out.ExcerptHTML = htmldom.InnerHTML(excerpt)
	out.ExcerptText = htmldom.FoldedText(excerpt)
	if p.Post.Newsletter.Intro != "" {
		intro, err := r.safe(r.expand(p.Post.Newsletter.Intro, p.Front.LineOf("intro"), true), w)
		if err != nil {
			return nil, err
		}
		sanitize.RemoveExcerptMarks(intro)
		tidyExcerpt(intro)
		out.IntroHTML = htmldom.InnerHTML(intro)
	}
	out.Image = r.image(body)
	return out, nil
}

// body renders the post's text. If the engine drops HTML in Markdown, what shortcodes make is
// stashed meanwhile, since it is not such HTML.
func (r *postRenderer) body(w markdown.Options) (*html.Node, error) {
	p := r.page
	var kept *markdown.HTMLStash
	lost := false
	if w.DropHTML && mdsource.IsMarkdownName(p.Path) {
		kept, w.HTMLDropped = &r.set, &lost
	}
	text := markdown.StripTokens(p.BodySource())
	x := &dialect.Expansion{Page: p, Blog: r.tree.blog, Links: r.links, Line: p.BodyLine, Stash: kept, TemplateStash: &r.set, Text: text}
	body, err := r.safe(p.Engine.Expand(x, text), w)
	if lost {
		p.Problems = append(p.Problems, post.Problem{Path: p.Path, Message: "HTML in Markdown was left out, as Hugo does; set markup.goldmark.renderer.unsafe in Hugo's config to have it shown"})
	}
	return body, err
}

// expand expands a text that begins in a line of the file.
func (r *postRenderer) expand(text string, line int, quiet bool) string {
	text = markdown.StripTokens(text)
	x := &dialect.Expansion{Page: r.page, Blog: r.tree.blog, Links: r.links, Line: line, Quiet: quiet, TemplateStash: &r.set, Text: text}
	return r.page.Engine.Expand(x, text)
}

// safe renders Markdown, or takes HTML as it is, and sanitizes it.
func (r *postRenderer) safe(source string, w markdown.Options) (*html.Node, error) {
	rendered := source
	if mdsource.IsMarkdownName(r.page.Path) {
		var err error
		if rendered, err = r.tree.blog.Markdown.HTML(source, w); err != nil {
			return nil, err
		}
	}
	return r.cleaner.Clean(r.set.Restore(rendered))
}

// dropTitle removes the heading that the title was taken from, since the title is shown above the
// post.
func dropTitle(body *html.Node, p *dialect.Page) {
	if p.Front.Scalar("title") != "" {
		return
	}
	for n := body.FirstChild; n != nil; n = n.NextSibling {
		if n.Type == html.ElementNode {
			if n.DataAtom == atom.H1 && htmldom.FoldedText(n) == p.Post.Title {
				body.RemoveChild(n)
			}
			return
		}
	}
}

// dropEmptyParagraphs removes what is left of paragraphs in which a hook or a shortcode put a
// block.
func dropEmptyParagraphs(body *html.Node) {
	for n := body.FirstChild; n != nil; {
		next := n.NextSibling
		if n.DataAtom == atom.P && n.FirstChild == nil {
			body.RemoveChild(n)
		}
		n = next
	}
}

// image returns the picture that the front matter names, else the body's first.
func (r *postRenderer) image(body *html.Node) *post.Image {
	if r.page.Post.Image == "" {
		return sanitize.FirstImage(body)
	}
	img := &post.Image{URL: r.page.Post.Image, Alt: xmltext.Line(r.page.Front.Scalar("image_alt", "cover_alt", "alt"))}
	if to := r.links.Follow(r.page.ImageText()); to.URL == img.URL {
		img.Width, img.Height = r.cleaner.TargetSize(to)
	}
	return img
}
