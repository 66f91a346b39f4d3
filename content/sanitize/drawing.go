package sanitize

import (
	"strconv"
	"strings"

	"golang.org/x/net/html"

	"publisher/internal/htmldom"
)

// replaceDrawing replaces an SVG, which neither feeds nor mails can show, by its
// description.
func (c *Cleaner) replaceDrawing(n *html.Node) {
	label := strings.Join(strings.Fields(htmldom.Attr(n, "aria-label")), " ")
	for d := n.FirstChild; d != nil && label == ""; d = d.NextSibling {
		if d.Type == html.ElementNode && d.Data == "title" {
			label = htmldom.FoldedText(d)
		}
	}
	if label == "" && !isDecoration(n) {
		c.Warn("svg", "a drawing (inline SVG) was left out, since mail cannot show it; give it a <title>, or make it a file and use ![](…)")
	}
	htmldom.Replace(n, textNode(label))
}

// isDecoration reports whether n is an icon, or is marked as having no meaning.
func isDecoration(n *html.Node) bool {
	role := htmldom.Attr(n, "role")
	if htmldom.Attr(n, "aria-hidden") == "true" || role == "presentation" || role == "none" {
		return true
	}
	for _, key := range []string{"width", "height"} {
		size := strings.TrimSuffix(strings.TrimSpace(htmldom.Attr(n, key)), "px")
		if v, err := strconv.ParseFloat(size, 64); err == nil && v <= 48 || strings.HasSuffix(size, "em") {
			return true
		}
	}
	children, uses := 0, 0
	for d := range n.ChildNodes() {
		if d.Type == html.ElementNode {
			children++
			if d.Data == "use" {
				uses++
			}
		}
	}
	return children == uses
}

// gauge replaces a <meter> or <progress> by its text, else its value.
func (c *Cleaner) gauge(n *html.Node) {
	if htmldom.HasText(n) {
		c.children(n)
		htmldom.Unwrap(n)
		return
	}
	text := htmldom.Attr(n, "value")
	value, err := strconv.ParseFloat(text, 64)
	whole := 1.0
	if w, bad := strconv.ParseFloat(htmldom.Attr(n, "max"), 64); bad == nil && w > 0 {
		whole = w
	}
	switch {
	case err != nil:
		text = ""
	case n.Data == "progress":
		text = strconv.FormatFloat(100*min(max(value/whole, 0), 1), 'f', 0, 64) + "%"
	}
	htmldom.Replace(n, textNode(text))
}

// liteVideo replaces a <lite-youtube> or <lite-vimeo> like the player that it loads.
func (c *Cleaner) liteVideo(n *html.Node) {
	src := "https://www.youtube.com/embed/" + htmldom.Attr(n, "videoid")
	if list := htmldom.Attr(n, "playlistid"); list != "" {
		src += "?list=" + list
	}
	if n.Data == "lite-vimeo" {
		src = "https://player.vimeo.com/video/" + htmldom.Attr(n, "videoid")
	}
	title := htmldom.Attr(n, "title")
	if title == "" {
		title = htmldom.Attr(n, "videotitle")
	}
	n.Attr = []html.Attribute{{Key: "src", Val: src}, {Key: "title", Val: title}}
	c.embed(n)
}
