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

func (a *app) warn(warnings []publish.Warning) {
	for _, w := range warnings {
		where := w.Path
		if w.Line > 0 {
			where = fmt.Sprintf("%s:%d", w.Path, w.Line)
		}
		a.hint("warning: %s: %s", where, w.Message)
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

// some lists the first few of many.
func some(items []string, most int) string {
	if len(items) <= most {
		return strings.Join(items, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(items[:most], ", "), len(items)-most)
}

// progressLine shows deliveries underway, on a terminal only.
func (a *app) progressLine() (show func(publish.Progress), done func()) {
	file, ok := a.stderr.(*os.File)
	if !ok || !isatty.IsTerminal(file.Fd()) {
		return nil, func() {}
	}
	var last time.Time
	shown := false
	show = func(p publish.Progress) {
		if time.Since(last) < 100*time.Millisecond {
			return
		}
		last, shown = time.Now(), true
		fmt.Fprintf(file, "\r\x1b[Kedition %d: %d of %d sent, %d deferred, %d failed", p.Edition, p.Sent, p.Recipients, p.Deferred, p.Failed)
	}
	return show, func() {
		if shown {
			fmt.Fprint(file, "\r\x1b[K")
		}
	}
}
