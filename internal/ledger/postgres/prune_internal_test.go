//go:build postgres

package postgres

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"publisher/internal/ledger/postgres/connect"
	"publisher/internal/ledger/sqlutil"
)

// What is over goes, once nobody needs it; what is under way stays.
func TestPrune(t *testing.T) {
	h := handOut(t)
	w := h.work(t)
	h.claim(t, w, h.first[0])
	run := func(query string, args ...any) {
		t.Helper()
		if _, err := h.e.db.ExecContext(ctx, query, args...); err != nil {
			t.Fatal(err)
		}
	}
	// Ages are in hours.
	run(`INSERT INTO worker (id, host, process, version, began_at, dead, ended_at)
		SELECT 900 + age, 'old', age, '', 0, TRUE, `+connect.ServerNow+` - age * $1::BIGINT FROM unnest(ARRAY[1, 100, 169, 170]) AS age`, time.Hour.Microseconds())
	run(`INSERT INTO worker (id, host, process, version, began_at, beat_at) SELECT 2000 + age, 'silent', age, '', 0, `+connect.ServerNow+` - age * $1::BIGINT
		FROM unnest(ARRAY[1, 25]) AS age`, time.Hour.Microseconds())
	run("INSERT INTO place (worker, count, taken_at) VALUES (2025, 3, 1), (2001, 4, 1)")
	run("UPDATE batch SET worker = 1070, state = 'held' WHERE id = $1", h.first[1].ID)
	run(`INSERT INTO takeover (number, worker, host, process, by_worker, at, batches, uncertain)
		SELECT n, n, 'old', n, 1, `+connect.ServerNow+` - (10 - n) * 1000 * $1::BIGINT, 0, 0 FROM generate_series(6, 8) AS n`, time.Hour.Microseconds())
	run("INSERT INTO batch (edition, kind, state) VALUES ($1, 'range', 'done'), (77, 'range', 'done'), (77, 'retries', 'open')", h.edition)
	run("UPDATE river_job SET state = 'completed', finalized_at = clock_timestamp() - CASE WHEN (args->>'batch')::BIGINT = $1 THEN INTERVAL '2 hours' ELSE INTERVAL '1 minute' END", h.first[0].ID)
	noError(t, h.batches.Prune(ctx))
	for name, want := range map[string][]string{
		"SELECT process::TEXT FROM worker WHERE host = 'old' ORDER BY id":                              {"1", "100", "170"},
		"SELECT process || ' ' || dead FROM worker WHERE host = 'silent' ORDER BY id":                  {"1 false", "25 true"},
		"SELECT count::TEXT FROM place WHERE ended_at IS NULL":                                         {"4"},
		"SELECT number::TEXT FROM takeover ORDER BY number":                                            {"8"},
		"SELECT edition::TEXT || ' ' || kind || ' ' || state FROM batch ORDER BY edition, kind, state": {"1 range done", "1 range held", "1 range held", "77 retries open"},
		"SELECT state::TEXT FROM river_job":                                                            {"completed"},
	} {
		got, err := sqlutil.Column[string](ctx, h.e.db, name)
		noError(t, err)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
