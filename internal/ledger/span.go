package ledger

import (
	"context"
	"iter"
	"time"

	"publisher/internal/ledger/sqlutil"
)

// Span is the time for which somebody subscribed, as far as the ledger knows it.
type Span struct {
	Status    Status
	Created   time.Time
	Confirmed time.Time // the last time; zero: never
	StatusAt  time.Time // since when the status holds; zero: unknown
}

// spanPage is how many of them are read at a time.
const spanPage = 5000

// Spans streams the spans of all subscribers.
func (l *Ledger) Spans(ctx context.Context) iter.Seq2[Span, error] {
	return func(yield func(Span, error) bool) {
		type row struct {
			Span
			id int64
		}
		scan := func(s sqlutil.Scanner) (r row, err error) {
			err = s.Scan(&r.id, &r.Status, (*sqlutil.Time)(&r.Created), (*sqlutil.Time)(&r.Confirmed), (*sqlutil.Time)(&r.StatusAt))
			return r, err
		}
		for after := int64(0); ; {
			batch, err := collectSettled(ctx, l, scan, `
				SELECT id, status, created_at, confirmed_at, status_at FROM subscriber WHERE id > $1 ORDER BY id LIMIT $2`, after, spanPage)
			if err != nil {
				yield(Span{}, l.Fail("read the subscribers", err))
				return
			}
			for _, r := range batch {
				if !yield(r.Span, nil) {
					return
				}
				after = r.id
			}
			if len(batch) < spanPage {
				return
			}
		}
	}
}

// PageCount is how many subscribed by a form on a page.
type PageCount struct {
	Page   string // "": unknown, or not by a form
	Joined int
	Active int // of them, still subscribed
}

// PageCounts returns which pages brought whom, by how many, at most limit.
func (l *Ledger) PageCounts(ctx context.Context, limit int) ([]PageCount, error) {
	all, err := collectSettled(ctx, l, func(s sqlutil.Scanner) (p PageCount, err error) {
		err = s.Scan(&p.Page, &p.Joined, &p.Active)
		return p, err
	}, `
		SELECT c.page, COUNT(DISTINCT c.subscriber), COUNT(DISTINCT CASE WHEN s.status = 'active' THEN s.id END)
		FROM consent c JOIN subscriber s ON s.id = c.subscriber WHERE c.what = 'subscribe' AND c.how <> 'import'
		GROUP BY c.page ORDER BY 2 DESC, 1 LIMIT $1`, limit)
	return all, l.Fail("count the pages that people subscribed on", err)
}
