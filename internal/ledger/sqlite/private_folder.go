package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
)

// copyPrefix begins the names of the folders of private copies.
const copyPrefix = "publisher-ledger-"

// privateFolder creates a folder for this process alone, and deletes folders with the same
// prefix whose processes have died. The folder stays locked until remove deletes it.
func privateFolder(dir, prefix string) (folder string, remove func() error, err error) {
	sweepFolders(dir, prefix)
	const attempts = 10
	for range attempts {
		if folder, err = os.MkdirTemp(dir, prefix); err != nil { // mode 0700
			return "", nil, err
		}
		lock := flock.New(folder, flock.SetFlag(os.O_RDONLY))
		if _, err := lock.TryLock(); errors.Is(err, fs.ErrNotExist) || err == nil && !lock.Locked() {
			continue // another process took it for one that was left
		}
		if !exists(folder) {
			lock.Unlock()
			continue
		}
		// Where a folder cannot be locked it is not swept either.
		return folder, func() error { return errors.Join(os.RemoveAll(folder), lock.Unlock()) }, nil
	}
	return "", nil, fmt.Errorf("%s: temporary folders disappear as soon as they are created", dir)
}

// sweepFolders deletes folders whose processes are gone. Failing to do so is not an error.
func sweepFolders(dir, prefix string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, entry := range entries {
		if !entry.IsDir() || len(entry.Name()) <= len(prefix) || entry.Name()[:len(prefix)] != prefix {
			continue
		}
		folder := filepath.Join(dir, entry.Name())
		lock := flock.New(folder, flock.SetFlag(os.O_RDONLY))
		if taken, err := lock.TryLock(); err == nil && taken {
			os.RemoveAll(folder)
			lock.Unlock()
		}
	}
}
