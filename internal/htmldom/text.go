package htmldom

import (
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// IsInline reports whether n is an element whose edges divide no words.
func IsInline(n *html.Node) bool {
	if n.Type != html.ElementNode {
		return false
	}
	switch n.Data {
	case "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "del", "dfn", "em", "i", "ins", "kbd",
		"mark", "q", "ruby", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u",
		"var", "wbr", "rp", "rt":
		return true
	}
	return false
}

// FoldedText returns the text of a tree with white space folded. Blocks are separated by a
// space, inline elements are not.
func FoldedText(n *html.Node) string {
	var b strings.Builder
	writeText(&b, n)
	return strings.Join(strings.Fields(b.String()), " ")
}

// HasText reports whether FoldedText is not empty.
func HasText(n *html.Node) bool {
	if n.Type == html.TextNode {
		return strings.TrimSpace(n.Data) != ""
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if HasText(c) {
			return true
		}
	}
	return false
}

// CountWords returns the number of words of a tree's text.
func CountWords(n *html.Node) int {
	var c WordCounter
	writeText(&c, n)
	return c.Total()
}

func writeText(w io.StringWriter, n *html.Node) {
	switch n.Type {
	case html.TextNode:
		_, _ = w.WriteString(n.Data)
	case html.ElementNode, html.DocumentNode:
		block := n.Type == html.ElementNode && !IsInline(n) && n.DataAtom != atom.Img
		if block {
			_, _ = w.WriteString(" ")
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			writeText(w, c)
		}
		if block {
			_, _ = w.WriteString(" ")
		}
	}
}

// CountWordsIn returns the number of words of a text.
func CountWordsIn(s string) int {
	var c WordCounter
	_, _ = c.WriteString(s)
	return c.Total()
}

// WordCounter counts the words that are written to it, separated by white space. Chinese, Japanese and Korean have
// no spaces: each character counts as half a word.
type WordCounter struct {
	words, halves int
	inWord        bool
}

// Total returns the number of words so far.
func (c *WordCounter) Total() int { return c.words + (c.halves+1)/2 }

// WriteString implements io.StringWriter.
func (c *WordCounter) WriteString(s string) (int, error) {
	words, inWord := c.words, c.inWord
	for _, r := range s {
		switch {
		case r < utf8.RuneSelf:
			letter := r|0x20 >= 'a' && r|0x20 <= 'z' || r >= '0' && r <= '9'
			if letter && !inWord {
				words++
			}
			inWord = letter || inWord && r != ' ' && (r < '\t' || r > '\r')
		case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul):
			c.halves++
			inWord = false
		case unicode.IsSpace(r):
			inWord = false
		case !inWord && (unicode.IsLetter(r) || unicode.IsDigit(r)):
			words++
			inWord = true
		}
	}
	c.words, c.inWord = words, inWord
	return len(s), nil
}

// InnerHTML returns the content of an element as HTML, without white space around it.
func InnerHTML(root *html.Node) string {
	var b strings.Builder
	for n := root.FirstChild; n != nil; n = n.NextSibling {
		if err := html.Render(&b, n); err != nil {
			return html.EscapeString(FoldedText(root)) // a void element with children cannot come out of the parser
		}
	}
	return strings.TrimSpace(b.String())
}
