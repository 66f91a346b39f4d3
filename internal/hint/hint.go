// Package hint adds to errors what the user can do about them.
//
// The text of an error with a hint is one line, "what failed; what to do", as logs and
// JSON documents need it. On a screen, Lines gives the hint a line of its own.
package hint

import "fmt"

// prefix begins the line of a hint.
const prefix = "hint: "

type hinted struct {
	error
	hint string
}

// With returns err with a hint: what to do about it, formatted as fmt.Sprintf does. It
// returns nil if err is nil.
func With(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return &hinted{err, fmt.Sprintf(format, args...)}
}

func (e *hinted) Error() string { return e.error.Error() + "; " + e.hint }

func (e *hinted) Unwrap() error { return e.error }

// Lines returns the lines of the error, then that of its hint.
func (e *hinted) Lines() []string { return append(Lines(e.error), prefix+e.hint) }
