//go:build !linux

package limits

import "time"

// WorkClock returns a clock of the time that has passed, since what one goroutine
// takes of it is not known on this system, and a function that does nothing.
func WorkClock() (clock func() time.Duration, release func()) {
	began := time.Now()
	return func() time.Duration { return time.Since(began) }, func() {}
}
