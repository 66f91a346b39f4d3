package catalog

import (
	"publisher/internal/ledger"
)

// State is the state of a post, as `publisher posts` shows it.
type State string

// The states of posts.
const (
	StateKnown     State = "known"     // was there before the first pass
	StateNew       State = "new"       // goes into the next edition
	StateSettling  State = "settling"  // its file changed a moment ago
	StateMailed    State = "mailed"    // an edition had it
	StateHeld      State = "held"      // by the flood guard, or because a setting cannot be evaluated; waits for a person
	StateScheduled State = "scheduled" // its date is in the future
	StateDraft     State = "draft"
	StateExpired   State = "expired"
	StateFeedOnly  State = "feed-only" // the author keeps it out of mail
)

// State returns the state of a post. mailed says whether an edition had it.
func (c *Catalog) State(e Entry, mailed bool) State {
	switch {
	case e.Post.Draft:
		return StateDraft
	case e.Post.Held != nil:
		return StateHeld
	case e.Post.Date.After(c.start):
		return StateScheduled
	case c.expired(e):
		return StateExpired
	case mailed:
		return StateMailed
	case e.Post.FeedOnly:
		return StateFeedOnly
	}
	switch e.Row.Stage {
	case ledger.Known:
		return StateKnown
	case ledger.Held:
		return StateHeld
	case ledger.Unseen:
		if c.isFirst && !c.isSinceStart(e) {
			return StateKnown
		}
	case ledger.Numbered:
		return StateNew
	}
	if !c.settled(e) {
		return StateSettling
	}
	return StateNew
}

// Published reports whether feeds and digests may show a post now.
func (c *Catalog) Published(e Entry) bool {
	return !e.Post.Draft && e.Post.Held == nil && !e.Post.Date.After(c.start) && !c.expired(e)
}

// isInDoubt reports whether a post whose date has come is held back only because a setting
// of the engine cannot be evaluated: at the first pass, readers may have had it for long.
func (c *Catalog) isInDoubt(e Entry) bool {
	return e.Post.Held != nil && !e.Post.Draft && !e.Post.Date.After(c.start)
}

func (c *Catalog) expired(e Entry) bool {
	return !e.Post.Expires.IsZero() && !e.Post.Expires.After(c.start)
}

// settled reports whether a file has not changed for digest.settle. A modification time in
// the future (a clock was wrong) counts from when the post was first seen; if that is in the
// future as well, the clock was wrong then, and the post counts as settled.
func (c *Catalog) settled(e Entry) bool {
	changed := e.Post.ModTime
	if changed.After(c.start) {
		changed = e.Row.FirstSeen
	}
	return changed.After(c.start) || c.start.Sub(changed) >= c.Config.Digest.Settle
}

// isSinceStart reports whether digest.start makes a post of the first pass new.
func (c *Catalog) isSinceStart(e Entry) bool {
	return !c.Config.Digest.Start.IsZero() && !e.Post.Date.Before(c.Config.Digest.Start)
}

// Waiting reports whether a published post is not mailable only for now.
func (c *Catalog) Waiting(e Entry) bool {
	stage := e.Row.Stage
	return (stage == ledger.New || stage == ledger.Held || stage == ledger.Released) && c.Published(e) && !e.Post.FeedOnly && !c.Unrenderable(e)
}
