package limits

import (
	"context"
	"fmt"
	"time"
)

// Budget is what reading or rendering one post may spend, together with everything that
// the post starts: includes, templates, shortcodes, filters, parsers. Loops whose rounds
// an author decides call Step or Scan, what writes text calls Output, and what keeps a
// piece of a document calls Nodes. When the budget is spent, or its context has ended,
// these panic, so that no loop can go on by ignoring an error; only Recovered turns the
// panic into an error.
//
// A nil *Budget has no limits. A Budget is for one goroutine.
type Budget struct {
	ctx     context.Context
	clock   func() time.Duration
	started time.Duration
	steps   int
	bytes   int
	nodes   int
	limit   time.Duration
	checked int   // the number of steps when the clock was last read
	err     error // why nothing more may be spent

	highlighted time.Duration // the time that lexers took
	spans       int           // the number of pieces that they divided code into
}

// stop is what a budget panics with.
type stop struct{ err error }

// New returns a budget of the given time. clock returns how long this goroutine has worked.
func New(ctx context.Context, clock func() time.Duration, limit time.Duration) *Budget {
	return &Budget{ctx: ctx, clock: clock, started: clock(), limit: limit}
}

// Recovered returns the error that a budget panicked with, given what recover returned;
// nil for any other panic.
func Recovered(fault any) error {
	if s, ok := fault.(stop); ok {
		return s.err
	}
	return nil
}

// Step counts n rounds of a loop.
func (b *Budget) Step(n int) {
	if b == nil {
		return
	}
	if b.steps += n; b.steps-b.checked < ClockSteps && b.err == nil {
		return
	}
	b.readClock()
}

// ClockSteps is the number of steps between two readings of the clock, which takes as long
// as some 20 steps.
const ClockSteps = 2000

// FileSteps is the cost of looking for a file, in steps.
const FileSteps = 500

func (b *Budget) readClock() {
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
	b.Check()
}

const tooMuchWorkAdvice = "divide the post, or remove loops, includes or marks that repeat"

// Scan counts the work of reading a text of n bytes.
func (b *Budget) Scan(n int) { b.Step(1 + n/bytesPerStep) }

// bytesPerStep is how much text is read in the time of a step.
const bytesPerStep = 64

// Output counts n bytes of text that the post is made of.
func (b *Budget) Output(n int) {
	if b == nil {
		return
	}
	if b.bytes += n; b.bytes > MaxOutput {
		b.Fail(&Error{Limit: fmt.Sprintf("%d MB of text that a post's templates, includes and shortcodes make", MaxOutput>>20), Message: "divide the post, or link to what makes it so large"})
	}
	b.Scan(n)
}

// Nodes counts n nodes that a parser keeps: their memory is many times their text.
func (b *Budget) Nodes(n int) {
	if b == nil {
		return
	}
	if b.nodes += n; b.nodes > MaxNodes {
		b.Fail(&Error{Limit: fmt.Sprintf("%d marks and elements in one post", MaxNodes), Message: "divide the post, or put the part with so many into a code block"})
	}
	b.Step(n)
}

// StartDocument begins to count the nodes of another document: the memory of the one
// before is free.
func (b *Budget) StartDocument() {
	if b != nil {
		b.nodes = 0
	}
}

// CheckHTML ends the post if a parser has written too many bytes of HTML.
func (b *Budget) CheckHTML(n int) {
	if b != nil && n > MaxHTML {
		b.Fail(TooLarge())
	}
}

// Check panics again if the budget is spent: text/template turns panics into errors.
func (b *Budget) Check() {
	if b != nil && b.err != nil {
		panic(stop{b.err})
	}
}

// Fail ends the post with an error.
func (b *Budget) Fail(err error) {
	if b != nil && b.err == nil {
		b.err = err
	}
	panic(stop{err})
}

// ContextErr returns the error of the budget's context.
func (b *Budget) ContextErr() error {
	if b == nil {
		return nil
	}
	return b.ctx.Err()
}

// MayHighlight reports whether time is left for lexers.
func (b *Budget) MayHighlight() bool { return b == nil || b.highlighted < maxHighlightTime }

// KeepColors counts the pieces that a code block was divided into, and reports whether to
// keep them: each becomes an element.
func (b *Budget) KeepColors(spans int) bool {
	if b == nil || b.spans+spans > maxSpans {
		return b == nil
	}
	b.spans += spans
	return true
}

// StartHighlighting begins to measure one lexer. Each call of the function that it returns
// counts the time that has passed and reports whether any is left.
func (b *Budget) StartHighlighting() func() bool {
	if b == nil {
		return func() bool { return true }
	}
	started, spent := b.clock(), b.highlighted
	return func() bool {
		b.highlighted = spent + b.clock() - started
		return b.MayHighlight()
	}
}

// Spent returns what was counted: steps, bytes of output, and nodes of the last document.
func (b *Budget) Spent() (steps, output, nodes int) { return b.steps, b.bytes, b.nodes }
