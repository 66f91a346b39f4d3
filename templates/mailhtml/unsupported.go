package mailhtml

import (
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"publisher/internal/htmldom"
)

// unknown are elements that some mail programs do not support, and their replacements; 0 for
// just their content.
var unknown = map[atom.Atom]atom.Atom{
	atom.Picture: 0, atom.Source: 0, atom.Wbr: 0, atom.Abbr: 0, atom.Acronym: 0,
	atom.Ruby: 0, atom.Rb: 0, atom.Rt: 0, atom.Rp: 0,
	atom.Article: atom.Div, atom.Aside: atom.Div, atom.Section: atom.Div, atom.Header: atom.Div, atom.Footer: atom.Div,
	atom.Nav: atom.Div, atom.Main: atom.Div, atom.Figure: atom.Div, atom.Figcaption: atom.Div, atom.Details: atom.Div,
	atom.Summary: atom.Div, atom.Mark: atom.B, atom.Time: atom.Span, atom.Bdi: atom.Span,
}

// replaceUnsupported replaces n by what every mail program supports.
func replaceUnsupported(n *html.Node) {
	if n.DataAtom == atom.Rt && !bracketed(n) {
		n.InsertBefore(htmldom.Text(" ("), n.FirstChild)
		n.AppendChild(htmldom.Text(")"))
	}
	if other := unknown[n.DataAtom]; other != 0 {
		htmldom.SetAttr(n, "class", n.Data)
		htmldom.Rename(n, other)
		return
	}
	htmldom.Unwrap(n)
}

// bracketed reports whether the author has put brackets around the reading of a word, for
// programs without ruby.
func bracketed(rt *html.Node) bool {
	for n := range rt.Parent.ChildNodes() {
		if n.DataAtom == atom.Rp {
			return true
		}
	}
	return false
}

// plainStyles are the properties that authors may set in a mail: those that every mail program
// supports and that cannot make it wider than a phone, but no colors, since the other color, of
// the text or its background, is not the author's, and differs in dark mode.
var plainStyles = []string{
	"font-style", "font-variant", "font-weight", "list-style-type", "text-align", "text-decoration", "vertical-align",
}

// codeStyles are additional properties for code, which has its own background.
var codeStyles = []string{"background-color", "color"}

// plainStyle reduces n's style attribute to what a mail can show, without sizes except for
// pictures.
func plainStyle(n *html.Node) {
	htmldom.RemoveAttr(n, "srcset")
	htmldom.RemoveAttr(n, "sizes")
	if n.DataAtom != atom.Img {
		htmldom.RemoveAttr(n, "width")
	}
	style, ok := htmldom.LookupAttr(n, "style")
	if !ok {
		return
	}
	inCode := n.DataAtom == atom.Pre || htmldom.Ancestor(n, atom.Pre) != nil
	var kept []string
	for declaration := range strings.SplitSeq(style, ";") {
		property, _, _ := strings.Cut(declaration, ":")
		property = strings.ToLower(strings.TrimSpace(property))
		if slices.Contains(plainStyles, property) || inCode && slices.Contains(codeStyles, property) {
			kept = append(kept, strings.TrimSpace(declaration))
		}
	}
	if len(kept) == 0 {
		htmldom.RemoveAttr(n, "style")
		return
	}
	htmldom.SetAttr(n, "style", strings.Join(kept, ";"))
}
