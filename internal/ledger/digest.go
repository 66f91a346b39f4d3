package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Digest is one set of an edition's posts: all who are due it get the same text.
type Digest struct {
	Number int64 // within the edition, from 1
	Posts  Numbers
	// Withheld were due as well, above the cursor, and not to be shown when it was made.
	Withheld Numbers
}

// FindDigest returns the number of an edition's digest of those posts, and gives the
// next one where there is none.
func (l *Ledger) FindDigest(ctx context.Context, edition int64, posts, withheld Numbers) (number int64, err error) {
	err = l.fail(fmt.Sprintf("note a digest of edition %d", edition), l.write.store(ctx, func(tx *sql.Tx) error {
		err := tx.QueryRowContext(ctx, "SELECT number FROM digest WHERE edition = $1 AND posts = $2 AND withheld = $3 AND returned = ''",
			edition, posts, withheld).Scan(&number)
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		return tx.QueryRowContext(ctx, `
			INSERT INTO digest (edition, number, posts, withheld)
			VALUES ($1, (SELECT COALESCE(MAX(number), 0) + 1 FROM digest WHERE edition = $1), $2, $3)
			RETURNING number`, edition, posts, withheld).Scan(&number)
	}))
	return number, err
}

// Digests returns an edition's, by number.
func (l *Ledger) Digests(ctx context.Context, edition int64) ([]Digest, error) {
	all, err := collect(ctx, l.read, func(row scanner) (d Digest, err error) {
		var returned Numbers
		err = row.Scan(&d.Number, &d.Posts, &d.Withheld, &returned)
		d.Withheld = d.Withheld.Union(returned)
		return d, err
	}, "SELECT number, posts, withheld, returned FROM digest WHERE edition = $1 ORDER BY number", edition)
	return all, l.fail(fmt.Sprintf("read the digests of edition %d", edition), err)
}

// Withheld returns the numbers that some digest could not show, and that have not
// been handed to PostsReturned since.
func (l *Ledger) Withheld(ctx context.Context) (Numbers, error) {
	lists, err := collect(ctx, l.read, func(row scanner) (n Numbers, err error) {
		err = row.Scan(&n)
		return n, err
	}, "SELECT DISTINCT withheld FROM digest WHERE withheld <> ''")
	var all Numbers
	for _, n := range lists {
		all = all.Union(n)
	}
	return all, l.fail("read which posts were withheld", err)
}

// PostsReturned says that posts can be shown again. They are owed to everyone whose
// cursor has passed them with a digest that could not show them.
func (l *Ledger) PostsReturned(ctx context.Context, back Numbers) error {
	return l.change(ctx, "offer posts that have come back", func(tx *sql.Tx) error {
		return oweWithheld(ctx, tx, back, "1 = 1", nil)
	})
}

// oweWithheld makes posts owed to those of the subscribers s that a condition names
// whose cursor has passed them with a digest that withheld them. Nobody else comes to
// them by that digest any more, save those whose deliveries are not settled.
func oweWithheld(ctx context.Context, tx *sql.Tx, posts Numbers, where string, args []any) error {
	type row struct {
		edition, number    int64
		withheld, returned Numbers
	}
	digests, err := collect(ctx, tx, func(s scanner) (r row, err error) {
		err = s.Scan(&r.edition, &r.number, &r.withheld, &r.returned)
		return r, err
	}, "SELECT edition, number, withheld, returned FROM digest WHERE withheld <> ''")
	if err != nil {
		return err
	}
	n := len(args)
	for _, d := range digests {
		owed := d.withheld.Intersect(posts)
		if len(owed) == 0 {
			continue
		}
		if _, err := tx.ExecContext(ctx, "UPDATE digest SET withheld = $3, returned = $4 WHERE edition = $1 AND number = $2",
			d.edition, d.number, d.withheld.Minus(owed), d.returned.Union(owed)); err != nil {
			return err
		}
		settled := "s.id IN (SELECT d.subscriber FROM delivery d WHERE d.edition = " + numbered(n+1) + " AND d.digest = " + numbered(n+2) +
			" AND (d.progress IN ('sent', 'uncertain') OR d.progress = 'failed' AND d.kept = 0 OR d.again))"
		err := changeDue(ctx, tx, settled+" AND "+where, append(args[:n:n], d.edition, d.number), func(_ []NumberedPost, g dueGroup) Due {
			return Due{Cursor: g.Cursor, Owed: g.Owed.Union(owed.only(func(seq int64) bool { return seq <= g.Cursor }))}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Waiting returns the digests, by edition, of deliveries that are deferred beyond now
// since one of their posts could not be shown.
func (l *Ledger) Waiting(ctx context.Context, now time.Time) (map[int64][]Digest, error) {
	type row struct {
		edition int64
		Digest
	}
	rows, err := collectSettled(ctx, l, func(s scanner) (r row, err error) {
		err = s.Scan(&r.edition, &r.Number, &r.Posts)
		return r, err
	}, `SELECT DISTINCT d.edition, d.digest, g.posts FROM delivery d JOIN digest g ON g.edition = d.edition AND g.number = d.digest
		WHERE d.progress = 'deferred' AND d.kept = 3 AND d.next_at > $1`, instant(now))
	all := map[int64][]Digest{}
	for _, r := range rows {
		all[r.edition] = append(all[r.edition], r.Digest)
	}
	return all, l.fail("read which deliveries wait for posts", err)
}

// EndWait makes deliveries due at once that waited for a post of that digest.
func (l *Ledger) EndWait(ctx context.Context, edition, digest int64, now time.Time) error {
	return l.change(ctx, fmt.Sprintf("end the wait of edition %d", edition), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE delivery SET next_at = $3 WHERE edition = $1 AND digest = $2 AND progress = 'deferred' AND kept = 3",
			edition, digest, instant(now))
		return err
	})
}

// Bundle returns what an edition's messages are composed from; nil where nothing is
// stored.
func (l *Ledger) Bundle(ctx context.Context, edition int64) (data []byte, err error) {
	err = l.read.QueryRowContext(ctx, "SELECT data FROM bundle WHERE edition = $1", edition).Scan(&data)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return data, l.fail(fmt.Sprintf("read what edition %d is made of", edition), err)
}

// ExtendEdition stores an edition's new bundle, subject and posts: somebody joins it
// who is due more than those whom it was closed for.
func (l *Ledger) ExtendEdition(ctx context.Context, e *Edition) error {
	return l.fail(fmt.Sprintf("extend edition %d", e.Number), l.write.store(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "UPDATE edition SET posts = $2, subject = $3, after_seq = CASE WHEN after_seq > $4 THEN $4 ELSE after_seq END WHERE number = $1",
			e.Number, list(e.Posts), e.Subject, e.After); err != nil {
			return err
		}
		return storeBundle(ctx, tx, e.Number, e.Bundle)
	}))
}

func storeBundle(ctx context.Context, tx *sql.Tx, edition int64, data []byte) error {
	if data == nil {
		return nil
	}
	_, err := tx.ExecContext(ctx, "INSERT INTO bundle (edition, data) VALUES ($1, $2) ON CONFLICT (edition) DO UPDATE SET data = excluded.data", edition, data)
	return err
}

// PruneBundles forgets what editions were made of that were done before a time, where
// no delivery is open.
func (l *Ledger) PruneBundles(ctx context.Context, before time.Time) error {
	return l.change(ctx, "prune bundles", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `
			DELETE FROM bundle WHERE edition IN (SELECT e.number FROM edition e WHERE e.done_at < $1)
				AND edition NOT IN (SELECT d.edition FROM delivery d WHERE d.progress IN ('sending', 'deferred'))`, instant(before))
		return err
	})
}
