package message

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"publisher/internal/htmldom"
	"publisher/internal/textwrap"
)

// truncate cuts HTML to at most limit octets: after a block, or inside the first block at the end
// of a sentence or between words, but never inside a tag, a link, code or a table.
func truncate(source string, limit int) string {
	if len(source) <= limit {
		return source
	}
	root, err := htmldom.ParseFragment(source)
	if err != nil {
		return "" // nested deeper than the parser goes: no post of a person's
	}
	s := &truncater{left: limit}
	kept := s.take(root, true)
	if kept == nil {
		return ""
	}
	for kept.LastChild != nil && leadsOn(kept.LastChild) {
		kept.RemoveChild(kept.LastChild)
	}
	return render(kept)
}

// leadsOn reports whether n cannot come last: white space and headings.
func leadsOn(n *html.Node) bool {
	switch n.DataAtom {
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Hr:
		return true
	}
	return n.Type == html.TextNode && strings.TrimSpace(n.Data) == ""
}

type truncater struct {
	left int // octets
	full bool
}

// take returns as much of n as fits, or nil. If cut is false, it returns all of it or nothing.
func (s *truncater) take(n *html.Node, cut bool) *html.Node {
	size := len(render(n))
	if size <= s.left {
		s.left -= size
		return n
	}
	s.full = true
	switch {
	case !cut:
		return nil
	case n.Type == html.TextNode:
		return s.takeText(n)
	case n.Type != html.DocumentNode && n.Type != html.ElementNode, whole(n.DataAtom):
		return nil
	}
	shell := &html.Node{Type: n.Type, Data: n.Data, DataAtom: n.DataAtom, Namespace: n.Namespace, Attr: n.Attr}
	if s.left -= len(render(shell)); s.left <= 0 {
		return nil
	}
	s.full = false
	empty := true
	for child := n.FirstChild; child != nil && !s.full; {
		next := child.NextSibling
		if part := s.take(child, empty || isInline(child)); part != nil {
			if part.Parent == n {
				n.RemoveChild(part)
			}
			empty = empty && leadsOn(part)
			shell.AppendChild(part)
		}
		child = next
	}
	s.full = true
	if empty {
		return nil
	}
	return shell
}

// whole reports whether an element must not be cut.
func whole(a atom.Atom) bool {
	switch a {
	case atom.A, atom.Code, atom.Pre, atom.Table, atom.Li, atom.Dt, atom.Dd, atom.Figure, atom.Picture, atom.Img, atom.Svg,
		atom.Math, atom.Video, atom.Audio, atom.Iframe, atom.Object, atom.Details, atom.Ruby, atom.Script, atom.Style,
		atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		return true
	}
	return false
}

// takeText cuts text at the end of a sentence if one ends in the second half, else between words.
func (s *truncater) takeText(n *html.Node) *html.Node {
	const ellipsis = "…"
	text, room := n.Data, s.left-len(ellipsis)
	sentence, word := 0, 0
	used := 0
	for i, r := range text {
		next := i + utf8.RuneLen(r)
		if r == utf8.RuneError {
			next = i + 1
		}
		used += len(html.EscapeString(text[i:next]))
		if used > room {
			break
		}
		after, _ := utf8.DecodeRuneInString(text[next:])
		switch {
		case strings.ContainsRune("。！？", r), strings.ContainsRune(".!?…", r) && unicode.IsSpace(after):
			sentence = next
			word = next
		case unicode.IsSpace(after), textwrap.IsWide(r):
			word = next
		}
	}
	s.left = 0
	if sentence > word/2 {
		return &html.Node{Type: html.TextNode, Data: text[:sentence] + " " + ellipsis}
	}
	if cut := strings.TrimRightFunc(text[:word], unicode.IsSpace); cut != "" {
		return &html.Node{Type: html.TextNode, Data: cut + ellipsis}
	}
	return nil
}

func render(n *html.Node) string {
	var b strings.Builder
	if err := html.Render(&b, n); err != nil {
		return "" // a node that has no form as HTML, such as a <br> with children
	}
	return b.String()
}
