// Package transfer copies a ledger from one database to another, row by row, and compares what
// arrived.
package transfer

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"slices"
	"strings"

	"publisher/internal/ledger/sqlutil"
)

// Kind says what the values of a column are.
type Kind int

// The kinds of columns: int64, string, []byte and bool. Each may be nil.
const (
	Int Kind = iota
	Text
	Bytes
	Bool
)

// Column is a column of a table.
type Column struct {
	Name string
	Kind Kind
}

// Table is a table, with the columns that identify a row. Rows are read in their order.
type Table struct {
	Name    string
	Key     string // separated by commas
	Columns []Column
}

// Names returns the names of the columns.
func (t *Table) Names() []string {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	return names
}

// keys are the tables of every ledger in an order in which they can be filled, and their keys.
// What a database needs besides, for itself, is not copied.
var keys = [][2]string{
	{"secret", "name"}, {"post", "key"}, {"subscriber", "id"}, {"cadence", "name"}, {"edition", "number"}, {"digest", "edition, number"},
	{"bundle", "edition"}, {"archived_page", "edition"}, {"delivery", "edition, subscriber"}, {"delivery_count", "edition, progress, code, provider"}, {"pace", "at"}, {"bounce", "subscriber, edition"},
	{"restoration", "subscriber, restored_at"}, {"last_pass", "id"}, {"fault", "part"}, {"pass_state", "id"}, {"smtp_state", "id"},
	{"scan_snapshot", "id"}, {"unchanged_note", "id"}, {"problem", "source, position"}, {"feed_state", "id"}, {"feed_file", "path"}, {"post_dependency", "path"}, {"feed_id", "folder"},
	{"tag_folder", "collection, tag"}, {"hub", "url"}, {"hub_feed", "hub, path"}, {"subscriber_file", "id"}, {"signup", "id"}, {"pending", "id"},
	{"token", "hash"}, {"notice", "id"}, {"consent", "id"}, {"wording", "hash"}, {"erased", "hash"}, {"event", "id"}, {"session", "hash"},
	{"import", "number"}, {"import_change", "import, subscriber"}, {"mailbox", "name"}, {"digest_intro", "cadence, language, hash"},
	{"feed_reader", "day, feed, service"},
}

// initial are the tables that have rows in a ledger that nobody has used.
var initial = []string{"secret", "pass_state", "smtp_state"}

// Find returns the tables of a database, by name, in the order in which they can be filled. kinds
// are what its columns are declared as, own the tables that it has for itself, and query returns the
// table, name and declaration of each column.
func Find(ctx context.Context, tx *sql.Tx, kinds map[string]Kind, own func(table string) bool, query string) ([]Table, error) {
	columns := map[string][]Column{}
	_, err := sqlutil.Collect(ctx, tx, func(row sqlutil.Scanner) (_ struct{}, err error) {
		var table, name, declared string
		if err = row.Scan(&table, &name, &declared); err != nil || own(table) {
			return struct{}{}, err
		}
		kind, known := kinds[declared]
		if !known {
			err = fmt.Errorf("column %s of table %s is declared as %s", name, table, declared)
		}
		columns[table] = append(columns[table], Column{Name: name, Kind: kind})
		return struct{}{}, err
	}, query)
	if err != nil {
		return nil, err
	}
	var tables []Table
	for _, k := range keys {
		c, found := columns[k[0]]
		if !found {
			return nil, fmt.Errorf("there is no table %s", k[0])
		}
		tables = append(tables, Table{Name: k[0], Key: k[1], Columns: c})
	}
	for name := range columns {
		if !slices.ContainsFunc(keys, func(k [2]string) bool { return k[0] == name }) {
			return nil, fmt.Errorf("table %s is none of a ledger", name)
		}
	}
	return tables, nil
}

// match returns the table of the other database with the columns in the order of t.
func (t *Table) match(others []Table) (Table, error) {
	i := slices.IndexFunc(others, func(o Table) bool { return o.Name == t.Name })
	if i < 0 {
		return Table{}, fmt.Errorf("there is no table %s to copy to", t.Name)
	}
	for _, c := range t.Columns {
		if !slices.Contains(others[i].Columns, c) {
			return Table{}, fmt.Errorf("column %s of table %s is not the same in both ledgers", c.Name, t.Name)
		}
	}
	if len(t.Columns) != len(others[i].Columns) {
		return Table{}, fmt.Errorf("table %s has other columns in the other ledger", t.Name)
	}
	return *t, nil
}

// IsEmpty reports whether nobody has used a ledger.
func IsEmpty(ctx context.Context, tx *sql.Tx) (bool, error) {
	for _, k := range keys {
		if slices.Contains(initial, k[0]) {
			continue
		}
		var used bool
		if err := tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM "+k[0]+")").Scan(&used); err != nil || used {
			return false, err
		}
	}
	return true, nil
}

// Clear deletes the rows of all tables.
func Clear(ctx context.Context, tx *sql.Tx) error {
	for _, k := range slices.Backward(keys) {
		if _, err := tx.ExecContext(ctx, "DELETE FROM "+k[0]); err != nil {
			return err
		}
	}
	return nil
}

// Rows returns the rows of a table in the order of its key. A row is valid until the next one.
func Rows(ctx context.Context, tx *sql.Tx, t *Table) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		rows, err := tx.QueryContext(ctx, "SELECT "+strings.Join(t.Names(), ", ")+" FROM "+t.Name+" ORDER BY "+t.Key)
		if err != nil {
			yield(nil, err)
			return
		}
		defer rows.Close()
		row, into := make([]any, len(t.Columns)), make([]any, len(t.Columns))
		for i := range row {
			into[i] = &row[i]
		}
		for rows.Next() {
			err := rows.Scan(into...)
			for i := range row {
				if err == nil {
					row[i], err = convert(row[i], t.Columns[i])
				}
			}
			if !yield(row, err) || err != nil {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(nil, err)
		}
	}
}

// convert returns a value as its column's kind has it.
func convert(v any, c Column) (any, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case int64:
		switch c.Kind {
		case Int:
			return v, nil
		case Bool:
			return v != 0, nil
		}
	case bool:
		if c.Kind == Bool {
			return v, nil
		}
	case string:
		if c.Kind == Text {
			return v, nil
		}
	case []byte:
		switch c.Kind {
		case Bytes:
			return v, nil
		case Text:
			return string(v), nil
		}
	}
	return nil, fmt.Errorf("column %s contains a %T", c.Name, v)
}
