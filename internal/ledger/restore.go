package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

const restorePrefix = ".publisher-restore-"

// Restore puts a backup, or any other copy of a ledger, where dsn says. It never
// overwrites a ledger. What an earlier one left beside it is taken away: what holds
// something is set aside, in the files that Restore names. Nothing is sent from it until
// Adopt. Where a pass runs it fails with a *LockedError.
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
		lines := linesError{"ledger " + path + ": there is one, which restoring does not overwrite.", "hint: stop what uses it, move it away, and restore again:"}
		return nil, append(lines, moveAway(path, filepath.Join(filepath.Dir(path), "old"))...)
	}
	l, err := openBackup(ctx, file, filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	defer l.removeTemp()
	if err := errors.Join(l.stampBackup(ctx), l.shut()); err != nil {
		return nil, err
	}
	if err := settleFile(ctx, l.temp); err != nil {
		return nil, l.fail("restore", err)
	}
	if aside, err = clearAway(path); err != nil {
		return aside, err
	}
	return aside, errors.Join(place(l.temp, path), syncFolder(filepath.Dir(path)))
}

// openBackup opens a private copy of a ledger's copy, once it is seen to be whole.
func openBackup(ctx context.Context, file, folder string) (*Ledger, error) {
	file, err := target(file)
	if err != nil {
		return nil, err
	}
	id, err := readHeader(ctx, file, "PRAGMA application_id")
	if !exists(file) {
		err = fs.ErrNotExist
	} else if err == nil && id != applicationID && !leftover(file) {
		err = errors.New("it is not a backup of a ledger")
	}
	if err != nil {
		return nil, fmt.Errorf("backup %s: %w", file, err)
	}
	l := &Ledger{path: file, doubtful: true}
	err = l.copyInto(ctx, folder, restorePrefix)
	if broken, ok := errors.AsType[*DamagedError](err); ok {
		return nil, fmt.Errorf("backup %s: %s; restore another one", file, broken.What)
	}
	return l, err
}

// stampBackup makes sure that the ledger says of itself that it is a backup.
func (l *Ledger) stampBackup(ctx context.Context) error {
	if made, err := l.backupTime(ctx); err != nil || !made.IsZero() {
		return err
	}
	info, err := os.Stat(l.path)
	if err != nil {
		return err
	}
	return l.setBackupTime(ctx, info.ModTime())
}

// clearAway takes away what an earlier ledger left: what a new one would take for its
// own.
func clearAway(path string) (aside []string, err error) {
	for _, name := range ledgerFiles(path) {
		held, err := holdsSomething(name)
		switch {
		case err != nil:
			return aside, err
		case !held || name == path+"-shm": // locks, no data
			err = os.RemoveAll(name)
		default:
			var file *os.File
			if file, err = createNumbered(name); err == nil {
				err = errors.Join(file.Close(), os.Rename(name, file.Name()))
				aside = append(aside, file.Name())
			}
		}
		if err != nil {
			return aside, err
		}
	}
	return aside, syncFolder(filepath.Dir(path))
}

// holdsSomething is false of a file that is not there, and of one with nothing but the
// empty lines of results that never came.
func holdsSomething(path string) (bool, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return len(bytes.TrimSpace(text)) > 0, err
}

// place gives a file its name, which nobody has: not even a ledger made at this moment.
func place(from, to string) error {
	err := os.Link(from, to)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	return os.Rename(from, to) // this file system knows no links
}
