package sanitize

import (
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"

	"publisher/internal/htmldom"
)

// isHidden reports whether an element's own attributes hide it in a browser.
func isHidden(n *html.Node) bool {
	if hasAttr(n, "hidden") {
		return true
	}
	style := htmldom.Attr(n, "style")
	if !strings.ContainsAny(style, "yY") { // neither property, as in most highlighted code
		return false
	}
	return cssValue(style, "display") == "none" || slices.Contains([]string{"hidden", "collapse"}, cssValue(style, "visibility"))
}

var cssComment = regexp.MustCompile(`(?s)/\*.*?\*/`)

// cssValue returns the value that a style gives a property: the last one, or the last
// important one.
func cssValue(style, property string) string {
	value, important := "", false
	for declaration := range strings.SplitSeq(strings.ToLower(cssComment.ReplaceAllString(style, " ")), ";") {
		name, v, _ := strings.Cut(declaration, ":")
		if strings.TrimSpace(name) != property {
			continue
		}
		v, mark, marked := strings.Cut(v, "!")
		marked = marked && strings.TrimSpace(mark) == "important"
		if marked || !important {
			value, important = strings.TrimSpace(v), marked
		}
	}
	return value
}

// hideDuplicates marks as hidden what a tree has twice, for two kinds of programs: a
// picture or a frame that a script loads beside its <noscript>, and what is only drawn
// beside its formula or text.
func hideDuplicates(root *html.Node) {
	for n := range root.Descendants() {
		switch {
		case n.Type != html.ElementNode:
		case n.Data == "noscript" && containsVisible(n, "img"):
			hideBeside(n, isLazy)
		case n.Data == "noscript" && containsVisible(n, "iframe"):
			hideBeside(n, isLazyFrame)
		case htmldom.Attr(n, "aria-hidden") == "true" && hasAccessibleTwin(n):
			n.Attr = append(n.Attr, html.Attribute{Key: "hidden"})
		}
	}
}

func hideBeside(n *html.Node, isTwin func(*html.Node) bool) {
	for _, beside := range []*html.Node{sibling(n, false), sibling(n, true)} {
		if beside != nil && isTwin(beside) {
			beside.Attr = append(beside.Attr, html.Attribute{Key: "hidden"})
			return
		}
	}
}

// isLazyFrame reports whether an element is a frame that waits for a script.
func isLazyFrame(n *html.Node) bool {
	return n.Type == html.ElementNode && n.Data == "iframe" && isPlaceholder(strings.TrimSpace(htmldom.Attr(n, "src")))
}

// sibling returns the next or previous node, without white space between.
func sibling(n *html.Node, next bool) *html.Node {
	step := func(n *html.Node) *html.Node {
		if next {
			return n.NextSibling
		}
		return n.PrevSibling
	}
	n = step(n)
	for n != nil && n.Type == html.TextNode && strings.TrimSpace(n.Data) == "" {
		n = step(n)
	}
	return n
}

// containsVisible reports whether root contains a picture or a frame that is more than a tracking pixel.
func containsVisible(root *html.Node, name string) bool {
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && n.Data == name && !isHidden(n) && !(htmldom.Attr(n, "width") == "1" && htmldom.Attr(n, "height") == "1") {
			return true
		}
	}
	return false
}

// isLazy reports whether an element is only a picture that waits for a script.
func isLazy(n *html.Node) bool {
	if n.Type != html.ElementNode || htmldom.HasText(n) {
		return false
	}
	waits := func(n *html.Node) bool {
		if n.Type != html.ElementNode || n.Data != "img" && n.Data != "source" {
			return false
		}
		src := htmldom.Attr(n, "src")
		return firstAttr(n, lazySources) != "" || firstAttr(n, lazySets) != "" || n.Data == "img" && (src == "" || strings.HasPrefix(src, "data:"))
	}
	if waits(n) {
		return true
	}
	for d := range n.Descendants() {
		if waits(d) {
			return true
		}
	}
	return false
}

// hasAccessibleTwin reports whether next to an element is the same for screen readers: a
// formula, or text that is not drawn.
func hasAccessibleTwin(n *html.Node) bool {
	for _, s := range []*html.Node{sibling(n, false), sibling(n, true)} {
		if s == nil || s.Type != html.ElementNode {
			continue
		}
		if s.Data == "math" || isScreenReaderText(s) {
			return true
		}
		for d := range s.Descendants() {
			if d.Type == html.ElementNode && d.Data == "math" {
				return true
			}
		}
	}
	return false
}

// isScreenReaderText reports whether n has text and a class by which style sheets hide it from the screen.
func isScreenReaderText(n *html.Node) bool {
	return htmldom.HasText(n) && slices.ContainsFunc(strings.Fields(htmldom.Attr(n, "class")), func(class string) bool {
		return class == "sr-only" || class == "visually-hidden" || class == "visuallyhidden" || class == "screen-reader-text"
	})
}

// isCopyButton reports whether n is the button that themes put beside code.
func isCopyButton(n *html.Node) bool {
	class := strings.ToLower(htmldom.Attr(n, "class"))
	return n.Data == "button" && (strings.Contains(class, "copy") || strings.Contains(class, "clipboard"))
}
