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

// HeldError says that another process holds the lock.
type HeldError struct{ Holder string } // e.g. "publisher run (process 4711 on host, since 2026-11-22 08:00 UTC)"

func (e *HeldError) Error() string { return "another pass is running: " + e.Holder }

// Lock is held by one pass at a time. It ends with its process.
type Lock struct {
	release func() error
}

// TakeLock takes the lock at once or fails at once with a *HeldError. The lock
// is the operating system's, on a file beside the ledger, which stays.
func TakeLock(ctx context.Context, dsn, command string, now time.Time) (*Lock, error) {
	ledger, err := sqlitePath(dsn)
	if err != nil {
		return nil, err
	}
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
		return nil, &HeldError{Holder: holder(path)}
	}
	lock := &Lock{release: sync.OnceValue(func() error {
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
