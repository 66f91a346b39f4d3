//go:build postgres

package postgres_test

import (
	"strconv"
	"testing"

	"publisher/internal/ledger/ledgertest"
	"publisher/internal/postgrestest"
)

// Each piece is done or not, whenever the process dies.
func TestKilledWhilePruning(t *testing.T) {
	const n = 3_000
	dsn := empty(t)
	l := openAt(t, dsn, t.TempDir())
	edition := ledgertest.AddPrunable(t, l, n)
	c := startChild(t, "prune", dsn)
	said := 0
	for _, rows := range c.KillAfter(t, 10) {
		said += int(rows)
	}
	must(t, l.AcceptRefusals(ctx, edition)) // which waits until the server has noticed
	ledgertest.CheckPruned(t, l, edition, n, said)
}

// However little the server knows of the tables, pruning reads each row a few times, and never goes
// over all of them for each.
func TestPruningReadsWhatItPrunes(t *testing.T) {
	const n = 3_000
	dsn := empty(t)
	server := postgrestest.Shared(t)
	server.Exec(t, dsn, "ALTER TABLE delivery SET (autovacuum_enabled = FALSE)", "ALTER TABLE subscriber SET (autovacuum_enabled = FALSE)", "ALTER TABLE edition SET (autovacuum_enabled = FALSE)")
	l := openAt(t, dsn, t.TempDir())
	ledgertest.AddPrunable(t, l, n)
	must(t, l.Close()) // when the server learns what its connection has read
	read := func() int {
		t.Helper()
		rows, err := strconv.Atoi(server.Value(t, dsn, `SELECT (SUM(seq_tup_read) + (SELECT SUM(idx_tup_read) FROM pg_stat_user_indexes WHERE relname IN ('delivery', 'edition', 'subscriber')))::BIGINT::TEXT
			FROM pg_stat_user_tables WHERE relname IN ('delivery', 'edition', 'subscriber')`))
		must(t, err)
		return rows
	}
	before := read()
	l = openAt(t, dsn, t.TempDir())
	must(t, ledgertest.PruneSlowly(l, func(int) {}))
	must(t, l.Close())
	if rows := read() - before; rows < n || rows > 20*n {
		t.Errorf("%d rows were read to prune %d", rows, n)
	}
}
