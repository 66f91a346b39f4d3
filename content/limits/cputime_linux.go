package limits

import (
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// workClock tells how much processor time the goroutine takes that calls it, so that
// no post is refused because the machine has other work. It is called with release
// once that goroutine is done.
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
