package sqlite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"publisher/internal/durable"
	"publisher/internal/hint"
	"publisher/internal/ledger"
)

const restorePrefix = ".publisher-restore-"

// Restore puts a backup, or any other copy of a ledger, where dsn says. It never
// overwrites a ledger. It removes what an earlier ledger left beside it; files with
// content are set aside under the names that it returns. No mail is sent from the restored
// ledger until Adopt. If a pass is running, Restore fails with a *ledger.LockedError.
func Restore(ctx context.Context, dsn, file string, now time.Time) (aside []string, err error) {
	path, err := sqlitePath(dsn)
	if err != nil {
		return nil, err
	}
	lock, err := takeLockFile(ctx, path, "publisher restore", now)
	if err != nil {
		return nil, err
	}
	defer lock.Release()
	if info, err := os.Stat(path); err == nil && info.Size() > 0 {
		lines := linesError{"ledger " + path + " already exists, and restore does not overwrite it.", "hint: stop the programs that use it, move it away, and restore again:"}
		return nil, append(lines, moveAwayCommands(path, filepath.Join(filepath.Dir(path), "old"))...)
	}
	e, remove, err := openBackup(ctx, file, filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	defer remove()
	if err := errors.Join(e.stampBackup(ctx), e.Close()); err != nil {
		return nil, err
	}
	if err := consolidate(ctx, e.file); err != nil {
		return nil, e.fail("restore", err)
	}
	if aside, err = removeLeftovers(path); err != nil {
		return aside, err
	}
	return aside, errors.Join(moveInto(e.file, path), durable.SyncFolder(filepath.Dir(path)))
}

// openBackup opens a private copy of a backup, and checks its integrity.
func openBackup(ctx context.Context, file, folder string) (e *engine, remove func() error, err error) {
	if file, err = resolvePath(file); err != nil {
		return nil, nil, err
	}
	id, err := readHeader(ctx, file, "PRAGMA application_id")
	if !exists(file) {
		err = fs.ErrNotExist
	} else if err == nil && id != applicationID && !hasWAL(file) {
		err = errors.New("it is not a backup of a ledger")
	}
	if err != nil {
		return nil, nil, fmt.Errorf("backup %s: %w", file, err)
	}
	e, remove, err = startCopy(ctx, file, folder, restorePrefix, true)
	if broken, ok := errors.AsType[*ledger.DamagedError](err); ok {
		return nil, nil, hint.With(fmt.Errorf("backup %s: %s", file, broken.What), "restore another one")
	}
	return e, remove, err
}

// stampBackup marks the ledger as a backup if it is not.
func (e *engine) stampBackup(ctx context.Context) error {
	if made, err := e.backupTime(ctx); err != nil || !made.IsZero() {
		return err
	}
	info, err := os.Stat(e.path)
	if err != nil {
		return err
	}
	return e.setBackupTime(ctx, info.ModTime())
}

// removeLeftovers removes the files of an earlier ledger that a new one would take for its
// own.
func removeLeftovers(path string) (aside []string, err error) {
	for _, name := range ledgerFiles(path) {
		held, err := hasContent(name)
		switch {
		case err != nil:
			return aside, err
		case !held || name == path+"-shm": // locks, no data
			err = os.RemoveAll(name)
		default:
			var file *os.File
			if file, err = durable.CreateNumbered(name); err == nil {
				err = errors.Join(file.Close(), os.Rename(name, file.Name()))
				aside = append(aside, file.Name())
			}
		}
		if err != nil {
			return aside, err
		}
	}
	return aside, durable.SyncFolder(filepath.Dir(path))
}

// hasContent reports whether a file exists and has more than the empty lines of an unused
// spool.
func hasContent(path string) (bool, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return len(bytes.TrimSpace(text)) > 0, err
}

// moveInto gives a file a name that must not exist, not even as of a moment ago.
func moveInto(from, to string) error {
	err := os.Link(from, to)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	return os.Rename(from, to) // this file system knows no links
}
