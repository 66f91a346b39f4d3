package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/mattn/go-isatty"

	"publisher/internal/hint"
	"publisher/internal/publish/delivery"
	"publisher/internal/terminal"
)

// ui prints: results to stdout, everything else to stderr. It escapes what strangers wrote;
// formats are ours and trusted.
type ui struct {
	stdout, stderr io.Writer
	// What the program was started with: only document and progressLine write there.
	rawStdout, rawStderr io.Writer
	json                 bool
	verbose              bool
}

// newUI returns a ui, and what writes out the rest of its lines at the end.
func newUI(stdout, stderr io.Writer) (u *ui, flush func()) {
	out, errs := terminal.NewWriter(stdout), terminal.NewWriter(stderr)
	return &ui{stdout: out, stderr: errs, rawStdout: stdout, rawStderr: stderr}, func() {
		out.Flush()
		errs.Flush()
	}
}

// print writes a line of results.
func (u *ui) print(format string, args ...any) { printLine(u.stdout, format, args...) }

// note writes a line for the person who runs the program.
func (u *ui) note(format string, args ...any) { printLine(u.stderr, format, args...) }

func printLine(w io.Writer, format string, args ...any) {
	if false {
		_ = fmt.Sprintf(format, args...) // so that vet checks formats
	}
	fmt.Fprintf(w, format+"\n", terminal.Args(args)...)
}

func (u *ui) printError(err error) {
	for _, line := range hint.Lines(err) {
		if hint.IsHint(line) {
			u.note("%s", line)
		} else {
			u.note("publisher: %s", line)
		}
	}
}

// printJSON prints the one document that --json promises.
func (u *ui) printJSON(v any) error {
	out := json.NewEncoder(u.stdout)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	return out.Encode(v)
}

// document returns stdout for documents that programs read unchanged: a mail, a page, a
// template, a list. They are escaped only on a terminal.
func (u *ui) document() io.Writer {
	if isTerminal(u.rawStdout) {
		return terminal.NewDocumentWriter(u.rawStdout)
	}
	return u.rawStdout
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && isatty.IsTerminal(file.Fd())
}

// table prints rows of cells to stdout, aligned.
type table struct{ out *tabwriter.Writer }

func (u *ui) table() table { return table{tabwriter.NewWriter(u.stdout, 0, 4, 2, ' ', 0)} }

// row writes one row; tabs in the format separate its cells.
func (t table) row(format string, args ...any) { printLine(t.out, format, args...) }

// count returns a number with its noun, in the plural if need be.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	switch {
	case strings.HasSuffix(noun, "s"), strings.HasSuffix(noun, "ss"), strings.HasSuffix(noun, "ch"), strings.HasSuffix(noun, "x"):
		return fmt.Sprintf("%d %ses", n, noun)
	case strings.HasSuffix(noun, "y"):
		return fmt.Sprintf("%d %sies", n, strings.TrimSuffix(noun, "y"))
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// clip cuts a text to at most that many characters.
func clip(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}

// some lists the first few items.
func some(items []string, most int) string {
	if len(items) <= most {
		return strings.Join(items, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(items[:most], ", "), len(items)-most)
}

// eraseLine is the one control sequence that is sent to a terminal.
const eraseLine = "\r\x1b[K"

// progressLine returns a function that prints the progress of deliveries, on a terminal in
// one line that changes and elsewhere in a new line every ten seconds, and one that removes
// the line at the end.
func (u *ui) progressLine() (show func(delivery.Progress), done func()) {
	onTerminal, every := isTerminal(u.rawStderr), 10*time.Second
	if onTerminal {
		every = 100 * time.Millisecond
	}
	began := time.Now()
	last, shown := began, false
	show = func(p delivery.Progress) {
		now := time.Now()
		if now.Sub(last) < every {
			return
		}
		last, shown = now, true
		text := progressText(p, now.Sub(began))
		if onTerminal {
			fmt.Fprintf(u.rawStderr, eraseLine+"%s", terminal.Escape(text))
		} else {
			u.note("%s", text)
		}
	}
	return show, func() {
		if shown && onTerminal {
			fmt.Fprint(u.rawStderr, eraseLine)
		}
	}
}

// progressText says how far an edition has come, how fast, and how long it will take.
func progressText(p delivery.Progress, took time.Duration) string {
	text := fmt.Sprintf("edition %d: %d of %d sent, %d deferred, %d failed", p.Edition, p.Sent, p.Recipients, p.Deferred, p.Failed)
	ended := p.Sent + p.Deferred + p.Failed + p.Uncertain
	now := ended - p.Before
	if now <= 0 || took <= 0 {
		return text
	}
	left := time.Duration(float64(took) * float64(max(0, p.Recipients-ended)) / float64(now))
	return fmt.Sprintf("%s; %.0f a second, %v left", text, float64(now)/took.Seconds(), left.Round(time.Second))
}
