package web

import (
	"sync"
	"time"
)

// awayPause is after how many seconds clients are asked to try again what needs the ledger, while it cannot
// be reached.
const awayPause = "30"

// awayLog is when it was logged last that the ledger cannot be reached.
type awayLog struct {
	mu sync.Mutex
	at time.Time
}

// mayLog reports whether that is to be logged again: not for each request.
func (a *awayLog) mayLog(now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if now.Sub(a.at).Abs() < time.Minute {
		return false
	}
	a.at = now
	return true
}
