// Package places keeps several processes within rates that they share. A place is the right to send one
// message. A process takes some at a time from the ledger, uses them without asking again, and reports
// how many of its messages have ended: these count for as long as the rates' windows. What it does not
// use it gives back.
package places

import (
	"context"
	"time"
)

// Rate allows at most Count messages in any window of length Per, Kept of them only if they are urgent.
type Rate struct {
	Count, Kept int
	Per         time.Duration
}

// Block returns how many places are taken at a time.
func Block(rates []Rate) int {
	least := rates[0].Count
	for _, rate := range rates {
		least = min(least, rate.Count)
	}
	return max(1, least/20)
}

// Trade is what a process reports and wants. All of it is stored, or nothing.
type Trade struct {
	Ended int // messages that have ended since the last trade
	Held  int // places that it still has: what it had beside these and Ended is given back
	Want  int // more places, at most
	// Urgent tells that one may be of those that are kept for urgent messages, if there is no other.
	Urgent bool
}

// Grant is what a process got.
type Grant struct {
	Taken int
	Kept  bool // it is one that is kept for urgent messages
	// Wait is how long there will be no more, if nobody gives any back. It is set where there was no
	// other place.
	Wait time.Duration
}

// Source is where places are taken from.
type Source interface {
	// Trade stores a trade. After an error it may be stored or not.
	Trade(context.Context, Trade) (Grant, error)
	// Alive reports whether the places that this process holds still count.
	Alive() bool
}
