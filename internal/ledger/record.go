package ledger

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// Result is the end of an attempt. Its JSON is stored in the spool file.
type Result struct {
	Edition, Subscriber int64
	// After and Through are the range of an attempt without an intent: the server refused the
	// envelope. For others the stored range applies.
	After, Through, Digest int64
	Status                 DeliveryStatus `json:"Progress"` // Sent, Deferred, Failed or Uncertain
	Code                   int
	Reply                  string
	Next                   time.Time // Deferred: not before
	KeepCursor             bool      // Failed because retry_for ran out, or refused: the next edition brings those posts
	At                     time.Time
	// NoIntent says that no intent was committed. If something else has ended the delivery
	// meanwhile, such as an erasure or `editions cancel`, nothing is stored of this.
	NoIntent   bool
	Resend     bool // Deferred though the server may have taken it
	PostHidden bool `json:"Waits"` // Deferred since one of its posts cannot be shown
	// Attempt is the number of the attempt whose intent was committed; 0 if none was, or it is not
	// known.
	Attempt int `json:",omitempty"`
	// Late says that the result is recorded after its process may have been declared dead: it counts
	// only if no other attempt has begun.
	Late bool `json:"-"`
}

// Intent announces an attempt before the message's body is sent.
type Intent struct {
	Edition, Subscriber int64
	After, Through      int64   // of a delivery that was deferred, what is stored stays
	Owed                Numbers // what else was due when the recipient was read
	Digest              int64   // the set of posts; 0 leaves that of a delivery that was deferred
	At                  time.Time
}

// Record commits a result and an intent (either may be nil) in one durable
// transaction, grouped with those of other callers. It reports false, and leaves
// the intent out, where the subscriber is no longer active or pauses, After and Owed
// are not what is due any more, another delivery is open, this one is finished, or the
// edition is canceled. A deferred delivery that is refused so will never be tried
// again and ends as Failed. Sent, Failed and Uncertain settle what is due.
//
// A delivery is in one of these states:
//
//	           Record(intent)          Record(result)
//	(none) ────────▶ sending ────────▶ sent | failed | uncertain | deferred
//	deferred ──────▶ sending
//	(none), deferred ────────────────▶ sent | failed | … (its envelope was refused)
//	failed, uncertain ──Retry──▶ deferred
//	deferred ──CancelEdition──▶ failed
//
// sending and deferred are open: a subscriber has at most one of them.
//
// A result for a delivery that is not open is an error, and nothing of that
// call is stored, unless there was no intent. Once a call is in the queue ctx does not end it.
func (l *Ledger) Record(ctx context.Context, done *Result, next *Intent) (bool, error) {
	if next != nil && !l.private {
		if err := l.spool.Reserve(); err != nil {
			return false, l.Fail("reserve space for results", err)
		}
	}
	if done != nil {
		switch done.Status {
		case Sent, Deferred, Failed, Uncertain:
		default:
			return false, fmt.Errorf("record edition %d: %q is not the status of a result", done.Edition, done.Status)
		}
		stored := *done
		if stored.Reply = Storable(done.Reply); l.repliesForgotten(done.Subscriber) {
			stored.Reply = ""
		}
		done = &stored
	}
	begun, err := l.engine.Record(ctx, done, next)
	err = l.Fail("record a delivery", err)
	if err != nil && done != nil {
		err = l.unrecorded(done, err)
	}
	return begun, err
}

// Storable returns a server's reply in a form that can be stored.
func Storable(reply string) string {
	const longest = 2000
	reply = strings.ReplaceAll(reply, "\x00", "")
	return strings.ToValidUTF8(reply[:min(len(reply), longest)], "")
}
