package editions

import (
	"context"
	"fmt"
	"time"

	"publisher/internal/config"
	"publisher/internal/hint"
	"publisher/internal/ledger"
	"publisher/internal/publish/catalog"
	"publisher/internal/publish/report"
)

// Report returns the beginning of what a pass reports of an edition.
func Report(cfg *config.Config, e *ledger.Edition) report.Edition {
	posts := e.Posts
	if posts == nil {
		posts = []string{}
	}
	return report.Edition{Number: e.Number, Cadence: e.Cadence, Language: report.Language(cfg, e.Language), Subject: e.Subject, Posts: posts, Intro: e.Intro != nil, Recipients: e.Recipients, Before: e.Sent}
}

// Retry has the next pass try an edition's failed and uncertain deliveries again, and those
// that wait since it was stopped. It returns how many.
func Retry(ctx context.Context, l *ledger.Ledger, number int64, now time.Time) (int, error) {
	if _, err := Find(ctx, l, number); err != nil {
		return 0, err
	}
	failed, err := l.Retry(ctx, number, time.UnixMicro(0), now)
	if err != nil {
		return 0, err
	}
	waiting, err := l.RetryStopped(ctx, number, now) // the failed are among them
	return max(failed, waiting), err
}

// AcceptRefusals lets an edition continue whoever is refused, and is otherwise like Retry.
func AcceptRefusals(ctx context.Context, l *ledger.Ledger, number int64, now time.Time) (int, error) {
	if _, err := Find(ctx, l, number); err != nil {
		return 0, err
	}
	if err := l.AcceptRefusals(ctx, number); err != nil {
		return 0, err
	}
	return Retry(ctx, l, number, now)
}

// Cancel ends an edition that is not done. It reports whether it was not.
func Cancel(ctx context.Context, cfg *config.Config, l *ledger.Ledger, number int64, now time.Time) (bool, error) {
	e, err := Find(ctx, l, number)
	if err != nil {
		return false, err
	}
	return l.CancelEdition(ctx, number, catalog.Audience(cfg, e.Cadence, e.Language), now)
}

// Find returns an edition. The error wraps ErrNotFound if there is none.
func Find(ctx context.Context, l *ledger.Ledger, number int64) (*ledger.Edition, error) {
	e, err := l.Edition(ctx, number)
	if err == nil && e == nil {
		err = hint.With(fmt.Errorf("%w: there is no edition %d", catalog.ErrNotFound, number), "`publisher editions` lists them")
	}
	return e, err
}
