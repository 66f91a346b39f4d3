package markdown

import (
	"github.com/alecthomas/chroma/v2"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"

	"publisher/content/limits"
)

// goldmark and chroma know nothing of budgets. What they call does: the line reader, a
// parser that counts marks, the writer, the source of a lexer's tokens.

var budgetKey = parser.NewContextKey()

// lineReader counts the lines that goldmark looks at.
type lineReader struct {
	text.Reader
	budget *limits.Budget
}

// PeekLine implements text.Reader.
func (r *lineReader) PeekLine() ([]byte, text.Segment) {
	r.budget.Step(1)
	return r.Reader.PeekLine()
}

// AdvanceLine implements text.Reader.
func (r *lineReader) AdvanceLine() {
	r.budget.Nodes(1) // at most one block begins in a line
	r.Reader.AdvanceLine()
}

// nodeCounter counts the marks that may become nodes, and parses nothing. Typographic
// quotes are nodes, too.
type nodeCounter struct{ typographer bool }

// Trigger implements parser.InlineParser.
func (m nodeCounter) Trigger() []byte {
	marks := []byte{'*', '_', '[', '!', '<', '`'}
	if m.typographer {
		marks = append(marks, '"', '\'')
	}
	return marks
}

// Parse implements parser.InlineParser.
func (nodeCounter) Parse(_ ast.Node, _ text.Reader, pc parser.Context) ast.Node {
	if b, _ := pc.Get(budgetKey).(*limits.Budget); b != nil {
		b.Nodes(1)
	}
	return nil
}

// timedLexer stops when the time for the lexers of a post is over.
type timedLexer struct {
	chroma.Lexer
	budget *limits.Budget
	late   bool
}

// Tokenise implements chroma.Lexer.
func (l *timedLexer) Tokenise(options *chroma.TokeniseOptions, code string) (chroma.Iterator, error) {
	next, err := l.Lexer.Tokenise(options, code)
	if err != nil || l.budget == nil {
		return next, err
	}
	timeIsLeft, tokens := l.budget.StartHighlighting(), 0
	return func() chroma.Token {
		if tokens++; tokens%tokensPerLook == 0 {
			l.late = !timeIsLeft() || l.late
		}
		if l.late {
			return chroma.EOF
		}
		l.budget.Step(1)
		token := next()
		if token == chroma.EOF {
			timeIsLeft()
		}
		return token
	}, nil
}

// tokensPerLook is the number of tokens between two readings of the clock.
const tokensPerLook = 16
