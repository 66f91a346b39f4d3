package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"publisher/internal/hint"
	"publisher/internal/ledger"
	"publisher/internal/ledger/lockwait"
	"publisher/internal/ledger/sqlite/stmtcache"
	"publisher/internal/private"
)

const (
	// applicationID marks a ledger among SQLite files ("publ").
	applicationID = private.LedgerID
	// primaryCode masks what an extended result code has of its primary one.
	primaryCode = 0xff
	readers     = 4
)

// sqlitePath returns the file of a DSN with symbolic links resolved, so that every name of
// a ledger leads to the same lock.
func sqlitePath(dsn string) (string, error) {
	kind, path, _ := strings.Cut(dsn, ":")
	switch {
	case kind == "postgres" || kind == "postgresql":
		return "", hint.With(errors.New("ledger: this version supports SQLite only"), "use e.g. sqlite:publisher.db instead of the PostgreSQL address")
	case kind != "sqlite" || path == "":
		return "", errors.New("ledger: must be sqlite:FILE, e.g. sqlite:publisher.db")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("ledger: %w", err)
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real, nil
	}
	return path, nil
}

// createFile creates an empty file unless there is one. Only its owner can read it,
// because it will contain addresses.
func createFile(path string) error {
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if errors.Is(err, fs.ErrExist) { // another process was faster
		return nil
	}
	if err != nil {
		return err
	}
	return file.Close()
}

// durability is SQLite's synchronous setting.
type durability string

const (
	synced   durability = "NORMAL" // writer syncs what is committed
	unsynced durability = "OFF"    // for what is thrown away
)

// pools are the connections to one file: SQLite has one writer at a time, and WAL mode
// lets readers continue beside it.
type pools struct {
	write *writer
	read  *sql.DB
}

// openPools opens an existing file, and checks that it is a ledger or empty, and writable.
func openPools(ctx context.Context, path string, d durability, patience *lockwait.Wait) (pools, error) {
	write, err := stmtcache.Open(uri(path, "rw", sqliteTimeout, "_txlock=immediate", "_synchronous="+string(d), "_pragma=cache_size(-8000)", "_pragma=secure_delete(1)"), readDataVersion)
	if err != nil {
		return pools{}, err
	}
	write.SetMaxOpenConns(1)
	var log *wal
	if d == synced {
		log = newWAL(path + "-wal")
	}
	p := pools{write: &writer{db: write, log: log}}
	if p.read, err = stmtcache.Open(uri(path, "rw", lockTimeout, "_query_only=1"), readDataVersion); err != nil {
		return pools{}, errors.Join(err, p.write.close())
	}
	p.read.SetMaxOpenConns(readers)
	p.read.SetMaxIdleConns(readers)
	if err := patience.Retry(ctx, func() error { return claim(ctx, write) }); err != nil {
		err = errors.Join(err, p.close())
		if name := unwritable(path); name != "" {
			err = fmt.Errorf("%s is read-only for this user: %w", name, err)
		}
		return pools{}, err
	}
	if p.write, err = newWriter(ctx, write, log, patience); err != nil {
		return pools{}, errors.Join(err, p.close())
	}
	return p, nil
}

// unwritable returns the first of the database's files that this user cannot write; "" if
// there is none. No connection may be open, because closing any handle of the file ends
// SQLite's locks of the process.
func unwritable(path string) string {
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		file, err := os.OpenFile(name, os.O_RDWR, 0)
		if err == nil {
			err = file.Close()
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return name
		}
	}
	return ""
}

// close closes the readers first: the last connection to leave cleans up the WAL, which a
// reader cannot.
func (p pools) close() error {
	return errors.Join(p.read.Close(), p.write.close())
}

// uri returns the driver's name for a file with settings.
func uri(path, mode string, busy time.Duration, settings ...string) string {
	settings = append(settings, "mode="+mode, fmt.Sprintf("_busy_timeout=%d", busy.Milliseconds()), "_foreign_keys=1", "_dqs=0", "_error_rc=1")
	return "file:" + (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath() + "?" + strings.Join(settings, "&")
}

var errForeign = hint.With(errors.New("it is another program's SQLite database"), "choose another file for ledger in config.yaml")

// claim marks an empty database as a ledger and rejects another program's. If another
// process does so at the same time, SQLite returns busy immediately, because both would
// wait for each other.
func claim(ctx context.Context, db *sql.DB) error {
	var id, tables int64
	// Read at one moment, or another process might mark and fill it in between.
	const state = "SELECT application_id, (SELECT COUNT(*) FROM sqlite_master) FROM pragma_application_id"
	if err := db.QueryRowContext(ctx, state).Scan(&id, &tables); err != nil {
		return err
	}
	if id != applicationID {
		if id != 0 || tables != 0 {
			return errForeign
		}
		if _, err := db.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d", applicationID)); err != nil {
			return err
		}
	}
	if _, err := db.ExecContext(ctx, "PRAGMA journal_mode = WAL"); err != nil {
		return err
	}
	// A file that cannot be written is told now, not at the first commit.
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	return tx.Rollback()
}

// advise adds to SQLite's errors what to do about them.
func advise(err error) error {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code() & primaryCode {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return hint.With(fmt.Errorf("%w (%w)", ledger.ErrBusy, err), "close that program and run again")
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM:
		return hint.With(fmt.Errorf("it cannot be written (%w)", err), "give this user write access to the file and its folder")
	case sqlite3.SQLITE_CANTOPEN:
		return hint.With(fmt.Errorf("it cannot be opened (%w)", err), "give this user read and write access to the file and its folder")
	case sqlite3.SQLITE_NOTADB:
		return hint.With(fmt.Errorf("it is not a SQLite database (%w)", err), "move it away, or choose another file for ledger in config.yaml")
	case sqlite3.SQLITE_FULL:
		return hint.With(fmt.Errorf("the disk is full (%w)", err), "free some space and run again")
	case sqlite3.SQLITE_IOERR:
		return hint.With(fmt.Errorf("the disk failed (%w)", err), "check it and run again")
	}
	return err
}

func (e *engine) Advise(err error) error { return advise(asDamaged(err, e.path)) }

func (e *engine) Unavailable(err error) bool {
	var refused *sqlite.Error
	return errors.As(err, &refused) || errors.Is(err, errUnsynced)
}
