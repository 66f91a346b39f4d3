// Package pruning replaces the deliveries of editions that were finished long ago by counts.
//
// A row of delivery goes if nothing depends on it any more: it was sent and not sent twice, a newer
// mail went to the same subscriber, nothing of that subscriber's ever came back, and its digest
// withheld no post that may still return. What is refused, uncertain or under way keeps its row.
package pruning

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/sqlutil"
)

const (
	// Piece is how many rows a transaction replaces: sending must not notice.
	Piece = 2000
	// fewest is to how many addresses of a provider an edition has to have gone for the
	// provider to be named. A domain of somebody's own is as good as an address.
	fewest = 10
)

// Pruner replaces deliveries piece by piece. Each piece is whole after a crash, and another Pruner
// goes on with the next. There must be one at a time.
type Pruner struct {
	ledger  *ledger.Ledger
	before  time.Time
	size    int
	edition int64 // that is being pruned; 0 for none
	after   int64 // the last subscriber that was looked at
}

// New returns a Pruner of editions that were finished before a time, and of deliveries that were
// last tried before it.
func New(l *ledger.Ledger, before time.Time) *Pruner { return NewSize(l, before, Piece) }

// NewSize is New for pieces of another size.
func NewSize(l *ledger.Ledger, before time.Time, size int) *Pruner {
	return &Pruner{ledger: l, before: before, size: size}
}

// Next does the next piece. It returns how many rows of delivery were replaced, and false once
// nothing is left.
func (p *Pruner) Next(ctx context.Context, now time.Time) (rows int, more bool, err error) {
	if p.edition == 0 {
		if p.edition, err = p.oldest(ctx); err != nil || p.edition == 0 {
			return 0, false, p.ledger.Fail("look for editions to prune", err)
		}
		p.after = 0
	}
	doing := fmt.Sprintf("prune edition %d", p.edition)
	found, err := p.candidates(ctx)
	if err != nil {
		return 0, false, p.ledger.Fail(doing, err)
	}
	if len(found) > 0 {
		rows, err = p.replace(ctx, doing, found)
		p.after = found[len(found)-1].subscriber
		return rows, true, err
	}
	merged, err := p.mergeProviders(ctx, doing)
	if err != nil || merged {
		return 0, true, err
	}
	err = p.ledger.StoreRow(ctx, doing, "UPDATE edition SET pruned_at = $2 WHERE number = $1", p.edition, sqlutil.Time(now))
	p.edition = 0
	return 0, true, err
}

// oldest returns the number of the oldest edition to prune; 0 if there is none. While cursors are
// to be repaired, every delivery may be asked for.
func (p *Pruner) oldest(ctx context.Context) (number int64, err error) {
	db, err := p.ledger.Settled(ctx)
	if err != nil {
		return 0, err
	}
	err = db.QueryRowContext(ctx, `
		SELECT COALESCE(MIN(e.number), 0) FROM edition e WHERE e.done_at < $1 AND e.pruned_at IS NULL
			AND e.number NOT IN (SELECT d.edition FROM delivery d WHERE d.progress IN ('sending', 'deferred'))
			AND NOT EXISTS (SELECT 1 FROM pass_state p WHERE p.mend_cursors)`, sqlutil.Time(p.before)).Scan(&number)
	return number, err
}

// candidate is a delivery that may be replaced.
type candidate struct {
	subscriber int64
	provider   string
}

// candidates reads what a piece may replace. It locks nothing, and takes longest where many have
// left: their last delivery is looked for in every newer edition. What a transaction may change
// meanwhile is looked at again by replace. Subqueries are not joined: a database that knows nothing
// of the tables yet, and takes them for small, must not go over all of delivery for each row.
func (p *Pruner) candidates(ctx context.Context) ([]candidate, error) {
	return sqlutil.Collect(ctx, p.ledger.Reader(), func(row sqlutil.Scanner) (c candidate, err error) {
		var address string
		err = row.Scan(&c.subscriber, &address)
		c.provider = address[strings.LastIndexByte(address, '@')+1:]
		return c, err
	}, `
		SELECT d.subscriber, COALESCE((SELECT s.email_key FROM subscriber s WHERE s.id = d.subscriber), '')
		FROM delivery d
		WHERE d.edition = $1 AND d.subscriber > $2 AND d.progress = 'sent' AND d.resent = 0 AND COALESCE(d.last_at, d.first_at, 0) < $3
			AND (SELECT 1 FROM bounce b WHERE b.subscriber = d.subscriber LIMIT 1) IS NULL
			AND (SELECT 1 FROM digest g WHERE g.edition = d.edition AND g.number = d.digest AND g.withheld <> '') IS NULL
			AND (SELECT 1 FROM edition e WHERE e.number > d.edition
				AND (SELECT n.progress FROM delivery n WHERE n.edition = e.number AND n.subscriber = d.subscriber) = 'sent' LIMIT 1) IS NOT NULL
		ORDER BY d.subscriber LIMIT $4`, p.edition, p.after, p.before.UnixMicro(), p.size)
}

// together is how many deliveries a statement deletes.
const together = 500

// deletion deletes the deliveries of an edition ($1) to so many subscribers, of whom $2 is the first
// and $3 the last. None of the columns that made them candidates changes any more, but something may
// have come back.
var deletion = func() string {
	ids := make([]string, together)
	for i := range ids {
		ids[i] = fmt.Sprintf("$%d", i+4)
	}
	return `DELETE FROM delivery WHERE edition = $1 AND subscriber >= $2 AND subscriber <= $3 AND subscriber IN (` + strings.Join(ids, ", ") + `)
		AND progress = 'sent'
		AND (SELECT 1 FROM bounce b WHERE b.subscriber = delivery.subscriber LIMIT 1) IS NULL RETURNING subscriber, code`
}()

// counted is what a row of delivery_count counts.
type counted struct {
	code     int64
	provider string
}

// replace replaces deliveries by counts, in one transaction. It touches nobody: no delivery to
// them of that edition is ever tried again.
func (p *Pruner) replace(ctx context.Context, doing string, found []candidate) (rows int, err error) {
	providers := make(map[int64]string, len(found))
	for _, c := range found {
		providers[c.subscriber] = c.provider
	}
	err = p.ledger.Store(ctx, doing, func(tx *sql.Tx) error {
		rows = 0
		counts := map[counted]int{}
		for left := found; len(left) > 0; left = left[min(together, len(left)):] {
			args := []any{p.edition, left[0].subscriber, left[min(together, len(left))-1].subscriber}
			for i := range together {
				args = append(args, left[min(i, len(left)-1)].subscriber)
			}
			gone, err := sqlutil.Collect(ctx, tx, func(row sqlutil.Scanner) (c counted, err error) {
				var subscriber int64
				err = row.Scan(&subscriber, &c.code)
				c.provider = providers[subscriber]
				return c, err
			}, deletion, args...)
			if err != nil {
				return err
			}
			for _, c := range gone {
				counts[c]++
			}
			rows += len(gone)
		}
		return p.add(ctx, tx, counts)
	})
	return rows, err
}

// add adds to the counts of the edition.
func (p *Pruner) add(ctx context.Context, tx *sql.Tx, counts map[counted]int) error {
	if len(counts) == 0 {
		return nil
	}
	var args []any
	for c, n := range counts {
		args = append(args, p.edition, string(ledger.Sent), c.code, c.provider, n)
	}
	return p.ledger.InsertRows(ctx, tx, `INSERT INTO delivery_count (edition, progress, code, provider, count) VALUES %s
		ON CONFLICT (edition, progress, code, provider) DO UPDATE SET count = delivery_count.count + excluded.count`, 5, args)
}

// mergeProviders counts providers with few addresses as one without a name, a piece of them in
// each call. It reports false if there are none.
func (p *Pruner) mergeProviders(ctx context.Context, doing string) (merged bool, err error) {
	err = p.ledger.Store(ctx, doing, func(tx *sql.Tx) error {
		type count struct {
			code int64
			n    int
		}
		few, err := sqlutil.Collect(ctx, tx, func(row sqlutil.Scanner) (c count, err error) {
			err = row.Scan(&c.code, &c.n)
			return c, err
		}, `DELETE FROM delivery_count WHERE edition = $1 AND provider IN (
				SELECT c.provider FROM delivery_count c WHERE c.edition = $1 AND c.provider <> ''
				GROUP BY c.provider HAVING SUM(c.count) < $2 LIMIT $3)
			RETURNING code, count`, p.edition, fewest, p.size)
		if err != nil {
			return err
		}
		counts := map[counted]int{}
		for _, c := range few {
			counts[counted{code: c.code}] += c.n
		}
		merged = len(few) > 0
		return p.add(ctx, tx, counts)
	})
	return merged, err
}
