package message

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"publisher/internal/htmldom"
	"publisher/internal/textwrap"
)

const (
	textColumns = 72
	// fewestColumns is what deep nesting leaves at least.
	fewestColumns = 24
)

// ExcerptText returns an excerpt for the text part: paragraphs wrapped at 72 columns, links
// numbered and listed below, code unchanged.
func ExcerptText(source string) string {
	root, err := htmldom.ParseFragment(source)
	if err != nil {
		return "" // nested deeper than the parser goes: no post of a person's
	}
	t := &textRenderer{}
	lines := t.blocks(root, textColumns, false)
	if len(t.links) > 0 {
		lines = append(lines, "")
	}
	for i, link := range t.links {
		lines = append(lines, fmt.Sprintf("[%d] %s", i+1, link))
	}
	return strings.Trim(strings.Join(lines, "\n"), "\n")
}

// textRenderer turns HTML into lines of text.
type textRenderer struct {
	links []string // numbered from 1
}

// blocks renders the children of n: each run of inline content as a paragraph, and each block,
// separated by empty lines unless tight.
func (t *textRenderer) blocks(n *html.Node, columns int, tight bool) []string {
	columns = max(columns, fewestColumns)
	var out []string
	add := func(block []string) {
		if len(out) > 0 && len(block) > 0 && !tight {
			out = append(out, "")
		}
		out = append(out, block...)
	}
	var run strings.Builder
	flush := func() {
		add(textwrap.Lines(run.String(), columns))
		run.Reset()
	}
	for child := n.FirstChild; child != nil; child = child.NextSibling {
		if isInline(child) {
			t.inline(&run, child)
			continue
		}
		flush()
		add(t.block(child, columns))
	}
	flush()
	return out
}

func (t *textRenderer) block(n *html.Node, columns int) []string {
	switch n.DataAtom {
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		return t.heading(n, columns)
	case atom.Ul, atom.Ol, atom.Menu:
		return t.list(n, columns)
	case atom.Dd:
		return indent(t.blocks(n, columns-4, false), "    ", "    ")
	case atom.Blockquote:
		return indent(t.blocks(n, columns-2, false), "> ", "> ")
	case atom.Pre:
		return indent(preformatted(n), "    ", "    ")
	case atom.Table:
		return t.table(n, columns)
	case atom.Dl:
		return t.blocks(n, columns, true)
	case atom.Hr:
		return []string{"* * *"}
	case atom.A:
		lines := t.blocks(n, columns, false)
		if number := t.number(n); number != "" {
			lines = append(lines, number)
		}
		return lines
	}
	return t.blocks(n, columns, false)
}

func (t *textRenderer) heading(n *html.Node, columns int) []string {
	lines := t.blocks(n, columns, true)
	longest := 0
	for _, line := range lines {
		longest = max(longest, textwrap.Width(line))
	}
	if longest == 0 {
		return nil
	}
	return append(lines, strings.Repeat("-", min(longest, columns)))
}

// list renders the items with their bullets or numbers. Items that contain paragraphs are
// separated by empty lines.
func (t *textRenderer) list(n *html.Node, columns int) []string {
	number, ordered := 1, n.DataAtom == atom.Ol
	if start, err := strconv.Atoi(htmldom.Attr(n, "start")); err == nil {
		number = start
	}
	loose := false
	for item := n.FirstChild; item != nil; item = item.NextSibling {
		loose = loose || item.DataAtom == atom.Li && htmldom.HasChild(item, atom.P)
	}
	var out []string
	for item := n.FirstChild; item != nil; item = item.NextSibling {
		if item.Type != html.ElementNode {
			continue
		}
		marker := "- "
		if ordered {
			if value, err := strconv.Atoi(htmldom.Attr(item, "value")); err == nil {
				number = value
			}
			marker = strconv.Itoa(number) + ". "
			number++
		}
		lines := t.blocks(item, columns-len(marker), !loose)
		if len(lines) == 0 {
			lines = []string{""}
		}
		if loose && len(out) > 0 {
			out = append(out, "")
		}
		out = append(out, indent(lines, marker, strings.Repeat(" ", len(marker)))...)
	}
	return out
}

// inline appends the text of inline content. "\v" is a hard line break.
func (t *textRenderer) inline(b *strings.Builder, n *html.Node) {
	switch n.Type {
	case html.TextNode:
		b.WriteString(printable(n.Data))
		return
	case html.ElementNode:
	default:
		return
	}
	switch n.DataAtom {
	case atom.Br:
		b.WriteString("\v")
	case atom.Img:
		if alt := strings.TrimSpace(printable(htmldom.Attr(n, "alt"))); alt != "" {
			b.WriteString("[" + alt + "]")
		}
	case atom.Input:
		b.WriteString(checkbox(n))
	case atom.Code, atom.Kbd, atom.Samp, atom.Tt:
		b.WriteString("`")
		t.inlines(b, n)
		b.WriteString("`")
	case atom.Q:
		b.WriteString("“")
		t.inlines(b, n)
		b.WriteString("”")
	case atom.A, atom.Iframe, atom.Video, atom.Audio:
		t.link(b, n)
	case atom.Script, atom.Style, atom.Template, atom.Svg, atom.Noscript, atom.Object:
	default:
		t.inlines(b, n)
	}
}

func (t *textRenderer) inlines(b *strings.Builder, n *html.Node) {
	for child := n.FirstChild; child != nil; child = child.NextSibling {
		t.inline(b, child)
	}
}

func checkbox(n *html.Node) string {
	if htmldom.Attr(n, "type") != "checkbox" {
		return ""
	}
	if slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == "checked" }) {
		return "[x] "
	}
	return "[ ] "
}

// link appends the text of a link and its number. If the text is the address, there is no
// number.
func (t *textRenderer) link(b *strings.Builder, n *html.Node) {
	var text strings.Builder
	if title := htmldom.Attr(n, "title"); n.DataAtom != atom.A {
		text.WriteString(printable(title)) // what a player shows where there is none
	} else {
		t.inlines(&text, n)
	}
	b.WriteString(text.String())
	target := linkTarget(n)
	shown := strings.TrimSuffix(strings.TrimSpace(text.String()), "/")
	bare := strings.TrimSuffix(target, "/")
	for _, scheme := range []string{"", "https://", "http://", "mailto:"} {
		if target != "" && scheme+shown == bare {
			return
		}
	}
	if number := t.number(n); number != "" {
		if shown != "" && !strings.HasSuffix(text.String(), " ") {
			b.WriteByte(' ')
		}
		b.WriteString(number)
	}
}

// number returns the mark of the link's address in the list below, or "".
func (t *textRenderer) number(n *html.Node) string {
	target := linkTarget(n)
	if target == "" {
		return ""
	}
	i := slices.Index(t.links, target)
	if i < 0 {
		i = len(t.links)
		t.links = append(t.links, target)
	}
	return fmt.Sprintf("[%d]", i+1)
}

// linkTarget returns the address of a link or a player, or "" for what only a browser can do.
func linkTarget(n *html.Node) string {
	ref := htmldom.Attr(n, "href")
	if n.DataAtom != atom.A {
		ref = htmldom.Attr(n, "src")
	}
	u, err := url.Parse(strings.TrimSpace(ref))
	if err != nil {
		return ""
	}
	switch u.Scheme {
	case "", "javascript", "vbscript", "data", "blob":
		return ""
	}
	return strings.ReplaceAll(u.String(), " ", "%20")
}

// preformatted returns the text of a <pre>, line by line, unchanged.
func preformatted(n *html.Node) []string {
	var b strings.Builder
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		switch {
		case n.Type == html.TextNode:
			b.WriteString(n.Data)
		case n.DataAtom == atom.Br:
			b.WriteByte('\n')
		}
		for child := n.FirstChild; child != nil; child = child.NextSibling {
			walk(child)
		}
	}
	walk(n)
	text := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, strings.ReplaceAll(b.String(), "\r\n", "\n"))
	if text = strings.Trim(text, "\n"); text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

// indent puts first before the first line and rest before the others, without trailing space in
// empty lines.
func indent(lines []string, first, rest string) []string {
	out := make([]string, len(lines))
	for i, line := range lines {
		prefix := rest
		if i == 0 {
			prefix = first
		}
		if line == "" {
			prefix = strings.TrimRight(prefix, " ")
		}
		out[i] = prefix + line
	}
	return out
}

// printable removes control characters other than white space.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case textwrap.IsSpace(r):
			return ' '
		case unicode.IsControl(r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

// isInline reports whether n is part of a line of text. An inline element around a block, such as
// a link around a picture and its heading, is not.
func isInline(n *html.Node) bool {
	if n.Type != html.ElementNode {
		return true
	}
	if isBlock(n.DataAtom) {
		return false
	}
	for child := n.FirstChild; child != nil; child = child.NextSibling {
		if !isInline(child) {
			return false
		}
	}
	return true
}

func isBlock(a atom.Atom) bool {
	switch a {
	case atom.Address, atom.Article, atom.Aside, atom.Blockquote, atom.Center, atom.Details, atom.Dd, atom.Div, atom.Dl, atom.Dt,
		atom.Fieldset, atom.Figcaption, atom.Figure, atom.Footer, atom.Form, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6,
		atom.Header, atom.Hr, atom.Li, atom.Main, atom.Menu, atom.Nav, atom.Ol, atom.P, atom.Pre, atom.Section, atom.Summary,
		atom.Table, atom.Caption, atom.Thead, atom.Tbody, atom.Tfoot, atom.Tr, atom.Td, atom.Th, atom.Ul:
		return true
	}
	return false
}
