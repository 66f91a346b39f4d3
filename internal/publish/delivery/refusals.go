package delivery

import (
	"context"
	"time"

	"publisher/internal/ledger/subscription"
	"publisher/mailer/smtp"
)

const (
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

// refusals is the answers about an edition in this pass. Nobody is marked before the answers that
// came with theirs are known.
type refusals struct {
	Replies
	pending []Refused
}

// add takes one answer and reports whether the edition is to stop.
func (r *refusals) add(a Reply) (stop bool) {
	stop, marks := r.Add(a)
	if marks != nil {
		r.pending = append(r.pending, *marks)
	}
	return stop
}

// MarkRefused marks the recipients whom the refusals of an edition concern.
func MarkRefused(ctx context.Context, o Options, edition int64, all []subscription.Refusal) error {
	if len(all) == 0 {
		return nil
	}
	marked, err := subscription.MarkRefused(ctx, o.Ledger, edition, all)
	if marked > 0 {
		o.Log.Warn("subscribers are marked as bounced", "edition", edition, "count", marked)
	}
	return err
}

// markRefused marks the recipients whom the refusals of an edition concern, as far as they
// count.
func (q *Queue) markRefused(ctx context.Context, edition *openEdition) error {
	all := edition.refusals.Counted(edition.refusals.pending, edition.stopped)
	edition.refusals.pending = nil
	return MarkRefused(ctx, q.Options, edition.Number, all)
}

// Refusals are those of an edition of which no more answers are to come for now.
type Refusals struct {
	Edition int64
	Replies *Replies
	Marks   []Refused
	Stopped bool      // because of its answers
	Over    bool      // every recipient was tried
	Since   time.Time // when the first of the answers may have come
}

// Decided is what became of refusals.
type Decided struct {
	Stopped bool  // the edition goes on with the next pass
	Problem error // of an edition that is stopped because of few answers; else nil
	Retried int   // deliveries that are tried again
}

// DecideRefusals decides, when no more answers are to come in this pass, what becomes of the
// refusals of an edition, and has those tried again that do not count.
func DecideRefusals(ctx context.Context, o Options, r Refusals) (d Decided, err error) {
	few := r.Replies.Few()
	cut := few && !r.Over // the next pass continues
	d.Stopped = r.Stopped
	var pause time.Duration
	if (few || r.Stopped) && !cut {
		days, before, err := o.Ledger.RecordStop(ctx, r.Edition, o.Now().In(o.Config.Site.Timezone).Format(time.DateOnly), few)
		if err != nil {
			return d, err
		}
		switch {
		case before && few:
			pause = stoppedFewPause
		case before:
			pause = stoppedPause
		}
		if few && days < stoppedDays {
			d.Stopped, d.Problem = true, r.Replies.StopError(r.Edition)
		}
	}
	d.Stopped = d.Stopped || cut
	if err := MarkRefused(ctx, o, r.Edition, r.Replies.Counted(r.Marks, d.Stopped)); err != nil || !d.Stopped {
		return d, err
	}
	d.Retried, err = o.Ledger.Retry(ctx, r.Edition, r.Since, o.Now().Add(pause))
	return d, err
}

// decideRefusals is DecideRefusals for an edition of this pass.
func (q *Queue) decideRefusals(ctx context.Context, edition *openEdition) error {
	r := &edition.refusals
	d, err := DecideRefusals(ctx, q.Options, Refusals{Edition: edition.Number, Replies: &r.Replies, Marks: r.pending,
		Stopped: edition.stopped, Over: edition.over(), Since: q.began})
	r.pending = nil
	edition.stopped = d.Stopped
	edition.report.Failed -= d.Retried
	if d.Problem != nil {
		q.fail(d.Problem)
	}
	return err
}

// replied takes the answer of an outcome.
func (q *Queue) replied(edition *openEdition, o *smtp.Outcome, subscriber int64, at time.Time) {
	a := replyOf(o, subscriber, at)
	if q.tell != nil {
		q.tell(edition.Number, a)
		return
	}
	if stop := edition.refusals.add(a); stop && !edition.stopped {
		edition.stopped = true
		q.fail(edition.refusals.StopError(edition.Number))
	}
}
