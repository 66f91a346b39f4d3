package snapshot

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5"
)

// written finds the tables that a statement writes to.
var written = regexp.MustCompile(`(?is)\b(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+([a-z_]+)`)

// shadowFor replaces the tables that a statement writes to by copies, for this session only. A
// table that is written keeps its rows locked until the end of the transaction, and all
// who change them would wait for somebody who looks.
func (s *Snapshot) shadowFor(ctx context.Context, query string) error {
	for _, match := range written.FindAllStringSubmatch(query, -1) {
		if table := strings.ToLower(match[1]); s.shared[table] && !s.shadowed[table] {
			if err := s.shadow(ctx, table); err != nil {
				return fmt.Errorf("copying table %s: %w", table, err)
			}
		}
	}
	return nil
}

func (s *Snapshot) shadow(ctx context.Context, table string) error {
	name := pgx.Identifier{table}.Sanitize()
	triggers, err := s.texts(ctx, `SELECT REGEXP_REPLACE(pg_get_triggerdef(t.oid), ' ON [^ ]+ FOR EACH ', ' ON pg_temp.' || $1 || ' FOR EACH ')
		FROM pg_trigger t WHERE t.tgrelid = $1::REGCLASS AND NOT t.tgisinternal`, name)
	if err != nil {
		return err
	}
	for _, statement := range append([]string{
		"CREATE TEMPORARY TABLE " + name + " (LIKE " + name + " INCLUDING ALL)",
		// The name alone is that of the copy from now on.
		"DO $$ BEGIN EXECUTE format('INSERT INTO pg_temp.%I OVERRIDING SYSTEM VALUE SELECT * FROM %I.%I', '" + table + "', current_schema(), '" + table + "'); END $$",
		"ANALYZE pg_temp." + name,
	}, triggers...) {
		if _, err := s.pgx().Exec(ctx, statement, pgx.QueryExecModeSimpleProtocol); err != nil {
			return err
		}
	}
	s.shadowed[table] = true
	return s.continueSequences(ctx, table)
}

// continueSequences has the copy of a table give ids after those of the table.
func (s *Snapshot) continueSequences(ctx context.Context, table string) error {
	name := pgx.Identifier{table}.Sanitize()
	columns, err := s.texts(ctx, "SELECT attname::TEXT FROM pg_attribute WHERE attrelid = ('pg_temp.' || $1)::REGCLASS AND attidentity <> '' AND NOT attisdropped", name)
	if err != nil {
		return err
	}
	for _, column := range columns {
		_, err := s.pgx().Exec(ctx, fmt.Sprintf("SELECT setval(pg_get_serial_sequence('pg_temp.%s', '%s'), (SELECT MAX(%s) + 1 FROM pg_temp.%s), FALSE)",
			name, column, pgx.Identifier{column}.Sanitize(), name))
		if err != nil {
			return err
		}
	}
	return nil
}

// texts returns the values of a query with one column.
func (s *Snapshot) texts(ctx context.Context, query string, args ...any) ([]string, error) {
	rows, err := s.pgx().Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}
