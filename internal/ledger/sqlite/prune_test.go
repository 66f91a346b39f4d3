package sqlite_test

import (
	"os"
	"path/filepath"
	"testing"

	"publisher/internal/ledger/ledgertest"
)

// Each piece is done or not, whenever the process dies.
func TestKilledWhilePruning(t *testing.T) {
	const n = 3_000
	dsn := "sqlite:" + filepath.Join(t.TempDir(), "publisher.db")
	l := openAt(t, dsn)
	edition := ledgertest.AddPrunable(t, l, n)
	must(t, l.Close())
	c := startChild(t, "prune", dsn)
	said := 0
	for _, rows := range c.KillAfter(t, 10) {
		said += int(rows)
	}
	ledgertest.CheckPruned(t, openAt(t, dsn), edition, n, said)
}

// What pruning frees is used again, so that the file stops growing.
func TestPrunedSpaceIsUsedAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "publisher.db")
	l := openAt(t, "sqlite:"+path)
	ledgertest.AddPrunable(t, l, 6_000)
	size := func() int64 {
		t.Helper()
		info, err := os.Stat(path)
		must(t, err)
		return info.Size()
	}
	must(t, l.Close()) // which brings everything into the file
	before := size()
	l = openAt(t, "sqlite:"+path)
	must(t, ledgertest.PruneSlowly(l, func(int) {}))
	next := ledgertest.CloseEdition(t, l, "weekly", 0, 1)
	ledgertest.AddDeliveries(t, l, next)
	must(t, l.Close())
	if after := size(); after > before+before/50 {
		t.Errorf("the file grew from %d to %d bytes", before, after)
	}
}

// A result that some machine has kept since before an edition was pruned is of an attempt before the
// last: it is neither stored nor set aside.
func TestSpooledResultsOfPrunedEditions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "publisher.db")
	l := openAt(t, "sqlite:"+path)
	edition := ledgertest.AddPrunable(t, l, 3)
	must(t, ledgertest.PruneSlowly(l, func(int) {}))
	must(t, l.Close())
	for _, line := range []string{
		`{"Edition":1,"Subscriber":1,"Progress":"sent","Code":250,"At":"2026-06-01T12:00:00Z"}`,
		`{"Edition":1,"Subscriber":2,"After":0,"Through":1,"Progress":"deferred","Code":450,"Next":"2026-06-01T13:00:00Z","At":"2026-06-01T12:00:00Z"}`,
	} {
		must(t, os.WriteFile(path+".late", []byte(line+"\n"), 0o600))
		l = openAt(t, "sqlite:"+path)
		if n, aside, err := l.RecordSpooled(ctx); n != 0 || aside != "" || err != nil {
			t.Errorf("%s: %d recorded, %q, %v", line, n, aside, err)
		}
		for d, err := range l.Deliveries(ctx, edition, "") {
			must(t, err)
			t.Errorf("%s: stored as %+v", line, d)
		}
		must(t, l.Close())
	}
}
