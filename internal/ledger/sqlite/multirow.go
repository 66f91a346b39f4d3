package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"math/bits"
	"strings"
)

// rowSizes is how many sizes of statements about many rows there are: for 1, 2, 4 … rows,
// which together serve any number.
const rowSizes = 6

// multiRow is a prepared statement about many rows at once, which costs little more than
// one about a single row.
type multiRow struct {
	columns    int
	statements [rowSizes]*sql.Stmt
}

// prepareMultiRow prepares the statements of a text in which %s is replaced by the rows.
func prepareMultiRow(db *sql.DB, columns int, text string) (*multiRow, error) {
	b := &multiRow{columns: columns}
	for size := range b.statements {
		var err error
		if b.statements[size], err = db.Prepare(forRows(text, size, columns)); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// forRows returns the text for 1<<size rows, "(?, ?), (?, ?)": SQLite would look up numbered
// parameters by name.
func forRows(text string, size, columns int) string {
	row := "(" + strings.TrimSuffix(strings.Repeat("?, ", columns), ", ") + ")"
	return strings.Replace(text, "%s", strings.TrimSuffix(strings.Repeat(row+", ", 1<<size), ", "), 1)
}

// exec runs the statements for all rows, whose columns are consecutive in args.
func (b *multiRow) exec(tx *sql.Tx, args []any) error {
	return eachRun(b.columns, args, func(size int, args []any) error {
		_, err := tx.Stmt(b.statements[size]).Exec(args...)
		return err
	})
}

// eachRun calls do for all rows, whose columns are consecutive in args, with 1<<size of them
// at a time.
func eachRun(columns int, args []any, do func(size int, args []any) error) error {
	for len(args) > 0 {
		size := min(bits.Len(uint(len(args)/columns)), rowSizes) - 1
		n := columns << size
		if err := do(size, args[:n]); err != nil {
			return err
		}
		args = args[n:]
	}
	return nil
}

// InsertRows implements [ledger.Engine].
func (e *engine) InsertRows(ctx context.Context, tx *sql.Tx, text string, columns int, args []any) (err error) {
	var statements [rowSizes]*sql.Stmt
	defer func() { // or they would last as long as the transaction
		for _, s := range statements {
			if s != nil {
				err = errors.Join(err, s.Close())
			}
		}
	}()
	return eachRun(columns, args, func(size int, args []any) (err error) {
		if statements[size] == nil {
			if statements[size], err = tx.PrepareContext(ctx, forRows(text, size, columns)); err != nil {
				return err
			}
		}
		_, err = statements[size].ExecContext(ctx, args...)
		return err
	})
}
