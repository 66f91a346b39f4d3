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

// usedNumbers are the highest numbers ever used. Both are in mail forever: editions in
// Message-IDs and archive links, subscribers in all tokens.
type usedNumbers struct{ edition, subscriber int64 }

// The numbers to skip in a ledger that replaces another one. If the mark beside it says
// which numbers were used, only those of the last moments can be missing from the mark.
var (
	smallGap = usedNumbers{edition: 10, subscriber: 10_000}
	largeGap = usedNumbers{edition: 1_000, subscriber: 1_000_000}
)

// newMark returns a new mark, which includes the numbers used.
func newMark(g usedNumbers) string {
	return fmt.Sprintf("%s-%d-%d", rand.Text(), g.edition, g.subscriber)
}

// parseMark returns the numbers in a mark; false if an older program wrote it.
func parseMark(mark string) (g usedNumbers, ok bool) {
	parts := strings.Split(mark, "-")
	if len(parts) != 3 {
		return g, false
	}
	edition, err := strconv.ParseInt(parts[1], 10, 64)
	subscriber, other := strconv.ParseInt(parts[2], 10, 64)
	return usedNumbers{edition, subscriber}, err == nil && other == nil
}

// highestUsed returns the numbers that the ledger itself knows.
func highestUsed(ctx context.Context, q sqlutil.RowQuerier) (g usedNumbers, err error) {
	next, err := ledger.NextEdition(ctx, q)
	if err != nil {
		return g, err
	}
	g.edition = next - 1
	// SQLite keeps the highest id of an AUTOINCREMENT table.
	err = q.QueryRowContext(ctx, "SELECT COALESCE((SELECT seq FROM sqlite_sequence WHERE name = 'subscriber'), 0)").Scan(&g.subscriber)
	return g, err
}

// skipNumbers skips all numbers that may have been used by the ledger that was here
// before, according to the mark and the spooled results. The ledger is then no longer
// marked as a backup.
func (e *engine) skipNumbers(ctx context.Context, mark string, spooled []ledger.Result) error {
	return e.fail("skip numbers that may have been used", e.Change(ctx, ledger.Touched{}, func(tx *sql.Tx) error {
		g, err := highestUsed(ctx, tx)
		if err != nil {
			return err
		}
		for _, r := range spooled {
			g = g.max(usedNumbers{r.Edition, r.Subscriber})
		}
		gap := largeGap
		if known, ok := parseMark(mark); ok {
			g, gap = g.max(known), smallGap
		}
		return storeUsed(ctx, tx, usedNumbers{g.edition + gap.edition, g.subscriber + gap.subscriber})
	}))
}

// max returns the higher of each number.
func (g usedNumbers) max(other usedNumbers) usedNumbers {
	return usedNumbers{max(g.edition, other.edition), max(g.subscriber, other.subscriber)}
}

func storeUsed(ctx context.Context, tx *sql.Tx, g usedNumbers) error {
	for _, step := range []struct {
		query string
		args  []any
	}{
		{"UPDATE clone_guard SET edition_floor = $1, backup_at = NULL, stopped = ''", []any{g.edition}},
		{"INSERT INTO sqlite_sequence (name, seq) SELECT 'subscriber', 0 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'subscriber')", nil},
		{"UPDATE sqlite_sequence SET seq = $1 WHERE name = 'subscriber'", []any{g.subscriber}},
	} {
		if _, err := tx.ExecContext(ctx, step.query, step.args...); err != nil {
			return err
		}
	}
	return nil
}
