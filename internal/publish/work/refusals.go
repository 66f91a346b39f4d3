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
// are still worked on.
func (l *Leader) decideStopped(ctx context.Context, replies map[int64]*postgres.Replies) (busy bool, err error) {
	unfinished, err := l.Batches.Unfinished(ctx)
	if err != nil {
		return false, err
	}
	for number, r := range replies {
		if !r.Stopped {
			continue
		}
		if unfinished[number] > 0 {
			busy = true
			continue
		}
		if err := l.decide(ctx, r, true); err != nil {
			return busy, err
		}
		delete(replies, number)
	}
	return busy, nil
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
	replies, err := l.Batches.Replies(ctx)
	if err != nil {
		return err
	}
	unfinished, err := l.Batches.Unfinished(ctx)
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
