package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
	"unicode"

	"publisher/internal/hint"
	"publisher/internal/ledger"

	"github.com/gofrs/flock"
)

// Lock is held by one pass at a time. It ends with its process.
type Lock struct {
	file    string // the ledger
	release func() error
}

// TakeLock takes the lock, or fails immediately with a *ledger.LockedError. It locks a
// file beside the ledger, which stays, and the ledger itself, in case somebody deletes
// that file. The process must close the ledger before it releases the lock, because
// closing any handle of the database ends SQLite's locks of the process.
func TakeLock(ctx context.Context, dsn, command string, now time.Time) (*Lock, error) {
	file, err := sqlitePath(dsn)
	if err != nil {
		return nil, err
	}
	lock, err := takeLockFile(ctx, file, command, now)
	if err != nil {
		return nil, err
	}
	if err := createFile(file); err != nil {
		lock.Release()
		return nil, fmt.Errorf("take the lock: %w", err)
	}
	taken, unlock := lockDatabase(file)
	if !taken {
		lock.Release()
		return nil, &ledger.LockedError{Holder: "a process that has " + file + " locked, although its lock file was deleted"}
	}
	release := lock.release
	lock.release = sync.OnceValue(func() error {
		unlock()
		return release()
	})
	return lock, nil
}

// Open opens the ledger for the pass that holds the lock. If the last process that had it
// open died, SQLite checks all of it first.
func (l *Lock) Open(ctx context.Context) (*ledger.Ledger, error) {
	sweepFolders(os.TempDir(), copyPrefix)
	return open(ctx, l.file, hasWAL(l.file))
}

// takeLockFile locks only the file beside the ledger, which need not exist.
func takeLockFile(ctx context.Context, file, command string, now time.Time) (*Lock, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	path := file + ".lock"
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("take the lock: %w", err)
	}
	handle := flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o600))
	taken, err := handle.TryLock()
	for range 3 {
		if taken || err != nil {
			break
		}
		time.Sleep(lookTime) // somebody may only have looked: see isLocked
		taken, err = handle.TryLock()
	}
	if errors.Is(err, fs.ErrPermission) {
		return nil, hint.With(fmt.Errorf("take the lock: %w", err), "give this user write access to the ledger, its folder and the files beside it")
	}
	if err != nil {
		return nil, fmt.Errorf("take the lock: %w", err)
	}
	if !taken {
		return nil, &ledger.LockedError{Holder: holder(path)}
	}
	lock := &Lock{file: file, release: sync.OnceValue(func() error {
		// The name goes before the lock does, so that nobody reads of a pass that is over.
		err := os.Truncate(path, 0)
		if unlocked := handle.Unlock(); unlocked != nil {
			return unlocked
		}
		return err
	})}
	if err := os.WriteFile(path, []byte(ledger.Holder(command, now)+"\n"), 0o600); err != nil {
		lock.Release()
		return nil, fmt.Errorf("take the lock: %w", err)
	}
	return lock, nil
}

// lookTime is longer than isLocked takes.
const lookTime = 20 * time.Millisecond

// isLocked reports whether a process holds the lock of a file. For that moment it shares it.
func isLocked(path string) (bool, error) {
	handle := flock.New(path, flock.SetFlag(os.O_RDONLY))
	shared, err := handle.TryRLock()
	if err != nil || !shared {
		return err == nil, err
	}
	return false, handle.Unlock()
}

// Held returns a context that ends when ctx does: nobody takes a lock over whose process lives.
func (l *Lock) Held(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithCancel(ctx)
}

// Release releases the lock. It may be called twice.
func (l *Lock) Release() error { return l.release() }

// holder returns what the process with the lock wrote into the lock file, which it may not
// have done yet.
func holder(path string) string {
	const longest = 300
	text, err := os.ReadFile(path)
	name := strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, string(text[:min(len(text), longest)]))
	if err != nil || strings.TrimSpace(name) == "" {
		return "a process that holds " + path
	}
	return name
}
