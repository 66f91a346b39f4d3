package work

import (
	"context"
	"fmt"

	"publisher/internal/hint"
	"publisher/internal/ledger"
	"publisher/internal/ledger/postgres"
	"publisher/internal/publish/delivery"
)

// decideStopped decides what becomes of editions that are stopped because of what servers answered,
// once nobody works on them any more. The next pass hands them out again. It reports whether some
// are still worked on, and adds them to stopped.
func (l *Leader) decideStopped(ctx context.Context, stopped map[int64]bool) (busy bool, err error) {
	unfinished, replies, err := l.answered(ctx)
	if err != nil {
		return false, err
	}
	for number, r := range replies {
		if !r.Stopped {
			continue
		}
		stopped[number] = true
		if unfinished[number] > 0 {
			continue
		}
		if err := l.decide(ctx, r, true); err != nil {
			return false, err
		}
	}
	for number := range stopped {
		busy = busy || stopped[number] && unfinished[number] > 0
	}
	return busy, nil
}

// answered returns how many batches of each edition are not done, and what servers answered: at least to
// all that the others handed out.
func (l *Leader) answered(ctx context.Context) (unfinished map[int64]int, replies map[int64]*postgres.Replies, err error) {
	if unfinished, err = l.Batches.Unfinished(ctx); err != nil { // first: a batch is done after its answers are stored
		return nil, nil, err
	}
	replies, err = l.Batches.Replies(ctx)
	return unfinished, replies, err
}

// endEdition ends an edition whose every recipient was tried, and marks those whom its refusals concern. If
// there are too few answers to decide by, Settle does. It reports false if servers refuse too many.
func (l *Leader) endEdition(ctx context.Context, e *ledger.Edition) (bool, error) {
	replies, err := l.Batches.Replies(ctx)
	if err != nil {
		return false, err
	}
	r := replies[e.Number]
	switch {
	case r != nil && r.Stopped:
		return false, nil // the next look decides
	case fewRefused(r):
		return true, nil
	}
	if err := l.mark(ctx, r); err != nil {
		return false, err
	}
	return true, l.finish(ctx, e)
}

// decide decides what the refusals of an edition mean, of which no more answers are to come for now.
func (l *Leader) decide(ctx context.Context, r *postgres.Replies, over bool) error {
	known, err := decodeReplies(r.State)
	if err != nil {
		return fmt.Errorf("what mail servers answered about edition %d: %w", r.Edition, err)
	}
	refusals, err := l.Batches.Refusals(ctx, r.Edition)
	if err != nil {
		return err
	}
	d, err := delivery.DecideRefusals(ctx, l.options(), delivery.Refusals{Edition: r.Edition, Replies: known, Marks: marksOf(refusals),
		Stopped: r.Stopped, Over: over, Since: r.Since})
	if err != nil {
		return err
	}
	if d.Problem != nil {
		if err := l.Batches.AddProblem(ctx, postgres.Problem{Edition: r.Edition, Message: hint.Text(d.Problem), Stops: true}); err != nil {
			return err
		}
	}
	if d.Stopped { // it is gone through again from its beginning
		if err := l.Batches.Forget(ctx, r.Edition); err != nil {
			return err
		}
	}
	return l.Batches.ForgetRefusals(ctx, r.Edition, true)
}

// mark marks those whom the refusals of an edition concern whose every recipient was tried. The answers
// about it are kept, for the deliveries that are tried again.
func (l *Leader) mark(ctx context.Context, r *postgres.Replies) error {
	if r == nil {
		return nil
	}
	known, err := decodeReplies(r.State)
	if err != nil {
		return err
	}
	refusals, err := l.Batches.Refusals(ctx, r.Edition)
	if err != nil || len(refusals) == 0 {
		return err
	}
	if err := delivery.MarkRefused(ctx, l.options(), r.Edition, known.Counted(marksOf(refusals), false)); err != nil {
		return err
	}
	return l.Batches.ForgetRefusals(ctx, r.Edition, false)
}

// fewRefused reports whether there are too few answers to decide by, all of them refusals.
func fewRefused(r *postgres.Replies) bool {
	if r == nil {
		return false
	}
	known, err := decodeReplies(r.State)
	return err == nil && known.Few()
}

// Settle decides, at the end of a pass, what the refusals of editions mean that nobody works on, and
// ends those editions whose every recipient was tried.
func (l *Leader) Settle(ctx context.Context) error {
	unfinished, replies, err := l.answered(ctx)
	if err != nil {
		return err
	}
	for number, r := range replies {
		if unfinished[number] > 0 {
			continue
		}
		if err := l.settle(ctx, r); err != nil {
			return fmt.Errorf("edition %d: %w", number, err)
		}
	}
	return nil
}

func (l *Leader) settle(ctx context.Context, r *postgres.Replies) error {
	e, err := l.Ledger.Edition(ctx, r.Edition)
	if err != nil || e == nil {
		return err
	}
	if e.Canceled {
		return l.Batches.ForgetRefusals(ctx, r.Edition, true)
	}
	over := !e.Done.IsZero()
	if !over {
		h, err := l.Batches.Handed(ctx, r.Edition)
		if err != nil {
			return err
		}
		if over, err = l.handedOut(ctx, e, h); err != nil {
			return err
		}
	}
	few := fewRefused(r)
	if err := l.decide(ctx, r, over); err != nil || !few || !over || r.Stopped || !e.Done.IsZero() {
		return err
	}
	stopped, err := l.stopped(ctx)
	if err != nil || stopped[e.Number] {
		return err
	}
	return l.finish(ctx, e) // its refusals count
}

// handedOut reports whether every recipient of an edition was tried.
func (l *Leader) handedOut(ctx context.Context, e *ledger.Edition, h postgres.Handed) (bool, error) {
	if h.Unfinished > 0 || h.Missed > 0 && h.Round < mostRounds {
		return false, nil
	}
	last, err := l.ranges(ctx, e, h.Upto, 1)
	return len(last) == 0, err
}

func (l *Leader) finish(ctx context.Context, e *ledger.Edition) error {
	if err := l.Ledger.FinishEdition(ctx, e.Number, l.Now()); err != nil {
		return err
	}
	return l.Batches.Forget(ctx, e.Number)
}

func (l *Leader) options() delivery.Options {
	return delivery.Options{Config: l.Config, Ledger: l.Ledger, Log: l.Log, Now: l.Now}
}
