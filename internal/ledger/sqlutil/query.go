// Package sqlutil has what every use of database/sql in the ledger needs: how values are
// stored, and reading all rows of a query.
package sqlutil

import (
	"context"
	"database/sql"
)

// RowQuerier is a *sql.DB, *sql.Tx or *sql.Conn.
type RowQuerier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Querier is a *sql.DB or *sql.Tx.
type Querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Scanner is a *sql.Row or *sql.Rows.
type Scanner interface{ Scan(dest ...any) error }

// Collect returns what scan makes of each row of a query.
func Collect[T any](ctx context.Context, db Querier, scan func(Scanner) (T, error), query string, args ...any) ([]T, error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return ScanAll(rows, scan)
}

// ScanAll returns what scan makes of each row, and closes rows.
func ScanAll[T any](rows *sql.Rows, scan func(Scanner) (T, error)) ([]T, error) {
	defer rows.Close()
	var all []T
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

// EachRow runs a statement once for each row of arguments.
func EachRow(ctx context.Context, tx *sql.Tx, query string, rows func(yield func(...any) bool)) error {
	statement, err := tx.PrepareContext(ctx, query)
	if err != nil {
		return err
	}
	defer statement.Close()
	rows(func(args ...any) bool {
		_, err = statement.ExecContext(ctx, args...)
		return err == nil
	})
	return err
}
