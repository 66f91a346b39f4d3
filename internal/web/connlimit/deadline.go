package connlimit

import (
	"sync"
	"time"
)

// deadline is a connection's deadline for writing, which a server sets anew for each request. What
// the system has of it, which costs a timer, is changed only if it would come too late; if it comes
// too early, it is moved then.
type deadline struct {
	mu            sync.Mutex
	wanted, armed time.Time // zero: none
}

// set asks for another deadline. arm gives it to the connection.
func (d *deadline) set(t time.Time, arm func(time.Time) error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.wanted = t
	if !d.armed.IsZero() && (t.IsZero() || !t.Before(d.armed)) {
		return nil
	}
	return d.give(t, arm)
}

// passed is called when the connection says that its deadline has passed, and reports whether it
// has not: the one that is wanted is later.
func (d *deadline) passed(arm func(time.Time) error) (early bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return !d.armed.Equal(d.wanted) && d.give(d.wanted, arm) == nil
}

func (d *deadline) give(t time.Time, arm func(time.Time) error) error {
	err := arm(t)
	if err == nil {
		d.armed = t
	}
	return err
}
