package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"publisher/internal/publish/report"
)

// However many warnings there are, at most twenty lines are printed, including the most frequent
// kinds.
func TestWarningsAreFewLines(t *testing.T) {
	var all []report.Warning
	for kind := range 40 {
		for n := range kind + 1 {
			all = append(all, report.Warning{Path: "a.md", Line: n + 1, Message: strings.Repeat("x", kind+1) + fmt.Sprintf(" is wrong in %d", n)})
		}
	}
	var stderr bytes.Buffer
	a := &app{ui: &ui{stderr: &stderr}}
	a.printWarnings(all)
	lines := strings.Split(strings.TrimSpace(stderr.String()), "\n")
	if len(lines) != warningLines {
		t.Errorf("%d lines, want %d:\n%s", len(lines), warningLines, stderr.String())
	}
	if want := "warning: a.md:1: " + strings.Repeat("x", 40) + " is wrong in 0 (40 times, first at a.md:1)"; lines[0] != want {
		t.Errorf("the first line is %q, want %q", lines[0], want)
	}
	if want := "and 231 warnings more; `publisher check --verbose` shows all"; lines[len(lines)-1] != want {
		t.Errorf("the last line is %q, want %q", lines[len(lines)-1], want)
	}

	// If there are as many kinds as lines, each with few warnings, each kind has one line.
	stderr.Reset()
	a.printWarnings(all[:1+2+3+4+5+6+7])
	if n := strings.Count(stderr.String(), "\n"); n > warningLines {
		t.Errorf("%d lines:\n%s", n, stderr.String())
	}
}
