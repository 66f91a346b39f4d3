package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"time"

	"publisher/internal/durable"
	"publisher/internal/hint"
	"publisher/internal/ledger"
	"publisher/internal/ledger/sqlutil"
	"publisher/internal/ledger/transfer"
)

// Moving opens the ledger whose lock it takes, to copy it to another database.
func Moving(ctx context.Context, dsn, command string, now time.Time) (*Source, error) {
	path, err := sqlitePath(dsn)
	if err != nil {
		return nil, err
	}
	if !exists(path) {
		return nil, fmt.Errorf("ledger %s does not exist; there is nothing to copy", path)
	}
	lock, err := TakeLock(ctx, dsn, command, now)
	if err != nil {
		return nil, err
	}
	s := &Source{lock: lock}
	if s.engine, err = openEngine(ctx, path, hasWAL(path)); err == nil {
		s.ledger, err = s.engine.ledger(ctx)
	}
	if err == nil {
		_, _, err = s.ledger.RecordSpooled(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Source is a ledger that is copied to another database.
type Source struct {
	lock   *Lock
	engine *engine
	ledger *ledger.Ledger
}

// Close closes the ledger and releases its lock.
func (s *Source) Close() error {
	var err error
	if s.ledger != nil {
		err = s.ledger.Close()
	}
	return errors.Join(err, s.lock.Release())
}

// Name returns the ledger's file.
func (s *Source) Name() string { return s.engine.path }

// Move runs copy while nobody else can change the ledger, and then marks it as moved to another
// one with that name: nothing is sent from it any more.
func (s *Source) Move(ctx context.Context, to string, copy func(transfer.Database) error) error {
	moved := transfer.Moved(to)
	// A copy that was interrupted after this ledger was marked is made again.
	if stopped, err := s.engine.stoppedBy(ctx, s.engine.read); err != nil {
		return err
	} else if stopped != moved {
		if err := s.engine.CheckCloneMark(ctx); err != nil {
			return err
		}
	}
	return s.engine.fail("copy", s.engine.Change(ctx, ledger.Touched{}, func(tx *sql.Tx) error {
		if err := copy(database{tx, s.engine}); err != nil {
			return err
		}
		return stop(ctx, tx, moved)
	}))
}

func (e *engine) stoppedBy(ctx context.Context, q sqlutil.RowQuerier) (why string, err error) {
	err = q.QueryRowContext(ctx, "SELECT stopped FROM clone_guard").Scan(&why)
	return why, e.fail("read whether mail may be sent", err)
}

// stop stores why nothing is sent from the ledger; "" if it is.
func stop(ctx context.Context, tx *sql.Tx, why string) error {
	_, err := tx.ExecContext(ctx, "UPDATE clone_guard SET stopped = $1", why)
	return err
}

// Target is where a ledger is copied to: a file that does not exist yet.
type Target struct {
	path string
	lock *Lock
}

// copyingEnding ends the name of a ledger while it is filled.
const copyingEnding = ".copying"

// Receiving takes the lock of a ledger that does not exist yet, or is empty, or that an interrupted copy
// has left, which is begun anew.
func Receiving(ctx context.Context, dsn, command string, now time.Time) (*Target, error) {
	path, err := sqlitePath(dsn)
	if err != nil {
		return nil, err
	}
	lock, err := takeLockFile(ctx, path, command, now)
	if err != nil {
		return nil, err
	}
	t := &Target{path, lock}
	if err := t.makeRoom(ctx); err != nil {
		return nil, errors.Join(err, t.Close())
	}
	return t, nil
}

// Close releases the lock.
func (t *Target) Close() error { return t.lock.Release() }

// Name returns the ledger's file.
func (t *Target) Name() string { return t.path }

// makeRoom removes what an interrupted copy has left, and an empty ledger.
func (t *Target) makeRoom(ctx context.Context) error {
	for _, name := range ledgerFiles(t.path + copyingEnding) {
		if err := os.RemoveAll(name); err != nil {
			return err
		}
	}
	info, err := os.Stat(t.path)
	if err != nil || info.Size() == 0 {
		_, err := removeLeftovers(t.path)
		return err
	}
	e, err := openEngine(ctx, t.path, false)
	if err != nil {
		return err
	}
	replaceable := false
	err = e.Change(ctx, ledger.Touched{}, func(tx *sql.Tx) error {
		stopped, err := e.stoppedBy(ctx, tx)
		if err == nil && stopped != transfer.Unfinished {
			replaceable, err = transfer.IsEmpty(ctx, tx)
			return err
		}
		replaceable = true
		return err
	})
	if err = errors.Join(err, e.Close()); err != nil {
		return err
	}
	if !replaceable {
		return hint.With(fmt.Errorf("ledger %s is not empty", t.path), "copy to a file that does not exist")
	}
	for _, name := range ledgerFiles(t.path) {
		if err := os.RemoveAll(name); err != nil {
			return err
		}
	}
	return nil
}

// Fill runs copy, and then puts the ledger in its place. Nothing is sent from it before Finish.
func (t *Target) Fill(ctx context.Context, copy func(transfer.Database) error) error {
	if err := os.RemoveAll(t.path + ".mark"); err != nil {
		return err
	}
	e, err := openEngine(ctx, t.path+copyingEnding, false)
	if err != nil {
		return err
	}
	err = e.Change(ctx, ledger.Touched{}, func(tx *sql.Tx) error {
		if err := copy(database{tx, e}); err != nil {
			return err
		}
		return stop(ctx, tx, transfer.Unfinished)
	})
	if err = errors.Join(err, e.Close()); err != nil {
		return fail(t.path, "copy", err)
	}
	if err := consolidate(ctx, e.file); err != nil {
		return fail(t.path, "copy", err)
	}
	return errors.Join(moveInto(e.file, t.path), os.RemoveAll(e.file), durable.SyncFolder(filepath.Dir(t.path)))
}

// Finish allows mail to be sent from the ledger.
func (t *Target) Finish(ctx context.Context) error {
	e, err := openEngine(ctx, t.path, false)
	if err != nil {
		return err
	}
	err = e.Change(ctx, ledger.Touched{}, func(tx *sql.Tx) error { return stop(ctx, tx, "") })
	return errors.Join(e.fail("copy", err), e.Close())
}

// database is a transfer.Database.
type database struct {
	tx     *sql.Tx
	engine *engine
}

func (d database) Tx() *sql.Tx { return d.tx }

// kinds are the types that columns are declared with.
var kinds = map[string]transfer.Kind{"INTEGER": transfer.Int, "BIGINT": transfer.Int, "TEXT": transfer.Text, "BLOB": transfer.Bytes, "BOOLEAN": transfer.Bool}

func (d database) Tables(ctx context.Context) ([]transfer.Table, error) {
	own := func(table string) bool { return table == "journal" || table == "clone_guard" }
	return transfer.Find(ctx, d.tx, kinds, own, `
		SELECT t.name, c.name, c.type FROM sqlite_schema t JOIN pragma_table_info(t.name) c
		WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%' AND t.name <> 'goose_db_version' ORDER BY t.name, c.cid`)
}

func (d database) Insert(ctx context.Context, t *transfer.Table, rows iter.Seq2[[]any, error]) error {
	const together = 200 // rows
	text := "INSERT INTO " + t.Name + " (" + strings.Join(t.Names(), ", ") + ") VALUES %s"
	var args []any
	flush := func() error {
		err := d.engine.InsertRows(ctx, d.tx, text, len(t.Columns), args)
		args = args[:0]
		return err
	}
	for row, err := range rows {
		if err != nil {
			return err
		}
		args = append(args, row...)
		if len(args) >= together*len(t.Columns) {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

func (d database) Highest(ctx context.Context) (map[string]int64, error) {
	return sqlutil.CollectMap(ctx, d.tx, func(row sqlutil.Scanner) (table string, id int64, err error) {
		err = row.Scan(&table, &id)
		return table, id, err
	}, "SELECT name, seq FROM sqlite_sequence WHERE name <> 'goose_db_version' AND name <> 'journal'")
}

func (d database) Continue(ctx context.Context, table string, id int64) error {
	for _, query := range []string{
		"INSERT INTO sqlite_sequence (name, seq) SELECT $1, 0 WHERE $2 >= 0 AND NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = $1)",
		"UPDATE sqlite_sequence SET seq = MAX(seq, $2) WHERE name = $1",
	} {
		if _, err := d.tx.ExecContext(ctx, query, table, id); err != nil {
			return err
		}
	}
	return nil
}
