package ledger

import (
	"context"
	"database/sql"
	"errors"
	"iter"
	"slices"

	"publisher/internal/ledger/sqlutil"
)

// Settler changes what is due to subscribers when their deliveries are settled. Its
// statements are prepared, because engines settle all the time.
type Settler struct{ digest, moveCursors, owing, between, setDue *sql.Stmt }

// PrepareSettler returns a Settler for transactions of db, or for one transaction.
func PrepareSettler(ctx context.Context, db sqlutil.Preparer) (*Settler, error) {
	s := new(Settler)
	return s, sqlutil.Prepare(ctx, db,
		sqlutil.Prepared{To: &s.digest, Text: "SELECT posts, returned FROM digest WHERE edition = $1 AND number = $2"},
		sqlutil.Prepared{To: &s.moveCursors, Text: "UPDATE subscriber SET cursor_seq = $1 WHERE id BETWEEN $2 AND $3 AND cursor_seq < $1"},
		sqlutil.Prepared{To: &s.owing, Text: "SELECT id, cursor_seq, owed FROM subscriber WHERE owed <> '' AND id BETWEEN $1 AND $2"},
		sqlutil.Prepared{To: &s.between, Text: "SELECT id, cursor_seq, owed FROM subscriber WHERE id BETWEEN $1 AND $2"},
		sqlutil.Prepared{To: &s.setDue, Text: "UPDATE subscriber SET cursor_seq = $2, owed = $3 WHERE id = $1"})
}

// Settle updates what is due to the subscribers of settled deliveries. For nearly all of
// them only the cursor moves.
func (s *Settler) Settle(tx *sql.Tx, settled []Delivery) error {
	type set struct{ edition, digest, through int64 }
	sets := map[set][]int64{} // subscribers
	for _, d := range settled {
		key := set{d.Edition, d.Digest, d.Through}
		sets[key] = append(sets[key], d.Subscriber)
	}
	for key, subscribers := range sets {
		var posts, returned Numbers
		err := tx.Stmt(s.digest).QueryRow(key.edition, key.digest).Scan(&posts, &returned)
		if err != nil && !errors.Is(err, sql.ErrNoRows) { // an earlier version's have none
			return err
		}
		for first, last := range runs(subscribers) {
			if err := s.settleOwing(tx, first, last, key.through, posts, returned); err != nil {
				return err
			}
			if _, err := tx.Stmt(s.moveCursors).Exec(key.through, first, last); err != nil {
				return err
			}
		}
	}
	return nil
}

// settleOwing settles the subscribers between two ids who are owed something, or will be.
func (s *Settler) settleOwing(tx *sql.Tx, first, last, through int64, posts, returned Numbers) error {
	owing := s.owing
	if len(returned) > 0 {
		owing = s.between
	}
	rows, err := tx.Stmt(owing).Query(first, last)
	if err != nil {
		return err
	}
	type state struct {
		id int64
		Due
	}
	all, err := sqlutil.ScanAll(rows, func(row sqlutil.Scanner) (s state, err error) {
		err = row.Scan(&s.id, &s.Cursor, &s.Owed)
		return s, err
	})
	if err != nil {
		return err
	}
	for _, one := range all {
		due := one.AfterDelivery(through, posts, returned)
		if _, err := tx.Stmt(s.setDue).Exec(one.id, due.Cursor, due.Owed); err != nil {
			return err
		}
	}
	return nil
}

// runs yields the first and last number of each run without a gap. The ids of an edition's
// recipients are nearly one run.
func runs(numbers []int64) iter.Seq2[int64, int64] {
	return func(yield func(int64, int64) bool) {
		slices.Sort(numbers)
		for i := 0; i < len(numbers); {
			first := i
			for i++; i < len(numbers) && numbers[i] <= numbers[i-1]+1; i++ {
			}
			if !yield(numbers[first], numbers[i-1]) {
				return
			}
		}
	}
}
