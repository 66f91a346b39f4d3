package main

import (
	"fmt"
	"slices"

	"publisher/internal/publish"
)

const (
	// warningLines is how many lines of warnings people read.
	warningLines = 20
	// fewWarnings of one kind are shown one by one, where there is room.
	fewWarnings = 3
)

// warn shows warnings by kind in few lines; --verbose and --json show all.
func (a *app) warn(warnings []publish.Warning) {
	if a.verbose {
		a.warnEach(warnings)
		return
	}
	groups := publish.GroupWarnings(warnings)
	few, lines := fewWarnings, 0
	for _, g := range groups {
		if len(g) <= few {
			lines += len(g)
		} else {
			lines++
		}
	}
	if lines >= warningLines {
		few = 1
	}
	left := 0
	if len(groups) >= warningLines {
		slices.SortStableFunc(groups, func(a, b []publish.Warning) int { return len(b) - len(a) })
		for _, g := range groups[warningLines-1:] {
			left += len(g)
		}
		groups = groups[:warningLines-1]
	}
	folded := false
	for _, g := range groups {
		if len(g) <= few {
			a.warnEach(g)
			continue
		}
		folded = true
		a.hint("warning: %s: %s (%d times, first at %[1]s)", place(g[0]), g[0].Message, len(g))
	}
	switch {
	case left > 0:
		a.hint("and %s more; `publisher check --verbose` shows all", count(left, "warning"))
	case folded:
		a.hint("`publisher check --verbose` shows each warning")
	}
}

// warnEach shows every warning in a line of its own.
func (a *app) warnEach(warnings []publish.Warning) {
	for _, w := range warnings {
		a.hint("warning: %s: %s", place(w), w.Message)
	}
}

// place is where a warning is about, as editors open it.
func place(w publish.Warning) string {
	if w.Line > 0 {
		return fmt.Sprintf("%s:%d", w.Path, w.Line)
	}
	return w.Path
}
