// Package snapshot lets a *sql.DB see a PostgreSQL database as it was at one moment: all is one
// transaction, which is thrown away. It locks nothing that others need: a table that is written is
// replaced by a temporary copy.
package snapshot

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

// Snapshot is one connection, in one transaction, that serves all connections of a *sql.DB.
// Transactions of that *sql.DB are savepoints, one at a time.
type Snapshot struct {
	conn   *stdlib.Conn
	saving chan struct{} // has room for one: whoever is between savepoint and release

	mu       sync.Mutex // held for each statement
	shared   map[string]bool
	shadowed map[string]bool
}

// Begin begins the transaction.
func Begin(ctx context.Context, config *pgx.ConnConfig) (*Snapshot, error) {
	config = config.Copy()
	// A statement that was prepared would go on reading a table that shadow has replaced.
	config.DefaultQueryExecMode = pgx.QueryExecModeDescribeExec
	conn, err := stdlib.GetConnector(*config).Connect(ctx)
	if err != nil {
		return nil, err
	}
	s := &Snapshot{conn: conn.(*stdlib.Conn), saving: make(chan struct{}, 1), shared: map[string]bool{}, shadowed: map[string]bool{}}
	if err := s.begin(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Timeouts are those of a session: whoever looks may do so for long between two queries.
const Timeouts = "SET lock_timeout = '1s'; SET idle_in_transaction_session_timeout = '1h'"

// begin sets the session up.
func (s *Snapshot) begin(ctx context.Context) error {
	_, err := s.pgx().Exec(ctx, connect.Session+"; "+Timeouts+"; BEGIN ISOLATION LEVEL REPEATABLE READ", pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		return err
	}
	if err := connect.CheckServer(ctx, s.pgx()); err != nil {
		return err
	}
	names, err := s.texts(ctx, "SELECT relname::TEXT FROM pg_class WHERE relnamespace = current_schema()::REGNAMESPACE AND relkind IN ('r', 'p')")
	for _, name := range names {
		s.shared[name] = true
	}
	return err
}

func (s *Snapshot) pgx() *pgx.Conn { return s.conn.Conn() }

// Close ends the transaction, so that nothing of it stays.
func (s *Snapshot) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conn.Close()
}

// Database returns the *sql.DB of the transaction.
func (s *Snapshot) Database() *sql.DB { return sql.OpenDB(connector{s}) }

func (s *Snapshot) exec(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.shadowFor(ctx, query); err != nil {
		return nil, err
	}
	return s.conn.ExecContext(ctx, query, args)
}

func (s *Snapshot) query(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.shadowFor(ctx, query); err != nil {
		return nil, err
	}
	rows, err := s.conn.QueryContext(ctx, query, args)
	if err != nil {
		return nil, err
	}
	return readAll(rows)
}

// readAll reads all rows, so that the connection is free for the next statement.
func readAll(rows driver.Rows) (*allRows, error) {
	read := &allRows{columns: rows.Columns()}
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

type allRows struct {
	columns []string
	rows    [][]driver.Value
}

func (r *allRows) Columns() []string { return r.columns }
func (r *allRows) Close() error      { return nil }
func (r *allRows) Next(dest []driver.Value) error {
	if len(r.rows) == 0 {
		return io.EOF
	}
	copy(dest, r.rows[0])
	r.rows = r.rows[1:]
	return nil
}

// connector has no method Close, which a *sql.DB would call.
type connector struct{ snapshot *Snapshot }

func (c connector) Connect(context.Context) (driver.Conn, error) { return &conn{c.snapshot}, nil }
func (c connector) Driver() driver.Driver                        { return stdlib.GetDefaultDriver() }

// conn is a connection as database/sql sees it. It is no more than a name for the one that there
// is.
type conn struct{ *Snapshot }

func (c *conn) Close() error { return nil }
func (c *conn) Begin() (driver.Tx, error) {
	return c.BeginTx(context.Background(), driver.TxOptions{})
}
func (c *conn) Prepare(q string) (driver.Stmt, error)      { return &statement{c.Snapshot, q}, nil }
func (c *conn) CheckNamedValue(v *driver.NamedValue) error { return c.conn.CheckNamedValue(v) }

func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	return c.exec(ctx, query, args)
}

func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	return c.Snapshot.query(ctx, query, args)
}

// BeginTx waits until no other savepoint is open.
func (c *conn) BeginTx(ctx context.Context, _ driver.TxOptions) (driver.Tx, error) {
	select {
	case c.saving <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if _, err := c.exec(ctx, "SAVEPOINT change", nil); err != nil {
		<-c.saving
		return nil, err
	}
	return &transaction{c.Snapshot}, nil
}

type transaction struct{ *Snapshot }

func (t *transaction) Commit() error { return t.end("RELEASE SAVEPOINT change") }

func (t *transaction) Rollback() error {
	return t.end("ROLLBACK TO SAVEPOINT change", "RELEASE SAVEPOINT change")
}

func (t *transaction) end(statements ...string) error {
	defer func() { <-t.saving }()
	for _, statement := range statements {
		if _, err := t.exec(context.Background(), statement, nil); err != nil {
			return err
		}
	}
	return nil
}

type statement struct {
	*Snapshot
	text string
}

func (s *statement) Close() error                               { return nil }
func (s *statement) NumInput() int                              { return -1 }
func (s *statement) CheckNamedValue(v *driver.NamedValue) error { return s.conn.CheckNamedValue(v) }

func (s *statement) Exec([]driver.Value) (driver.Result, error) { return nil, driver.ErrSkip }
func (s *statement) Query([]driver.Value) (driver.Rows, error)  { return nil, driver.ErrSkip }

func (s *statement) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	return s.exec(ctx, s.text, args)
}

func (s *statement) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	return s.Snapshot.query(ctx, s.text, args)
}
