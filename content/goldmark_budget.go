package content

import (
	"github.com/alecthomas/chroma/v2"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// goldmark and chroma know no budget. What they call of ours does: the reader of lines,
// a parser that counts marks, the writer, the source of a lexer's tokens.

var budgetKey = parser.NewContextKey()

// lineReader counts the lines that goldmark looks at.
type lineReader struct {
	text.Reader
	budget *budget
}

func (r *lineReader) PeekLine() ([]byte, text.Segment) {
	r.budget.step(1)
	return r.Reader.PeekLine()
}

func (r *lineReader) AdvanceLine() {
	r.budget.part(1) // of which one block at most begins
	r.Reader.AdvanceLine()
}

// markCounter counts what may become a node, and takes nothing. Where quotes are made
// typographic, each is one.
type markCounter struct{ smart bool }

func (m markCounter) Trigger() []byte {
	marks := []byte{'*', '_', '[', '!', '<', '`'}
	if m.smart {
		marks = append(marks, '"', '\'')
	}
	return marks
}

func (markCounter) Parse(_ ast.Node, _ text.Reader, pc parser.Context) ast.Node {
	if b, _ := pc.Get(budgetKey).(*budget); b != nil {
		b.part(1)
	}
	return nil
}

// budgetOf is the budget of the post that is written; nil for none.
func budgetOf(w util.BufWriter) *budget {
	if w, ok := w.(*budgetWriter); ok {
		return w.budget
	}
	return nil
}

// mayHighlight reports whether time is left for lexers.
func (b *budget) mayHighlight() bool { return b == nil || b.highlighted < maxHighlightTime }

// colours counts the pieces that a block was divided into, and reports whether they are to
// be kept: each becomes an element.
func (b *budget) colours(spans int) bool {
	if b == nil || b.spans+spans > maxSpans {
		return b == nil
	}
	b.spans += spans
	return true
}

// timedLexer gives up where the time is over that a post may take for lexers.
type timedLexer struct {
	chroma.Lexer
	budget *budget
	late   bool
}

func (l *timedLexer) Tokenise(options *chroma.TokeniseOptions, code string) (chroma.Iterator, error) {
	next, err := l.Lexer.Tokenise(options, code)
	b := l.budget
	if err != nil || b == nil {
		return next, err
	}
	began, spent, tokens := b.clock(), b.highlighted, 0
	return func() chroma.Token {
		if tokens++; tokens%tokensPerLook == 0 {
			b.highlighted = spent + b.clock() - began
			l.late = l.late || !b.mayHighlight()
		}
		if l.late {
			return chroma.EOF
		}
		b.step(1)
		token := next()
		if token == chroma.EOF {
			b.highlighted = spent + b.clock() - began
		}
		return token
	}, nil
}

// tokensPerLook is how many tokens pass between two looks at the clock.
const tokensPerLook = 16
