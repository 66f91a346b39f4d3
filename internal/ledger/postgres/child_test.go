//go:build postgres

package postgres_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/imports"
	"publisher/internal/ledger/postgres"
)

// The test binary runs itself as another process: childTask says what it does there with the
// ledger childDSN, and childState is its state.dir.
const (
	childTask  = "LEDGER_TEST_TASK"
	childDSN   = "LEDGER_TEST_DSN"
	childState = "LEDGER_TEST_STATE"
)

// tasks print a line when they have reached the point that the test waits for.
var tasks = map[string]func(*ledger.Ledger) error{
	"record for ever": recordForEver,
	"import for ever": importForEver,
	"prune":           pruneSlowly,
}

func TestMain(m *testing.M) {
	task, ok := os.LookupEnv(childTask)
	if !ok {
		os.Exit(m.Run())
	}
	l, err := postgres.Open(ctx, os.Getenv(childDSN), postgres.Options{StateDir: os.Getenv(childState)})
	if err == nil {
		err = tasks[task](l)
	}
	if err != nil {
		fmt.Println("child:", err)
		os.Exit(1)
	}
}

// child is a running process and its output.
type child struct {
	*exec.Cmd
	lines *bufio.Scanner
}

// startChild starts a process with the task. It is killed when the test ends.
func startChild(t *testing.T, task, dsn string) child {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childTask+"="+task, childDSN+"="+dsn, childState+"="+t.TempDir())
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	c := child{cmd, bufio.NewScanner(out)}
	t.Cleanup(c.kill)
	return c
}

// kill is kill -9.
func (c child) kill() {
	c.Process.Kill()
	c.Wait()
}

// line returns the next line of output.
func (c child) line(t *testing.T) string {
	t.Helper()
	if !c.lines.Scan() {
		t.Fatalf("the child ended: %v", c.lines.Err())
	}
	if rest, ok := strings.CutPrefix(c.lines.Text(), "child: "); ok {
		t.Fatalf("the child failed: %s", rest)
	}
	return c.lines.Text()
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

func importForEver(l *ledger.Ledger) error {
	_, err := imports.Run(ctx, l, func(yield func(imports.Row, error) bool) {
		for i := 0; i < 30_000; i++ {
			if !yield(imports.Row{Email: fmt.Sprintf("half%d@example.com", i)}, nil) {
				return
			}
		}
		fmt.Println("merging") // what is left is one transaction on the ledger
	}, imports.Options{DefaultCadence: "weekly", Now: noon})
	if err == nil {
		fmt.Println("done")
	}
	return err
}
