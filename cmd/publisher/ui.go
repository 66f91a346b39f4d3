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
	"publisher/internal/publish"
	"publisher/internal/terminal"
)

// The program's voice: results on stdout, everything else on stderr, each in
// plain lines that say what to do next. Formats are ours and trusted; what they are
// filled with is a stranger's, and is escaped.

func (a *app) say(format string, args ...any) { printLine(a.stdout, format, args...) }

func (a *app) hint(format string, args ...any) { printLine(a.stderr, format, args...) }

func printLine(w io.Writer, format string, args ...any) {
	if false {
		_ = fmt.Sprintf(format, args...) // so that vet checks formats
	}
	fmt.Fprintf(w, format+"\n", terminal.Args(args)...)
}

func (a *app) fail(err error) {
	for _, line := range hint.Lines(err) {
		if hint.IsHint(line) {
			a.hint("%s", line)
		} else {
			a.hint("publisher: %s", line)
		}
	}
	if !a.started {
		a.hint("`publisher help` lists the commands, `publisher COMMAND --help` explains one")
	}
}

// printJSON writes the one document that --json promises.
func (a *app) printJSON(v any) error {
	out := json.NewEncoder(a.stdout)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	return out.Encode(v)
}

// document is stdout for what is no text of ours and goes to programs as it is: a mail,
// a page, a template, a list. Only on a terminal is it escaped.
func (a *app) document() io.Writer {
	if isTerminal(a.raw.stdout) {
		return terminal.NewDocumentWriter(a.raw.stdout)
	}
	return a.raw.stdout
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && isatty.IsTerminal(file.Fd())
}

// table aligns rows of cells on stdout.
type table struct{ out *tabwriter.Writer }

func (a *app) table() table { return table{tabwriter.NewWriter(a.stdout, 0, 4, 2, ' ', 0)} }

// row writes one row; tabs in the format separate its cells.
func (t table) row(format string, args ...any) { printLine(t.out, format, args...) }

// count is a number with its noun.
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

// clip cuts a text to at most so many characters.
func clip(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}

// some lists the first few of many.
func some(items []string, most int) string {
	if len(items) <= most {
		return strings.Join(items, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(items[:most], ", "), len(items)-most)
}

// eraseLine is the one thing that is said to a terminal itself.
const eraseLine = "\r\x1b[K"

// progressLine tells of deliveries underway: on a terminal in one line that changes,
// elsewhere in a new line every ten seconds.
func (a *app) progressLine() (show func(publish.Progress), done func()) {
	onTerminal, every := isTerminal(a.raw.stderr), 10*time.Second
	if onTerminal {
		every = 100 * time.Millisecond
	}
	began := time.Now()
	last, shown := began, false
	show = func(p publish.Progress) {
		now := time.Now()
		if now.Sub(last) < every {
			return
		}
		last, shown = now, true
		text := underway(p, now.Sub(began))
		if onTerminal {
			fmt.Fprintf(a.raw.stderr, eraseLine+"%s", terminal.Escape(text))
		} else {
			a.hint("%s", text)
		}
	}
	return show, func() {
		if shown && onTerminal {
			fmt.Fprint(a.raw.stderr, eraseLine)
		}
	}
}

// underway says how far an edition has come, how fast, and how long it will take.
func underway(p publish.Progress, took time.Duration) string {
	text := fmt.Sprintf("edition %d: %d of %d sent, %d deferred, %d failed", p.Edition, p.Sent, p.Recipients, p.Deferred, p.Failed)
	ended := p.Sent + p.Deferred + p.Failed + p.Uncertain
	now := ended - p.Before
	if now <= 0 || took <= 0 {
		return text
	}
	left := time.Duration(float64(took) * float64(max(0, p.Recipients-ended)) / float64(now))
	return fmt.Sprintf("%s; %.0f a second, %v left", text, float64(now)/took.Seconds(), left.Round(time.Second))
}
