package limits

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"
)

// budget is what the reading or the rendering of one post may spend, together with all
// that the post starts: includes, templates, shortcodes, filters, parsers. Loops whose
// rounds an author decides call step or work, what writes text calls wrote, and what
// keeps a piece of a document calls part. Where the budget is spent, or ctx has ended,
// these stop the post with a panic that only stopped makes an error of: so no loop can
// go on by overlooking an error.
//
// A nil *budget is without bounds. It is for one goroutine.
type Budget struct {
	ctx     context.Context
	clock   func() time.Duration
	started time.Duration
	steps   int
	bytes   int
	nodes   int
	limit   time.Duration
	checked int   // the steps at which the clock was asked
	err     error // why nothing more may be spent

	highlighted time.Duration // the time that lexers took
	spans       int           // the pieces that they divided code into
}

// stop is what a budget panics with.
type Stop struct{ err error }

// newBudget begins to count, up to most of the time that a post may take. clock tells how
// long this goroutine has worked.
func New(ctx context.Context, clock func() time.Duration, most time.Duration) *Budget {
	return &Budget{ctx: ctx, clock: clock, started: clock(), limit: most}
}

// stopped makes an error of a budget's panic and goes on with any other. It is called
// with what recover returned.
func Recovered(fault any) error {
	if s, ok := fault.(Stop); ok {
		return s.err
	}
	return nil
}

// step counts rounds of a loop.
func (b *Budget) Step(n int) {
	if b == nil {
		return
	}
	if b.steps += n; b.steps-b.checked < ClockSteps && b.err == nil {
		return
	}
	b.check()
}

// stepsPerLook is how many steps pass between two looks at the clock: a look takes as
// long as some 20 steps.
const ClockSteps = 2000

// fileSteps is what it costs to look for a file.
const FileSteps = 500

// look asks the clock and ctx.
func (b *Budget) check() {
	if b == nil {
		return
	}
	b.checked = b.steps
	switch {
	case b.err != nil:
	case b.ctx.Err() != nil:
		b.err = b.ctx.Err()
	case b.steps > MaxSteps:
		b.err = &Error{Limit: fmt.Sprintf("%d million steps of work for one post", MaxSteps/1_000_000), Message: tooMuchWorkAdvice}
	case b.clock()-b.started > b.limit:
		b.err = &Error{Limit: fmt.Sprintf("%d seconds of work for one post", MaxTime/time.Second), Message: tooMuchWorkAdvice}
	}
	if b.err != nil {
		panic(Stop{b.err})
	}
}

const tooMuchWorkAdvice = "divide the post, or take away the loops, includes or marks that repeat"

// work counts a text that is gone through.
func (b *Budget) Scan(bytes int) { b.Step(1 + bytes/bytesPerStep) }

// bytesPerStep is how much text is gone through in the time of a step.
const bytesPerStep = 64

// wrote counts text that the post is made of.
func (b *Budget) Output(bytes int) {
	if b == nil {
		return
	}
	if b.bytes += bytes; b.bytes > MaxOutput {
		b.Fail(&Error{Limit: fmt.Sprintf("%d MB of text that a post's templates, includes and shortcodes make", MaxOutput>>20), Message: "divide the post, or link to what makes it so large"})
	}
	b.Scan(bytes)
}

// part counts the pieces that a parser keeps: their memory is many times their text.
func (b *Budget) Nodes(n int) {
	if b == nil {
		return
	}
	if b.nodes += n; b.nodes > MaxNodes {
		b.Fail(&Error{Limit: fmt.Sprintf("%d marks and elements in one post", MaxNodes), Message: "divide the post, or put what holds so many into a code block"})
	}
	b.Step(n)
}

// document begins to count the parts of another document: the memory of the one before
// is free.
func (b *Budget) StartDocument() {
	if b != nil {
		b.nodes = 0
	}
}

// length is told how long the HTML is that a parser writes.
func (b *Budget) CheckHTML(n int) {
	if b != nil && n > MaxHTML {
		b.Fail(TooLarge())
	}
}

// again stops once more what went on although the budget was spent: text/template makes
// errors of panics.
func (b *Budget) Check() {
	if b != nil && b.err != nil {
		panic(Stop{b.err})
	}
}

// stop ends the post for a reason.
func (b *Budget) Fail(err error) {
	if b != nil && b.err == nil {
		b.err = err
	}
	panic(Stop{err})
}

// mayHighlight reports whether time is left for lexers.
func (b *Budget) MayHighlight() bool { return b == nil || b.highlighted < maxHighlightTime }

// colours counts the pieces that a block was divided into, and reports whether they are to
// be kept: each becomes an element.
func (b *Budget) KeepColors(spans int) bool {
	if b == nil || b.spans+spans > maxSpans {
		return b == nil
	}
	b.spans += spans
	return true
}

// timeHighlighting begins to measure one lexer. Each call of the function that it returns
// counts the time that has passed and reports whether any is left.
func (b *Budget) StartHighlighting() func() bool {
	if b == nil {
		return func() bool { return true }
	}
	began, spent := b.clock(), b.highlighted
	return func() bool {
		b.highlighted = spent + b.clock() - began
		return b.MayHighlight()
	}
}

// budgetReader lets an HTML parser, which knows no budget, read a text in small pieces.
type reader struct {
	text   string
	budget *Budget
}

func NewReader(text string, b *Budget) *reader { return &reader{text, b} }

func (r *reader) Read(p []byte) (int, error) {
	if r.text == "" {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), 512)], r.text)
	r.text = r.text[n:]
	r.budget.Step(n / 4)
	return n, nil
}

// budgetWriter takes what a Markdown parser writes, up to the most HTML that a post may
// have. It is a util.BufWriter, so that goldmark puts no buffer of its own before it.
type Writer struct {
	strings.Builder
	Budget  *Budget
	counted int
}

func NewWriter(b *Budget) *Writer { return &Writer{Budget: b} }

func (w *Writer) count() {
	if w.Len() > MaxHTML {
		w.Budget.Fail(TooLarge())
	}
	w.Budget.Scan(w.Len() - w.counted)
	w.counted = w.Len()
}

// writePiece is how much is written between two counts.
const writePiece = 4 << 10

func (w *Writer) Write(p []byte) (int, error) {
	if w.Len()-w.counted > writePiece {
		w.count()
	}
	return w.Builder.Write(p)
}

func (w *Writer) WriteString(s string) (int, error) {
	if w.Len()-w.counted > writePiece {
		w.count()
	}
	return w.Builder.WriteString(s)
}

func (w *Writer) Available() int { return writePiece }

func (w *Writer) Buffered() int { return 0 }

func (w *Writer) Flush() error {
	w.count()
	return nil
}

// budgetOf returns the budget of what w is part of; nil for none.
func BudgetOf(w io.Writer) *Budget {
	if w, ok := w.(*Writer); ok {
		return w.Budget
	}
	return nil
}

// canceled returns why the budget's context has ended; nil where it has not.
func (b *Budget) ContextErr() error {
	if b == nil {
		return nil
	}
	return b.ctx.Err()
}

// spent returns what was counted: steps, bytes of output, and parts of the last document.
func (b *Budget) Spent() (steps, output, parts int) { return b.steps, b.bytes, b.nodes }
