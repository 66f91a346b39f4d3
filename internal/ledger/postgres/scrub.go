package postgres

import (
	"context"
	"fmt"
	"strings"

	"publisher/internal/ledger"
	"publisher/internal/ledger/sqlutil"

	"github.com/jackc/pgx/v5"
)

// erasedFrom are the tables that an erasure deletes from, or changes.
var erasedFrom = []string{"subscriber", "delivery", "bounce", "restoration", "consent", "token", "notice", "import_change", "import",
	"event", "pending", "signup", "problem"}

// Scrub implements [ledger.Engine]. It has the server free the space of what was deleted. When the
// server overwrites that space, the log that it recovers from, and backups, nobody can tell from
// here: texts are not searched for.
func (e *engine) Scrub(ctx context.Context, _ []string) error {
	// What was recorded before is in the tables after this.
	if _, err := e.recorder.queue.Record(ctx, nil, nil); err != nil {
		return err
	}
	return e.wait.Retry(ctx, func() error {
		_, err := e.db.ExecContext(ctx, "VACUUM "+strings.Join(erasedFrom, ", "))
		return err
	})
}

// CheckIntegrity implements [ledger.Engine]. It reads every row of every table, and checks that
// the indexes are whole and that each row which refers to another one finds it.
func (e *engine) CheckIntegrity(ctx context.Context) error {
	wrong, err := e.wrong(ctx)
	if err != nil {
		return e.fail("check its integrity", e.Advise(err))
	}
	if wrong == "" {
		return nil
	}
	return &ledger.DamagedError{What: fmt.Sprintf("ledger %s is damaged: %s", e.name, wrong),
		Hint: []string{"restore the database from your latest backup, then run `publisher adopt`"}}
}

// wrong returns what is wrong with the tables; "" if nothing is.
func (e *engine) wrong(ctx context.Context) (string, error) {
	invalid, err := sqlutil.Column[string](ctx, e.db, `
		SELECT c.relname::TEXT FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
		WHERE c.relnamespace = current_schema()::REGNAMESPACE AND NOT (i.indisvalid AND i.indisready) ORDER BY 1`)
	if err != nil || len(invalid) > 0 {
		return "these indexes are not whole: " + strings.Join(invalid, ", "), err
	}
	tables, err := sqlutil.Column[string](ctx, e.db, `
		SELECT c.relname::TEXT FROM pg_class c WHERE c.relnamespace = current_schema()::REGNAMESPACE AND c.relkind IN ('r', 'p') ORDER BY 1`)
	if err != nil {
		return "", err
	}
	for _, table := range tables {
		if _, err := sqlutil.Column[int64](ctx, e.db, "SELECT COUNT(t::TEXT) FROM "+pgx.Identifier{table}.Sanitize()+" t"); err != nil {
			return "", fmt.Errorf("table %s: %w", table, err)
		}
	}
	return e.lacking(ctx)
}

// reference is a column that refers to another table.
type reference struct{ table, column, to, key string }

// lacking returns which rows refer to rows that are not there; "" if there are none.
func (e *engine) lacking(ctx context.Context) (string, error) {
	all, err := sqlutil.Collect(ctx, e.db, func(row sqlutil.Scanner) (r reference, err error) {
		err = row.Scan(&r.table, &r.column, &r.to, &r.key)
		return r, err
	}, `
		SELECT t.relname::TEXT, a.attname::TEXT, o.relname::TEXT, k.attname::TEXT
		FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid JOIN pg_class o ON o.oid = c.confrelid
		JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
		JOIN pg_attribute k ON k.attrelid = c.confrelid AND k.attnum = c.confkey[1]
		WHERE c.contype = 'f' AND c.connamespace = current_schema()::REGNAMESPACE AND cardinality(c.conkey) = 1 ORDER BY 1, 2`)
	if err != nil {
		return "", err
	}
	for _, r := range all {
		table, column, to, key := pgx.Identifier{r.table}.Sanitize(), pgx.Identifier{r.column}.Sanitize(), pgx.Identifier{r.to}.Sanitize(), pgx.Identifier{r.key}.Sanitize()
		var n int64
		err := e.db.QueryRowContext(ctx, "SELECT COUNT(*) FROM "+table+" t WHERE t."+column+" IS NOT NULL AND NOT EXISTS (SELECT 1 FROM "+to+" o WHERE o."+key+" = t."+column+")").Scan(&n)
		if err != nil {
			return "", err
		}
		if n > 0 {
			return fmt.Sprintf("%d rows of %s refer to rows of %s that are not there", n, r.table, r.to), nil
		}
	}
	return "", nil
}
