package ledger

import (
	"context"
	"database/sql"
	"time"

	"publisher/internal/ledger/sqlutil"
)

// MaxOwnFeeds is how many addresses of feeds of one's own a subscriber can have.
const MaxOwnFeeds = 5

// OwnFeeds returns when the addresses of a subscriber's own feeds were made, oldest first.
func (l *Ledger) OwnFeeds(ctx context.Context, subscriber int64) ([]time.Time, error) {
	all, err := sqlutil.Collect(ctx, l.Reader(), func(row sqlutil.Scanner) (at time.Time, err error) {
		err = row.Scan((*sqlutil.Time)(&at))
		return at, err
	}, "SELECT created_at FROM token WHERE subscriber = $1 AND purpose = $2 ORDER BY created_at", subscriber, TokenFeed)
	return all, l.fail("read a subscriber's feeds", err)
}

// AddOwnFeed makes another address of a subscriber's own feed, which a secret is in. It reports
// false if there are too many, or if the subscriber cannot have one.
func (l *Ledger) AddOwnFeed(ctx context.Context, subscriber int64, secret string, now time.Time) (added bool, err error) {
	err = l.change(ctx, "make a feed of a subscriber's own", func(tx *sql.Tx) error {
		s, err := subscriberBy(ctx, tx, "s.id = $1", subscriber)
		if err != nil || s == nil || !s.MayHaveFeed() {
			return err
		}
		var n int
		if err := tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM token WHERE subscriber = $1 AND purpose = $2", subscriber, TokenFeed).Scan(&n); err != nil || n >= MaxOwnFeeds {
			return err
		}
		if added, err = addToken(ctx, tx, Token{Secret: secret, Purpose: TokenFeed, Subscriber: subscriber}, now); err != nil {
			return err
		}
		return addEvent(ctx, tx, Event{At: now, Kind: "feed.made", Subscriber: subscriber})
	})
	return added && err == nil, err
}

// EndOwnFeeds ends the addresses of a subscriber's own feeds.
func (l *Ledger) EndOwnFeeds(ctx context.Context, subscriber int64, now time.Time) error {
	return l.store(ctx, "end a subscriber's feeds", func(tx *sql.Tx) error {
		done, err := tx.ExecContext(ctx, "DELETE FROM token WHERE subscriber = $1 AND purpose = $2", subscriber, TokenFeed)
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil || n == 0 {
			return err
		}
		return addEvent(ctx, tx, Event{At: now, Kind: "feed.ended", Subscriber: subscriber})
	})
}
