package sqlite

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"strconv"
	"strings"

	"publisher/internal/ledger"
	"publisher/internal/ledger/sqlutil"
)

// given are the highest numbers that were ever given. Both stand in mail for ever:
// editions in Message-IDs and archive links, subscribers in all tokens.
type given struct{ edition, subscriber int64 }

// What a ledger leaves out that takes another one's place. Where the mark beside it says
// what was given, only what came in the last moments can be missing from it.
var (
	smallGap = given{edition: 10, subscriber: 10_000}
	largeGap = given{edition: 1_000, subscriber: 1_000_000}
)

// markText is a new mark, which says what has been given.
func markText(g given) string {
	return fmt.Sprintf("%s-%d-%d", rand.Text(), g.edition, g.subscriber)
}

// readMark returns what a mark says was given; false where an older program wrote it.
func readMark(mark string) (g given, ok bool) {
	parts := strings.Split(mark, "-")
	if len(parts) != 3 {
		return g, false
	}
	edition, err := strconv.ParseInt(parts[1], 10, 64)
	subscriber, other := strconv.ParseInt(parts[2], 10, 64)
	return given{edition, subscriber}, err == nil && other == nil
}

// highestGiven is what the ledger itself knows.
func highestGiven(ctx context.Context, q sqlutil.RowQuerier) (g given, err error) {
	next, err := ledger.NextEdition(ctx, q)
	if err != nil {
		return g, err
	}
	g.edition = next - 1
	// SQLite keeps the highest id of an AUTOINCREMENT table.
	err = q.QueryRowContext(ctx, "SELECT COALESCE((SELECT seq FROM sqlite_sequence WHERE name = 'subscriber'), 0)").Scan(&g.subscriber)
	return g, err
}

// leaveGap leaves out what may have been given by the ledger that lay here before, of
// which the mark and the results kept beside it tell. What was a backup is one no more.
func (e *engine) leaveGap(ctx context.Context, mark string, spooled []ledger.Result) error {
	return e.fail("skip numbers that may have been used", e.Change(ctx, func(tx *sql.Tx) error {
		g, err := highestGiven(ctx, tx)
		if err != nil {
			return err
		}
		for _, r := range spooled {
			g = g.and(given{r.Edition, r.Subscriber})
		}
		gap := largeGap
		if known, ok := readMark(mark); ok {
			g, gap = g.and(known), smallGap
		}
		return storeGiven(ctx, tx, given{g.edition + gap.edition, g.subscriber + gap.subscriber})
	}))
}

// and is the higher of each.
func (g given) and(other given) given {
	return given{max(g.edition, other.edition), max(g.subscriber, other.subscriber)}
}

func storeGiven(ctx context.Context, tx *sql.Tx, g given) error {
	for _, step := range []struct {
		query string
		args  []any
	}{
		{"UPDATE clone_guard SET edition_floor = $1, backup_at = NULL", []any{g.edition}},
		{"INSERT INTO sqlite_sequence (name, seq) SELECT 'subscriber', 0 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'subscriber')", nil},
		{"UPDATE sqlite_sequence SET seq = $1 WHERE name = 'subscriber'", []any{g.subscriber}},
	} {
		if _, err := tx.ExecContext(ctx, step.query, step.args...); err != nil {
			return err
		}
	}
	return nil
}
