// Package htmldom reads and changes trees of golang.org/x/net/html.
package htmldom

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// ParseFragment parses HTML, as the content of <body>, into the children of one document
// node. It fails if elements are nested deeper than the parser allows.
func ParseFragment(source string) (*html.Node, error) {
	nodes, err := html.ParseFragment(strings.NewReader(source), Element(atom.Body))
	if err != nil {
		return nil, err
	}
	root := &html.Node{Type: html.DocumentNode}
	for _, n := range nodes {
		root.AppendChild(n)
	}
	return root, nil
}

// Attr returns the value of an attribute, "" if there is none.
func Attr(n *html.Node, key string) string {
	value, _ := LookupAttr(n, key)
	return value
}

// LookupAttr returns the value of an attribute, and whether n has it. Attributes of
// other namespaces, such as xlink:href, do not count.
func LookupAttr(n *html.Node, key string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == key && a.Namespace == "" {
			return a.Val, true
		}
	}
	return "", false
}

// SetAttr sets an attribute, which stays in its place or becomes the last one.
func SetAttr(n *html.Node, key, value string) {
	for i := range n.Attr {
		if n.Attr[i].Key == key && n.Attr[i].Namespace == "" {
			n.Attr[i].Val = value
			return
		}
	}
	n.Attr = append(n.Attr, html.Attribute{Key: key, Val: value})
}

// RemoveAttr removes an attribute.
func RemoveAttr(n *html.Node, key string) {
	kept := n.Attr[:0]
	for _, a := range n.Attr {
		if a.Key != key || a.Namespace != "" {
			kept = append(kept, a)
		}
	}
	n.Attr = kept
}

// Element returns a new element.
func Element(a atom.Atom, attrs ...html.Attribute) *html.Node {
	return &html.Node{Type: html.ElementNode, DataAtom: a, Data: a.String(), Attr: attrs}
}

// ElementOfClass returns a new element with a class.
func ElementOfClass(a atom.Atom, class string) *html.Node {
	return Element(a, html.Attribute{Key: "class", Val: class})
}

// Text returns a new text node.
func Text(text string) *html.Node { return &html.Node{Type: html.TextNode, Data: text} }

// Rename turns n into another element.
func Rename(n *html.Node, a atom.Atom) { n.DataAtom, n.Data = a, a.String() }

// Ancestor returns the nearest element around n that is an a, nil if there is none.
func Ancestor(n *html.Node, a atom.Atom) *html.Node {
	for n = n.Parent; n != nil; n = n.Parent {
		if n.DataAtom == a {
			return n
		}
	}
	return nil
}

// Contains reports whether an a is below n.
func Contains(n *html.Node, a atom.Atom) bool {
	for d := range n.Descendants() {
		if d.DataAtom == a {
			return true
		}
	}
	return false
}

// HasChild reports whether an a is directly below n.
func HasChild(n *html.Node, a atom.Atom) bool {
	for child := range n.ChildNodes() {
		if child.DataAtom == a {
			return true
		}
	}
	return false
}

// TextContent returns the text of n and its descendants, unchanged.
func TextContent(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data
	}
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}

// MoveChildren appends the children of from to those of to.
func MoveChildren(from, to *html.Node) {
	for child := from.FirstChild; child != nil; child = from.FirstChild {
		from.RemoveChild(child)
		to.AppendChild(child)
	}
}

// Replace replaces n by another node.
func Replace(n, with *html.Node) {
	n.Parent.InsertBefore(with, n)
	n.Parent.RemoveChild(n)
}

// Unwrap replaces n by its children.
func Unwrap(n *html.Node) {
	for child := n.FirstChild; child != nil; child = n.FirstChild {
		n.RemoveChild(child)
		n.Parent.InsertBefore(child, n)
	}
	n.Parent.RemoveChild(n)
}

// StripTags returns the text of a snippet of HTML, as in a title, with white space folded.
func StripTags(s string) string {
	if !strings.ContainsAny(s, "<&") {
		return s
	}
	var b strings.Builder
	for z := html.NewTokenizer(strings.NewReader(s)); ; {
		switch z.Next() {
		case html.ErrorToken:
			return strings.Join(strings.Fields(b.String()), " ")
		case html.TextToken:
			b.WriteString(html.UnescapeString(string(z.Raw())))
		}
	}
}

// NameSet returns the set of the names, such as those of elements, in a text with spaces between them.
func NameSet(names string) map[string]bool {
	set := map[string]bool{}
	for name := range strings.FieldsSeq(names) {
		set[name] = true
	}
	return set
}
