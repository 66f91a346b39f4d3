// Package mailhtml adapts HTML to mail programs: it moves styles into attributes, replaces what
// mail programs cannot show, and adds colors for dark mode.
package mailhtml

import (
	"strings"
	"unicode"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"publisher/internal/htmldom"
)

// adapt changes what authors write and mail programs cannot show: elements and styles that Gmail
// or Outlook do not support, pictures in unsupported formats, and tables wider than a phone.
func adapt(doc *html.Node) {
	var texts, pictures, cells []*html.Node
	leads, titled := 0, false // how many texts come before the title of a post
	for n := range doc.Descendants() {
		class, _ := htmldom.LookupAttr(n, "class")
		switch {
		case n.DataAtom == atom.Img:
			pictures = append(pictures, n)
		case n.DataAtom == atom.Td && strings.HasPrefix(class, "cell"):
			cells = append(cells, n)
		case n.DataAtom == atom.H2 && class == "title":
			titled = true
		case n.DataAtom == atom.Div && class == "text":
			texts = append(texts, n)
			if !titled {
				leads = len(texts)
			}
		}
	}
	for i, text := range texts {
		below := 2
		if i < leads {
			below = 1
		}
		adaptText(text, below)
	}
	for _, img := range pictures {
		describe(img)
		adaptPicture(img)
	}
	for _, cell := range cells {
		fitTables(cell)
	}
}

// adaptText adapts what an author has written below a heading of some level.
func adaptText(text *html.Node, below int) {
	var foreign, empty, headings []*html.Node
	for n := range text.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		plainStyle(n)
		if _, ok := unknown[n.DataAtom]; ok {
			foreign = append(foreign, n)
		}
		if n.DataAtom == atom.Pre {
			htmldom.SetAttr(n, "class", "code")
		}
		switch n.DataAtom {
		case atom.A:
			// Where a link within the post would have led is not in the mail.
			if _, ok := htmldom.LookupAttr(n, "href"); !ok {
				foreign = append(foreign, n)
			}
		case atom.P, atom.Div:
			empty = append(empty, n)
		case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
			headings = append(headings, n)
		case atom.Pre, atom.Code, atom.Kbd, atom.Samp, atom.Tt:
			if directionOf(n) == "rtl" {
				htmldom.SetAttr(n, "dir", "ltr")
			}
		case atom.Span:
			// A word of code keeps its place among the others, whatever is in it.
			if htmldom.Ancestor(n, atom.Pre) != nil && rightToLeft(words(n)) {
				htmldom.SetAttr(n, "dir", "ltr")
			}
		case atom.Li:
			if done := strings.TrimSpace(words(n)); strings.HasPrefix(done, "☑") || strings.HasPrefix(done, "☐") {
				htmldom.SetAttr(n, "class", "task")
			}
		}
	}
	demote(headings, below)
	for _, n := range foreign {
		replaceUnsupported(n)
	}
	for _, n := range empty {
		tidy(n)
	}
}

// demote lowers an author's headings below one of a level: the post's title, which is an h2, or
// the publication's name.
func demote(headings []*html.Node, below int) {
	levels := []atom.Atom{atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6}
	level := func(n *html.Node) int { return int(n.Data[1] - '1') }
	highest := len(levels)
	for _, n := range headings {
		highest = min(highest, level(n))
	}
	for _, n := range headings {
		htmldom.Rename(n, levels[min(level(n)-highest+below, len(levels)-1)])
	}
}

// tidy removes empty blocks, and blocks that contain only another block.
func tidy(n *html.Node) {
	if words(n) == "" && !htmldom.Contains(n, atom.Img) && !htmldom.Contains(n, atom.Hr) {
		n.Parent.RemoveChild(n)
		return
	}
	if n.DataAtom != atom.Div || len(n.Attr) > 0 {
		return
	}
	only := 0
	for sibling := range n.Parent.ChildNodes() {
		if sibling.Type != html.TextNode || strings.TrimSpace(sibling.Data) != "" {
			only++
		}
	}
	if only == 1 && n.Parent.DataAtom == atom.Div {
		htmldom.Unwrap(n)
	}
}

// words returns the text of a node, including the descriptions of its pictures.
func words(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
		b.WriteString(htmldom.Attr(d, "alt"))
	}
	return strings.TrimSpace(b.String())
}

// rightToLeft reports whether text contains letters of a right-to-left script.
func rightToLeft(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool {
		return unicode.In(r, unicode.Arabic, unicode.Hebrew, unicode.Syriac, unicode.Thaana, unicode.Nko)
	})
}
