// Package stmtcache opens SQLite databases with connections that keep their statements.
package stmtcache

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strings"

	"modernc.org/sqlite"
)

// Open is sql.Open with connections that keep the statements they have run. Parsing one
// takes longer than running it where it is about a single row, and all mail waits meanwhile for
// the connection that writes. Statements that neither read nor change rows are kept if others has
// them.
func Open(uri string, others ...string) (*sql.DB, error) {
	connector, err := sqlite.NewConnector(uri)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(cachingConnector{connector, others}), nil
}

type cachingConnector struct {
	driver.Connector
	others []string
}

func (c cachingConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	known, ok := conn.(driverConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("the SQLite driver's %T cannot keep statements", conn), conn.Close())
	}
	return &cachingConn{known, map[string]cachedStatement{}, c.others}, nil
}

// driverConn is what database/sql uses of the driver's connections.
type driverConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// cachedStatement is what the driver's statements do.
type cachedStatement interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// cachingConn keeps statements by their text while nobody uses them. One goroutine at a time
// uses a connection.
type cachingConn struct {
	driverConn
	idle   map[string]cachedStatement
	others []string
}

// maxIdle limits the statements of a connection that are kept.
const maxIdle = 100

// kept reports whether a text is one to keep: others, such as CREATE, are run once.
func (c *cachingConn) kept(text string) bool {
	word, _, _ := strings.Cut(strings.TrimLeft(text, " \t\n"), " ")
	return slices.Contains(c.others, text) || len(text) < 4096 && (word == "SELECT" || word == "INSERT" || word == "UPDATE" || word == "DELETE")
}

func (c *cachingConn) take(ctx context.Context, text string) (cachedStatement, error) {
	if s, ok := c.idle[text]; ok {
		delete(c.idle, text)
		return s, nil
	}
	s, err := c.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	known, ok := s.(cachedStatement)
	if !ok {
		return nil, errors.Join(fmt.Errorf("the SQLite driver's %T cannot be kept", s), s.Close())
	}
	return known, nil
}

// giveBack keeps a statement that was used, unless it failed.
func (c *cachingConn) giveBack(text string, s cachedStatement, err error) error {
	if _, twice := c.idle[text]; twice || err != nil {
		return errors.Join(err, s.Close())
	}
	for old, other := range c.idle { // any
		if len(c.idle) < maxIdle {
			break
		}
		delete(c.idle, old)
		err = errors.Join(err, other.Close())
	}
	c.idle[text] = s
	return err
}

// ExecContext implements [driver.ExecerContext].
func (c *cachingConn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	if !c.kept(text) {
		return c.driverConn.ExecContext(ctx, text, args)
	}
	s, err := c.take(ctx, text)
	if err != nil {
		return nil, err
	}
	done, err := s.ExecContext(ctx, args)
	return done, c.giveBack(text, s, err)
}

// QueryContext implements [driver.QueryerContext].
func (c *cachingConn) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	if !c.kept(text) {
		return c.driverConn.QueryContext(ctx, text, args)
	}
	s, err := c.take(ctx, text)
	if err != nil {
		return nil, err
	}
	rows, err := s.QueryContext(ctx, args)
	if err != nil {
		return nil, c.giveBack(text, s, err)
	}
	return &cachedRows{rows, c, text, s}, nil
}

// Close implements [driver.Conn]. SQLite keeps a connection open as long as it has statements.
func (c *cachingConn) Close() error {
	var err error
	for _, s := range c.idle {
		err = errors.Join(err, s.Close())
	}
	clear(c.idle)
	return errors.Join(err, c.driverConn.Close())
}

// cachedRows gives the statement back when they are closed.
type cachedRows struct {
	driver.Rows
	conn *cachingConn
	text string
	s    cachedStatement
}

// Close implements [driver.Rows].
func (r *cachedRows) Close() error {
	if r.s == nil {
		return nil
	}
	s := r.s
	r.s = nil
	return r.conn.giveBack(r.text, s, r.Rows.Close())
}
