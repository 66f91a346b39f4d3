package limits

import (
	"io"
	"strings"
)

// reader lets an HTML parser, which knows no budget, read a text in small pieces.
type reader struct {
	text   string
	budget *Budget
}

// NewReader returns a reader of text that counts the work of parsing it.
func NewReader(text string, b *Budget) io.Reader { return &reader{text, b} }

// Read implements io.Reader.
func (r *reader) Read(p []byte) (int, error) {
	if r.text == "" {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), 512)], r.text)
	r.text = r.text[n:]
	r.budget.Step(n / 4)
	return n, nil
}

// Writer takes the HTML that a Markdown parser writes, up to the limit of a post. It is a
// util.BufWriter, so that goldmark puts no buffer of its own before it.
type Writer struct {
	strings.Builder
	Budget  *Budget
	counted int
}

// NewWriter returns a writer that counts what is written to it.
func NewWriter(b *Budget) *Writer { return &Writer{Budget: b} }

func (w *Writer) count() {
	if w.Len() > MaxHTML { // even without a budget
		w.Budget.Fail(TooLarge())
	}
	w.Budget.Scan(w.Len() - w.counted)
	w.counted = w.Len()
}

// pieceSize is how much is written between two counts.
const pieceSize = 4 << 10

// Write implements io.Writer.
func (w *Writer) Write(p []byte) (int, error) {
	if w.Len()-w.counted > pieceSize {
		w.count()
	}
	return w.Builder.Write(p)
}

// WriteString implements io.StringWriter.
func (w *Writer) WriteString(s string) (int, error) {
	if w.Len()-w.counted > pieceSize {
		w.count()
	}
	return w.Builder.WriteString(s)
}

// Available implements util.BufWriter.
func (w *Writer) Available() int { return pieceSize }

// Buffered implements util.BufWriter.
func (w *Writer) Buffered() int { return 0 }

// Flush implements util.BufWriter.
func (w *Writer) Flush() error {
	w.count()
	return nil
}

// BudgetOf returns the budget of w, nil if it is not a Writer.
func BudgetOf(w io.Writer) *Budget {
	if w, ok := w.(*Writer); ok {
		return w.Budget
	}
	return nil
}
