package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"publisher/internal/ledger/sqlutil"
)

// Digest is a set of an edition's posts. Recipients with the same posts due get the same
// digest.
type Digest struct {
	Number int64 // within the edition, from 1
	Posts  Numbers
	// Withheld posts were also due, above the cursor, but could not be shown when the digest
	// was made.
	Withheld Numbers
}

// FindDigest returns the number of an edition's digest with those posts, and creates it if
// necessary.
func (l *Ledger) FindDigest(ctx context.Context, edition int64, posts, withheld Numbers) (number int64, err error) {
	err = l.Store(ctx, fmt.Sprintf("store a digest of edition %d", edition), func(tx *sql.Tx) error {
		err := tx.QueryRowContext(ctx, "SELECT number FROM digest WHERE edition = $1 AND posts = $2 AND withheld = $3 AND returned = ''",
			edition, posts, withheld).Scan(&number)
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		return tx.QueryRowContext(ctx, `
			INSERT INTO digest (edition, number, posts, withheld)
			VALUES ($1, (SELECT COALESCE(MAX(number), 0) + 1 FROM digest WHERE edition = $1), $2, $3)
			RETURNING number`, edition, posts, withheld).Scan(&number)
	})
	return number, err
}

// Digests returns an edition's digests, by number.
func (l *Ledger) Digests(ctx context.Context, edition int64) ([]Digest, error) {
	all, err := sqlutil.Collect(ctx, l.read, func(row sqlutil.Scanner) (d Digest, err error) {
		var returned Numbers
		err = row.Scan(&d.Number, &d.Posts, &d.Withheld, &returned)
		d.Withheld = d.Withheld.Union(returned)
		return d, err
	}, "SELECT number, posts, withheld, returned FROM digest WHERE edition = $1 ORDER BY number", edition)
	return all, l.Fail(fmt.Sprintf("read the digests of edition %d", edition), err)
}

// Withheld returns the numbers of posts that some digest could not show and that have not
// been passed to PostsReturned since.
func (l *Ledger) Withheld(ctx context.Context) (Numbers, error) {
	lists, err := sqlutil.Column[Numbers](ctx, l.read, "SELECT DISTINCT withheld FROM digest WHERE withheld <> ''")
	var all Numbers
	for _, n := range lists {
		all = all.Union(n)
	}
	return all, l.Fail("read which posts were withheld", err)
}

// PostsReturned is called when posts can be shown again. They become owed to all
// subscribers whose cursor passed them with a digest that could not show them.
func (l *Ledger) PostsReturned(ctx context.Context, back Numbers) error {
	return l.Change(ctx, "make returned posts due", func(tx *sql.Tx) error {
		return makeWithheldDue(ctx, tx, back, "1 = 1", nil)
	})
}

// makeWithheldDue makes posts owed to those of the subscribers s that a condition selects
// whose cursor has passed them with a digest that withheld them. Other subscribers no
// longer get them by that digest, except through deliveries that are not settled yet.
func makeWithheldDue(ctx context.Context, tx *sql.Tx, posts Numbers, where string, args []any) error {
	type row struct {
		edition, number    int64
		withheld, returned Numbers
	}
	digests, err := sqlutil.Collect(ctx, tx, func(s sqlutil.Scanner) (r row, err error) {
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
		settled := "s.id IN (SELECT d.subscriber FROM delivery d WHERE d.edition = " + param(n+1) + " AND d.digest = " + param(n+2) +
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
// because one of their posts could not be shown.
func (l *Ledger) Waiting(ctx context.Context, now time.Time) (map[int64][]Digest, error) {
	type row struct {
		edition int64
		Digest
	}
	rows, err := collectSettled(ctx, l, func(s sqlutil.Scanner) (r row, err error) {
		err = s.Scan(&r.edition, &r.Number, &r.Posts)
		return r, err
	}, `SELECT DISTINCT d.edition, d.digest, g.posts FROM delivery d JOIN digest g ON g.edition = d.edition AND g.number = d.digest
		WHERE d.progress = 'deferred' AND d.kept = 3 AND d.next_at > $1`, sqlutil.Time(now))
	all := map[int64][]Digest{}
	for _, r := range rows {
		all[r.edition] = append(all[r.edition], r.Digest)
	}
	return all, l.Fail("read which deliveries wait for posts", err)
}

// EndWait makes deliveries that waited for a post of that digest due at once.
func (l *Ledger) EndWait(ctx context.Context, edition, digest int64, now time.Time) error {
	return l.changeRow(ctx, fmt.Sprintf("end the wait of edition %d", edition),
		"UPDATE delivery SET next_at = $3 WHERE edition = $1 AND digest = $2 AND progress = 'deferred' AND kept = 3",
		edition, digest, sqlutil.Time(now))
}

// Bundle returns what an edition's messages are composed from; nil if nothing is stored.
func (l *Ledger) Bundle(ctx context.Context, edition int64) (data []byte, err error) {
	_, err = sqlutil.Row(ctx, l.read, "SELECT data FROM bundle WHERE edition = $1", []any{edition}, &data)
	return data, l.Fail(fmt.Sprintf("read the bundle of edition %d", edition), err)
}

// ExtendEdition stores an edition's new bundle, subject and posts, when a recipient is
// added who is due more posts than those it was closed for.
func (l *Ledger) ExtendEdition(ctx context.Context, e *Edition) error {
	return l.Store(ctx, fmt.Sprintf("extend edition %d", e.Number), func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "UPDATE edition SET posts = $2, subject = $3, after_seq = CASE WHEN after_seq > $4 THEN $4 ELSE after_seq END WHERE number = $1",
			e.Number, sqlutil.Strings(e.Posts), e.Subject, e.After); err != nil {
			return err
		}
		return storeBundle(ctx, tx, e.Number, e.Bundle)
	})
}

func storeBundle(ctx context.Context, tx *sql.Tx, edition int64, data []byte) error {
	if data == nil {
		return nil
	}
	_, err := tx.ExecContext(ctx, "INSERT INTO bundle (edition, data) VALUES ($1, $2) ON CONFLICT (edition) DO UPDATE SET data = excluded.data", edition, data)
	return err
}

// PruneBundles deletes the bundles of editions that were done before a time and have no
// open delivery.
func (l *Ledger) PruneBundles(ctx context.Context, before time.Time) error {
	return l.Change(ctx, "prune bundles", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `
			DELETE FROM bundle WHERE edition IN (SELECT e.number FROM edition e WHERE e.done_at < $1)
				AND edition NOT IN (SELECT d.edition FROM delivery d WHERE d.progress IN ('sending', 'deferred'))`, sqlutil.Time(before))
		return err
	})
}
