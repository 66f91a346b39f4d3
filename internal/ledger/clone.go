package ledger

import (
	"context"

	"publisher/internal/ledger/sqlutil"
)

// CheckCloneMark fails with a *CloneError where the ledger is not the one that was last
// sent from.
func (l *Ledger) CheckCloneMark(ctx context.Context) error { return l.engine.CheckCloneMark(ctx) }

// AdvanceCloneMark makes sure that the mark beside the ledger is the one in it, and
// replaces both. It is called before mail goes out and after, so that a copy made earlier
// no longer fits. Where they disagree it fails with a *CloneError.
func (l *Ledger) AdvanceCloneMark(ctx context.Context) error { return l.engine.AdvanceCloneMark(ctx) }

// Adopt makes this ledger the one to send from. Where it was not, whatever may have been
// given since it was copied is left out: no edition number and no subscriber's id is
// ever given twice, and no Message-ID or link comes to mean a second thing.
func (l *Ledger) Adopt(ctx context.Context) error {
	spooled, err := l.spool.results()
	if err != nil {
		return l.fail("adopt", err)
	}
	return l.engine.Adopt(ctx, spooled)
}

// NextEdition returns the number of the next edition.
func (l *Ledger) NextEdition(ctx context.Context) (int64, error) {
	n, err := NextEdition(ctx, l.read)
	return n, l.fail("read the next edition's number", err)
}

// NextEdition returns one more than any edition has, or may have had in a ledger in whose
// place this one came. In the transaction that stores the edition it is its number.
func NextEdition(ctx context.Context, q sqlutil.RowQuerier) (int64, error) {
	var highest, floor int64
	err := q.QueryRowContext(ctx, "SELECT (SELECT COALESCE(MAX(number), 0) FROM edition), edition_floor FROM clone_guard").Scan(&highest, &floor)
	return max(highest, floor) + 1, err
}
