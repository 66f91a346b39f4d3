// Package sanitize turns the HTML of a post into HTML that is fit for feeds and mails: safe, with absolute links, and
// with links in place of what neither can show.
package sanitize

import (
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"publisher/content/limits"
	"publisher/content/markdown"
	"publisher/internal/htmldom"
	"publisher/internal/uri"
	"publisher/internal/xmltext"
)

// allowedElements may be in a feed or a mail. Others are removed and their content
// stays, unless they are in removedElements.
var allowedElements = set("a abbr acronym address article aside b bdi bdo big blockquote br caption center cite code col colgroup dd del details dfn div dl dt em figcaption figure footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li main mark nav ol p picture pre q rp rt ruby s samp section small source span strike strong sub summary sup table tbody td tfoot th thead time tr tt u ul var wbr")

// removedElements are removed with their content.
var removedElements = set("script style template head title meta link base input select textarea option datalist keygen applet map area svg frame frameset param track noembed noframes plaintext xmp command dialog menu")

// commonAttributes may be on any element, elementAttributes on single ones.
var commonAttributes = set("title lang dir id")

var elementAttributes = map[string]map[string]bool{
	"a": set("href hreflang rel name"), "img": set("src srcset sizes alt width height"), "source": set("srcset src media type sizes"),
	"ol": set("start type reversed"), "li": set("value"), "td": set("colspan rowspan align valign headers"), "th": set("colspan rowspan align valign scope abbr headers"),
	"table": set("border cellpadding cellspacing align width summary"), "col": set("span width"), "colgroup": set("span width"),
	"time": set("datetime"), "del": set("cite datetime"), "ins": set("cite datetime"), "blockquote": set("cite"), "q": set("cite"),
	"p": set("align"), "div": set("align"), "details": set("open"), "code": set("class"),
}

func set(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}

// styleProperties are those that the W3C feed validator does not warn about.
var styleProperties = set("background-color border border-bottom border-bottom-color border-collapse border-color border-left border-left-color border-right border-right-color border-spacing border-style border-top border-top-color border-width clear color direction float font-family font-size font-style font-variant font-weight height letter-spacing line-height list-style-type margin margin-bottom margin-left margin-right margin-top overflow padding padding-bottom padding-left padding-right padding-top text-align text-decoration text-indent unicode-bidi vertical-align white-space width")

var (
	styleValue = regexp.MustCompile(`^[#%.\sa-zA-Z0-9-]+$`)
	boxValue   = regexp.MustCompile(`^(?:#[0-9a-fA-F]+|\d?\.?\d?\d(?:cm|em|ex|in|mm|pc|pt|px|%)?|auto|black|block|blue|center|dashed|dotted|gray|green|left|none|red|right|silver|solid|top|bottom|transparent|white|medium|yellow)$`)
)

// safeStyle returns the declarations of a style that are harmless everywhere.
func safeStyle(style string) string {
	var out []string
	for declaration := range strings.SplitSeq(style, ";") {
		property, value, ok := strings.Cut(declaration, ":")
		property, value = strings.ToLower(strings.TrimSpace(property)), strings.TrimSpace(value)
		if !ok || !styleProperties[property] || !styleValue.MatchString(value) {
			continue
		}
		family, _, _ := strings.Cut(property, "-")
		if slices.Contains([]string{"background", "border", "margin", "padding"}, family) &&
			slices.ContainsFunc(strings.Fields(strings.ToLower(value)), func(v string) bool { return !boxValue.MatchString(v) }) {
			continue
		}
		out = append(out, property+":"+value)
	}
	return strings.Join(out, ";")
}

// Cleaner makes the HTML of one post safe and portable, in one walk over its tree.
type Cleaner struct {
	Links   Resolver       // of the post
	Address string         // of the post
	Prefix  string         // of footnote ids, since several posts share one page
	Budget  *limits.Budget // of the post; nil for none
	// Warn is called for each thing that is left out, with the name of the element that
	// causes it; "" if no single one does.
	Warn   func(element, message string)
	images imageSizes
}

// Clean parses HTML and makes it safe. It returns an element with the result as its content.
func (c *Cleaner) Clean(rendered string) (*html.Node, error) {
	root, err := c.parse(rendered)
	if err != nil {
		return nil, err
	}
	hideDuplicates(root)
	c.children(root)
	wrapLooseText(root)
	return root, nil
}

// ExcerptMark is the element that an excerpt mark becomes until the excerpt is cut.
const ExcerptMark = "x-more"

// children cleans the descendants of a node. The HTML parser limits their depth to 512.
func (c *Cleaner) children(parent *html.Node) {
	for n := parent.FirstChild; n != nil; {
		next := n.NextSibling
		c.node(n)
		n = next
	}
}

func (c *Cleaner) node(n *html.Node) {
	switch n.Type {
	case html.TextNode:
		n.Data = xmltext.Clean(n.Data)
	case html.ElementNode:
		c.element(n)
	case html.CommentNode:
		if markdown.EndsExcerpt(n.Data) {
			n.Type, n.Data, n.DataAtom = html.ElementNode, ExcerptMark, 0
			return
		}
		n.Parent.RemoveChild(n)
	default:
		n.Parent.RemoveChild(n)
	}
}

func (c *Cleaner) element(n *html.Node) {
	switch {
	case isHidden(n) || isCopyButton(n):
		n.Parent.RemoveChild(n)
	case n.Data == "input":
		c.checkbox(n)
	case n.Data == "math":
		htmldom.Replace(n, textNode(mathText(n)))
	case n.Data == "svg":
		c.replaceDrawing(n)
	case n.Data == "meter" || n.Data == "progress":
		c.gauge(n)
	case n.Data == "lite-youtube" || n.Data == "lite-vimeo":
		c.liteVideo(n)
	case n.Data == "iframe" || n.Data == "video" || n.Data == "audio" || n.Data == "embed" || n.Data == "object":
		c.embed(n)
	case removedElements[n.Data] || n.Namespace != "":
		n.Parent.RemoveChild(n)
	case isHeadingAnchor(n):
		n.Parent.RemoveChild(n)
	case !allowedElements[n.Data]:
		c.children(n)
		htmldom.Unwrap(n)
	default:
		resolveLazyImage(n)
		c.attributes(n)
		c.children(n)
		if n.Data == "source" && htmldom.Attr(n, "srcset") == "" && htmldom.Attr(n, "src") == "" {
			n.Parent.RemoveChild(n)
		} else if n.Data == "a" && htmldom.Attr(n, "href") == "" && htmldom.Attr(n, "id") == "" && htmldom.Attr(n, "name") == "" {
			htmldom.Unwrap(n)
		} else if n.Data == "span" && (len(n.Attr) == 0 || !htmldom.HasText(n)) {
			htmldom.Unwrap(n) // highlighters color white space, too
		} else if n.Data == "img" {
			c.image(n)
		}
	}
}

// checkbox replaces the checkbox of a task list by a character.
func (c *Cleaner) checkbox(n *html.Node) {
	if htmldom.Attr(n, "type") != "checkbox" {
		n.Parent.RemoveChild(n)
		return
	}
	mark := "☐"
	if hasAttr(n, "checked") {
		mark = "☑"
	}
	htmldom.Replace(n, textNode(mark))
}

// isHeadingAnchor reports whether n is the little link that themes put beside a heading.
func isHeadingAnchor(n *html.Node) bool {
	if n.DataAtom != atom.A || n.Parent == nil || len(n.Parent.Data) != 2 || n.Parent.Data[0] != 'h' {
		return false
	}
	if !strings.HasPrefix(htmldom.Attr(n, "href"), "#") {
		return false
	}
	switch strings.TrimSpace(htmldom.FoldedText(n)) {
	case "", "#", "¶", "§", "🔗", "⚓":
		return true
	}
	return false
}

func (c *Cleaner) attributes(n *html.Node) {
	footnote := isFootnote(htmldom.Attr(n, "href")) || isFootnote("#"+htmldom.Attr(n, "id"))
	out := n.Attr[:0]
	for _, a := range n.Attr {
		key := strings.ToLower(a.Key)
		if a.Namespace != "" || containsAttr(out, key) {
			continue
		}
		a.Key, a.Val = key, xmltext.Clean(a.Val)
		switch {
		case key == "style":
			a.Val = safeStyle(a.Val)
		case key == "id" && footnote:
			a.Val = c.Prefix + a.Val
		case !commonAttributes[key] && !elementAttributes[n.Data][key]:
			continue
		case key == "class":
			if !strings.HasPrefix(a.Val, "language-") {
				continue
			}
		case key == "href" && footnote:
			a.Val = c.Address + "#" + c.Prefix + a.Val[1:]
		case key == "src" && n.Data == "img" && isDataPicture(a.Val):
			a.Val = uri.Escape(a.Val)
		case key == "href" || key == "src" || key == "cite":
			to := c.Links.Follow(a.Val)
			a.Val = to.URL
			if key == "src" {
				c.remember(to)
			}
		case key == "srcset":
			a.Val = c.srcset(a.Val)
		}
		if a.Val != "" || key == "alt" || key == "open" || key == "reversed" {
			out = append(out, a)
		}
	}
	n.Attr = out
}

func containsAttr(list []html.Attribute, key string) bool {
	return slices.ContainsFunc(list, func(a html.Attribute) bool { return a.Key == key })
}

// isFootnote reports whether href leads to an id that Markdown's footnotes have.
func isFootnote(href string) bool {
	return strings.HasPrefix(href, "#fn:") || strings.HasPrefix(href, "#fnref:") || strings.HasPrefix(href, "#fnref")
}

func hasAttr(n *html.Node, key string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == key })
}

func textNode(s string) *html.Node { return htmldom.Text(xmltext.Clean(s)) }

// mathText returns the TeX that a formula was made from, else its own text.
func mathText(n *html.Node) string {
	if alt := htmldom.Attr(n, "alttext"); alt != "" {
		return alt
	}
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && d.Data == "annotation" {
			return htmldom.FoldedText(d)
		}
	}
	return htmldom.FoldedText(n)
}

// RemoveExcerptMarks removes the excerpt marks from a tree.
func RemoveExcerptMarks(root *html.Node) {
	var marks []*html.Node
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && n.Data == ExcerptMark {
			marks = append(marks, n)
		}
	}
	for _, n := range marks {
		n.Parent.RemoveChild(n)
	}
}
