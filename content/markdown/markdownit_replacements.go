package markdown

import (
	"bytes"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// replacements are what markdown-it's typographer replaces besides quotes and
// dashes: (c), (r), (tm), +-, and runs of dots, commas, question and exclamation marks.
type replacements struct{}

// Extend implements goldmark.Extender.
func (replacements) Extend(m goldmark.Markdown) {
	m.Parser().AddOptions(parser.WithInlineParsers(util.Prioritized(replacements{}, 9000)))
}

// Trigger implements parser.InlineParser.
func (replacements) Trigger() []byte { return []byte{'(', '+', '.', ',', '?', '!'} }

// Parse implements parser.InlineParser.
func (replacements) Parse(_ ast.Node, block text.Reader, _ parser.Context) ast.Node {
	line, _ := block.PeekLine()
	before := block.PrecendingCharacter()
	length, sign := replacement(line, before)
	if length == 0 {
		return nil
	}
	block.Advance(length)
	node := ast.NewString([]byte(sign))
	node.SetCode(true) // as it is
	return node
}

// replacement returns what replaces the first length bytes of a line; 0 if nothing does.
func replacement(line []byte, before rune) (length int, sign string) {
	run := len(line) - len(bytes.TrimLeft(line, string(line[:1])))
	switch line[0] {
	case '(':
		for _, s := range []struct{ text, sign string }{{"(c)", "©"}, {"(r)", "®"}, {"(tm)", "™"}} {
			if len(line) >= len(s.text) && bytes.EqualFold(line[:len(s.text)], []byte(s.text)) {
				return len(s.text), s.sign
			}
		}
	case '+':
		if len(line) > 1 && line[1] == '-' {
			return 2, "±"
		}
	case '.':
		if run > 1 && (before == '?' || before == '!') {
			return run, ".."
		} else if run > 1 {
			return run, "…"
		}
	case ',':
		if run > 1 {
			return run, ","
		}
	case '?', '!':
		if run > 3 {
			return run, string(bytes.Repeat(line[:1], 3))
		}
	}
	return 0, ""
}
