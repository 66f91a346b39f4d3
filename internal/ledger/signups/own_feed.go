package signups

import (
	"context"
	"database/sql"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/sqlutil"
)

// MaxOwnFeeds is how many addresses of feeds of one's own a subscriber can have.
const MaxOwnFeeds = 5

// OwnFeeds returns when the addresses of a subscriber's own feeds were made, oldest first.
func OwnFeeds(ctx context.Context, l *ledger.Ledger, subscriber int64) ([]time.Time, error) {
	all, err := sqlutil.Collect(ctx, l.Reader(), func(row sqlutil.Scanner) (at time.Time, err error) {
		err = row.Scan((*sqlutil.Time)(&at))
		return at, err
	}, "SELECT created_at FROM token WHERE subscriber = $1 AND purpose = $2 ORDER BY created_at", subscriber, ledger.TokenFeed)
	return all, l.Fail("read a subscriber's feeds", err)
}

// AddOwnFeed makes another address of a subscriber's own feed, which a secret is in. It reports
// false if there are too many, or if the subscriber cannot have one.
func AddOwnFeed(ctx context.Context, l *ledger.Ledger, subscriber int64, secret string, now time.Time) (added bool, err error) {
	err = l.Change(ctx, "make a feed of a subscriber's own", func(tx *sql.Tx) error {
		s, err := ledger.SubscriberWhere(ctx, tx, "s.id = $1", subscriber)
		if err != nil || s == nil || !s.MayHaveFeed() {
			return err
		}
		var n int
		if err := tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM token WHERE subscriber = $1 AND purpose = $2", subscriber, ledger.TokenFeed).Scan(&n); err != nil || n >= MaxOwnFeeds {
			return err
		}
		if added, err = ledger.AddToken(ctx, tx, ledger.Token{Secret: secret, Purpose: ledger.TokenFeed, Subscriber: subscriber}, now); err != nil {
			return err
		}
		return ledger.AddEvent(ctx, tx, ledger.Event{At: now, Kind: "feed.made", Subscriber: subscriber})
	})
	return added && err == nil, err
}

// EndOwnFeeds ends the addresses of a subscriber's own feeds.
func EndOwnFeeds(ctx context.Context, l *ledger.Ledger, subscriber int64, now time.Time) error {
	return l.Store(ctx, "end a subscriber's feeds", func(tx *sql.Tx) error {
		done, err := tx.ExecContext(ctx, "DELETE FROM token WHERE subscriber = $1 AND purpose = $2", subscriber, ledger.TokenFeed)
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil || n == 0 {
			return err
		}
		return ledger.AddEvent(ctx, tx, ledger.Event{At: now, Kind: "feed.ended", Subscriber: subscriber})
	})
}
