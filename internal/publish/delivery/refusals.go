package delivery

import (
	"context"
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
	// stoppedDays is on how many different days an edition with few answers is stopped
	// until its refusals count. It has to end: a list may have one subscriber, whose mailbox is
	// gone.
	stoppedDays = 3

	// The first time in a day that an edition is stopped the next pass tries it again,
	// whenever that is. After that it pauses this long; with few answers that is mostly a
	// mailbox that is gone, which need not be tried often.
	stoppedPause    = 10 * time.Minute
	stoppedFewPause = time.Hour
)

// refusals watches how many of an edition's recipients a server refuses for good, for
// whatever reason: a relay that denies every mailbox is as wrong as one that
// denies the sender. Nobody is marked before the answers that came with theirs are known.
type refusals struct {
	accepted bool // by the owner: nothing stops the edition
	last     [lastAnswers]bool
	answers  int
	refused  int           // of the last
	reply    string        // the server's, of the last refusal
	about    refusal.About // likewise
	stop     int           // how many answers there were when the edition was stopped; 0: it was not
	pending  []candidate   // recipients whom a refusal may mark
}

// candidate is a recipient whom a refusal marks, or counts against, if it counts.
type candidate struct {
	subscription.Refusal
	answer int // which of the answers it was
}

// add takes one answer and reports whether the edition is to stop.
func (r *refusals) add(o *smtp.Outcome, subscriber int64) bool {
	refused := o.Verdict == smtp.Permanent
	if refused {
		r.note(o, subscriber)
	}
	if o.Code == 0 { // no answer of a server
		return false
	}
	slot := &r.last[r.answers%lastAnswers]
	if *slot {
		r.refused--
	}
	if *slot = refused; refused {
		r.refused++
		r.reply, r.about = o.Words(), o.About
	}
	r.answers++
	stop := !r.accepted && (r.answers == firstAnswers && r.refused == firstAnswers || r.refused > mostRefused)
	if stop && r.stop == 0 {
		r.stop = r.answers
	}
	return stop
}

// note keeps the recipient whom a refusal may mark.
func (r *refusals) note(o *smtp.Outcome, subscriber int64) {
	if o.About != refusal.AboutUs {
		refusal := subscription.Refusal{Subscriber: subscriber, Unclear: o.About == refusal.Unclear, Passing: o.About == refusal.AboutTransient}
		r.pending = append(r.pending, candidate{refusal, r.answers})
	}
}

// fewRefused reports whether there are too few answers to stop at, all of them refusals.
func (r *refusals) fewRefused() bool {
	return !r.accepted && r.answers > 0 && r.answers < firstAnswers && r.refused == r.answers
}

// counted removes and returns the refusals that count: of an edition that was stopped, those
// that came before the answers that stopped it.
func (r *refusals) counted(stopped bool) (all []subscription.Refusal) {
	for _, c := range r.pending {
		if !stopped || c.answer < r.stop-lastAnswers {
			all = append(all, c.Refusal)
		}
	}
	r.pending = nil
	return all
}

// stopError returns what the report says of an edition that was stopped.
func (r *refusals) stopError(number int64) error {
	what, gone := "the message itself", ""
	if r.about != refusal.AboutUs {
		what = "its recipients"
		gone = fmt.Sprintf("; if those mailboxes really are gone, `publisher editions retry %d --accept-refusals` lets it continue", number)
	}
	err := fmt.Errorf("edition %d is stopped: the mail server refuses %s, %d of the last %d times (%s); nobody was unsubscribed for it, and the next pass tries again",
		number, what, r.refused, min(r.answers, lastAnswers), r.reply)
	return hint.With(err, "fix what the server names, or give the edition up with `publisher editions cancel %d`%s", number, gone)
}

// markRefused marks the recipients whom the refusals of an edition concern, as far as they
// count.
func (q *Queue) markRefused(ctx context.Context, edition *openEdition) error {
	all := edition.refusals.counted(edition.stopped)
	if len(all) == 0 {
		return nil
	}
	marked, err := subscription.MarkRefused(ctx, q.Ledger, edition.Number, all)
	if marked > 0 {
		q.Log.Warn("subscribers are marked as bounced", "edition", edition.Number, "count", marked)
	}
	return err
}

// decideRefusals decides, when no more answers are to come in this pass, what becomes of the
// refusals of an edition, and has those tried again that do not count.
func (q *Queue) decideRefusals(ctx context.Context, edition *openEdition) error {
	few := edition.refusals.fewRefused()
	cut := few && !edition.over() // the next pass continues
	var pause time.Duration
	if (few || edition.stopped) && !cut {
		days, before, err := q.Ledger.RecordStop(ctx, edition.Number, q.Now().In(q.Config.Site.Timezone).Format(time.DateOnly), few)
		if err != nil {
			return err
		}
		switch {
		case before && few:
			pause = stoppedFewPause
		case before:
			pause = stoppedPause
		}
		if few && days < stoppedDays {
			edition.stopped = true
			q.fail(edition.refusals.stopError(edition.Number))
		}
	}
	edition.stopped = edition.stopped || cut
	if err := q.markRefused(ctx, edition); err != nil || !edition.stopped {
		return err
	}
	n, err := q.Ledger.Retry(ctx, edition.Number, q.began, q.Now().Add(pause))
	edition.report.Failed -= n
	return err
}
