package ledgertest

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/imports"
)

// childTask says what a test binary does that runs as another process.
const childTask = "LEDGER_TEST_TASK"

// Main is TestMain: it runs the tests, or, as another process that StartChild has started, a task.
func Main(m *testing.M, do func(task string) error) {
	task, ok := os.LookupEnv(childTask)
	if !ok {
		os.Exit(m.Run())
	}
	if err := do(task); err != nil {
		fmt.Println("child:", err)
		os.Exit(1)
	}
}

// Child is a running process and its output.
type Child struct {
	*exec.Cmd
	Lines *bufio.Scanner
}

// StartChild starts the test binary with a task, and more of an environment. It is killed when the test
// ends.
func StartChild(t *testing.T, task string, env []string, change ...func(*exec.Cmd)) Child {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(append(os.Environ(), childTask+"="+task), env...)
	cmd.Stderr = os.Stderr
	for _, f := range change {
		f(cmd)
	}
	out, err := cmd.StdoutPipe()
	Must(t, err)
	Must(t, cmd.Start())
	c := Child{cmd, bufio.NewScanner(out)}
	t.Cleanup(c.Kill)
	return c
}

// Kill is kill -9.
func (c Child) Kill() {
	c.Process.Kill()
	c.Wait()
}

// Line returns the next line of output.
func (c Child) Line(t *testing.T) string {
	t.Helper()
	if !c.Lines.Scan() {
		t.Fatalf("the child ended: %v", c.Lines.Err())
	}
	if rest, ok := strings.CutPrefix(c.Lines.Text(), "child: "); ok {
		t.Fatalf("the child failed: %s", rest)
	}
	return c.Lines.Text()
}

// KillAfter kills the child once it has printed so many numbers, and returns all that it printed. A line
// may be cut short by the kill.
func (c Child) KillAfter(t *testing.T, lines int) (said []int64) {
	t.Helper()
	hear := func(line string) bool {
		n, err := strconv.ParseInt(line, 10, 64)
		if err == nil {
			said = append(said, n)
		}
		return err == nil
	}
	for range lines {
		hear(c.Line(t))
	}
	Must(t, c.Process.Kill())
	for c.Lines.Scan() && hear(c.Lines.Text()) {
	}
	c.Wait()
	return said
}

// ImportForEver is a task: it says when what is left of an import is one transaction.
func ImportForEver(l *ledger.Ledger) error {
	_, err := imports.Run(ctx, l, func(yield func(imports.Row, error) bool) {
		for i := 0; i < 30_000; i++ {
			if !yield(imports.Row{Email: fmt.Sprintf("half%d@example.com", i)}, nil) {
				return
			}
		}
		fmt.Println("merging")
	}, imports.Options{DefaultCadence: "weekly", Now: Noon})
	if err == nil {
		fmt.Println("done")
	}
	return err
}

// Prune is a task: it prunes the editions of AddPrunable, and prints how many rows each piece had.
func Prune(l *ledger.Ledger) error {
	pieces := 0
	return PruneSlowly(l, func(rows int) {
		fmt.Println(rows)
		if pieces++; pieces == 40 {
			time.Sleep(time.Hour) // or all might be done before it is killed
		}
	})
}
