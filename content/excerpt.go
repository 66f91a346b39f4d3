package content

import (
	"strings"

	"publisher/content/markdown"
	"publisher/content/mdsource"
	"publisher/content/sanitize"
	"publisher/internal/htmldom"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// excerpt returns what precedes "Read more": the front matter's own, what precedes the author's
// mark, what the engine's rule cuts, else whole blocks up to content.excerpt_words.
func (r *postRenderer) excerpt(body *html.Node, w markdown.Options) (*html.Node, error) {
	rule := r.page.Engine.ExcerptRule()
	marked := beforeMark(body)
	if separator := r.separator(); separator != "" && strings.Contains(r.page.Body, separator) {
		marked = nil // the engine knows no other mark
	}
	summary := r.page.Post.Summary
	var out *html.Node
	var err error
	switch {
	case marked != nil && (rule.MarkFirst || summary == ""):
		out = marked
	case summary != "":
		out, err = r.safe(r.expand(summary, 0, true), w)
	case r.separator() != "":
		out, err = r.beforeSeparator(w)
	}
	if err != nil {
		return nil, err
	}
	if out != nil {
		sanitize.RemoveExcerptMarks(out)
		if tidyExcerpt(out); out.FirstChild != nil && !isHeadings(out) {
			return out, nil
		}
	}
	out = clone(body)
	sanitize.RemoveExcerptMarks(out)
	tidyExcerpt(out)
	if mdsource.IsMarkdownName(r.page.Path) {
		dropLeadingBoxes(out, rule.KeepAsides)
	}
	return firstBlocks(out, r.tree.cfg.Content.ExcerptWords), nil
}

// beforeMark returns a copy of what precedes the first mark, wherever in the tree it is, or nil
// if there is none or nothing before it.
func beforeMark(body *html.Node) *html.Node {
	for n := range body.Descendants() {
		if n.Type == html.ElementNode && n.Data == sanitize.ExcerptMark {
			out, _ := cloneUntil(body, n)
			if !htmldom.HasText(out) && !hasImage(out) {
				return nil
			}
			return out
		}
	}
	return nil
}

func hasImage(root *html.Node) bool { return sanitize.FirstImage(root) != nil }

func cloneUntil(n, end *html.Node) (out *html.Node, reached bool) {
	out = &html.Node{Type: n.Type, DataAtom: n.DataAtom, Data: n.Data, Attr: append([]html.Attribute(nil), n.Attr...)}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c == end {
			return out, true
		}
		copied, reached := cloneUntil(c, end)
		if !reached || copied.FirstChild != nil {
			out.AppendChild(copied)
		}
		if reached {
			return out, true
		}
	}
	return out, false
}

func clone(n *html.Node) *html.Node {
	out, _ := cloneUntil(n, nil)
	return out
}

// linkDefinitions returns the lines of a text that define links by reference, without those whose
// names head cannot mean: some posts define hundreds.
func linkDefinitions(text, head string) string {
	var b strings.Builder
	all := strings.Contains(head, "{%") || strings.Contains(head, "{{") // which may write names
	head = foldedName(head)
	for line := range strings.SplitSeq(text, "\n") {
		if mdsource.IsLinkDefinition(line) && (all || strings.Contains(head, definedName(line))) {
			b.WriteString(line)
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// definedName returns the name that a definition is for, folded as references are.
func definedName(line string) string {
	_, name, _ := strings.Cut(line, "[")
	name, _, _ = strings.Cut(name, "]:")
	return foldedName(name)
}

func foldedName(s string) string { return strings.Join(strings.Fields(strings.ToLower(s)), " ") }

// separator returns the engine's separator, unless the post has its own.
func (r *postRenderer) separator() string {
	separator := r.page.Engine.ExcerptRule().Separator
	if own, ok := r.page.Front.Values["excerpt_separator"].(string); ok && separator != "" {
		return own
	}
	return separator
}

// beforeSeparator renders the source up to the separator, with the link definitions that follow
// it, as Jekyll does.
func (r *postRenderer) beforeSeparator(w markdown.Options) (*html.Node, error) {
	head, tail, _ := strings.Cut(strings.TrimLeft(r.page.BodySource(), "\n"), r.separator())
	return r.safe(r.expand(head+"\n\n"+linkDefinitions(tail, head), 0, true), w)
}

// tidyExcerpt removes what is of no use outside the post's page: footnotes and their marks,
// anchors, empty blocks.
func tidyExcerpt(root *html.Node) {
	var doomed []*html.Node
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		if isFootnoteMark(n) || isFootnoteList(n) {
			doomed = append(doomed, n)
		}
		htmldom.RemoveAttr(n, "id")
	}
	for _, n := range doomed {
		if n.Parent != nil {
			n.Parent.RemoveChild(n)
		}
	}
	trimEnd(root)
}

// dropLeadingBoxes removes what an author of Markdown put before the text in HTML: a pull quote,
// a table of contents, a notice. Hugo's summaries keep asides.
func dropLeadingBoxes(root *html.Node, keepAsides bool) {
	left := -1 // words of the tree, once that matters
	for n := root.FirstChild; n != nil; {
		next := n.NextSibling
		switch {
		case n.Type == html.TextNode && strings.TrimSpace(n.Data) == "":
		case n.DataAtom == atom.Div || n.DataAtom == atom.Aside && !keepAsides || n.DataAtom == atom.Nav:
			if left < 0 {
				left = htmldom.CountWords(root)
			}
			words := htmldom.CountWords(n)
			if words*2 > left {
				return
			}
			left -= words
			root.RemoveChild(n)
		default:
			return
		}
		n = next
	}
}

func isFootnoteMark(n *html.Node) bool {
	if n.DataAtom != atom.Sup {
		return false
	}
	for d := range n.Descendants() {
		if d.DataAtom == atom.A && strings.Contains(htmldom.Attr(d, "href"), "-fn") {
			return true
		}
	}
	return false
}

// isFootnoteList recognizes the list by the links that lead back from it.
func isFootnoteList(n *html.Node) bool {
	if n.DataAtom != atom.Div && n.DataAtom != atom.Section && n.DataAtom != atom.Ol || n.Parent == nil {
		return false
	}
	for d := range n.Descendants() {
		if d.DataAtom == atom.Li {
			return strings.Contains(htmldom.Attr(d, "id"), "-fn:")
		}
	}
	return false
}

// trimEnd removes empty blocks, line breaks and rules from the end, and a heading that nothing
// follows.
func trimEnd(root *html.Node) {
	for n := root.LastChild; n != nil; n = root.LastChild {
		switch {
		case n.Type == html.TextNode && strings.TrimSpace(n.Data) == "":
		case n.DataAtom == atom.Br || n.DataAtom == atom.Hr:
		case n.Type == html.ElementNode && isHeading(n) && followsText(n):
		case n.Type == html.ElementNode && n.DataAtom == atom.P:
			if trimEnd(n); n.FirstChild != nil {
				return
			}
		case n.Type == html.ElementNode && !htmldom.HasText(n) && !hasImage(n) && n.DataAtom != atom.Img:
		default:
			if n.Type == html.TextNode {
				n.Data = strings.TrimRight(n.Data, " \n\t")
			}
			return
		}
		root.RemoveChild(n)
	}
}

// followsText reports whether an earlier sibling has text.
func followsText(n *html.Node) bool {
	for n = n.PrevSibling; n != nil; n = n.PrevSibling {
		if htmldom.HasText(n) {
			return true
		}
	}
	return false
}

func isHeading(n *html.Node) bool {
	return len(n.Data) == 2 && n.Data[0] == 'h' && n.Data[1] >= '1' && n.Data[1] <= '6'
}

// contentShare is the part of an excerpt's words, one in so many, that is enough to say what a
// post is about. Headings, captions and lines in italics do not count.
const contentShare = 7

// firstBlocks keeps whole blocks up to a number of words. Only a paragraph, a list (between
// items) and a quotation are ever divided.
func firstBlocks(root *html.Node, limit int) *html.Node {
	total, said, full := 0, 0, false
	last := lastContent(root)
	follows := last != nil // text does
	for n := root.FirstChild; n != nil; {
		next := n.NextSibling
		words := 0
		if !full {
			words = htmldom.CountWords(n)
		}
		follows = follows && n != last
		switch enough := said > 0 && said >= limit/contentShare; {
		case full:
			root.RemoveChild(n)
		case total+words <= limit:
			total += words
			said += contentWords(n)
		case !enough && !isDivisible(n) && total+words > limit*3/2 && follows:
			root.RemoveChild(n) // long code before the text
		default:
			full = true
			if !shortenBlock(n, max(limit-total, limit/2), enough) {
				root.RemoveChild(n)
			}
		}
		n = next
	}
	trimEnd(root)
	return root
}

// contentWords counts the words of a block that say what a post is about.
func contentWords(n *html.Node) int {
	switch {
	case n.Type != html.ElementNode || isHeading(n) || n.DataAtom == atom.Figure || n.DataAtom == atom.Table || n.DataAtom == atom.Pre:
		return 0
	case n.DataAtom == atom.P && isAside(n):
		return 0
	}
	return htmldom.CountWords(n)
}

// isAside reports whether a paragraph is a caption below a picture, or emphasized as a whole,
// such as a dateline.
func isAside(p *html.Node) bool {
	for c := range p.ChildNodes() {
		switch {
		case c.DataAtom == atom.Em, c.DataAtom == atom.I, c.DataAtom == atom.Strong, c.DataAtom == atom.B, c.DataAtom == atom.Small, c.DataAtom == atom.Time, c.DataAtom == atom.Br, c.DataAtom == atom.Img:
		case c.Type == html.TextNode && htmldom.CountWordsIn(c.Data) == 0:
		default:
			return false
		}
	}
	return true
}

func isDivisible(n *html.Node) bool {
	switch n.DataAtom {
	case atom.P, atom.Ul, atom.Ol, atom.Blockquote, atom.Div, atom.Section, atom.Article:
		return true
	}
	return false
}

// lastContent returns the last block with contentWords, or nil.
func lastContent(root *html.Node) *html.Node {
	n := root.LastChild
	for n != nil && contentWords(n) == 0 {
		n = n.PrevSibling
	}
	return n
}

// isHeadings reports whether a tree has no text but in headings, and no picture.
func isHeadings(root *html.Node) bool {
	for n := range root.ChildNodes() {
		if !(n.Type == html.ElementNode && isHeading(n)) && (htmldom.HasText(n) || n.DataAtom == atom.Img || hasImage(n)) {
			return false
		}
	}
	return htmldom.HasText(root)
}

// shortenBlock cuts a block to about a number of words and reports whether to keep it. A block
// that does not fit is dropped if enough precedes it.
func shortenBlock(n *html.Node, limit int, enough bool) bool {
	switch n.DataAtom {
	case atom.P:
		return shortenText(n, limit, enough)
	case atom.Ul, atom.Ol:
		return !enough && keepChildren(n, limit)
	case atom.Blockquote, atom.Div, atom.Section, atom.Article:
		if enough {
			return false
		}
		firstBlocks(n, limit)
		return n.FirstChild != nil
	}
	return !enough
}

// keepChildren keeps the first items up to a number of words, at least one.
func keepChildren(n *html.Node, limit int) bool {
	total, kept := 0, false
	for c := n.FirstChild; c != nil; {
		next := c.NextSibling
		if total <= limit {
			total += htmldom.CountWords(c)
		}
		if total > limit && kept {
			n.RemoveChild(c)
		}
		kept = kept || htmldom.HasText(c)
		c = next
	}
	return true
}
