package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"publisher/internal/ledger"
)

// importTables create the tables for an import's rows. A connection of the pool may have those of an
// earlier import.
const importTables = `
	CREATE TEMPORARY TABLE IF NOT EXISTS import_row (
		n BIGINT PRIMARY KEY, email_key TEXT COLLATE "C" NOT NULL, email TEXT COLLATE "C" NOT NULL, name TEXT COLLATE "C" NOT NULL,
		status TEXT COLLATE "C" NOT NULL, cadence TEXT COLLATE "C" NOT NULL, tags TEXT COLLATE "C" NOT NULL,
		language TEXT COLLATE "C" NOT NULL, created_at BIGINT, confirmed_at BIGINT, was TEXT COLLATE "C"
	);
	CREATE TEMPORARY TABLE IF NOT EXISTS import_line (
		n BIGINT PRIMARY KEY, file BIGINT NOT NULL, line BIGINT NOT NULL, email_key TEXT COLLATE "C" NOT NULL,
		email TEXT COLLATE "C" NOT NULL, refused TEXT COLLATE "C" NOT NULL, left_out BOOLEAN NOT NULL
	);
	DELETE FROM import_row;
	DELETE FROM import_line;
	-- Whoever reads the list may be slow, and nobody waits for it.
	SET idle_in_transaction_session_timeout = 0`

// fewRows is how many rows are deleted rather than dropped with their tables, which takes longer than
// all else that a small import does.
const fewRows = 1000

// haveMany reports whether the tables have more.
const haveMany = `SELECT (SELECT COUNT(*) FROM (SELECT 1 FROM import_row LIMIT $1) r) + (SELECT COUNT(*) FROM (SELECT 1 FROM import_line LIMIT $1) l) >= $1`

// analyzeImport tells the server what it has to merge.
const analyzeImport = "ANALYZE import_row; ANALYZE import_line"

const (
	dropImportTables  = "DROP TABLE IF EXISTS pg_temp.import_row; DROP TABLE IF EXISTS pg_temp.import_line"
	resetStageTimeout = "SET idle_in_transaction_session_timeout = '10s'"
)

// Stage implements [ledger.Engine].
func (e *engine) Stage(ctx context.Context, fill func(*sql.Tx) error, merge func(*sql.Tx) error) (err error) {
	conn, err := e.db.Conn(ctx)
	if err != nil {
		return err
	}
	many := true // unless it is known
	defer func() {
		reset := resetStageTimeout
		if many {
			reset += "; " + dropImportTables
		}
		_, dropped := conn.ExecContext(context.WithoutCancel(ctx), reset)
		if err != nil { // which may have ended the connection
			dropped = nil
		}
		err = errors.Join(err, dropped, conn.Close())
	}()
	if _, err := conn.ExecContext(ctx, importTables); err != nil {
		return err
	}
	if err := stage(ctx, conn, fill); err != nil {
		return err
	}
	if err := conn.QueryRowContext(ctx, haveMany, fewRows).Scan(&many); err != nil {
		return err
	}
	if many {
		if _, err := conn.ExecContext(ctx, analyzeImport); err != nil {
			return err
		}
	}
	if _, err := conn.ExecContext(ctx, resetStageTimeout); err != nil {
		return err
	}
	tx, err := e.beginStaged(ctx, conn)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := merge(tx); err != nil {
		return err
	}
	return tx.Commit()
}

func stage(ctx context.Context, conn *sql.Conn, fill func(*sql.Tx) error) error {
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := fill(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// beginStaged begins the transaction of an import. merge runs once only, so it may not be tried
// again after this.
func (e *engine) beginStaged(ctx context.Context, conn *sql.Conn) (tx *sql.Tx, err error) {
	err = e.wait.Retry(ctx, func() error {
		if tx, err = conn.BeginTx(ctx, nil); err != nil {
			return err
		}
		if err := e.lock(ctx, tx, []ledger.Touched{{}}); err != nil {
			return errors.Join(err, tx.Rollback())
		}
		return nil
	})
	return tx, err
}

// maxRows is how many rows one statement inserts. A statement has 65,535 parameters at most.
const maxRows = 1024

// InsertRows implements [ledger.Engine].
func (e *engine) InsertRows(ctx context.Context, tx *sql.Tx, text string, columns int, args []any) error {
	return insertRows(ctx, tx, text, columns, args)
}

func insertRows(ctx context.Context, tx *sql.Tx, text string, columns int, args []any) error {
	for len(args) > 0 {
		n := min(len(args), maxRows*columns)
		if _, err := tx.ExecContext(ctx, strings.Replace(text, "%s", rowParams(n/columns, columns), 1), args[:n]...); err != nil {
			return err
		}
		args = args[n:]
	}
	return nil
}

// rowParams returns "($1, $2), ($3, $4)".
func rowParams(rows, columns int) string {
	var b strings.Builder
	for i := range rows * columns {
		switch {
		case i == 0:
			b.WriteByte('(')
		case i%columns == 0:
			b.WriteString("), (")
		default:
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "$%d", i+1)
	}
	b.WriteByte(')')
	return b.String()
}
