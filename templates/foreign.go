package templates

import (
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// unknown are elements that some mail programs do not know, and those that they
// become; 0 for their content alone.
var unknown = map[atom.Atom]atom.Atom{
	atom.Picture: 0, atom.Source: 0, atom.Wbr: 0, atom.Abbr: 0, atom.Acronym: 0,
	atom.Ruby: 0, atom.Rb: 0, atom.Rt: 0, atom.Rp: 0,
	atom.Article: atom.Div, atom.Aside: atom.Div, atom.Section: atom.Div, atom.Header: atom.Div, atom.Footer: atom.Div,
	atom.Nav: atom.Div, atom.Main: atom.Div, atom.Figure: atom.Div, atom.Figcaption: atom.Div, atom.Details: atom.Div,
	atom.Summary: atom.Div, atom.Mark: atom.B, atom.Time: atom.Span, atom.Bdi: atom.Span,
}

// replaceForeign puts what every mail program knows in the place of n.
func replaceForeign(n *html.Node) {
	if n.DataAtom == atom.Rt && !bracketed(n) {
		n.InsertBefore(&html.Node{Type: html.TextNode, Data: " ("}, n.FirstChild)
		n.AppendChild(&html.Node{Type: html.TextNode, Data: ")"})
	}
	if other := unknown[n.DataAtom]; other != 0 {
		setAttribute(n, "class", n.Data)
		n.DataAtom, n.Data = other, other.String()
		return
	}
	for child := n.FirstChild; child != nil; child = n.FirstChild {
		n.RemoveChild(child)
		n.Parent.InsertBefore(child, n)
	}
	n.Parent.RemoveChild(n)
}

// bracketed tells that the author has put brackets around the reading of a word,
// for programs without ruby.
func bracketed(rt *html.Node) bool {
	for n := range rt.Parent.ChildNodes() {
		if n.DataAtom == atom.Rp {
			return true
		}
	}
	return false
}

// foreignStyles are properties that some mail program does not know.
var foreignStyles = []string{
	"border-spacing", "clear", "float", "overflow", "white-space", "word-break", "overflow-wrap", "border-radius", "unicode-bidi",
}

// plainStyle takes them out of n's style attribute, and the sizes of a picture out
// of n.
func plainStyle(n *html.Node) {
	removeAttribute(n, "srcset")
	removeAttribute(n, "sizes")
	style, ok := attribute(n, "style")
	if !ok {
		return
	}
	var kept []string
	for declaration := range strings.SplitSeq(style, ";") {
		property, _, _ := strings.Cut(declaration, ":")
		if property = strings.TrimSpace(property); property != "" && !slices.Contains(foreignStyles, strings.ToLower(property)) {
			kept = append(kept, strings.TrimSpace(declaration))
		}
	}
	if len(kept) == 0 {
		removeAttribute(n, "style")
		return
	}
	setAttribute(n, "style", strings.Join(kept, ";"))
}
