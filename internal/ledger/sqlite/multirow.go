package sqlite

import (
	"database/sql"
	"math/bits"
	"strings"
)

// multiRow is a prepared statement about many rows at once, which costs little more than
// one about a single row. There is one for 1, 2, 4 … rows, which together serve any
// number.
type multiRow struct {
	columns    int
	statements [6]*sql.Stmt
}

// prepareMultiRow prepares the statements of a text in which %s is replaced by the rows.
func prepareMultiRow(db *sql.DB, columns int, text string) (*multiRow, error) {
	b := &multiRow{columns: columns}
	for i := range b.statements {
		var err error
		if b.statements[i], err = db.Prepare(strings.Replace(text, "%s", placeholders(1<<i, columns), 1)); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// placeholders returns "(?, ?), (?, ?)". SQLite would look up numbered ones by name.
func placeholders(rows, columns int) string {
	row := "(" + strings.TrimSuffix(strings.Repeat("?, ", columns), ", ") + ")"
	return strings.TrimSuffix(strings.Repeat(row+", ", rows), ", ")
}

// exec runs the statements for all rows, whose columns are consecutive in args.
func (b *multiRow) exec(tx *sql.Tx, args []any) error {
	for len(args) > 0 {
		size := min(bits.Len(uint(len(args)/b.columns)), len(b.statements)) - 1
		n := b.columns << size
		if _, err := tx.Stmt(b.statements[size]).Exec(args[:n]...); err != nil {
			return err
		}
		args = args[n:]
	}
	return nil
}
