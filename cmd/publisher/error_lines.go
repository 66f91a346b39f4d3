package main

import (
	"errors"
	"strings"
)

// errorLines takes an error apart into the lines that its makers wrote: those of an
// error that has Lines, and of several that were joined. A line end anywhere else is
// part of a name or a value, and stays in its line.
func errorLines(err error) []string {
	text := err.Error()
	if !strings.Contains(text, "\n") {
		return []string{text}
	}
	if lined, ok := err.(interface{ Lines() []string }); ok {
		return lined.Lines()
	}
	var parts []error
	switch e := err.(type) {
	case interface{ Unwrap() []error }:
		parts = e.Unwrap()
	default:
		if inner := errors.Unwrap(err); inner != nil {
			parts = []error{inner}
		}
	}
	return splitAround(text, parts)
}

// splitAround returns the lines of a text in which the texts of parts stand one after
// the other.
func splitAround(text string, parts []error) []string {
	lines := []string{""}
	add := func(s string) { lines[len(lines)-1] += s }
	for i, part := range parts {
		before, after, found := strings.Cut(text, part.Error())
		if !found {
			continue
		}
		if i > 0 && before == "\n" { // errors.Join
			lines, before = append(lines, ""), ""
		}
		add(before)
		inner := errorLines(part)
		add(inner[0])
		lines = append(lines, inner[1:]...)
		text = after
	}
	add(text)
	return lines
}
