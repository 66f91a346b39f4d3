package ledger

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

	"github.com/gofrs/flock"
)

// LockedError says that another process holds the lock.
type LockedError struct{ Holder string } // e.g. "publisher run (process 4711 on host, since 2026-11-22 08:00 UTC)"

func (e *LockedError) Error() string { return "another pass is running: " + e.Holder }

// Lock is held by one pass at a time. It ends with its process.
type Lock struct {
	ledger  string
	release func() error
}

// TakeLock takes the lock at once or fails at once with a *LockedError. The lock
// is the operating system's, on a file beside the ledger, which stays, and on the ledger
// itself, so that nothing is lost where somebody deletes that file. A ledger that this
// process has open must be closed before the lock is released: closing a handle of the
// database ends SQLite's locks of this process.
func TakeLock(ctx context.Context, dsn, command string, now time.Time) (*Lock, error) {
	ledger, err := sqlitePath(dsn)
	if err != nil {
		return nil, err
	}
	lock, err := takeLockFile(ctx, ledger, command, now)
	if err != nil {
		return nil, err
	}
	if err := create(ledger); err != nil {
		lock.Release()
		return nil, fmt.Errorf("take the lock: %w", err)
	}
	taken, unlock := lockDatabase(ledger)
	if !taken {
		lock.Release()
		return nil, &LockedError{Holder: "a process that has " + ledger + " locked, although its lock file was deleted"}
	}
	release := lock.release
	lock.release = sync.OnceValue(func() error {
		unlock()
		return release()
	})
	return lock, nil
}

// Open opens the ledger for the pass that holds the lock. If the last process that had
// it open died, SQLite looks at all of it before anything else does.
func (l *Lock) Open(ctx context.Context) (*Ledger, error) {
	sweepFolders(os.TempDir(), copyPrefix)
	return open(ctx, &Ledger{path: l.ledger, doubtful: leftover(l.ledger)})
}

// takeLockFile takes the lock on the file beside the ledger alone, which need not be
// there.
func takeLockFile(ctx context.Context, ledger, command string, now time.Time) (*Lock, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	path := ledger + ".lock"
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("take the lock: %w", err)
	}
	file := flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o600))
	taken, err := file.TryLock()
	if errors.Is(err, fs.ErrPermission) {
		return nil, fmt.Errorf("take the lock: %w; give this user write access to the ledger, its folder and what lies beside it", err)
	}
	if err != nil {
		return nil, fmt.Errorf("take the lock: %w", err)
	}
	if !taken {
		return nil, &LockedError{Holder: holder(path)}
	}
	lock := &Lock{ledger: ledger, release: sync.OnceValue(func() error {
		// The name goes before the lock does, so that nobody reads of a pass that is over.
		err := os.Truncate(path, 0)
		if unlocked := file.Unlock(); unlocked != nil {
			return unlocked
		}
		return err
	})}
	if err := os.WriteFile(path, []byte(describe(command, now)), 0o600); err != nil {
		lock.Release()
		return nil, fmt.Errorf("take the lock: %w", err)
	}
	return lock, nil
}

// Release gives the lock back. Doing so twice is fine.
func (l *Lock) Release() error { return l.release() }

func describe(command string, now time.Time) string {
	host, err := os.Hostname()
	if err != nil {
		host = "this host"
	}
	return fmt.Sprintf("%s (process %d on %s, since %s)\n", command, os.Getpid(), host, now.UTC().Format("2006-01-02 15:04 MST"))
}

// holder reads who wrote into the lock file, which may be the moment before it does.
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
