// Package sqlutil has what every use of database/sql in the ledger needs: how values are
// stored, and reading all rows of a query.
package sqlutil

import (
	"context"
	"database/sql"
	"errors"
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

// CollectMap returns the map of the keys and values that scan makes of each row of a query.
func CollectMap[K comparable, V any](ctx context.Context, db Querier, scan func(Scanner) (K, V, error), query string, args ...any) (map[K]V, error) {
	all := map[K]V{}
	_, err := Collect(ctx, db, func(row Scanner) (_ struct{}, err error) {
		k, v, err := scan(row)
		all[k] = v
		return struct{}{}, err
	}, query, args...)
	return all, err
}

// Column returns the values of a query with one column.
func Column[T any](ctx context.Context, db Querier, query string, args ...any) ([]T, error) {
	return Collect(ctx, db, func(row Scanner) (v T, err error) {
		err = row.Scan(&v)
		return v, err
	}, query, args...)
}

// Row scans the row that a query returns, and reports false if there is none.
func Row(ctx context.Context, db RowQuerier, query string, args []any, dest ...any) (found bool, err error) {
	err = db.QueryRowContext(ctx, query, args...).Scan(dest...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// Preparer is a *sql.DB or *sql.Tx.
type Preparer interface {
	PrepareContext(ctx context.Context, query string) (*sql.Stmt, error)
}

// Prepared is a statement to prepare.
type Prepared struct {
	To   **sql.Stmt
	Text string
}

// Prepare prepares all statements, or none.
func Prepare(ctx context.Context, db Preparer, all ...Prepared) (err error) {
	for i, p := range all {
		if *p.To, err = db.PrepareContext(ctx, p.Text); err != nil {
			for _, done := range all[:i] {
				err = errors.Join(err, (*done.To).Close())
			}
			return err
		}
	}
	return nil
}
