package work

import (
	"context"
	"fmt"
	"slices"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/postgres"
	"publisher/internal/publish/delivery"
	"publisher/internal/publish/editions"
)

// handedRetries is what became of the deliveries that are due again.
type handedRetries struct {
	batches int            // new ones
	under   map[int64]bool // the editions of which some are handed out
}

// handOutRetries hands out the deliveries that are due again, as far as there is room, without those of
// editions to be skipped.
func (l *Leader) handOutRetries(ctx context.Context, c *editions.Composer, room int, skip map[int64]bool) (h handedRetries, err error) {
	under, err := l.Batches.Retrying(ctx)
	if err != nil {
		return h, err
	}
	lacking, err := l.Batches.Lacking(ctx)
	if err != nil {
		return h, err
	}
	h.under = map[int64]bool{}
	for d := range under {
		h.under[d.Edition] = true
	}
	var all []postgres.Batch
	var at ledger.Delivery
	now := l.Now()
	for len(all) < room {
		page, err := l.Ledger.Deferred(ctx, now, at.Edition, at.Subscriber, l.size())
		if err != nil {
			return h, err
		}
		if len(page) == 0 {
			break
		}
		at = page[len(page)-1]
		page = slices.DeleteFunc(page, func(d ledger.Delivery) bool { return under[d.Key()] || skip[d.Edition] })
		for len(page) > 0 {
			n := slices.IndexFunc(page, func(d ledger.Delivery) bool { return d.Edition != page[0].Edition })
			if n < 0 {
				n = len(page)
			}
			ready, err := l.prepareRetries(ctx, c, page[:n], lacking)
			if err != nil {
				return h, fmt.Errorf("edition %d: %w", page[0].Edition, err)
			}
			if ready {
				all = append(all, batchOfRetries(page[:n], now))
			}
			page = page[n:]
		}
	}
	if len(all) == 0 {
		return h, nil
	}
	h.batches = len(all)
	for _, b := range all {
		h.under[b.Edition] = true
	}
	return h, l.Batches.Add(ctx, all)
}

// batchOfRetries returns the batch of deliveries of one edition that are due by now.
func batchOfRetries(due []ledger.Delivery, now time.Time) postgres.Batch {
	b := postgres.Batch{Edition: due[0].Edition, Kind: postgres.BatchRetries, Due: now}
	for _, d := range due {
		b.IDs = append(b.IDs, d.Subscriber)
	}
	return b
}

// prepareRetries makes sure that whoever works deliveries of an edition can compose them: its bundle may
// have been removed when the edition was over, or lack posts. It reports false for an edition of which
// that was tried often enough in this pass.
func (l *Leader) prepareRetries(ctx context.Context, c *editions.Composer, due []ledger.Delivery, lacking map[int64]bool) (ready bool, err error) {
	number := due[0].Edition
	tried, looked := l.prepared[number]
	if looked && !lacking[number] {
		return true, nil
	}
	if tried >= mostRounds {
		return false, nil
	}
	e, err := l.Ledger.Edition(ctx, number)
	if err != nil || e == nil {
		return false, err
	}
	bundle, err := l.Ledger.Bundle(ctx, number)
	if err != nil {
		return false, err
	}
	if l.prepared == nil {
		l.prepared = map[int64]int{}
	}
	if l.prepared[number] = tried; bundle != nil && !lacking[number] {
		return true, nil
	}
	l.prepared[number] = tried + 1
	if err := delivery.PrepareRetries(ctx, c, e, due); err != nil {
		return false, err
	}
	delete(lacking, number) // what the next page lacks is found out when it is worked
	return true, l.Batches.ForgetRetries(ctx, number)
}
