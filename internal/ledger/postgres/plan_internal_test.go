//go:build postgres

package postgres

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
)

// plan is a node of a plan, as EXPLAIN writes it.
type plan struct {
	Node      string `json:"Node Type"`
	Relation  string `json:"Relation Name"`
	Index     string `json:"Index Name"`
	Condition string `json:"Index Cond"`
	Place     string `json:"TID Cond"`
	Plans     []plan
}

// aliasNumber is what the server adds to names that a statement uses several times.
var aliasNumber = regexp.MustCompile(`\b([a-z])_[0-9]+\.`)

// scans returns how each table is read, each way once.
func (p plan) scans() (all []string) {
	if p.Relation != "" && p.Node != "ModifyTable" {
		words := strings.Fields(strings.Join([]string{p.Relation + ":", strings.Replace(p.Node, "Index Only", "Index", 1), p.Index, p.Condition, p.Place}, " "))
		all = append(all, aliasNumber.ReplaceAllString(strings.Join(words, " "), "$1."))
	}
	if strings.Contains(p.Node, "Hash Join") || strings.Contains(p.Node, "Merge Join") || p.Node == "Materialize" {
		all = append(all, p.Node)
	}
	for _, below := range p.Plans {
		all = append(all, below.scans()...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// explain returns how the statements of a step read the tables, planned as the recorder has it.
func explain(t *testing.T, e *engine, statement string, parameters int) (scans []string) {
	t.Helper()
	noError(t, pgx.BeginFunc(ctx, e.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, beginStep, int64(stepsLock), "1s"); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "PREPARE explained AS "+statement, pgx.QueryExecModeSimpleProtocol); err != nil {
			return err
		}
		var text string
		execute := "EXPLAIN (FORMAT JSON) EXECUTE explained (" + strings.TrimSuffix(strings.Repeat("'{}', ", parameters), ", ") + ")"
		if err := tx.QueryRow(ctx, execute, pgx.QueryExecModeSimpleProtocol).Scan(&text); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "DEALLOCATE explained", pgx.QueryExecModeSimpleProtocol); err != nil {
			return err
		}
		var found []struct{ Plan plan }
		err := json.Unmarshal([]byte(text), &found)
		scans = found[0].Plan.scans()
		return err
	}))
	return scans
}

// A step finds each row by its key, whatever was in the tables when it was planned.
func TestPlans(t *testing.T) {
	l := openEmpty(t)
	want := []string{
		"delivery: Index Scan delivery_open ((subscriber >= f.i_subscriber) AND (subscriber <= f.i_subscriber))",
		"delivery: Index Scan delivery_pkey ((edition = c.i_edition) AND (subscriber = c.i_subscriber))",
		"delivery: Index Scan delivery_pkey ((edition = c.r_edition) AND (subscriber = c.r_subscriber))",
		"delivery: Tid Scan (ctid = c.r_place)",
		"digest: Index Scan digest_pkey ((edition = f.r_edition) AND (number = f.r_digest))",
		"edition: Index Scan edition_pkey (number = f.i_edition)",
		"edition: Index Scan edition_pkey (number = f.r_edition)",
		"subscriber: Index Scan subscriber_pkey ((id >= c.r_subscriber) AND (id <= c.r_subscriber))",
		"subscriber: Index Scan subscriber_pkey ((id >= f.i_subscriber) AND (id <= f.i_subscriber))",
		"subscriber: Tid Scan (ctid = c.s_place)",
	}
	wantLocks := []string{"subscriber: Index Scan subscriber_pkey ((id >= k.id) AND (id <= k.id))"}
	fill := func(progress string, n int) string {
		return fmt.Sprintf(`INSERT INTO delivery (edition, subscriber, after_seq, through_seq, progress, attempts)
			SELECT 1, n, 0, 1, '%s', 1 FROM generate_series(1, %d) n ON CONFLICT (edition, subscriber) DO UPDATE SET progress = excluded.progress`, progress, n)
	}
	for _, state := range []struct {
		name string
		do   []string
	}{
		{"empty", nil},
		{"empty and analyzed", []string{"ANALYZE"}},
		{"a first row", []string{
			"ALTER TABLE delivery SET (autovacuum_enabled = FALSE)", "ALTER TABLE subscriber SET (autovacuum_enabled = FALSE)",
			"INSERT INTO edition (number, cadence, subject, after_seq, through_seq, posts, recipients) VALUES (1, '', '', 0, 1, '[]', 0)",
			fill("sending", 1),
		}},
		{"all open, never analyzed", []string{
			fill("deferred", 30_000),
			`INSERT INTO subscriber (email, email_key, name, status, cadence, tags, cursor_seq, from_file)
				SELECT n::TEXT, n::TEXT, '', 'active', '', '', 0, FALSE FROM generate_series(1, 30000) n`,
		}},
		{"all open", []string{"ANALYZE"}},
		{"all sent, analyzed while open", []string{fill("sent", 30_000)}},
		{"all sent", []string{"VACUUM ANALYZE"}},
	} {
		for _, query := range state.do {
			if _, err := l.e.db.Exec(query); err != nil {
				t.Fatalf("%s: %v", query, err)
			}
		}
		if diff := cmp.Diff(want, explain(t, l.e, stepStatement, 18)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", state.name, diff)
		}
		if diff := cmp.Diff(wantLocks, explain(t, l.e, lockSubscribers, 1)); diff != "" {
			t.Errorf("%s: locks (-want +got)\n%s", state.name, diff)
		}
	}
}
