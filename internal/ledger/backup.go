package ledger

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
)

const backupPrefix = ".publisher-backup-"

// Backup writes a copy of the ledger at one moment to file, while anything runs. It is on
// the disk when Backup returns, as one file that only its owner reads, and says of itself
// that it is a backup: whoever puts it in the ledger's place, by whatever means, sends
// nothing from it until Adopt. Of the files that are there it replaces none but an
// earlier backup of the same ledger.
func Backup(ctx context.Context, dsn, file string, now time.Time) error {
	path, err := sqlitePath(dsn)
	if err != nil {
		return err
	}
	if !exists(path) {
		return fmt.Errorf("ledger %s: there is none yet; nothing to back up", path)
	}
	if file, err = target(file); err != nil {
		return err
	}
	l := &Ledger{path: path}
	if err := l.copyInto(ctx, filepath.Dir(file), backupPrefix); err != nil {
		return err
	}
	defer l.removeTemp()
	if err := mayReplace(ctx, l, file); err != nil {
		return errors.Join(err, l.shut())
	}
	if err := errors.Join(l.prepareBackup(ctx, now), l.shut()); err != nil {
		return err
	}
	if err := settleFile(ctx, l.temp); err != nil {
		return l.fail("back up", err)
	}
	// What SQLite left beside an earlier backup is not this one's.
	for _, name := range []string{file + "-wal", file + "-shm", file + "-journal"} {
		if err := os.RemoveAll(name); err != nil {
			return err
		}
	}
	if err := os.Rename(l.temp, file); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(file))
}

// target is where file is, symbolic links resolved.
func target(file string) (string, error) {
	file, err := filepath.Abs(file)
	if err != nil {
		return "", err
	}
	if real, err := filepath.EvalSymlinks(file); err == nil {
		return real, nil
	}
	return file, nil
}

// prepareBackup makes of a private copy what its own file does not say yet.
func (l *Ledger) prepareBackup(ctx context.Context, now time.Time) error {
	if err := l.CheckIntegrity(ctx); err != nil {
		return err
	}
	// What servers have answered and the ledger could not take yet is in the backup.
	if _, _, err := l.RecordSpooled(ctx); err != nil {
		return err
	}
	return l.setBackupTime(ctx, now)
}

// mayReplace fails unless file is not there, or is an earlier backup of l.
func mayReplace(ctx context.Context, l *Ledger, file string) error {
	info, err := os.Lstat(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	refused := fmt.Errorf("%s is there already and is not an earlier backup of this ledger; name another file", file)
	if id, err := readHeader(ctx, file, "PRAGMA application_id"); !info.Mode().IsRegular() || err != nil || id != applicationID {
		return refused
	}
	db, err := sql.Open("sqlite", uri(file, "ro", sqliteTimeout, "immutable=1"))
	if err != nil {
		return err
	}
	defer db.Close()
	const key = "SELECT value FROM secret WHERE name = $1"
	var ours, theirs []byte
	if err := l.read.QueryRowContext(ctx, key, tokenKey).Scan(&ours); err != nil {
		return l.fail("read its key", err)
	}
	err = db.QueryRowContext(ctx, key, tokenKey).Scan(&theirs)
	if err != nil || string(ours) != string(theirs) || !saysBackup(ctx, db) {
		return refused
	}
	return nil
}

// saysBackup reports whether a ledger, which may have the schema of an earlier version,
// is a backup.
func saysBackup(ctx context.Context, db *sql.DB) bool {
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

// backupTime returns when the backup was made that the ledger is; the zero time if it is
// not one.
func (l *Ledger) backupTime(ctx context.Context) (made time.Time, err error) {
	err = l.read.QueryRowContext(ctx, "SELECT backup_at FROM clone_guard").Scan((*instant)(&made))
	return made, l.fail("read whether it is a backup", err)
}

// setBackupTime has the ledger say of itself that it is a backup.
func (l *Ledger) setBackupTime(ctx context.Context, made time.Time) error {
	return l.store(ctx, "mark it as a backup", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE clone_guard SET backup_at = $1", instant(made))
		return err
	})
}

// settleFile makes one file of a database that nobody has open, and brings it to the
// disk. No log belongs to it: its commit number is far from those of the ledger that it
// is a copy of.
func settleFile(ctx context.Context, path string) error {
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
