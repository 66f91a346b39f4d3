package delivery

import (
	"context"

	"publisher/internal/ledger"
	"publisher/internal/publish/report"
)

// Stop waits for pages that are being read ahead.
func (q *Queue) Stop() {
	for _, edition := range q.editions {
		edition.untried.stop()
	}
}

// over reports whether every recipient of the edition was tried.
func (r *openEdition) over() bool { return r.exhausted && r.handed == 0 }

// finishDone records as done the editions whose every recipient was tried. One with few
// answers, all of them refusals, waits for the end of the pass, and for more answers.
func (q *Queue) finishDone(ctx context.Context) error {
	for _, edition := range q.editions {
		if !edition.over() || edition.finished || edition.stopped || edition.refusals.Few() {
			continue
		}
		if err := q.markRefused(ctx, edition); err != nil {
			return err
		}
		if err := q.Ledger.FinishEdition(ctx, edition.Number, q.Now()); err != nil {
			return err
		}
		edition.finished = true
	}
	return nil
}

// Errors returns what failed without ending the pass.
func (q *Queue) Errors() []error {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.errors
}

// Finish records as done the editions whose every recipient was tried, and returns what
// became of all that this pass worked on.
func (q *Queue) Finish(ctx context.Context) (all []report.Edition, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if err := q.recordWaiting(ctx); err != nil {
		return nil, err
	}
	for _, edition := range q.editions {
		if err := q.decideRefusals(ctx, edition); err != nil {
			return nil, err
		}
		edition.refusals = refusals{Replies: Replies{Accepted: edition.refusals.Accepted}}
	}
	if err := q.finishDone(ctx); err != nil {
		return nil, err
	}
	for _, edition := range q.editions {
		stored, err := q.Ledger.Edition(ctx, edition.Number)
		if err != nil {
			return nil, err
		}
		untried := 0
		if !edition.finished {
			if untried, err = q.countUntried(ctx, edition); err != nil {
				return nil, err
			}
		}
		edition.report.Recipients = stored.Recipients
		edition.report.Deferred = stored.Deferred + untried
		all = append(all, edition.report)
	}
	return all, nil
}

// countUntried returns how many recipients nothing was sent to yet.
func (q *Queue) countUntried(ctx context.Context, edition *openEdition) (int, error) {
	n, untried := 0, recipients{read: edition.untried.read}
	for {
		err := untried.fill(ctx)
		if err != nil || len(untried.page) == 0 {
			return n, err
		}
		for len(untried.page) > 0 {
			sub := untried.take(ctx)
			if len(sub.UpTo(q.from.Numbers(), ledger.Selection{Tags: sub.Tags, Language: edition.Language}, edition.Through).Intersect(edition.own)) > 0 {
				n++
			}
		}
	}
}

// Unfinished returns the editions that have recipients nothing was sent to yet.
func (q *Queue) Unfinished() []ledger.Edition {
	q.mu.Lock()
	defer q.mu.Unlock()
	var open []ledger.Edition
	for _, edition := range q.editions {
		if !edition.finished && (!edition.exhausted || edition.stopped) {
			open = append(open, edition.Edition)
		}
	}
	return open
}
