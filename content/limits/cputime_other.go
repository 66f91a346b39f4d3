//go:build !linux

package limits

import "time"

// WorkClock returns a clock of the time that has passed: the processor time of a goroutine
// is not known on this system. The caller must call release when the goroutine is done.
func WorkClock() (clock func() time.Duration, release func()) {
	start := time.Now()
	return func() time.Duration { return time.Since(start) }, func() {}
}
