package main

import (
	"fmt"
	"slices"

	"publisher/internal/publish/report"
)

const (
	// warningLines is how many lines of warnings are printed at most.
	warningLines = 20
	// fewWarnings is up to how many warnings of one kind are printed one by one, if there
	// is room.
	fewWarnings = 3
)

// printWarnings prints warnings grouped by kind in few lines. With --verbose it prints each.
func (u *ui) printWarnings(warnings []report.Warning) {
	if u.verbose {
		u.printEachWarning(warnings)
		return
	}
	groups := report.GroupWarnings(warnings)
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
		slices.SortStableFunc(groups, func(a, b []report.Warning) int { return len(b) - len(a) })
		for _, g := range groups[warningLines-1:] {
			left += len(g)
		}
		groups = groups[:warningLines-1]
	}
	folded := false
	for _, g := range groups {
		if len(g) <= few {
			u.printEachWarning(g)
			continue
		}
		folded = true
		u.note("warning: %s: %s (%d times, first at %[1]s)", place(g[0]), g[0].Message, len(g))
	}
	switch {
	case left > 0:
		u.note("and %s more; `publisher check --verbose` shows all", count(left, "warning"))
	case folded:
		u.note("`publisher check --verbose` shows each warning")
	}
}

// printEachWarning prints every warning on a line of its own.
func (u *ui) printEachWarning(warnings []report.Warning) {
	for _, w := range warnings {
		u.note("warning: %s: %s", place(w), w.Message)
	}
}

// place returns the file and line that a warning is about, as editors open it.
func place(w report.Warning) string {
	if w.Line > 0 {
		return fmt.Sprintf("%s:%d", w.Path, w.Line)
	}
	return w.Path
}
