package hint

import (
	"errors"
	"slices"
	"strings"
)

// Lines returns the text of an error as the lines that its authors intended: those of
// errors that have a method Lines, those of errors.Join, and one for each hint. A line
// end anywhere else is part of a name or a value, and stays within its line.
func Lines(err error) []string {
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
	return splitAround(err.Error(), parts)
}

// Text returns the lines of an error as one text. Line ends that are part of a name or a value
// become spaces, so that the text can be taken apart again.
func Text(err error) string {
	lines := Lines(err)
	for i, line := range lines {
		lines[i] = strings.ReplaceAll(line, "\n", " ")
	}
	return strings.Join(lines, "\n")
}

// Parse returns an error with the lines of a text that Text returned.
func Parse(text string) error { return parsed(strings.Split(text, "\n")) }

type parsed []string

func (p parsed) Error() string {
	return strings.ReplaceAll(strings.Join(p, "; "), "; "+prefix, "; ")
}

func (p parsed) Lines() []string { return slices.Clone(p) }

// IsHint reports whether a line that Lines returned is a hint.
func IsHint(line string) bool { return strings.HasPrefix(line, prefix) }

// splitAround returns the lines of a text that contains the texts of parts in this order.
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
		inner := Lines(part)
		add(inner[0])
		lines = append(lines, inner[1:]...)
		text = after
	}
	add(text)
	return lines
}

// Split takes the lines of an error apart into what failed and what to do.
func Split(text string) (failed, do string) {
	var said, hints []string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if hint, found := strings.CutPrefix(line, prefix); found {
			hints = append(hints, hint)
		} else if line != "" {
			said = append(said, line)
		}
	}
	return strings.Join(said, "; "), strings.Join(hints, "; ")
}
