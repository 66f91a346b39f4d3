//go:build !linux

package limits

import "time"

// WorkClock tells how much time has passed: what a goroutine takes of it is not known
// on this system.
func WorkClock() (clock func() time.Duration, release func()) {
	began := time.Now()
	return func() time.Duration { return time.Since(began) }, func() {}
}
