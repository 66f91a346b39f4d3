package sqlutil

import (
	"context"
	"database/sql"
	"math/bits"
)

// maxRows is how many rows one statement inserts: more save little.
const maxRows = 32

// InsertRows inserts rows of so many columns, whose values args has one after the other; text
// returns the statement for the values of some of them. Many rows in one statement cost little more than one.
// placeholders writes parameters in the database's form, such as "(?, ?), (?, ?)".
func InsertRows(ctx context.Context, tx *sql.Tx, text func(values string) string, placeholders func(rows, columns int) string, columns int, args []any) error {
	prepared := map[int]*sql.Stmt{}
	for len(args) > 0 {
		rows := min(1<<(bits.Len(uint(len(args)/columns))-1), maxRows) // a power of two, so that few statements serve
		statement := prepared[rows]
		if statement == nil {
			var err error
			if statement, err = tx.PrepareContext(ctx, text(placeholders(rows, columns))); err != nil {
				return err
			}
			defer statement.Close()
			prepared[rows] = statement
		}
		if _, err := statement.ExecContext(ctx, args[:rows*columns]...); err != nil {
			return err
		}
		args = args[rows*columns:]
	}
	return nil
}
