package publish

import (
	"context"
	"fmt"
	"time"

	"publisher/ledger"
)

// RetryEdition has an edition's failed and uncertain deliveries tried again by the
// next pass, and returns how many.
func (p *Publisher) RetryEdition(ctx context.Context, l *ledger.Ledger, number int64) (int, error) {
	if _, err := findEdition(ctx, l, number); err != nil {
		return 0, err
	}
	return l.Retry(ctx, number, time.UnixMicro(0), p.now())
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
