package ledger

import (
	"fmt"
	"slices"
)

// Status is the state of a subscription.
type Status string

const (
	Pending      Status = "pending"
	Active       Status = "active"
	Unsubscribed Status = "unsubscribed"
	Removed      Status = "removed" // its row disappeared from subscribers.file
	Bounced      Status = "bounced"
	Complained   Status = "complained"
)

// statuses are all of them, the strictest last.
var statuses = []Status{Active, Pending, Removed, Unsubscribed, Bounced, Complained}

// strictness orders statuses: of two that a list has for one address the higher counts. It
// is negative for what is not a status.
func (s Status) strictness() int { return slices.Index(statuses, s) }

// Check returns an error unless the status is one of those above.
func (s Status) Check() error {
	if s.strictness() < 0 {
		return fmt.Errorf("invalid status %q; must be one of %q", s, statuses)
	}
	return nil
}

// Stricter returns the one of two statuses that allows less.
func Stricter(a, b Status) Status {
	if b.strictness() > a.strictness() {
		return b
	}
	return a
}

// Ongoing reports whether the subscription can still end.
func (s Status) Ongoing() bool { return s == Active || s == Pending }

// Final reports whether no import revives the subscription.
func (s Status) Final() bool { return s == Unsubscribed || s == Bounced || s == Complained }

// The same in SQL, behind a column.
const (
	OngoingSQL = " IN ('active', 'pending')"
	FinalSQL   = " IN ('unsubscribed', 'bounced', 'complained')"
)
