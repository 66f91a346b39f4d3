package ledger

import (
	"context"
	"fmt"
	"time"

	"publisher/internal/ledger/sqlutil"
)

// DeliveryCount is how many deliveries of an edition ended in the same way. They are only counted:
// see package pruning.
type DeliveryCount struct {
	Status   DeliveryStatus
	Code     int
	Provider string // the domain of the addresses; "" for those that few have
	Count    int
}

// DeliveryCounts returns what is counted of an edition beside its Deliveries, most first.
func (l *Ledger) DeliveryCounts(ctx context.Context, edition int64) ([]DeliveryCount, error) {
	all, err := sqlutil.Collect(ctx, l.read, func(row sqlutil.Scanner) (c DeliveryCount, err error) {
		err = row.Scan(&c.Status, &c.Code, &c.Provider, &c.Count)
		return c, err
	}, "SELECT progress, code, provider, count FROM delivery_count WHERE edition = $1 ORDER BY count DESC, progress, code, provider", edition)
	return all, l.Fail(fmt.Sprintf("read the counts of edition %d", edition), err)
}

// CountedThrough returns when the newest edition closed of which deliveries are only counted; zero if
// there is none.
func (l *Ledger) CountedThrough(ctx context.Context) (closed time.Time, err error) {
	err = l.read.QueryRowContext(ctx, "SELECT MAX(e.closed_at) FROM edition e WHERE EXISTS (SELECT 1 FROM delivery_count c WHERE c.edition = e.number)").
		Scan((*sqlutil.Time)(&closed))
	return closed, l.Fail("read which deliveries are only counted", err)
}
