package limits

import (
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// WorkClock returns a clock of the processor time that the calling goroutine has used, so
// that no post is refused because the machine is busy. The caller must call release when
// the goroutine is done.
func WorkClock() (clock func() time.Duration, release func()) {
	runtime.LockOSThread()
	return func() time.Duration {
		var t unix.Timespec
		if unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t) != nil {
			return 0
		}
		return time.Duration(t.Nano())
	}, runtime.UnlockOSThread
}
