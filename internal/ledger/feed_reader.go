package ledger

import (
	"context"
	"database/sql"

	"publisher/internal/ledger/sqlutil"
)

// FeedReaders is how many people read a feed on one day.
type FeedReaders struct {
	Day     string // such as 2026-06-01
	Feed    string // path below feeds.dir
	Service string // that fetches it for them; "" for all readers that fetch it themselves
	Readers int64
}

// SaveFeedReaders stores counts, of which the highest of a day stays, and deletes those of days
// before keepFrom.
func (l *Ledger) SaveFeedReaders(ctx context.Context, rows []FeedReaders, keepFrom string) error {
	return l.Store(ctx, "store how many read the feeds", func(tx *sql.Tx) error {
		args := func(yield func([]any) bool) {
			for _, r := range rows {
				if !yield([]any{r.Day, r.Feed, r.Service, r.Readers}) {
					return
				}
			}
		}
		if err := sqlutil.EachRow(ctx, tx, `
			INSERT INTO feed_reader (day, feed, service, readers) VALUES ($1, $2, $3, $4)
			ON CONFLICT (day, feed, service) DO UPDATE SET readers =
				CASE WHEN excluded.readers > feed_reader.readers THEN excluded.readers ELSE feed_reader.readers END`, args); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "DELETE FROM feed_reader WHERE day < $1", keepFrom)
		return err
	})
}

// FeedReaders returns the counts from a day on, by day, feed and service.
func (l *Ledger) FeedReaders(ctx context.Context, from string) ([]FeedReaders, error) {
	all, err := sqlutil.Collect(ctx, l.read, func(row sqlutil.Scanner) (r FeedReaders, err error) {
		err = row.Scan(&r.Day, &r.Feed, &r.Service, &r.Readers)
		return r, err
	}, "SELECT day, feed, service, readers FROM feed_reader WHERE day >= $1 ORDER BY day, feed, service", from)
	return all, l.Fail("read how many read the feeds", err)
}
