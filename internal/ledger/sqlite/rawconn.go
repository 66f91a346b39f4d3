package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"publisher/internal/ledger/lockwait"
)

// rawConn uses the driver without database/sql, whose bookkeeping costs more than the few
// statements of a group. It belongs to one connection.
type rawConn struct {
	conn                                      driver.Conn
	begin, dataVersion, add, commit, rollback driver.Stmt
	number                                    driver.Stmt // that of the last commit
	erasedAt, subscriber                      driver.Stmt // as in journal
	exec                                      driver.ExecerContext
}

// withRawConn runs do with the writing connection, which nobody else uses meanwhile.
func (r *recorder) withRawConn(ctx context.Context, do func(*rawConn) error) error {
	conn, err := r.writer.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	return conn.Raw(func(c any) error {
		if r.raw == nil || r.raw.conn != c { // database/sql may have opened another one
			r.writer.commits = commitNumber{}
			if r.raw, err = newRawConn(ctx, c); err != nil {
				return err
			}
		}
		return do(r.raw)
	})
}

// close must be called before the connection is closed, which SQLite keeps open as long as
// it has statements.
func (d *rawConn) close() error {
	return errors.Join(d.begin.Close(), d.dataVersion.Close(), d.add.Close(), d.commit.Close(), d.rollback.Close(), d.number.Close(),
		d.erasedAt.Close(), d.subscriber.Close())
}

func newRawConn(ctx context.Context, conn any) (_ *rawConn, err error) {
	c, ok := conn.(interface {
		driver.Conn
		driver.ConnPrepareContext
		driver.ExecerContext
	})
	if !ok {
		return nil, fmt.Errorf("the SQLite driver's %T cannot prepare statements", conn)
	}
	var all [8]driver.Stmt
	for i, text := range [...]string{"BEGIN IMMEDIATE", readDataVersion, addToJournal, "COMMIT", "ROLLBACK", readCommitNumber, readErasedAt, hasSubscriber} {
		if all[i], err = c.PrepareContext(ctx, text); err != nil {
			for _, prepared := range all[:i] {
				err = errors.Join(err, prepared.Close())
			}
			return nil, err
		}
	}
	return &rawConn{conn: c, begin: all[0], dataVersion: all[1], add: all[2], commit: all[3], rollback: all[4], number: all[5],
		erasedAt: all[6], subscriber: all[7], exec: c}, nil
}

func exec(s driver.Stmt, args ...driver.NamedValue) error {
	_, err := s.(driver.StmtExecContext).ExecContext(context.Background(), args)
	return err
}

// version returns PRAGMA data_version.
func (d *rawConn) version() (int64, error) { return query(d.dataVersion) }

// query returns the single number that a statement returns, 0 for NULL.
func query(s driver.Stmt, args ...driver.NamedValue) (int64, error) {
	rows, err := s.(driver.StmtQueryContext).QueryContext(context.Background(), args)
	if err != nil {
		return 0, err
	}
	row := make([]driver.Value, 1)
	err = errors.Join(rows.Next(row), rows.Close())
	n, _ := row[0].(int64)
	return n, err
}

// transaction runs do, which uses the connection's statements, in a transaction.
func (d *rawConn) transaction(p *lockwait.Wait, deadline time.Time, do func() error) error {
	if err := p.RetryUntil(context.Background(), deadline, func() error { return exec(d.begin) }); err != nil {
		return err
	}
	err := do()
	if err == nil {
		err = exec(d.commit)
	}
	if err != nil {
		// Where SQLite has rolled back by itself there is nothing left to do.
		_ = exec(d.rollback)
	}
	return err
}
