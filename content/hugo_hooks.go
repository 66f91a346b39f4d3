package content

import (
	"html/template"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"publisher/internal/htmldom"
	"regexp"
	"strings"
	"unicode"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
)

// hookPrefix tells the templates of render hooks from those of shortcodes.
const hookPrefix = "\x00"

// readHugoHooks reads layouts/_markup/render-*.html, which say how images, links,
// headings and code become HTML, and those of single sections.
func (s *hugoFolders) readHugoHooks(root, layouts string) {
	dir := filepath.Join(root, filepath.FromSlash(layouts))
	s.readHookFolder(root, path.Join(layouts, "_markup"), "")
	s.readHookFolder(root, path.Join(layouts, "_default", "_markup"), "")
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if name := e.Name(); e.IsDir() && name[0] != '_' && name[0] != '.' {
			s.readHookFolder(root, path.Join(layouts, name, "_markup"), name+"/")
		}
	}
}

var hookName = regexp.MustCompile(`^render-(image|link|heading|blockquote(?:-alert|-regular)?|codeblock(?:-[\w+#-]+)?)\.html$`)

func (s *hugoFolders) readHookFolder(root, folder, section string) {
	dir := s.site.folder(filepath.Join(root, filepath.FromSlash(folder)))
	if dir == "" {
		return
	}
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		m := hookName.FindStringSubmatch(e.Name())
		if m == nil || !e.Type().IsRegular() {
			continue
		}
		key := hookPrefix + section + m[1]
		if _, taken := s.global[key]; taken {
			continue
		}
		if text, err := s.site.readOwn(filepath.Join(dir, e.Name())); err == nil && len(text) <= maxLiquidText {
			s.global[key] = hugoTemplate{string(text), true}
			s.hooked = true
			s.remember(path.Join(folder, e.Name()), text)
		}
	}
}

// hugoHooks evaluates a blog's render hooks for one post.
type hugoHooks struct {
	templates *hugoTemplates
	section   string
	ordinals  map[string]int
}

// hooks are those of the post's blog; nil where it has none.
func (r *postRenderer) hooks() *hugoHooks {
	e, ok := r.article.engine.(*hugo)
	if f := hugoFoldersOf(r.article); !ok || f == nil || !f.hooked {
		return nil
	}
	m := &macros{article: r.article, tree: r.tree.blog, links: r.links, quiet: true, set: &r.set}
	h := &hugoHooks{templates: newHugoTemplates(m), ordinals: map[string]int{}}
	h.section, _, _ = strings.Cut(e.folder(r.article), "/")
	h.templates.page = newHugoPage(h.templates)
	return h
}

// hookCall is what a render hook's template is given. Exported names are Hugo's.
type hookCall struct {
	Page, PageInner    *hugoPage
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

// replace puts what the hooks make into a document in place of what goldmark would
// write.
func (h *hugoHooks) replace(md goldmark.Markdown, source []byte, doc ast.Node, b *budget) error {
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
		b.step(1)
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
		if lang := languageWord(string(n.Language(source))); lang != "" {
			return "codeblock-" + strings.ToLower(lang)
		}
		return "codeblock"
	}
	return ""
}

// template is the most exact one for a kind of node.
func (h *hugoHooks) template(kind string) (hugoTemplate, string, bool) {
	general, _, _ := strings.Cut(kind, "-")
	global := h.templates.article.global
	for _, name := range []string{h.section + "/" + kind, kind, h.section + "/" + general, general} {
		if t, ok := global[hookPrefix+name].(hugoTemplate); ok {
			return t, hookPrefix + name, true
		}
	}
	return hugoTemplate{}, "", false
}

func (h *hugoHooks) evaluate(md goldmark.Markdown, n ast.Node, source []byte) (string, bool) {
	kind := hookKind(n, source)
	var call *hookCall
	if kind == "blockquote" {
		if !h.quotes() {
			return "", false
		}
		call = h.call(md, n, source)
		kind += "-" + call.Type
	}
	t, name, ok := h.template(kind)
	if !ok {
		return "", false
	}
	if call == nil {
		call = h.call(md, n, source)
	}
	kind, _, _ = strings.Cut(kind, "-")
	call.Ordinal = h.ordinals[kind]
	h.ordinals[kind]++
	out, ok := h.templates.run(t, name, call)
	switch {
	case !ok && kind == "image" && call.Title != "" && strings.Contains(t.text, "figcaption"):
		// It needs more than the page, such as the picture's size, but this it says.
		return figure{src: call.Destination, alt: call.PlainText, caption: template.HTMLEscapeString(call.Title)}.html(), true
	case !ok:
		return "", false
	case kind == "heading":
		out = withoutAnchors(out)
	case strings.HasSuffix(name, "codeblock") && strings.Contains(out, "<pre"):
		return "", false // it dresses code up; ours is made for feeds and mail
	}
	return strings.TrimSpace(out), true
}

func (h *hugoHooks) call(md goldmark.Markdown, n ast.Node, source []byte) *hookCall {
	c := &hookCall{Page: h.templates.page, PageInner: h.templates.page, Attributes: map[string]any{}, Options: map[string]any{}}
	inner := newBudgetWriter(h.templates.article.budget)
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
		c.Type, c.Inner = string(n.Language(source)), strings.TrimSuffix(codeOf(n, source), "\n")
	}
	return c
}

// quotes reports that the blog has a hook for quotations.
func (h *hugoHooks) quotes() bool {
	for _, kind := range []string{"blockquote-alert", "blockquote-regular"} {
		if _, _, ok := h.template(kind); ok {
			return true
		}
	}
	return false
}

var alertHead = regexp.MustCompile(`^\s*<p>\[!(\w+)\]([-+]?)[ \t]*([^\n<]*(?:<(?:em|strong|code|del|a)\b[^\n]*)?)(\n|</p>)`)

// readAlert tells an alert, such as > [!NOTE], from other quotations.
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

// replaceNode puts HTML in the place of a node.
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

// withoutAnchors takes the signs out of a heading that lead to itself.
func withoutAnchors(heading string) string {
	return ownAnchor.ReplaceAllStringFunc(heading, func(link string) string {
		if strings.IndexFunc(htmldom.StripTags(link), func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) >= 0 {
			return link
		}
		return ""
	})
}

// parseURL is urls.Parse, of which hooks ask whether a link leads elsewhere.
func (h *hugoTemplates) parseURL(v any) (*url.URL, error) {
	address, err := h.text(v)
	if err != nil {
		return nil, err
	}
	return url.Parse(address)
}
