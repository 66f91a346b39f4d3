package templates

import (
	"net/url"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// adapt changes what authors write and mail programs cannot show: SVG pictures,
// links around pictures that nobody has described, words wider than a phone, and
// elements and styles that Gmail or Outlook do not know.
func adapt(doc *html.Node) {
	var pictures, cells, foreign []*html.Node
	for n := range doc.Descendants() {
		class, _ := attribute(n, "class")
		switch {
		case n.DataAtom == atom.Img:
			pictures = append(pictures, n)
		case n.DataAtom == atom.Td && strings.HasPrefix(class, "cell"):
			cells = append(cells, n)
		case n.DataAtom == atom.Div && class == "text":
			for written := range n.Descendants() {
				plainStyle(written)
				if _, ok := unknown[written.DataAtom]; ok {
					foreign = append(foreign, written)
				}
			}
		}
	}
	for _, n := range foreign {
		replaceForeign(n)
	}
	for _, img := range pictures {
		describe(img)
		if drawn(img) {
			linkPicture(img)
		}
	}
	for _, cell := range cells {
		for _, n := range overlong(cell) {
			class, _ := attribute(n, "class")
			setAttribute(n, "class", class+" overlong")
		}
	}
}

// describe gives a picture alternative text: none where it decorates, the link's
// target where it is all that a link has, so that the link has a name.
func describe(img *html.Node) {
	alt, ok := attribute(img, "alt")
	if !ok {
		setAttribute(img, "alt", "")
	}
	link := around(img, atom.A)
	if strings.TrimSpace(alt) != "" || link == nil || words(link) != "" {
		return
	}
	href, _ := attribute(link, "href")
	u, err := url.Parse(href)
	if err != nil {
		return
	}
	setAttribute(img, "alt", strings.TrimSuffix(u.Host+u.Path, "/"))
}

// words are what a link says, the descriptions of its pictures included.
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

// drawn tells SVG, which Gmail and Outlook do not show.
func drawn(img *html.Node) bool {
	src, _ := attribute(img, "src")
	u, err := url.Parse(src)
	return err == nil && strings.EqualFold(path.Ext(u.Path), ".svg")
}

// linkPicture puts a link to a picture, or its description where a link is already
// around it, in its place.
func linkPicture(img *html.Node) {
	alt, _ := attribute(img, "alt")
	src, _ := attribute(img, "src")
	u, err := url.Parse(src)
	if err != nil {
		return
	}
	if strings.TrimSpace(alt) == "" {
		alt = path.Base(u.Path)
	}
	text := &html.Node{Type: html.TextNode, Data: alt}
	replacement := text
	if around(img, atom.A) == nil {
		replacement = &html.Node{Type: html.ElementNode, DataAtom: atom.A, Data: "a", Attr: []html.Attribute{{Key: "href", Val: src}}}
		replacement.AppendChild(text)
	}
	img.Parent.InsertBefore(replacement, img)
	img.Parent.RemoveChild(img)
}

const (
	// The letters in a row that fit a phone of 320 pixels; widestRow is what the
	// columns of a table may need together.
	longestWord    = 30
	longestHeading = 19
	longestCode    = 30
	widestRow      = 32
	longestInRow   = 9
)

// overlong are the elements that would be wider than a phone if their words were
// not broken. Others go without, since Windows Mail cannot break words, and the
// columns of a table become narrow where it may. The address that a link shows
// may break after each slash: it is followed, not copied.
func overlong(cell *html.Node) []*html.Node {
	var found []*html.Node
	for n := range cell.Descendants() {
		switch {
		case n.DataAtom == atom.Table && widest(n) > widestRow:
			for d := range n.Descendants() {
				if (d.DataAtom == atom.Td || d.DataAtom == atom.Th) && longest(words(d)) > longestInRow {
					found = append(found, d)
				}
			}
		case n.Type != html.TextNode:
		case around(n, atom.A) != nil && longest(n.Data) > room(n):
			if n.Data = strings.ReplaceAll(n.Data, "/", "/\u200b"); longest(n.Data) > room(n) {
				found = append(found, n.Parent)
			}
		case longest(n.Data) > room(n):
			found = append(found, n.Parent)
		}
	}
	return found
}

// room is how many letters fit a line where text stands.
func room(text *html.Node) int {
	switch {
	case around(text, atom.Pre) != nil:
		return longestCode
	case around(text, atom.H2) != nil:
		return longestHeading
	}
	return longestWord
}

// widest is how many letters the longest words of a table's columns have together.
func widest(table *html.Node) int {
	var columns []int
	for row := range table.Descendants() {
		if row.DataAtom != atom.Tr {
			continue
		}
		i := 0
		for cell := range row.ChildNodes() {
			if cell.Type != html.ElementNode {
				continue
			}
			if i == len(columns) {
				columns = append(columns, 0)
			}
			columns[i] = max(columns[i], longest(words(cell)))
			i++
		}
	}
	sum := 0
	for _, n := range columns {
		sum += n + 2 // for the space around the words
	}
	return sum
}

// longest is the length of the longest run of letters that no line may break in.
func longest(text string) int {
	most, run := 0, 0
	for _, r := range text {
		switch {
		case unicode.IsSpace(r) && r != '\u00a0', r == '-', r == '\u200b', r >= 0x2e80: // wide scripts break anywhere
			run = 0
		default:
			run++
			most = max(most, run)
		}
	}
	return most
}

// breakLines turns preformatted text into lines that wrap everywhere: Outlook
// knows no white-space, and without it a phone would have to scroll sideways.
// Browsers turn the spaces that do not break back into plain ones on copying.
func breakLines(pre *html.Node) {
	pre.DataAtom, pre.Data = atom.Div, "div"
	setAttribute(pre, "class", "code")
	var texts []*html.Node
	for n := range pre.Descendants() {
		if n.Type == html.TextNode {
			texts = append(texts, n)
		}
	}
	if len(texts) == 0 {
		return
	}
	last := texts[len(texts)-1]
	last.Data = strings.TrimRight(last.Data, "\n")
	atStart := true
	for _, text := range texts {
		for i, line := range strings.Split(text.Data, "\n") {
			if i > 0 {
				text.Parent.InsertBefore(&html.Node{Type: html.ElementNode, DataAtom: atom.Br, Data: "br"}, text)
				atStart = true
			}
			if line != "" {
				text.Parent.InsertBefore(&html.Node{Type: html.TextNode, Data: spaced(line, atStart)}, text)
				atStart = false
			}
		}
		text.Parent.RemoveChild(text)
	}
}

// spaced keeps the spaces of a line: those that HTML would fold do not break.
func spaced(line string, atStart bool) string {
	const hard = "\u00a0"
	line = strings.ReplaceAll(strings.TrimSuffix(line, "\r"), "\t", "    ")
	var b strings.Builder
	folds := atStart
	for i, r := range line {
		next, _ := utf8.DecodeRuneInString(line[i+1:])
		if r == ' ' && (folds || next == ' ') {
			b.WriteString(hard)
			continue
		}
		b.WriteRune(r)
		folds = r == ' '
	}
	return b.String()
}
