//go:build postgres

package postgres_test

import (
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/ledgertest"
	"publisher/internal/ledger/postgres"
)

// The ledger of the tests' other processes, and its state.dir.
const (
	childDSN   = "LEDGER_TEST_DSN"
	childState = "LEDGER_TEST_STATE"
)

// tasks print a line when they have reached the point that the test waits for.
var tasks = map[string]func(*ledger.Ledger) error{
	"record for ever": recordForEver,
	"import for ever": ledgertest.ImportForEver,
	"prune":           ledgertest.Prune,
}

func TestMain(m *testing.M) {
	ledgertest.Main(m, func(task string) error {
		l, err := postgres.Open(ctx, os.Getenv(childDSN), postgres.Options{StateDir: os.Getenv(childState)})
		if err != nil {
			return err
		}
		return tasks[task](l)
	})
}

// startChild starts a process with the task. It is killed when the test ends.
func startChild(t *testing.T, task, dsn string) ledgertest.Child {
	t.Helper()
	return ledgertest.StartChild(t, task, []string{childDSN + "=" + dsn, childState + "=" + t.TempDir()})
}

// recorders is how many callers record at a time.
const recorders = 8

// recordForEver delivers an edition to all subscribers, and prints a line for each result that is
// stored.
func recordForEver(l *ledger.Ledger) error {
	var all sync.WaitGroup
	errs := make(chan error, recorders)
	for first := range int64(recorders) {
		all.Go(func() {
			for id := first + 1; ; id += recorders {
				begun, err := l.Record(ctx, nil, &ledger.Intent{Edition: 1, Subscriber: id, Through: 1, At: noon})
				if err != nil {
					errs <- err
					return
				}
				if !begun { // that was the last
					time.Sleep(time.Hour) // until it is killed
				}
				if _, err := l.Record(ctx, &ledger.Result{Edition: 1, Subscriber: id, Status: ledger.Sent, At: noon}, nil); err != nil {
					errs <- err
					return
				}
				fmt.Println(id)
			}
		})
	}
	return <-errs
}
