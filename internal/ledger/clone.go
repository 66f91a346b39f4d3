package ledger

import (
	"context"

	"publisher/internal/ledger/sqlutil"
)

// CheckCloneMark fails with a *CloneError if the ledger is not the one that mail was last
// sent from.
func (l *Ledger) CheckCloneMark(ctx context.Context) error { return l.engine.CheckCloneMark(ctx) }

// AdvanceCloneMark checks that the mark beside the ledger is the one in it, and replaces
// both. It is called before and after mail goes out, so that an older copy of the ledger
// no longer matches. It fails with a *CloneError if they differ.
func (l *Ledger) AdvanceCloneMark(ctx context.Context) error { return l.engine.AdvanceCloneMark(ctx) }

// Adopt makes this ledger the one to send from. If it was not, it skips all numbers that
// may have been used since it was copied: no edition number and no subscriber's id is ever
// used twice, so that Message-IDs and links stay unique.
func (l *Ledger) Adopt(ctx context.Context) error {
	spooled, _, err := spooledResults(l.spool)
	for _, file := range l.spool.Others() {
		if err == nil {
			var more []Result
			more, _, err = spooledResults(file)
			spooled = append(spooled, more...)
		}
	}
	if err != nil {
		return l.Fail("adopt", err)
	}
	return l.engine.Adopt(ctx, spooled)
}

// NextEdition returns the number of the next edition.
func (l *Ledger) NextEdition(ctx context.Context) (int64, error) {
	n, err := NextEdition(ctx, l.read)
	return n, l.Fail("read the next edition's number", err)
}

// NextEdition returns one more than the highest edition number that was used, or may have
// been used by a ledger that this one replaced. In the transaction that stores an edition
// it is the edition's number.
func NextEdition(ctx context.Context, q sqlutil.RowQuerier) (int64, error) {
	var highest, floor int64
	err := q.QueryRowContext(ctx, "SELECT (SELECT COALESCE(MAX(number), 0) FROM edition), edition_floor FROM clone_guard").Scan(&highest, &floor)
	return max(highest, floor) + 1, err
}
