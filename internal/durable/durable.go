// Package durable writes files that a crash leaves whole: with the old content or the
// new, and on the disk when a function returns.
package durable

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// Replace gives the file at path a new content, by way of path.new. Only its owner may
// read it.
func Replace(path, text string) error {
	f, err := os.OpenFile(path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// CreateNumbered creates the first of path.1, path.2 and so on that does not exist, for
// its owner alone.
func CreateNumbered(path string) (*os.File, error) {
	for n := 1; ; n++ {
		file, err := os.OpenFile(fmt.Sprintf("%s.%d", path, n), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if !errors.Is(err, fs.ErrExist) {
			return file, err
		}
	}
}

// SyncFolder brings the names in a folder to the disk.
func SyncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	err = folder.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		err = nil // this file system syncs no folders
	}
	return errors.Join(err, folder.Close())
}
