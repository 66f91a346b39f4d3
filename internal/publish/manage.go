package publish

import (
	"context"
	"fmt"
	"time"

	"publisher/internal/ledger"
)

// RetryEdition has an edition's failed and uncertain deliveries tried again by the
// next pass, and what waits since it was stopped; it returns how many.
func (p *Publisher) RetryEdition(ctx context.Context, l *ledger.Ledger, number int64) (int, error) {
	if _, err := findEdition(ctx, l, number); err != nil {
		return 0, err
	}
	failed, err := l.Retry(ctx, number, time.UnixMicro(0), p.now())
	if err != nil {
		return 0, err
	}
	waiting, err := l.RetryStopped(ctx, number, p.now()) // the failed are among them
	return max(failed, waiting), err
}

// AcceptRefusals has an edition go on whoever is refused, and tries again what of it
// failed, is held, or waits; it returns how many.
func (p *Publisher) AcceptRefusals(ctx context.Context, l *ledger.Ledger, number int64) (int, error) {
	if _, err := findEdition(ctx, l, number); err != nil {
		return 0, err
	}
	if err := l.AcceptRefusals(ctx, number); err != nil {
		return 0, err
	}
	return p.RetryEdition(ctx, l, number)
}

// CancelEdition ends an edition that is not done; false where it was over.
func (p *Publisher) CancelEdition(ctx context.Context, l *ledger.Ledger, number int64) (bool, error) {
	e, err := findEdition(ctx, l, number)
	if err != nil {
		return false, err
	}
	return l.CancelEdition(ctx, number, p.audience(e.Cadence, e.Language), p.now())
}

func findEdition(ctx context.Context, l *ledger.Ledger, number int64) (*ledger.Edition, error) {
	e, err := l.Edition(ctx, number)
	if err == nil && e == nil {
		err = fmt.Errorf("%w: there is no edition %d; `publisher editions` lists them", ErrNotFound, number)
	}
	return e, err
}
