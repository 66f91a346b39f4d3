package postgres

import (
	"context"
	"database/sql"
	"errors"
	"iter"
	"os"
	"strings"
	"time"

	"publisher/internal/hint"
	"publisher/internal/ledger/sqlutil"
	"publisher/internal/ledger/transfer"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// Mover is a ledger that is copied, from or to, with its lock.
type Mover struct {
	lock   *Lock
	engine *engine
	close  func() error // closes the engine
}

// Moving takes the lock of a ledger, and opens it to copy it to another database.
func Moving(ctx context.Context, dsn string, o Options, command string, now time.Time) (*Mover, error) {
	m, err := Receiving(ctx, dsn, o, command, now)
	if err != nil {
		return nil, err
	}
	l, err := m.engine.ledger(ctx)
	if err != nil { // it has closed the engine
		return nil, errors.Join(err, m.lock.Release())
	}
	m.close = l.Close
	// What servers have answered, and the ledger could not take yet, is copied with it.
	if _, _, err := l.RecordSpooled(ctx); err != nil {
		return nil, errors.Join(err, m.Close())
	}
	return m, nil
}

// Receiving takes the lock of a ledger, and opens it to copy another one to it.
func Receiving(ctx context.Context, dsn string, o Options, command string, now time.Time) (*Mover, error) {
	lock, err := TakeLock(ctx, dsn, o, command, now)
	if err != nil {
		return nil, err
	}
	e, err := lock.openEngine(ctx)
	if err != nil {
		return nil, errors.Join(err, lock.Release())
	}
	return &Mover{lock, e, e.Close}, nil
}

// Close closes the ledger and releases its lock.
func (m *Mover) Close() error { return errors.Join(m.close(), m.lock.Release()) }

// Name returns the ledger's address without user and password.
func (m *Mover) Name() string { return m.engine.name }

// Move runs copy while nobody else can change the ledger, and then marks it as moved to another
// one with that name: nothing is sent from it any more.
func (m *Mover) Move(ctx context.Context, to string, copy func(transfer.Database) error) error {
	moved := transfer.Moved(to)
	g, err := readGuard(ctx, m.engine.db)
	if err != nil {
		return m.engine.fail("copy", err)
	}
	// A copy that was interrupted after this ledger was marked is made again.
	if g.stopped != moved {
		if err := m.engine.CheckCloneMark(ctx); err != nil {
			return err
		}
	}
	return m.alone(ctx, func(d database) error {
		if err := copy(d); err != nil {
			return err
		}
		return setStopped(ctx, d.tx, moved)
	})
}

// Fill runs copy in a ledger that nobody has used, or that an interrupted copy has left. Nothing is sent from
// it before Finish.
func (m *Mover) Fill(ctx context.Context, copy func(transfer.Database) error) error {
	return m.alone(ctx, func(d database) error {
		g, err := readGuard(ctx, d.tx)
		if err != nil {
			return err
		}
		if empty, err := transfer.IsEmpty(ctx, d.tx); err != nil {
			return err
		} else if !empty && g.stopped != transfer.Unfinished {
			return hint.With(errors.New("it is not empty"), "copy to an empty database, or to another schema of it, such as ?search_path=publisher")
		}
		if err := copy(d); err != nil {
			return err
		}
		return setStopped(ctx, d.tx, transfer.Unfinished)
	})
}

// Finish allows mail to be sent from the ledger.
func (m *Mover) Finish(ctx context.Context) error {
	// What this machine has seen of a ledger that was here before says nothing about this one.
	if err := os.RemoveAll(m.engine.guardPath()); err != nil {
		return m.engine.fail("copy", err)
	}
	err := m.alone(ctx, func(d database) error {
		if err := placesOfEarlier(ctx, d.tx); err != nil {
			return err
		}
		return setStopped(ctx, d.tx, "")
	})
	if err != nil {
		return err
	}
	_, err = m.engine.db.ExecContext(ctx, "ANALYZE")
	return m.engine.fail("analyze", err)
}

func setStopped(ctx context.Context, tx *sql.Tx, why string) error {
	_, err := tx.ExecContext(ctx, "UPDATE clone_guard SET stopped = $1", why)
	return err
}

// alone runs do in a transaction on a connection that do may use itself, while nobody else changes
// the ledger.
func (m *Mover) alone(ctx context.Context, do func(database) error) error {
	conn, err := m.engine.db.Conn(ctx)
	if err != nil {
		return m.engine.fail("copy", err)
	}
	defer conn.Close()
	tx, err := m.engine.beginStaged(ctx, conn)
	if err != nil {
		return m.engine.fail("copy", err)
	}
	defer tx.Rollback()
	// The other database may take its time.
	if _, err := tx.ExecContext(ctx, "SET LOCAL idle_in_transaction_session_timeout = 0"); err != nil {
		return m.engine.fail("copy", err)
	}
	if err := do(database{tx, conn}); err != nil {
		return m.engine.fail("copy", err)
	}
	return m.engine.fail("copy", tx.Commit())
}

// database is a transfer.Database.
type database struct {
	tx   *sql.Tx
	conn *sql.Conn // of tx
}

func (d database) Tx() *sql.Tx { return d.tx }

// kinds are the types of columns.
var kinds = map[string]transfer.Kind{"bigint": transfer.Int, "text": transfer.Text, "bytea": transfer.Bytes, "boolean": transfer.Bool}

// ownTables are what only this engine has, and what other programs keep beside it: River's tables.
func ownTable(name string) bool {
	switch name {
	case "clone_guard", "clone_mark", "lease", "worker", "batch", "leader", "hidden_post", "edition_problem", "edition_replies", "edition_refusal", "notice_sender", "takeover",
		"place", "connection_limit", "goose_db_version":
		return true
	}
	return strings.HasPrefix(name, "river_")
}

func (d database) Tables(ctx context.Context) ([]transfer.Table, error) {
	return transfer.Find(ctx, d.tx, kinds, ownTable, `
		SELECT c.relname::TEXT, a.attname::TEXT, format_type(a.atttypid, NULL) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
		WHERE c.relnamespace = current_schema()::REGNAMESPACE AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped
		ORDER BY c.relname, a.attnum`)
}

// Insert uses COPY.
func (d database) Insert(ctx context.Context, t *transfer.Table, rows iter.Seq2[[]any, error]) error {
	next, stop := iter.Pull2(rows)
	defer stop()
	return d.conn.Raw(func(driverConn any) error {
		conn := driverConn.(*stdlib.Conn).Conn()
		_, err := conn.CopyFrom(ctx, pgx.Identifier{t.Name}, t.Names(), &pulled{next: next})
		return err
	})
}

// pulled is a pgx.CopyFromSource.
type pulled struct {
	next func() ([]any, error, bool)
	row  []any
	err  error
}

func (p *pulled) Next() bool {
	var more bool
	p.row, p.err, more = p.next()
	return more && p.err == nil
}

func (p *pulled) Values() ([]any, error) { return p.row, p.err }
func (p *pulled) Err() error             { return p.err }

func (d database) Highest(ctx context.Context) (map[string]int64, error) {
	sequences, err := d.sequences(ctx)
	if err != nil {
		return nil, err
	}
	highest := map[string]int64{}
	for table, sequence := range sequences {
		var id int64
		if err := d.tx.QueryRowContext(ctx, "SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END FROM "+sequence).Scan(&id); err != nil {
			return nil, err
		}
		highest[table] = id
	}
	return highest, nil
}

// sequences returns the sequence of each table that has one.
func (d database) sequences(ctx context.Context) (map[string]string, error) {
	return sqlutil.CollectMap(ctx, d.tx, func(row sqlutil.Scanner) (table, sequence string, err error) {
		err = row.Scan(&table, &sequence)
		return table, sequence, err
	}, `SELECT c.relname::TEXT, pg_get_serial_sequence(c.oid::REGCLASS::TEXT, a.attname) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
		WHERE c.relnamespace = current_schema()::REGNAMESPACE AND c.relkind IN ('r', 'p') AND a.attidentity <> '' AND NOT a.attisdropped`)
}

func (d database) Continue(ctx context.Context, table string, id int64) error {
	sequences, err := d.sequences(ctx)
	if err != nil || sequences[table] == "" {
		return err
	}
	_, err = d.tx.ExecContext(ctx, "SELECT setval($1::REGCLASS, GREATEST($2::BIGINT, 0) + 1, FALSE)", sequences[table], id)
	return err
}
