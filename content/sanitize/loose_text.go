package sanitize

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"publisher/internal/htmldom"
)

// wrapLooseText puts text between blocks into paragraphs.
func wrapLooseText(root *html.Node) {
	var open *html.Node
	for n := root.FirstChild; n != nil; {
		next := n.NextSibling
		loose := isLoose(n)
		blank := n.Type == html.TextNode && strings.TrimSpace(n.Data) == ""
		if blank && (next == nil || !isLoose(next)) {
			loose = false // trailing white space
		}
		switch {
		case loose && open != nil:
			root.RemoveChild(n)
			open.AppendChild(n)
		case loose && !blank:
			open = htmldom.Element(atom.P)
			root.InsertBefore(open, n)
			root.RemoveChild(n)
			open.AppendChild(n)
		case !loose:
			open = nil
		}
		n = next
	}
}

func isLoose(n *html.Node) bool {
	return n.Type == html.TextNode || n.Type == html.ElementNode && (htmldom.IsInline(n) || n.DataAtom == atom.Img || n.DataAtom == atom.Br)
}
