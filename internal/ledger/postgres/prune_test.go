//go:build postgres

package postgres_test

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/ledgertest"
)

// Each piece is done or not, whenever the process dies.
func TestKilledWhilePruning(t *testing.T) {
	const n = 3_000
	dsn := empty(t)
	l := openAt(t, dsn, t.TempDir())
	edition := ledgertest.AddPrunable(t, l, n)
	c := startChild(t, "prune", dsn)
	said := 0
	hear := func(line string) bool {
		rows, err := strconv.Atoi(line)
		said += rows
		return err == nil
	}
	for range 10 {
		hear(c.line(t))
	}
	must(t, c.Process.Kill())
	for c.lines.Scan() && hear(c.lines.Text()) { // a line may be cut short by the kill
	}
	c.Wait()
	must(t, l.AcceptRefusals(ctx, edition)) // which waits until the server has noticed
	ledgertest.CheckPruned(t, l, edition, n, said)
}

func pruneSlowly(l *ledger.Ledger) error {
	pieces := 0
	return ledgertest.PruneSlowly(l, func(rows int) {
		fmt.Println(rows)
		if pieces++; pieces == 40 {
			time.Sleep(time.Hour) // or all might be done before it is killed
		}
	})
}
