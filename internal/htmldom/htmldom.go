package templates

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

func attribute(n *html.Node, key string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == key && a.Namespace == "" {
			return a.Val, true
		}
	}
	return "", false
}

func setAttribute(n *html.Node, key, value string) {
	for i := range n.Attr {
		if n.Attr[i].Key == key && n.Attr[i].Namespace == "" {
			n.Attr[i].Val = value
			return
		}
	}
	n.Attr = append(n.Attr, html.Attribute{Key: key, Val: value})
}

func removeAttribute(n *html.Node, key string) {
	kept := n.Attr[:0]
	for _, a := range n.Attr {
		if a.Key != key {
			kept = append(kept, a)
		}
	}
	n.Attr = kept
}

// words are what a node says, the descriptions of its pictures included.
func words(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
		if alt, ok := attribute(d, "alt"); ok {
			b.WriteString(alt)
		}
	}
	return strings.TrimSpace(b.String())
}

func around(n *html.Node, a atom.Atom) *html.Node {
	for n = n.Parent; n != nil; n = n.Parent {
		if n.DataAtom == a {
			return n
		}
	}
	return nil
}

func holds(n *html.Node, a atom.Atom) bool {
	for d := range n.Descendants() {
		if d.DataAtom == a {
			return true
		}
	}
	return false
}

// newElement makes an element; class may be "".
func newElement(a atom.Atom, class string) *html.Node {
	n := &html.Node{Type: html.ElementNode, DataAtom: a, Data: a.String()}
	if class != "" {
		setAttribute(n, "class", class)
	}
	return n
}

func textNode(text string) *html.Node { return &html.Node{Type: html.TextNode, Data: text} }

// rename makes another element of n.
func rename(n *html.Node, a atom.Atom) { n.DataAtom, n.Data = a, a.String() }

func moveChildren(from, to *html.Node) {
	for child := from.FirstChild; child != nil; child = from.FirstChild {
		from.RemoveChild(child)
		to.AppendChild(child)
	}
}

// unwrap puts what is in n into its place.
func unwrap(n *html.Node) {
	for child := n.FirstChild; child != nil; child = n.FirstChild {
		n.RemoveChild(child)
		n.Parent.InsertBefore(child, n)
	}
	n.Parent.RemoveChild(n)
}
