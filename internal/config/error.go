package config

import (
	"fmt"
	"strings"
)

// Fault is one thing wrong with config.yaml.
type Fault struct {
	File         string
	Line, Column int // from 1; 0 if unknown
	Message      string
}

func (f Fault) String() string {
	switch {
	case f.Line > 0 && f.Column > 0:
		return fmt.Sprintf("%s:%d:%d: %s", f.File, f.Line, f.Column, f.Message)
	case f.Line > 0:
		return fmt.Sprintf("%s:%d: %s", f.File, f.Line, f.Message)
	}
	return fmt.Sprintf("%s: %s", f.File, f.Message)
}

// Error is every fault of a config.yaml, in the order of its lines.
type Error struct{ Faults []Fault }

func (e *Error) Error() string { return strings.Join(e.Lines(), "\n") }

// Lines returns one line for each fault. Values in it may contain line ends.
func (e *Error) Lines() []string {
	lines := make([]string, len(e.Faults))
	for i, f := range e.Faults {
		lines[i] = f.String()
	}
	return lines
}
