package markdown

import (
	"publisher/content/limits"

	"github.com/alecthomas/chroma/v2"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// goldmark and chroma know no budget. What they call of ours does: the reader of lines,
// a parser that counts marks, the writer, the source of a lexer's tokens.

var budgetKey = parser.NewContextKey()

// lineReader counts the lines that goldmark looks at.
type lineReader struct {
	text.Reader
	budget *limits.Budget
}

func (r *lineReader) PeekLine() ([]byte, text.Segment) {
	r.budget.Step(1)
	return r.Reader.PeekLine()
}

func (r *lineReader) AdvanceLine() {
	r.budget.Nodes(1) // of which one block at most begins
	r.Reader.AdvanceLine()
}

// markCounter counts what may become a node, and takes nothing. Where quotes are made
// typographic, each is one.
type nodeCounter struct{ smart bool }

func (m nodeCounter) Trigger() []byte {
	marks := []byte{'*', '_', '[', '!', '<', '`'}
	if m.smart {
		marks = append(marks, '"', '\'')
	}
	return marks
}

func (nodeCounter) Parse(_ ast.Node, _ text.Reader, pc parser.Context) ast.Node {
	if b, _ := pc.Get(budgetKey).(*limits.Budget); b != nil {
		b.Nodes(1)
	}
	return nil
}

// timedLexer gives up where the time is over that a post may take for lexers.
type timedLexer struct {
	chroma.Lexer
	budget *limits.Budget
	late   bool
}

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

// tokensPerLook is how many tokens pass between two looks at the clock.
const tokensPerLook = 16
