package publish

import (
	"fmt"

	"publisher/mailer"
)

const (
	// firstAnswers all refusing the message, or more than mostRefused of the last
	// lastAnswers, stop an edition: the fault is not with its readers.
	firstAnswers = 10
	lastAnswers  = 50
	mostRefused  = 20
)

// refusals watches whether a server turns away the message itself, as for its
// content, its size or its sender's standing, rather than an address.
type refusals struct {
	last    [lastAnswers]bool
	answers int
	refused int    // of the last
	words   string // the server's, of the last refusal
}

// add takes one answer and reports whether the edition is to stop.
func (r *refusals) add(o *mailer.Outcome) bool {
	if o.Code == 0 {
		return false
	}
	refused := o.Verdict == mailer.Permanent && o.About != mailer.AboutMailbox
	slot := &r.last[r.answers%lastAnswers]
	if *slot {
		r.refused--
	}
	if *slot = refused; refused {
		r.refused++
		r.words = fmt.Sprintf("%d %s %s", o.Code, o.Enhanced, o.Reply)
	}
	r.answers++
	return r.answers == firstAnswers && r.refused == firstAnswers || r.refused > mostRefused
}

// stopped is what the report says of an edition that was stopped.
func (r *refusals) stopped(number int64) error {
	return fmt.Errorf("edition %d is stopped: the mail server refuses the message itself, %d of the last %d times (%s); "+
		"nobody was unsubscribed for it, and the next pass tries again. Mend what it names, or give the edition up with `publisher editions cancel %d`",
		number, r.refused, min(r.answers, lastAnswers), r.words, number)
}
