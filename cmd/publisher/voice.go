package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/mattn/go-isatty"

	"publisher/publish"
)

// The program's voice: results on stdout, everything else on stderr, each in
// plain lines that say what to do next.

func (a *app) say(format string, args ...any) { fmt.Fprintf(a.stdout, format+"\n", args...) }

func (a *app) hint(format string, args ...any) { fmt.Fprintf(a.stderr, format+"\n", args...) }

func (a *app) fail(err error) {
	for line := range strings.SplitSeq(strings.TrimRight(err.Error(), "\n"), "\n") {
		fmt.Fprintf(a.stderr, "publisher: %s\n", line)
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

// progressLine tells of deliveries underway: on a terminal in one line that changes,
// elsewhere in a new line every ten seconds.
func (a *app) progressLine() (show func(publish.Progress), done func()) {
	file, ok := a.stderr.(*os.File)
	terminal := ok && isatty.IsTerminal(file.Fd())
	every, form := 10*time.Second, "%s\n"
	if terminal {
		every, form = 100*time.Millisecond, "\r\x1b[K%s"
	}
	began := time.Now()
	last, shown := began, false
	show = func(p publish.Progress) {
		now := time.Now()
		if now.Sub(last) < every {
			return
		}
		last, shown = now, true
		fmt.Fprintf(a.stderr, form, underway(p, now.Sub(began)))
	}
	return show, func() {
		if shown && terminal {
			fmt.Fprint(file, "\r\x1b[K")
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
