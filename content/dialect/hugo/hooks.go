package hugo

import (
	"html/template"
	"regexp"
	"strings"
	"unicode"

	"publisher/content/dialect"
	"publisher/content/dialect/hugo/shortcode"
	"publisher/content/limits"
	"publisher/content/markdown"
	"publisher/content/mdsource"
	"publisher/internal/htmldom"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
)

// renderHooks evaluates a blog's render hooks for one post.
type renderHooks struct {
	templates *shortcode.Evaluator
	hooks     map[string]*shortcode.Template
	section   string
	ordinals  map[string]int
}

// RenderHooks implements [dialect.Engine].
func (h *Engine) RenderHooks(l *dialect.Linker, set *markdown.HTMLStash) markdown.NodeHooks {
	p := l.Page
	hooks := h.Library(p).Hooks
	if len(hooks) == 0 {
		return nil
	}
	x := &dialect.Expansion{Page: p, Blog: l.Blog, Links: l, Quiet: true, TemplateStash: set}
	section, _, _ := strings.Cut(h.Folder(p), "/")
	return &renderHooks{hooks: hooks, templates: shortcode.NewEvaluator(x, h), section: section, ordinals: map[string]int{}}
}

// hookCall is the context of a render hook's template. Exported names are Hugo's.
type hookCall struct {
	Page, PageInner    *shortcode.PageContext
	Destination, Title string
	Text               template.HTML
	PlainText          string
	IsBlock            bool
	Ordinal, Level     int
	Anchor, Type       string
	Inner              string
	Attributes         map[string]any
	Options            map[string]any

	AlertType, AlertSign string
	AlertTitle           template.HTML
}

// Replace puts the output of the hooks into a document in place of goldmark's.
func (h *renderHooks) Replace(md goldmark.Markdown, source []byte, doc ast.Node, b *limits.Budget) error {
	var nodes []ast.Node
	err := ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering && hookKind(n, source) != "" {
			nodes = append(nodes, n) // the inner ones first
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		return err
	}
	for _, n := range nodes {
		b.Step(1)
		if made, ok := h.evaluate(md, n, source); ok {
			replaceNode(n, made)
		}
	}
	return nil
}

func hookKind(n ast.Node, source []byte) string {
	switch n := n.(type) {
	case *ast.Image:
		return "image"
	case *ast.Link, *ast.AutoLink:
		return "link"
	case *ast.Heading:
		return "heading"
	case *ast.Blockquote:
		return "blockquote"
	case *ast.FencedCodeBlock:
		if lang := mdsource.CodeLanguage(string(n.Language(source))); lang != "" {
			return "codeblock-" + strings.ToLower(lang)
		}
		return "codeblock"
	}
	return ""
}

// template returns the most specific one for a kind of node, or nil.
func (h *renderHooks) template(kind string) *shortcode.Template {
	general, _, _ := strings.Cut(kind, "-")
	for _, name := range []string{h.section + "/" + kind, kind, h.section + "/" + general, general} {
		if t := h.hooks[name]; t != nil {
			return t
		}
	}
	return nil
}

func (h *renderHooks) evaluate(md goldmark.Markdown, n ast.Node, source []byte) (string, bool) {
	kind := hookKind(n, source)
	var call *hookCall
	if kind == "blockquote" {
		if !h.quotes() {
			return "", false
		}
		call = h.call(md, n, source)
		kind += "-" + call.Type
	}
	t := h.template(kind)
	if t == nil {
		return "", false
	}
	if call == nil {
		call = h.call(md, n, source)
	}
	kind, _, _ = strings.Cut(kind, "-")
	call.Ordinal = h.ordinals[kind]
	h.ordinals[kind]++
	out, ok := h.templates.Run(t, call)
	switch {
	case !ok && kind == "image" && call.Title != "" && strings.Contains(t.Text, "figcaption"):
		// It needs more than the page, such as the picture's size, but this it says.
		return dialect.Figure{Src: call.Destination, Alt: call.PlainText, Caption: template.HTMLEscapeString(call.Title)}.HTML(), true
	case !ok:
		return "", false
	case kind == "heading":
		out = withoutAnchors(out)
	case strings.HasSuffix(t.Name, "codeblock") && strings.Contains(out, "<pre"):
		return "", false // it dresses code up; ours is made for feeds and mail
	}
	return strings.TrimSpace(out), true
}

func (h *renderHooks) call(md goldmark.Markdown, n ast.Node, source []byte) *hookCall {
	page := h.templates.PageContext()
	c := &hookCall{Page: page, PageInner: page, Attributes: map[string]any{}, Options: map[string]any{}}
	inner := &limits.Writer{Budget: h.templates.Page.Budget}
	for child := n.FirstChild(); child != nil; child = child.NextSibling() {
		if md.Renderer().Render(inner, source, child) != nil {
			break
		}
	}
	c.Text, c.PlainText = template.HTML(inner.String()), htmldom.StripTags(inner.String())
	for _, a := range n.Attributes() {
		if value, ok := a.Value.([]byte); ok {
			c.Attributes[string(a.Name)] = string(value)
		}
	}
	switch n := n.(type) {
	case *ast.Image:
		c.Destination, c.Title = string(n.Destination), string(n.Title)
		p := n.Parent()
		c.IsBlock = p != nil && p.ChildCount() == 1 && p.Kind() == ast.KindParagraph
	case *ast.Link:
		c.Destination, c.Title = string(n.Destination), string(n.Title)
	case *ast.AutoLink:
		c.Destination = string(n.URL(source))
		if n.AutoLinkType == ast.AutoLinkEmail && !strings.HasPrefix(c.Destination, "mailto:") {
			c.Destination = "mailto:" + c.Destination
		}
		c.PlainText = string(n.Label(source))
		c.Text = template.HTML(template.HTMLEscapeString(c.PlainText))
	case *ast.Heading:
		c.Level = n.Level
		c.Anchor, _ = c.Attributes["id"].(string)
	case *ast.Blockquote:
		c.readAlert(inner.String())
	case *ast.FencedCodeBlock:
		c.Type, c.Inner = string(n.Language(source)), strings.TrimSuffix(markdown.BlockText(n, source), "\n")
	}
	return c
}

// quotes reports whether the blog has a hook for quotations.
func (h *renderHooks) quotes() bool {
	for _, kind := range []string{"blockquote-alert", "blockquote-regular"} {
		if h.template(kind) != nil {
			return true
		}
	}
	return false
}

var alertHead = regexp.MustCompile(`^\s*<p>\[!(\w+)\]([-+]?)[ \t]*([^\n<]*(?:<(?:em|strong|code|del|a)\b[^\n]*)?)(\n|</p>)`)

// readAlert distinguishes an alert, such as > [!NOTE], from other quotations.
func (c *hookCall) readAlert(inner string) {
	c.Type = "regular"
	m := alertHead.FindStringSubmatchIndex(inner)
	if m == nil {
		return
	}
	c.Type, c.AlertType, c.AlertSign = "alert", strings.ToLower(inner[m[2]:m[3]]), inner[m[4]:m[5]]
	title := strings.TrimSuffix(inner[m[6]:m[7]], "</p>")
	rest := inner[m[1]:]
	if inner[m[8]:m[9]] == "\n" && !strings.HasSuffix(inner[m[6]:m[7]], "</p>") {
		rest = "<p>" + rest
	}
	c.AlertTitle, c.Text = template.HTML(strings.TrimSpace(title)), template.HTML(strings.TrimSpace(rest))
}

// replaceNode replaces a node by HTML.
func replaceNode(n ast.Node, made string) {
	raw := ast.NewString([]byte(made))
	raw.SetCode(true) // to be written as it is
	var with ast.Node = raw
	if p := n.Parent(); p.Kind() == ast.KindParagraph && p.ChildCount() == 1 && blockStart.MatchString(made) {
		n = p // a paragraph cannot hold it
	}
	if n.Type() == ast.TypeBlock {
		with = ast.NewTextBlock()
		with.AppendChild(with, raw)
	}
	n.Parent().ReplaceChild(n.Parent(), n, with)
}

var blockStart = regexp.MustCompile(`^<(?:figure|div|p|table|section|aside)\b`)

var ownAnchor = regexp.MustCompile(`(?s)<a\b[^>]*\bhref\s*=\s*["']?#[^>]*>.*?</a>`)

// withoutAnchors removes from a heading the signs that link to itself.
func withoutAnchors(heading string) string {
	return ownAnchor.ReplaceAllStringFunc(heading, func(link string) string {
		if strings.IndexFunc(htmldom.StripTags(link), func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) >= 0 {
			return link
		}
		return ""
	})
}
