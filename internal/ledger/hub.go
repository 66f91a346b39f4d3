package ledger

import (
	"context"
	"database/sql"
	"maps"
	"time"
)

// Hub is what one WebSub hub was told last, rather than what it is to be told, so that a
// crash at any moment loses nothing.
type Hub struct {
	Notified map[string]string // path of a feed to a hash of the bytes that the hub knows of
	Failures int               // in a row
	Next     time.Time         // when to try again; zero if the last attempt did not fail
}

func (h Hub) equal(other Hub) bool {
	return h.Failures == other.Failures && h.Next.Equal(other.Next) && maps.Equal(h.Notified, other.Notified)
}

// Hubs returns the hubs by their addresses.
func (l *Ledger) Hubs(ctx context.Context) (map[string]Hub, error) {
	all, err := hubs(ctx, l.read)
	return all, l.fail("read the hubs", err)
}

func hubs(ctx context.Context, db rowsQuerier) (map[string]Hub, error) {
	all := map[string]Hub{}
	_, err := collect(ctx, db, func(row scanner) (_ struct{}, err error) {
		h, url := Hub{Notified: map[string]string{}}, ""
		err = row.Scan(&url, &h.Failures, (*instant)(&h.Next))
		all[url] = h
		return struct{}{}, err
	}, "SELECT url, failures, next_at FROM hub")
	if err != nil || len(all) == 0 {
		return all, err
	}
	_, err = collect(ctx, db, func(row scanner) (_ struct{}, err error) {
		var url, path, hash string
		err = row.Scan(&url, &path, &hash)
		all[url].Notified[path] = hash
		return struct{}{}, err
	}, "SELECT hub, path, hash FROM hub_feed")
	return all, err
}

// SaveHubs makes these all the hubs there are. It writes only what is not as it was.
func (l *Ledger) SaveHubs(ctx context.Context, next map[string]Hub) error {
	next = maps.Clone(next)
	for url, h := range next {
		h.Next = asStored(h.Next)
		next[url] = h
	}
	last, err := l.Hubs(ctx)
	if err != nil || maps.EqualFunc(last, next, Hub.equal) {
		return err
	}
	return l.store(ctx, "save the hubs", func(tx *sql.Tx) error { return saveHubs(ctx, tx, last, next) })
}

func saveHubs(ctx context.Context, tx *sql.Tx, last, next map[string]Hub) error {
	for url := range last {
		if _, kept := next[url]; kept {
			continue
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM hub_feed WHERE hub = $1", url); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM hub WHERE url = $1", url); err != nil {
			return err
		}
	}
	for url, h := range next {
		if err := saveHub(ctx, tx, url, last[url], h); err != nil {
			return err
		}
	}
	return nil
}

func saveHub(ctx context.Context, tx *sql.Tx, url string, last, h Hub) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO hub (url, failures, next_at) VALUES ($1, $2, $3)
		ON CONFLICT (url) DO UPDATE SET failures = excluded.failures, next_at = excluded.next_at`,
		url, h.Failures, instant(h.Next))
	if err != nil {
		return err
	}
	err = eachRow(ctx, tx, "DELETE FROM hub_feed WHERE hub = $1 AND path = $2", func(yield func(...any) bool) {
		for path := range last.Notified {
			if _, kept := h.Notified[path]; !kept && !yield(url, path) {
				return
			}
		}
	})
	if err != nil {
		return err
	}
	return eachRow(ctx, tx, `
		INSERT INTO hub_feed (hub, path, hash) VALUES ($1, $2, $3)
		ON CONFLICT (hub, path) DO UPDATE SET hash = excluded.hash`, func(yield func(...any) bool) {
		for path, hash := range h.Notified {
			if known, ok := last.Notified[path]; (!ok || known != hash) && !yield(url, path, hash) {
				return
			}
		}
	})
}
