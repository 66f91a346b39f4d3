package transfer

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"iter"
)

// Database is what differs between databases, in one transaction.
type Database interface {
	// Tx is the transaction.
	Tx() *sql.Tx
	// Tables returns the tables in the order in which they can be filled.
	Tables(ctx context.Context) ([]Table, error)
	// Insert stores rows in a table.
	Insert(ctx context.Context, t *Table, rows iter.Seq2[[]any, error]) error
	// Highest returns the highest id that each table ever gave, for those that remember it.
	Highest(ctx context.Context) (map[string]int64, error)
	// Continue has a table give ids above one.
	Continue(ctx context.Context, table string, id int64) error
}

// Count is how many rows a table has.
type Count struct {
	Table string `json:"table"`
	Rows  int64  `json:"rows"`
}

// Copy copies all rows of a ledger to another one, whose rows it replaces, and compares what
// arrived: how many rows there are, and a checksum of each table.
func Copy(ctx context.Context, from, to Database) ([]Count, error) {
	tables, err := from.Tables(ctx)
	if err != nil {
		return nil, err
	}
	others, err := to.Tables(ctx)
	if err != nil {
		return nil, err
	}
	if empty, err := IsEmpty(ctx, from.Tx()); err != nil || empty {
		return nil, cmp.Or[error](err, errEmpty)
	}
	if err := Clear(ctx, to.Tx()); err != nil {
		return nil, err
	}
	counts := make([]Count, 0, len(tables))
	for _, t := range tables {
		if _, err := t.match(others); err != nil {
			return nil, err
		}
		n, err := copyTable(ctx, from, to, &t)
		if err != nil {
			return nil, fmt.Errorf("table %s: %w", t.Name, err)
		}
		counts = append(counts, Count{t.Name, n})
	}
	return counts, continueIDs(ctx, from, to)
}

var errEmpty = errors.New("there is nothing in it to copy")

var errDiffers = errors.New("what arrived is not what was sent")

func copyTable(ctx context.Context, from, to Database, t *Table) (int64, error) {
	sent, arrived := newSum(), newSum()
	if err := to.Insert(ctx, t, sent.of(Rows(ctx, from.Tx(), t))); err != nil {
		return 0, err
	}
	for _, err := range arrived.of(Rows(ctx, to.Tx(), t)) {
		if err != nil {
			return 0, err
		}
	}
	if sent.rows != arrived.rows || sent.text() != arrived.text() {
		return 0, fmt.Errorf("%w: %d rows with checksum %.12s became %d rows with checksum %.12s", errDiffers, sent.rows, sent.text(), arrived.rows, arrived.text())
	}
	return sent.rows, nil
}

// continueIDs has no id given twice, even those of rows that are gone, and no edition number.
func continueIDs(ctx context.Context, from, to Database) error {
	highest, err := from.Highest(ctx)
	if err != nil {
		return err
	}
	for table, id := range highest {
		if err := to.Continue(ctx, table, id); err != nil {
			return fmt.Errorf("the ids of table %s: %w", table, err)
		}
	}
	var floor int64
	if err := from.Tx().QueryRowContext(ctx, "SELECT edition_floor FROM clone_guard").Scan(&floor); err != nil {
		return err
	}
	_, err = to.Tx().ExecContext(ctx, "UPDATE clone_guard SET edition_floor = $1", floor)
	return err
}

// sum counts rows, and hashes them in an encoding that does not depend on the database.
type sum struct {
	rows int64
	hash hash.Hash
	buf  []byte
}

func newSum() *sum { return &sum{hash: sha256.New()} }

// of returns the same rows.
func (s *sum) of(rows iter.Seq2[[]any, error]) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		for row, err := range rows {
			if err == nil {
				s.add(row)
			}
			if !yield(row, err) {
				return
			}
		}
	}
}

func (s *sum) add(row []any) {
	s.rows++
	s.buf = s.buf[:0]
	for _, v := range row {
		switch v := v.(type) {
		case nil:
			s.buf = append(s.buf, 0)
		case int64:
			s.buf = binary.BigEndian.AppendUint64(append(s.buf, 1), uint64(v))
		case bool:
			s.buf = append(s.buf, 2)
			if v {
				s.buf = append(s.buf, 1)
			} else {
				s.buf = append(s.buf, 0)
			}
		case string:
			s.buf = append(binary.AppendUvarint(append(s.buf, 3), uint64(len(v))), v...)
		case []byte:
			s.buf = append(binary.AppendUvarint(append(s.buf, 4), uint64(len(v))), v...)
		}
	}
	s.hash.Write(s.buf)
}

func (s *sum) text() string { return fmt.Sprintf("%x", s.hash.Sum(nil)) }

// Unfinished is why nothing is sent from a ledger that is being filled.
const Unfinished = "the copy into this ledger was interrupted; run `publisher ledger copy` again"

// Moved returns why nothing is sent from a ledger that was copied to another one.
func Moved(to string) string {
	return "this ledger was moved to " + to + ", which config.yaml has to name"
}
