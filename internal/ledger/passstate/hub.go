package passstate

import (
	"context"
	"database/sql"
	"maps"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/sqlutil"
)

// Hub is what one WebSub hub was last notified of. Storing that, rather than what it has
// yet to be told, makes sure that a crash at any moment loses nothing.
type Hub struct {
	Notified map[string]string // path of a feed to a hash of the bytes that the hub knows of
	Failures int               // in a row
	Next     time.Time         // when to try again; zero if the last attempt did not fail
}

func (h Hub) equal(other Hub) bool {
	return h.Failures == other.Failures && h.Next.Equal(other.Next) && maps.Equal(h.Notified, other.Notified)
}

// LoadHubs returns the hubs by URL.
func LoadHubs(ctx context.Context, l *ledger.Ledger) (map[string]Hub, error) {
	const doing = "read the hubs"
	all, err := sqlutil.CollectMap(ctx, l.Reader(), func(row sqlutil.Scanner) (url string, h Hub, err error) {
		h.Notified = map[string]string{}
		err = row.Scan(&url, &h.Failures, (*sqlutil.Time)(&h.Next))
		return url, h, err
	}, "SELECT url, failures, next_at FROM hub")
	if err != nil || len(all) == 0 {
		return all, l.Fail(doing, err)
	}
	hashes, err := sqlutil.CollectMap(ctx, l.Reader(), func(row sqlutil.Scanner) (f hubFeed, hash string, err error) {
		err = row.Scan(&f.hub, &f.path, &hash)
		return f, hash, err
	}, "SELECT hub, path, hash FROM hub_feed")
	for f, hash := range hashes {
		all[f.hub].Notified[f.path] = hash
	}
	return all, l.Fail(doing, err)
}

// SaveHubs replaces the hubs. It writes only what differs.
func SaveHubs(ctx context.Context, l *ledger.Ledger, next map[string]Hub) error {
	next = maps.Clone(next)
	for url, h := range next {
		h.Next = sqlutil.Stored(h.Next)
		next[url] = h
	}
	last, err := LoadHubs(ctx, l)
	if err != nil || maps.EqualFunc(last, next, Hub.equal) {
		return err
	}
	return l.Store(ctx, "save the hubs", func(tx *sql.Tx) error {
		told, toTell := notified(last), notified(next)
		if err := hubFeedTable.Prune(ctx, tx, told, toTell); err != nil {
			return err
		}
		if err := hubTable.Prune(ctx, tx, last, next); err != nil {
			return err
		}
		if err := hubTable.Put(ctx, tx, last, next); err != nil {
			return err
		}
		return hubFeedTable.Put(ctx, tx, told, toTell)
	})
}

var (
	hubTable = sqlutil.Table[string, Hub]{
		Upsert: `INSERT INTO hub (url, failures, next_at) VALUES ($1, $2, $3)
			ON CONFLICT (url) DO UPDATE SET failures = excluded.failures, next_at = excluded.next_at`,
		Row:    func(url string, h Hub) []any { return []any{url, h.Failures, sqlutil.Time(h.Next)} },
		Delete: "DELETE FROM hub WHERE url = $1",
		Key:    func(url string) []any { return []any{url} },
		Equal:  Hub.equal,
	}
	hubFeedTable = sqlutil.Table[hubFeed, string]{
		Upsert: `INSERT INTO hub_feed (hub, path, hash) VALUES ($1, $2, $3)
			ON CONFLICT (hub, path) DO UPDATE SET hash = excluded.hash`,
		Row:    func(f hubFeed, hash string) []any { return []any{f.hub, f.path, hash} },
		Delete: "DELETE FROM hub_feed WHERE hub = $1 AND path = $2",
		Key:    func(f hubFeed) []any { return []any{f.hub, f.path} },
		Equal:  func(a, b string) bool { return a == b },
	}
)

type hubFeed struct{ hub, path string }

// notified returns the hashes that the hubs know.
func notified(hubs map[string]Hub) map[hubFeed]string {
	all := map[hubFeed]string{}
	for url, h := range hubs {
		for path, hash := range h.Notified {
			all[hubFeed{url, path}] = hash
		}
	}
	return all
}
