package content

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
type budget struct {
	ctx    context.Context
	clock  func() time.Duration
	began  time.Duration
	steps  int
	output int
	parts  int
	most   time.Duration
	asked  int   // the steps at which the clock was asked
	over   error // why nothing more may be spent

	highlighted time.Duration // the time that lexers took
	spans       int           // the pieces that they divided code into
}

// stop is what a budget panics with.
type stop struct{ err error }

// newBudget begins to count, up to most of the time that a post may take. clock tells how
// long this goroutine has worked.
func newBudget(ctx context.Context, clock func() time.Duration, most time.Duration) *budget {
	return &budget{ctx: ctx, clock: clock, began: clock(), most: most}
}

// stopped makes an error of a budget's panic and goes on with any other. It is called
// with what recover returned.
func stopped(fault any) error {
	if s, ok := fault.(stop); ok {
		return s.err
	}
	return nil
}

// step counts rounds of a loop.
func (b *budget) step(n int) {
	if b == nil {
		return
	}
	if b.steps += n; b.steps-b.asked < stepsPerLook && b.over == nil {
		return
	}
	b.look()
}

// stepsPerLook is how many steps pass between two looks at the clock: a look takes as
// long as some 20 steps.
const stepsPerLook = 2000

// fileSteps is what it costs to look for a file.
const fileSteps = 500

// look asks the clock and ctx.
func (b *budget) look() {
	if b == nil {
		return
	}
	b.asked = b.steps
	switch {
	case b.over != nil:
	case b.ctx.Err() != nil:
		b.over = b.ctx.Err()
	case b.steps > maxSteps:
		b.over = &limitError{limit: fmt.Sprintf("%d million steps of work for one post", maxSteps/1_000_000), message: tooMuchWork}
	case b.clock()-b.began > b.most:
		b.over = &limitError{limit: fmt.Sprintf("%d seconds of work for one post", maxTime/time.Second), message: tooMuchWork}
	}
	if b.over != nil {
		panic(stop{b.over})
	}
}

const tooMuchWork = "divide the post, or take away the loops, includes or marks that repeat"

// work counts a text that is gone through.
func (b *budget) work(bytes int) { b.step(1 + bytes/bytesPerStep) }

// bytesPerStep is how much text is gone through in the time of a step.
const bytesPerStep = 64

// wrote counts text that the post is made of.
func (b *budget) wrote(bytes int) {
	if b == nil {
		return
	}
	if b.output += bytes; b.output > maxOutput {
		b.stop(&limitError{limit: fmt.Sprintf("%d MB of text that a post's templates, includes and shortcodes make", maxOutput>>20), message: "divide the post, or link to what makes it so large"})
	}
	b.work(bytes)
}

// part counts the pieces that a parser keeps: their memory is many times their text.
func (b *budget) part(n int) {
	if b == nil {
		return
	}
	if b.parts += n; b.parts > maxParts {
		b.stop(&limitError{limit: fmt.Sprintf("%d marks and elements in one post", maxParts), message: "divide the post, or put what holds so many into a code block"})
	}
	b.step(n)
}

// document begins to count the parts of another document: the memory of the one before
// is free.
func (b *budget) document() {
	if b != nil {
		b.parts = 0
	}
}

// length is told how long the HTML is that a parser writes.
func (b *budget) length(n int) {
	if b != nil && n > maxHTML {
		b.stop(tooLarge())
	}
}

// again stops once more what went on although the budget was spent: text/template makes
// errors of panics.
func (b *budget) again() {
	if b != nil && b.over != nil {
		panic(stop{b.over})
	}
}

// stop ends the post for a reason.
func (b *budget) stop(err error) {
	if b != nil && b.over == nil {
		b.over = err
	}
	panic(stop{err})
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

// timeHighlighting begins to measure one lexer. Each call of the function that it returns
// counts the time that has passed and reports whether any is left.
func (b *budget) timeHighlighting() func() bool {
	if b == nil {
		return func() bool { return true }
	}
	began, spent := b.clock(), b.highlighted
	return func() bool {
		b.highlighted = spent + b.clock() - began
		return b.mayHighlight()
	}
}

// budgetReader lets an HTML parser, which knows no budget, read a text in small pieces.
type budgetReader struct {
	text   string
	budget *budget
}

func newBudgetReader(text string, b *budget) *budgetReader { return &budgetReader{text, b} }

func (r *budgetReader) Read(p []byte) (int, error) {
	if r.text == "" {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), 512)], r.text)
	r.text = r.text[n:]
	r.budget.step(n / 4)
	return n, nil
}

// budgetWriter takes what a Markdown parser writes, up to the most HTML that a post may
// have. It is a util.BufWriter, so that goldmark puts no buffer of its own before it.
type budgetWriter struct {
	strings.Builder
	budget  *budget
	counted int
}

func newBudgetWriter(b *budget) *budgetWriter { return &budgetWriter{budget: b} }

func (w *budgetWriter) count() {
	if w.Len() > maxHTML {
		w.budget.stop(tooLarge())
	}
	w.budget.work(w.Len() - w.counted)
	w.counted = w.Len()
}

// writePiece is how much is written between two counts.
const writePiece = 4 << 10

func (w *budgetWriter) Write(p []byte) (int, error) {
	if w.Len()-w.counted > writePiece {
		w.count()
	}
	return w.Builder.Write(p)
}

func (w *budgetWriter) WriteString(s string) (int, error) {
	if w.Len()-w.counted > writePiece {
		w.count()
	}
	return w.Builder.WriteString(s)
}

func (w *budgetWriter) Available() int { return writePiece }

func (w *budgetWriter) Buffered() int { return 0 }

func (w *budgetWriter) Flush() error {
	w.count()
	return nil
}

// budgetOf returns the budget of what w is part of; nil for none.
func budgetOf(w io.Writer) *budget {
	if w, ok := w.(*budgetWriter); ok {
		return w.budget
	}
	return nil
}

// canceled returns why the budget's context has ended; nil where it has not.
func (b *budget) canceled() error {
	if b == nil {
		return nil
	}
	return b.ctx.Err()
}

// spent returns what was counted: steps, bytes of output, and parts of the last document.
func (b *budget) spent() (steps, output, parts int) { return b.steps, b.output, b.parts }
