package markdown

import (
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// pulldownQuotes are the typographic quotes of pulldown-cmark, which Zola uses: a quote
// closes the one that is open in the block where it may, and opens one where it may. A
// single one that does neither is an apostrophe.
type pulldownQuotes struct{}

var quotesKey = parser.NewContextKey()

// openQuotes are those of a block.
type openQuotes struct {
	single *ast.String
	double bool
}

// Extend implements goldmark.Extender.
func (q pulldownQuotes) Extend(m goldmark.Markdown) {
	m.Parser().AddOptions(parser.WithInlineParsers(util.Prioritized(q, 150)))
}

// Trigger implements parser.InlineParser.
func (pulldownQuotes) Trigger() []byte { return []byte{'\'', '"'} }

// CloseBlock implements parser.CloseBlocker.
func (pulldownQuotes) CloseBlock(_ ast.Node, _ text.Reader, pc parser.Context) {
	pc.Set(quotesKey, nil)
}

// Parse implements parser.InlineParser.
func (pulldownQuotes) Parse(_ ast.Node, block text.Reader, pc parser.Context) ast.Node {
	line, _ := block.PeekLine()
	quote, before := line[0], block.PrecendingCharacter()
	after, _ := utf8.DecodeRune(line[1:])
	if len(line) == 1 {
		after = ' '
	}
	quotes, ok := pc.Get(quotesKey).(*openQuotes)
	if !ok {
		quotes = &openQuotes{}
		pc.Set(quotesKey, quotes)
	}
	block.Advance(1)
	node := ast.NewString(nil)
	node.SetCode(true) // as it is
	opens, closes := opensQuote(quote, before, after), closesQuote(before, after)
	if quote == '"' {
		if quotes.double && closes {
			quotes.double, node.Value = false, []byte("”")
		} else {
			quotes.double, node.Value = quotes.double || opens, []byte("“")
		}
		return node
	}
	node.Value = []byte("’")
	if quotes.single != nil && closes {
		quotes.single.Value, quotes.single = []byte("‘"), nil
	} else if opens {
		quotes.single = node
	}
	return node
}

func opensQuote(quote byte, before, after rune) bool {
	if unicode.IsSpace(after) {
		return false
	}
	return before == '\n' || unicode.IsSpace(before) || isMark(before) && (quote != '\'' || before != ']' && before != ')')
}

func closesQuote(before, after rune) bool {
	return before != '\n' && !unicode.IsSpace(before) && (unicode.IsSpace(after) || isMark(after))
}

func isMark(r rune) bool { return unicode.IsPunct(r) || unicode.IsSymbol(r) }
