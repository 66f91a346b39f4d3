package content

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// inline are the elements whose edges divide no words.
var inline = set("a abbr acronym b bdi bdo big cite code del dfn em i ins kbd mark q ruby s samp small span strike strong sub sup time tt u var wbr rp rt")

// textOf is the text of a tree with white space folded. Blocks are divided by a
// space, inline elements are not.
func textOf(n *html.Node) string {
	var b strings.Builder
	writeText(&b, n)
	return strings.Join(strings.Fields(b.String()), " ")
}

// hasText reports whether textOf would find any.
func hasText(n *html.Node) bool {
	if n.Type == html.TextNode {
		return strings.TrimSpace(n.Data) != ""
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if hasText(c) {
			return true
		}
	}
	return false
}

// wordsOf counts the words of a tree's text.
func wordsOf(n *html.Node) int {
	var c wordCounter
	writeText(&c, n)
	return c.total()
}

func writeText(w io.StringWriter, n *html.Node) {
	switch n.Type {
	case html.TextNode:
		_, _ = w.WriteString(n.Data)
	case html.ElementNode, html.DocumentNode:
		block := n.Type == html.ElementNode && !inline[n.Data] && n.DataAtom != atom.Img
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

func countWords(s string) int {
	var c wordCounter
	_, _ = c.WriteString(s)
	return c.total()
}

// wordCounter counts what white space divides; Chinese, Japanese and Korean,
// which have none, count half a word a character.
type wordCounter struct {
	words, halves int
	inWord        bool
}

func (c *wordCounter) total() int { return c.words + (c.halves+1)/2 }

// WriteString implements io.StringWriter.
func (c *wordCounter) WriteString(s string) (int, error) {
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

// counted is a number with what it counts and the verb that goes with it.
func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what + " is"
	}
	return fmt.Sprintf("%d %ss are", n, what)
}

// serialise returns the content of an element as HTML. The parser has made it well-formed.
func serialise(root *html.Node) string {
	var b strings.Builder
	for n := root.FirstChild; n != nil; n = n.NextSibling {
		if err := html.Render(&b, n); err != nil {
			return html.EscapeString(textOf(root)) // a void element with children cannot come out of the parser
		}
	}
	return strings.TrimSpace(b.String())
}
