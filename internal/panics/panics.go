// Package panics keeps a bug in one part of the program from ending the others.
package panics

import (
	"fmt"
	"runtime"
	"strings"

	"publisher/internal/hint"
)

// Catch calls do and turns a panic in it into an error that says where it began.
func Catch(do func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = hint.With(fmt.Errorf("internal error in %s: %v", origin(), v), "please report it")
		}
	}()
	return do()
}

// origin returns the place of the panic that is being recovered from.
func origin() string {
	pcs := make([]uintptr, 32)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(4, pcs)])
	for {
		frame, more := frames.Next()
		if frame.Function != "" && !strings.HasPrefix(frame.Function, "runtime.") || !more {
			return fmt.Sprintf("%s (line %d)", frame.Function, frame.Line)
		}
	}
}
