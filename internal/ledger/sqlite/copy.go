package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"publisher/internal/hint"

	"modernc.org/sqlite"
)

// snapshot copies the ledger at src, as of its last commit, to the new file dst, and
// writes nothing beside src. SQLite alone cannot do that: a read-only connection to a WAL
// database that nobody has open leaves -wal and -shm behind. So a ledger at rest is copied
// byte by byte, and SQLite is used only if another connection has already created these
// files.
func snapshot(ctx context.Context, src, dst string) error {
	if err := checkWAL(ctx, src); err != nil {
		return err
	}
	const attempts = 5
	for range attempts {
		if inUse(src) {
			return backup(ctx, src, dst)
		}
		before, err := fileStates(src)
		if err != nil {
			return err
		}
		if err := copyAtRest(src, dst); err != nil {
			return err
		}
		if after, err := fileStates(src); err == nil && after == before && !inUse(src) {
			return nil
		}
	}
	return hint.With(errors.New("it kept changing while it was copied"), "run again")
}

// inUse reports whether a connection is open, or was open when its process died.
func inUse(path string) bool {
	return exists(path+"-shm") || exists(path+"-journal")
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// fileState distinguishes versions of a file.
type fileState struct {
	size     int64
	modified time.Time
}

// fileStates returns the states of the database and its WAL; zero for a WAL that does not
// exist.
func fileStates(path string) (both [2]fileState, err error) {
	for i, name := range []string{path, path + "-wal"} {
		info, err := os.Stat(name)
		switch {
		case err == nil:
			both[i] = fileState{info.Size(), info.ModTime()}
		case i == 0 || !errors.Is(err, fs.ErrNotExist):
			return both, err
		}
	}
	return both, nil
}

func copyAtRest(src, dst string) error {
	if err := copyFile(src, dst); err != nil {
		return err
	}
	err := copyFile(src+"-wal", dst+"-wal")
	if errors.Is(err, fs.ErrNotExist) {
		err = os.RemoveAll(dst + "-wal") // from an attempt before
	}
	return err
}

func copyFile(src, dst string) error {
	in, err := os.Open(src)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(dst, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// backup copies with SQLite's backup API, in one read transaction, while others write.
func backup(ctx context.Context, src, dst string) error {
	if err := os.RemoveAll(dst + "-wal"); err != nil {
		return err
	}
	if err := os.WriteFile(dst, nil, 0o600); err != nil {
		return err
	}
	db, err := sql.Open("sqlite", uri(src, "ro", lockTimeout))
	if err != nil {
		return err
	}
	defer db.Close()
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	return conn.Raw(func(driverConn any) error {
		source, ok := driverConn.(interface {
			NewBackup(string) (*sqlite.Backup, error)
		})
		if !ok {
			return fmt.Errorf("the SQLite driver's %T cannot back up", driverConn)
		}
		b, err := source.NewBackup(uri(dst, "rw", lockTimeout))
		if err != nil {
			return err
		}
		_, err = b.Step(-1)
		return errors.Join(err, b.Finish())
	})
}

// copyTo copies the ledger at path to a new file in folder. If there is no ledger, the
// file is empty.
func copyTo(ctx context.Context, folder, path string) (file string, err error) {
	file = filepath.Join(folder, "copy.db")
	err = snapshot(ctx, path, file)
	if errors.Is(err, fs.ErrNotExist) && !exists(path) {
		err = os.WriteFile(file, nil, 0o600)
	}
	return file, err
}
