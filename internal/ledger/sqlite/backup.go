package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"publisher/internal/durable"
	"publisher/internal/hint"
	"publisher/internal/ledger"
	"publisher/internal/ledger/sqlutil"
)

const backupPrefix = ".publisher-backup-"

// Backup writes a copy of the ledger to file while other programs may use it. When Backup
// returns, the copy is on the disk, in one file that only its owner can read. It is marked
// as a backup: no mail is sent from it until Adopt, no matter how it gets into the
// ledger's place. Backup replaces no existing file except an earlier backup of the same
// ledger.
func Backup(ctx context.Context, dsn, file string, now time.Time) error {
	path, err := sqlitePath(dsn)
	if err != nil {
		return err
	}
	if !exists(path) {
		return fmt.Errorf("ledger %s does not exist yet; there is nothing to back up", path)
	}
	if file, err = resolvePath(file); err != nil {
		return err
	}
	c, remove, err := startCopy(ctx, path, filepath.Dir(file), backupPrefix, false)
	if err != nil {
		return err
	}
	defer remove()
	l, err := c.ledger(ctx)
	if err != nil {
		return err
	}
	if err := c.mayReplace(ctx, file); err != nil {
		return errors.Join(err, l.Close())
	}
	if err := errors.Join(c.prepareBackup(ctx, l, now), l.Close()); err != nil {
		return err
	}
	if err := consolidate(ctx, c.file); err != nil {
		return c.fail("back up", err)
	}
	// What SQLite left beside an earlier backup is not this one's.
	for _, name := range []string{file + "-wal", file + "-shm", file + "-journal"} {
		if err := os.RemoveAll(name); err != nil {
			return err
		}
	}
	if err := os.Rename(c.file, file); err != nil {
		return err
	}
	return durable.SyncFolder(filepath.Dir(file))
}

// resolvePath returns the absolute path of a file, with symbolic links resolved.
func resolvePath(file string) (string, error) {
	file, err := filepath.Abs(file)
	if err != nil {
		return "", err
	}
	if real, err := filepath.EvalSymlinks(file); err == nil {
		return real, nil
	}
	return file, nil
}

// prepareBackup completes a private copy.
func (e *engine) prepareBackup(ctx context.Context, l *ledger.Ledger, now time.Time) error {
	if err := e.CheckIntegrity(ctx); err != nil {
		return err
	}
	// What servers have answered and the ledger could not take yet is in the backup.
	if _, _, err := l.RecordSpooled(ctx); err != nil {
		return err
	}
	return e.setBackupTime(ctx, now)
}

// mayReplace returns an error unless file does not exist, or is an earlier backup of the
// ledger.
func (e *engine) mayReplace(ctx context.Context, file string) error {
	info, err := os.Lstat(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	refused := hint.With(fmt.Errorf("%s already exists and is not an earlier backup of this ledger", file), "choose another file")
	if id, err := readHeader(ctx, file, "PRAGMA application_id"); !info.Mode().IsRegular() || err != nil || id != applicationID {
		return refused
	}
	db, err := sql.Open("sqlite", uri(file, "ro", sqliteTimeout, "immutable=1"))
	if err != nil {
		return err
	}
	defer db.Close()
	const key = "SELECT value FROM secret WHERE name = 'tokens'"
	var ours, theirs []byte
	if err := e.read.QueryRowContext(ctx, key).Scan(&ours); err != nil {
		return e.fail("read the token key", err)
	}
	err = db.QueryRowContext(ctx, key).Scan(&theirs)
	if err != nil || string(ours) != string(theirs) || !isBackup(ctx, db) {
		return refused
	}
	return nil
}

// isBackup reports whether a ledger, which may have an earlier version's schema, is a
// backup.
func isBackup(ctx context.Context, db *sql.DB) bool {
	for _, query := range []string{
		"SELECT 1 FROM clone_guard WHERE backup_at IS NOT NULL",
		"SELECT 1 FROM memo WHERE name = 'backup'", // up to schema 6
	} {
		var one int
		if db.QueryRowContext(ctx, query).Scan(&one) == nil {
			return true
		}
	}
	return false
}

// backupTime returns when the backup was made; zero if the ledger is not a backup.
func (e *engine) backupTime(ctx context.Context) (made time.Time, err error) {
	err = e.read.QueryRowContext(ctx, "SELECT backup_at FROM clone_guard").Scan((*sqlutil.Time)(&made))
	return made, e.fail("read whether it is a backup", err)
}

// setBackupTime marks the ledger as a backup.
func (e *engine) setBackupTime(ctx context.Context, made time.Time) error {
	return e.fail("record that it is a backup", e.Change(ctx, ledger.Only(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE clone_guard SET backup_at = $1", sqlutil.Time(made))
		return err
	}))
}

// consolidate turns a database that nobody has open into one file, and syncs it. No
// write-ahead log belongs to it, because its commit number is far from those of the ledger
// it is a copy of.
func consolidate(ctx context.Context, path string) error {
	last, err := commitNumberOf(ctx, path)
	if err != nil {
		return err
	}
	db, err := sql.Open("sqlite", uri(path, "rw", sqliteTimeout))
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1)
	const far = 1 << 24
	for _, pragma := range []string{"PRAGMA journal_mode = DELETE", storeCommitNumber(last + far + rand.N[uint32](1<<31))} {
		if _, err := db.ExecContext(ctx, pragma); err != nil {
			return errors.Join(err, db.Close())
		}
	}
	if err := db.Close(); err != nil {
		return err
	}
	return syncFile(path)
}

func syncFile(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}
