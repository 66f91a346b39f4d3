package bounce

import (
	"bytes"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// wordsOfHTML returns the text of a bounce in HTML, with a line for each block.
func wordsOfHTML(page []byte) string {
	var text strings.Builder
	tokens := html.NewTokenizer(bytes.NewReader(page))
	for {
		switch tokens.Next() {
		case html.ErrorToken: // the end, as all else has a meaning
			return strings.ReplaceAll(text.String(), "\u00a0", " ")
		case html.TextToken:
			text.WriteString(strings.ReplaceAll(string(tokens.Text()), "\n", " "))
		case html.StartTagToken, html.EndTagToken, html.SelfClosingTagToken:
			name, _ := tokens.TagName()
			switch atom.Lookup(name) {
			case atom.P, atom.Br, atom.Div, atom.Li, atom.Tr, atom.Td, atom.Pre, atom.H1, atom.H2, atom.H3:
				text.WriteByte('\n')
			}
		}
	}
}
