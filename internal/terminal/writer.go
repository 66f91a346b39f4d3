package terminal

import (
	"io"
	"strings"
	"sync"
	"unicode/utf8"
)

// Writer escapes what is written to it, except line ends and the characters in keep. It is the
// last step before a terminal: text that other code forgot to escape does no harm, and at most
// takes more lines than it should. It is safe for concurrent use.
type Writer struct {
	mu   sync.Mutex
	out  io.Writer
	keep string
	last rune
	part []byte // the beginning of a character that is not complete
	buf  []byte
}

// NewWriter returns a Writer to out for lines of text.
func NewWriter(out io.Writer) *Writer { return &Writer{out: out, keep: "\n"} }

// NewDocumentWriter returns a Writer to out for documents: it keeps tabs, and CR before a line
// end.
func NewDocumentWriter(out io.Writer) *Writer { return &Writer{out: out, keep: "\n\t"} }

// Write implements io.Writer.
func (w *Writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	text := string(append(w.part, p...))
	whole := len(text) - w.incomplete(text)
	w.part = append(w.part[:0], text[whole:]...)
	if err := w.write(text[:whole]); err != nil {
		return 0, err
	}
	return len(p), nil
}

// incomplete returns how many bytes at the end of text must wait for the rest of a character.
func (w *Writer) incomplete(text string) int {
	if w.documents() && strings.HasSuffix(text, "\r") {
		return 1
	}
	for n := 1; n < utf8.UTFMax && n <= len(text); n++ {
		if tail := text[len(text)-n:]; utf8.RuneStart(tail[0]) {
			if utf8.FullRuneInString(tail) {
				return 0
			}
			return n
		}
	}
	return 0
}

func (w *Writer) documents() bool { return strings.Contains(w.keep, "\t") }

func (w *Writer) write(text string) error {
	if w.documents() {
		text = strings.ReplaceAll(text, "\r\n", "\n")
	}
	w.buf, w.last = appendEscaped(w.buf[:0], text, w.last, w.keep)
	if len(w.buf) == 0 {
		return nil
	}
	_, err := w.out.Write(w.buf)
	return err
}

// Flush writes the bytes of an incomplete character.
func (w *Writer) Flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	text := string(w.part)
	w.part = w.part[:0]
	return w.write(text)
}
