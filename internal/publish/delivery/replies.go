package delivery

import (
	"fmt"
	"time"

	"publisher/internal/hint"
	"publisher/internal/ledger/subscription"
	"publisher/mailer/refusal"
	"publisher/mailer/smtp"
)

const (
	// firstAnswers all refusals, or more than mostRefused of the last lastAnswers, stop an
	// edition: the fault is not with its recipients. So do fewer than firstAnswers when no
	// more are to come and each of them is a refusal.
	firstAnswers = 10
	lastAnswers  = 50
	mostRefused  = 20
)

// Reply is what a server answered about one recipient of an edition.
type Reply struct {
	Subscriber int64
	Refused    bool // for good
	Code       int  // 0: no server answered
	Words      string
	About      refusal.About
	At         time.Time
}

// replyOf returns the reply of an outcome that was recorded at a time.
func replyOf(o *smtp.Outcome, subscriber int64, at time.Time) Reply {
	a := Reply{Subscriber: subscriber, Refused: o.Verdict == smtp.Permanent, Code: o.Code, At: at}
	if a.Refused {
		a.Words, a.About = o.Words(), o.About
	}
	return a
}

// Replies watches how many of an edition's recipients servers refuse for good, for whatever
// reason: a relay that denies every mailbox is as wrong as one that denies the sender. Its JSON is
// what several processes that deliver an edition have in common.
type Replies struct {
	Accepted bool              // by the owner: nothing stops the edition
	Last     [lastAnswers]bool // which were refusals; Count says where the next one goes
	Count    int
	Refused  int           // of the last
	Words    string        // of the last refusal
	About    refusal.About // likewise
	Stop     int           // how many there were when the edition was stopped; 0: it was not
}

// Refused is a recipient whom a refusal marks, or counts against, if it counts.
type Refused struct {
	subscription.Refusal
	Reply int // which of the answers it was
}

// Add takes one answer. It reports whether the edition is to stop, and returns whom the answer may
// mark; nil for nobody.
func (r *Replies) Add(a Reply) (stop bool, marks *Refused) {
	if a.Refused && a.About != refusal.AboutUs {
		marks = &Refused{subscription.Refusal{Subscriber: a.Subscriber, Unclear: a.About == refusal.Unclear, Passing: a.About == refusal.AboutTransient}, r.Count}
	}
	if a.Code == 0 {
		return false, marks
	}
	slot := &r.Last[r.Count%lastAnswers]
	if *slot {
		r.Refused--
	}
	if *slot = a.Refused; a.Refused {
		r.Refused++
		r.Words, r.About = a.Words, a.About
	}
	r.Count++
	stop = !r.Accepted && (r.Count == firstAnswers && r.Refused == firstAnswers || r.Refused > mostRefused)
	if stop && r.Stop == 0 {
		r.Stop = r.Count
	}
	return stop, marks
}

// Few reports whether there are too few answers to stop at, all of them refusals.
func (r *Replies) Few() bool {
	return !r.Accepted && r.Count > 0 && r.Count < firstAnswers && r.Refused == r.Count
}

// Counted returns those of the refusals that count: of an edition that was stopped, those that came
// before the answers that stopped it.
func (r *Replies) Counted(all []Refused, stopped bool) (counted []subscription.Refusal) {
	for _, one := range all {
		if !stopped || one.Reply < r.Stop-lastAnswers {
			counted = append(counted, one.Refusal)
		}
	}
	return counted
}

// StopError returns what the report says of an edition that was stopped.
func (r *Replies) StopError(number int64) error {
	what, gone := "the message itself", ""
	if r.About != refusal.AboutUs {
		what = "its recipients"
		gone = fmt.Sprintf("; if those mailboxes really are gone, `publisher editions retry %d --accept-refusals` lets it continue", number)
	}
	err := fmt.Errorf("edition %d is stopped: the mail server refuses %s, %d of the last %d times (%s); nobody was unsubscribed for it, and the next pass tries again",
		number, what, r.Refused, min(r.Count, lastAnswers), r.Words)
	return hint.With(err, "fix what the server names, or give the edition up with `publisher editions cancel %d`%s", number, gone)
}
