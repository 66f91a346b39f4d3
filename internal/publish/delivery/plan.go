package delivery

import (
	"context"
	"maps"
	"slices"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/publish/editions"
	"publisher/internal/publish/report"
)

// Plan returns what a pass would report of these editions and of the deliveries that are due
// again, without sending anything.
func Plan(ctx context.Context, c *editions.Composer, open []ledger.Edition) ([]report.Edition, error) {
	var planned []report.Edition
	for i := range open {
		e := &open[i]
		r := editions.Report(c.Catalog().Config, e)
		b, err := c.Bundle(ctx, e)
		if err != nil {
			return nil, err
		}
		if len(b.Posts) > 0 {
			m, err := c.Message(b, e, b.Numbers())
			if err != nil {
				return nil, err
			}
			r.Bytes = m.HTMLSize
		}
		planned = append(planned, r)
	}
	l := c.Catalog().Ledger
	due, err := countRetries(ctx, l, c.Catalog().Start())
	if err != nil {
		return nil, err
	}
	for _, number := range slices.Sorted(maps.Keys(due)) {
		if slices.ContainsFunc(planned, func(r report.Edition) bool { return r.Number == number }) {
			continue // its recipients are counted already
		}
		e, err := l.Edition(ctx, number)
		if err != nil {
			return nil, err
		}
		r := editions.Report(c.Catalog().Config, e)
		r.Retries = due[number]
		planned = append(planned, r)
	}
	return planned, nil
}

// countRetries returns how many deliveries of each edition are due again.
func countRetries(ctx context.Context, l *ledger.Ledger, now time.Time) (map[int64]int, error) {
	due := map[int64]int{}
	var last ledger.Delivery
	for {
		page, err := l.Deferred(ctx, now, last.Edition, last.Subscriber, pageSize)
		if err != nil || len(page) == 0 {
			return due, err
		}
		for _, d := range page {
			due[d.Edition]++
		}
		last = page[len(page)-1]
	}
}
