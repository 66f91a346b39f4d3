package delivery

import (
	"context"
	"math"
	"slices"
	"time"

	"publisher/internal/ledger"
)

// loadRetries reads the next deferred deliveries that are due by now, unless some are left. The
// editions take turns, so that one with many does not delay the others.
func (q *Queue) loadRetries(ctx context.Context) error {
	for len(q.retries) == 0 {
		pages, err := q.retryPages(ctx)
		if err != nil {
			return err
		}
		if len(pages) == 0 {
			clear(q.retried) // the next look starts over
			q.retryAt, err = q.Ledger.NextRetry(ctx)
			if soon := q.Now().Add(time.Second); q.anyStopped() && q.retryAt.Before(soon) {
				q.retryAt = soon // it may be one of those, which this pass does not try
			}
			return err
		}
		q.retries = inTurns(pages)
	}
	return nil
}

// retryPages reads the next page of each edition, without the deliveries that are being tried and
// those of editions that are stopped.
func (q *Queue) retryPages(ctx context.Context) (pages [][]ledger.Delivery, err error) {
	for edition := int64(0); ; {
		first, err := q.Ledger.Deferred(ctx, q.Now(), edition, math.MaxInt64, 1)
		if err != nil || len(first) == 0 {
			return pages, err
		}
		if edition = first[0].Edition; q.stopped(edition) {
			continue
		}
		page, err := q.Ledger.Deferred(ctx, q.Now(), edition, q.retried[edition], pageSize)
		if err != nil {
			return nil, err
		}
		if end := slices.IndexFunc(page, func(d ledger.Delivery) bool { return d.Edition != edition }); end >= 0 {
			page = page[:end]
		}
		if len(page) == 0 {
			continue
		}
		q.retried[edition] = page[len(page)-1].Subscriber
		pages = append(pages, slices.DeleteFunc(page, func(d ledger.Delivery) bool { return q.trying[retryKey{d.Edition, d.Subscriber}] }))
	}
}

// inTurns returns the first of each page, then the second of each, and so on.
func inTurns(pages [][]ledger.Delivery) (all []ledger.Delivery) {
	for i, more := 0, true; more; i++ {
		more = false
		for _, page := range pages {
			if i < len(page) {
				all, more = append(all, page[i]), true
			}
		}
	}
	return all
}
