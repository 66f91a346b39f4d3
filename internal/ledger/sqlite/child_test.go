package sqlite_test

import (
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/ledgertest"
	"publisher/internal/ledger/sqlite"
)

// childDSN is the ledger of the tests' other processes.
const childDSN = "LEDGER_TEST_DSN"

// tasks print a line when they have reached the point that the test waits for.
var tasks = map[string]func(dsn string) error{
	"hold the lock":     holdLock,
	"record for ever":   recordForEver,
	"open":              openOnly,
	"import for ever":   opening(ledgertest.ImportForEver),
	"fail to open":      failToOpen,
	"copy and say what": copyOnly,
	"fill the disk":     fillDisk,
	"hold a copy":       holdCopy,
	"lock the database": lockDatabaseForEver,
	"erase for ever":    eraseForEver,
	"prune":             opening(ledgertest.Prune),
}

func TestMain(m *testing.M) {
	ledgertest.Main(m, func(task string) error { return tasks[task](os.Getenv(childDSN)) })
}

// opening returns a task that has the ledger open.
func opening(do func(*ledger.Ledger) error) func(dsn string) error {
	return func(dsn string) error {
		l, err := sqlite.Open(ctx, dsn)
		if err != nil {
			return err
		}
		return do(l)
	}
}

// startChild starts a process with the task. It is killed when the test ends.
func startChild(t *testing.T, task, dsn string, change ...func(*exec.Cmd)) ledgertest.Child {
	t.Helper()
	return ledgertest.StartChild(t, task, []string{childDSN + "=" + dsn}, change...)
}

func holdLock(dsn string) error {
	if _, err := sqlite.TakeLock(ctx, dsn, "publisher serve", noon); err != nil {
		return err
	}
	fmt.Println(os.Getpid())
	time.Sleep(time.Hour) // until it is killed
	return nil
}

// recordForEver delivers an edition to all subscribers, and prints a line for each result
// that is on the disk.
func recordForEver(dsn string) error {
	l, err := sqlite.Open(ctx, dsn)
	if err != nil {
		return err
	}
	for id := int64(1); ; id++ {
		begun, err := l.Record(ctx, nil, &ledger.Intent{Edition: 1, Subscriber: id, Through: 1, At: noon})
		if err != nil {
			return err
		}
		if !begun { // that was the last
			time.Sleep(time.Hour) // until it is killed
		}
		if _, err := l.Record(ctx, &ledger.Result{Edition: 1, Subscriber: id, Status: ledger.Sent, At: noon}, nil); err != nil {
			return err
		}
		fmt.Println(id)
	}
}

func openOnly(dsn string) error {
	l, err := sqlite.Open(ctx, dsn)
	if err != nil {
		return err
	}
	fmt.Println("opened")
	return l.Close()
}

func failToOpen(dsn string) error {
	_, err := sqlite.Open(ctx, dsn)
	fmt.Println(err)
	return nil
}

func copyOnly(dsn string) error {
	l, err := sqlite.OpenCopy(ctx, dsn)
	if err != nil {
		return err
	}
	n, err := l.NewestNumber(ctx)
	if err != nil {
		return err
	}
	fmt.Println(n)
	return l.Close()
}

// fillDisk has twenty callers record until files cannot grow any more, then records once
// more when they can.
func fillDisk(dsn string) error {
	l, err := sqlite.Open(ctx, dsn)
	if err != nil {
		return err
	}
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		return err
	}
	const room = 300_000 // for the -wal
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: room, Max: before.Max}); err != nil {
		return err
	}
	var callers sync.WaitGroup
	var id, stored atomic.Int64
	record := func() error {
		_, err := l.Record(ctx, nil, &ledger.Intent{Edition: 1, Subscriber: id.Add(1), Through: 1, At: noon})
		return err
	}
	errs := make(chan error, 20)
	for range cap(errs) {
		callers.Go(func() {
			for {
				if err := record(); err != nil {
					errs <- err
					return
				}
				stored.Add(1)
			}
		})
	}
	callers.Wait()
	close(errs)
	for err := range errs {
		fmt.Println(err)
	}
	fmt.Println(stored.Load())
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		return err
	}
	if err := record(); err != nil {
		return err
	}
	fmt.Println("recovered")
	return l.Close()
}

// holdCopy keeps a private copy open.
func holdCopy(dsn string) error {
	if _, err := sqlite.OpenCopy(ctx, dsn); err != nil {
		return err
	}
	fmt.Println("copied")
	time.Sleep(time.Hour) // until it is killed
	return nil
}

// lockDatabaseForEver is another program in the middle of a transaction.
func lockDatabaseForEver(dsn string) error {
	db, err := sql.Open("sqlite", strings.TrimPrefix(dsn, "sqlite:"))
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	fmt.Println("locked")
	time.Sleep(time.Hour) // until it is killed
	return nil
}
