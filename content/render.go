package content

import (
	"context"
	"fmt"
	"path"
	"publisher/internal/htmldom"
	"publisher/internal/xmltext"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Render makes HTML of the post's body. Problems (an unknown shortcode, a link
// to a file that is not there) do not keep a post from being rendered; what does
// is a *RenderError, and concerns this post alone. Any other error is ctx's.
func (t *Tree) Render(ctx context.Context, p *Post) (out *Rendering, problems []Problem, err error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	clock, release := t.begin()
	defer release()
	return t.render(newBudget(ctx, clock, maxTime-maxReading), p)
}

func (t *Tree) render(b *budget, p *Post) (out *Rendering, problems []Problem, err error) {
	src, err := t.blog.open(p.Path)
	if err != nil {
		return nil, nil, &RenderError{Path: p.Path, Err: err}
	}
	src.budget = b
	defer func() {
		if fault := recover(); fault != nil {
			out, problems, err = nil, nil, stoppedBy(src, fault)
		}
	}()
	src.problems = nil // the scan reported them
	a := t.blog.articleOf(src)
	if err := a.front.checkSizes(false); err != nil {
		return nil, nil, newRenderError(src, err)
	}
	a.post = p
	a.slug = anchorSlug(p.URL)
	r := newPostRenderer(t, a)
	if out, err = r.render(); err != nil {
		return nil, nil, newRenderError(src, err)
	}
	for _, lost := range r.links.lost {
		src.warn(src.lineHolding(path.Base(lost)), fmt.Sprintf("a link leads to %s, which is not in the content folder; its text was kept without the link", lost))
	}
	sortProblems(src.problems)
	out.Follows = r.follows(src)
	return out, src.problems, nil
}

func (r *postRenderer) follows(src *source) Follows {
	f := Follows{FileHash: src.fileHash, Links: r.links.asked, Files: r.cleaner.filesLookedFor(), Unknown: r.hooked}
	for _, mark := range []string{"{{", "{%", "<%"} {
		f.Unknown = f.Unknown || strings.Contains(src.body, mark) || strings.Contains(src.front.text, mark)
	}
	slices.Sort(f.Links)
	slices.Sort(f.Files)
	f.Links, f.Files = slices.Compact(f.Links), slices.Compact(f.Files)
	return f
}

// anchorSlug is what makes a post's anchors its own: the last part of its address.
func anchorSlug(address string) string {
	address = strings.TrimSuffix(strings.TrimSuffix(address, "/"), ".html")
	return asciiSlug(address[strings.LastIndexByte(address, '/')+1:])
}

// postRenderer makes the Rendering of one post.
type postRenderer struct {
	tree    *Tree
	article *article
	links   *linker
	cleaner *cleaner
	set     keptHTML
	hooked  bool // render hooks were at work
}

func newPostRenderer(t *Tree, a *article) *postRenderer {
	links := &linker{article: a, tree: t.blog}
	c := &cleaner{links: links, address: a.post.URL, prefix: a.slug + "-", budget: a.budget, warn: a.warnOf}
	return &postRenderer{tree: t, article: a, links: links, cleaner: c}
}

func (r *postRenderer) render() (*Rendering, error) {
	a := r.article
	w := a.writing()
	w.hooks = a.engine.hooks(r.links, &r.set)
	r.hooked = w.hooks != nil
	body, err := r.body(w)
	if err != nil {
		return nil, err
	}
	if r.hooked || w.noRaw {
		dropEmptyParagraphs(body)
	}
	dropTitle(body, a)
	out := &Rendering{Words: htmldom.CountWords(body)}
	excerpt, err := r.excerpt(body, w)
	if err != nil {
		return nil, err
	}
	removeMarks(body)
	out.HTML = htmldom.Inner(body)
	if len(out.HTML) > maxHTML {
		return nil, tooLarge()
	}
	out.ExcerptHTML = htmldom.Inner(excerpt)
	out.ExcerptText = htmldom.FoldedText(excerpt)
	if a.post.Newsletter.Intro != "" {
		intro, err := r.safe(r.expand(a.post.Newsletter.Intro, a.front.lineOf("intro"), true), w)
		if err != nil {
			return nil, err
		}
		removeMarks(intro)
		tidyExcerpt(intro)
		out.IntroHTML = htmldom.Inner(intro)
	}
	out.Image = r.image(body)
	return out, nil
}

// body renders the post's text. Where the engine leaves HTML out that stands in
// Markdown, what shortcodes make is set aside meanwhile: it is no such HTML.
func (r *postRenderer) body(w markdownOptions) (*html.Node, error) {
	a := r.article
	var kept *keptHTML
	lost := false
	if w.noRaw && isMarkdownName(a.path) {
		kept, w.rawLeftOut = &r.set, &lost
	}
	text := withoutTokens(a.bodySource())
	m := &macros{article: a, tree: r.tree.blog, links: r.links, line: a.bodyLine, kept: kept, set: &r.set, base: text}
	body, err := r.safe(a.engine.expand(m, text), w)
	if lost {
		a.problems = append(a.problems, Problem{Path: a.path, Message: "HTML in Markdown was left out, as Hugo does; set markup.goldmark.renderer.unsafe in Hugo's config to have it shown"})
	}
	return body, err
}

// expand replaces an engine's macros in a text that begins in a line of the file.
func (r *postRenderer) expand(text string, line int, quiet bool) string {
	text = withoutTokens(text)
	m := &macros{article: r.article, tree: r.tree.blog, links: r.links, line: line, quiet: quiet, set: &r.set, base: text}
	return r.article.engine.expand(m, text)
}

// safe renders Markdown, or takes HTML as it is, and cleans it.
func (r *postRenderer) safe(source string, w markdownOptions) (*html.Node, error) {
	rendered := source
	if isMarkdownName(r.article.path) {
		var err error
		if rendered, err = r.tree.blog.markdown.html(source, w); err != nil {
			return nil, err
		}
	}
	return r.cleaner.clean(r.set.restore(rendered))
}

// dropTitle takes the heading away that the title was taken from: whoever shows
// the post shows its title above.
func dropTitle(body *html.Node, a *article) {
	if a.front.scalar("title") != "" {
		return
	}
	for n := body.FirstChild; n != nil; n = n.NextSibling {
		if n.Type == html.ElementNode {
			if n.DataAtom == atom.H1 && htmldom.FoldedText(n) == a.post.Title {
				body.RemoveChild(n)
			}
			return
		}
	}
}

// dropEmptyParagraphs takes away what is left of paragraphs that a hook or
// a shortcode has put a block into.
func dropEmptyParagraphs(body *html.Node) {
	for n := body.FirstChild; n != nil; {
		next := n.NextSibling
		if n.DataAtom == atom.P && n.FirstChild == nil {
			body.RemoveChild(n)
		}
		n = next
	}
}

// image describes the picture that the front matter names, else the body's first.
func (r *postRenderer) image(body *html.Node) *Image {
	if r.article.post.Image == "" {
		return firstImage(body)
	}
	img := &Image{URL: r.article.post.Image, Alt: xmltext.Line(r.article.front.scalar("image_alt", "cover_alt", "alt"))}
	if to := r.links.follow(r.article.imageText()); to.url == img.URL {
		img.Width, img.Height = r.cleaner.sizeOfTarget(to)
	}
	return img
}
