package mailhtml

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"publisher/internal/htmldom"
)

// breakLines turns preformatted text into lines that wrap everywhere: Outlook does not support
// white-space, and a phone would have to scroll sideways. When copying, browsers turn
// non-breaking spaces back into plain ones.
func breakLines(pre *html.Node) {
	htmldom.Rename(pre, atom.Div)
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
				text.Parent.InsertBefore(htmldom.Element(atom.Br), text)
				atStart = true
			}
			if line != "" {
				text.Parent.InsertBefore(htmldom.Text(spaced(line, atStart)), text)
				atStart = false
			}
		}
		text.Parent.RemoveChild(text)
	}
}

// spaced returns a line with the spaces that HTML would fold as non-breaking ones.
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
