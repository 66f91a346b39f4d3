package sqlutil

import (
	"context"
	"database/sql"
	"iter"
)

// Table is a table that holds a map.
type Table[K comparable, V any] struct {
	Upsert string // stores Row
	Row    func(K, V) []any
	Delete string // removes the row of Key
	Key    func(K) []any
	Equal  func(a, b V) bool
}

// Prune deletes the rows of last, which the table holds, that are not in next.
func (t Table[K, V]) Prune(ctx context.Context, tx *sql.Tx, last, next map[K]V) error {
	return EachRow(ctx, tx, t.Delete, func(yield func([]any) bool) {
		for k := range last {
			if _, stays := next[k]; !stays && !yield(t.Key(k)) {
				return
			}
		}
	})
}

// Put stores the rows of next that are not in last, which the table holds, or differ.
func (t Table[K, V]) Put(ctx context.Context, tx *sql.Tx, last, next map[K]V) error {
	return EachRow(ctx, tx, t.Upsert, t.changes(last, next))
}

// Has reports whether Put has nothing to do.
func (t Table[K, V]) Has(last, next map[K]V) bool {
	for range t.changes(last, next) {
		return false
	}
	return true
}

func (t Table[K, V]) changes(last, next map[K]V) iter.Seq[[]any] {
	return func(yield func([]any) bool) {
		for k, v := range next {
			if old, known := last[k]; (!known || !t.Equal(old, v)) && !yield(t.Row(k, v)) {
				return
			}
		}
	}
}

// Save replaces last, which the table holds, by next. It writes only what differs.
func (t Table[K, V]) Save(ctx context.Context, tx *sql.Tx, last, next map[K]V) error {
	if err := t.Prune(ctx, tx, last, next); err != nil {
		return err
	}
	return t.Put(ctx, tx, last, next)
}

// EachRow runs a statement once for each row of arguments.
func EachRow(ctx context.Context, tx *sql.Tx, query string, rows iter.Seq[[]any]) error {
	var statement *sql.Stmt
	for args := range rows {
		if statement == nil {
			var err error
			if statement, err = tx.PrepareContext(ctx, query); err != nil {
				return err
			}
			defer statement.Close()
		}
		if _, err := statement.ExecContext(ctx, args...); err != nil {
			return err
		}
	}
	return nil
}
