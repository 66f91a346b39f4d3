package postgres

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"sync"

	"publisher/internal/ledger/postgres/connect"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// viewed is one connection, in one transaction, that serves all connections of a *sql.DB.
// Transactions of that *sql.DB are savepoints, one at a time.
type viewed struct {
	conn   *stdlib.Conn
	saving chan struct{} // has room for one: whoever is between savepoint and release

	mu       sync.Mutex // held for each statement
	shared   map[string]bool
	shadowed map[string]bool
}

// startView begins the transaction.
func startView(ctx context.Context, config *pgx.ConnConfig) (*viewed, error) {
	config = config.Copy()
	// A statement that was prepared would go on reading a table that shadow has replaced.
	config.DefaultQueryExecMode = pgx.QueryExecModeDescribeExec
	conn, err := stdlib.GetConnector(*config).Connect(ctx)
	if err != nil {
		return nil, err
	}
	v := &viewed{conn: conn.(*stdlib.Conn), saving: make(chan struct{}, 1), shared: map[string]bool{}, shadowed: map[string]bool{}}
	if err := v.begin(ctx); err != nil {
		return nil, errors.Join(err, v.close())
	}
	return v, nil
}

// viewTimeouts are those of a session: whoever looks may do so for long between two queries.
const viewTimeouts = "SET lock_timeout = '1s'; SET idle_in_transaction_session_timeout = '1h'"

// begin sets the session up.
func (v *viewed) begin(ctx context.Context) error {
	_, err := v.pgx().Exec(ctx, connect.Session+"; "+viewTimeouts+"; BEGIN ISOLATION LEVEL REPEATABLE READ", pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		return err
	}
	if err := connect.CheckServer(ctx, v.pgx()); err != nil {
		return err
	}
	names, err := v.texts(ctx, "SELECT relname::TEXT FROM pg_class WHERE relnamespace = current_schema()::REGNAMESPACE AND relkind IN ('r', 'p')")
	for _, name := range names {
		v.shared[name] = true
	}
	return err
}

func (v *viewed) pgx() *pgx.Conn { return v.conn.Conn() }

// close ends the transaction, so that nothing of it stays.
func (v *viewed) close() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.conn.Close()
}

// database returns the *sql.DB of the transaction.
func (v *viewed) database() *sql.DB { return sql.OpenDB(viewConnector{v}) }

func (v *viewed) exec(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := v.shadowFor(ctx, query); err != nil {
		return nil, err
	}
	return v.conn.ExecContext(ctx, query, args)
}

func (v *viewed) query(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := v.shadowFor(ctx, query); err != nil {
		return nil, err
	}
	rows, err := v.conn.QueryContext(ctx, query, args)
	if err != nil {
		return nil, err
	}
	return readAll(rows)
}

// readAll reads all rows, so that the connection is free for the next statement.
func readAll(rows driver.Rows) (*viewRows, error) {
	read := &viewRows{columns: rows.Columns()}
	for {
		row := make([]driver.Value, len(read.columns))
		if err := rows.Next(row); err != nil {
			closed := rows.Close()
			if errors.Is(err, io.EOF) {
				return read, closed
			}
			return nil, err
		}
		for i, value := range row {
			if b, ok := value.([]byte); ok { // the driver's until the next row
				row[i] = append([]byte{}, b...)
			}
		}
		read.rows = append(read.rows, row)
	}
}

type viewRows struct {
	columns []string
	rows    [][]driver.Value
}

func (r *viewRows) Columns() []string { return r.columns }
func (r *viewRows) Close() error      { return nil }
func (r *viewRows) Next(dest []driver.Value) error {
	if len(r.rows) == 0 {
		return io.EOF
	}
	copy(dest, r.rows[0])
	r.rows = r.rows[1:]
	return nil
}

type viewConnector struct{ *viewed }

func (c viewConnector) Connect(context.Context) (driver.Conn, error) { return &viewConn{c.viewed}, nil }
func (c viewConnector) Driver() driver.Driver                        { return stdlib.GetDefaultDriver() }

// viewConn is a connection as database/sql sees it. It is no more than a name for the one that there
// is.
type viewConn struct{ *viewed }

func (c *viewConn) Close() error { return nil }
func (c *viewConn) Begin() (driver.Tx, error) {
	return c.BeginTx(context.Background(), driver.TxOptions{})
}
func (c *viewConn) Prepare(q string) (driver.Stmt, error)      { return &viewStmt{c.viewed, q}, nil }
func (c *viewConn) CheckNamedValue(v *driver.NamedValue) error { return c.conn.CheckNamedValue(v) }

func (c *viewConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	return c.exec(ctx, query, args)
}

func (c *viewConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	return c.viewed.query(ctx, query, args)
}

// BeginTx waits until no other savepoint is open.
func (c *viewConn) BeginTx(ctx context.Context, _ driver.TxOptions) (driver.Tx, error) {
	select {
	case c.saving <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if _, err := c.exec(ctx, "SAVEPOINT change", nil); err != nil {
		<-c.saving
		return nil, err
	}
	return &viewTx{c.viewed}, nil
}

type viewTx struct{ *viewed }

func (t *viewTx) Commit() error { return t.end("RELEASE SAVEPOINT change") }

func (t *viewTx) Rollback() error {
	return t.end("ROLLBACK TO SAVEPOINT change", "RELEASE SAVEPOINT change")
}

func (t *viewTx) end(statements ...string) error {
	defer func() { <-t.saving }()
	for _, statement := range statements {
		if _, err := t.exec(context.Background(), statement, nil); err != nil {
			return err
		}
	}
	return nil
}

type viewStmt struct {
	*viewed
	text string
}

func (s *viewStmt) Close() error                               { return nil }
func (s *viewStmt) NumInput() int                              { return -1 }
func (s *viewStmt) CheckNamedValue(v *driver.NamedValue) error { return s.conn.CheckNamedValue(v) }

func (s *viewStmt) Exec([]driver.Value) (driver.Result, error) { return nil, driver.ErrSkip }
func (s *viewStmt) Query([]driver.Value) (driver.Rows, error)  { return nil, driver.ErrSkip }

func (s *viewStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	return s.exec(ctx, s.text, args)
}

func (s *viewStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	return s.viewed.query(ctx, s.text, args)
}
