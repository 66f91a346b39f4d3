//go:build postgres

package postgres_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"publisher/internal/ledger"
	"publisher/internal/ledger/signups"
	"publisher/internal/postgrestest"
)

// schemaOf lists the columns, constraints, indexes, triggers and functions of a database.
const schemaOf = `
	SELECT string_agg(line, E'\n' ORDER BY line) FROM (
		SELECT c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || ' ' || a.attnotnull || ' ' || a.attidentity::TEXT || ' ' || a.attcollation::REGCOLLATION
			|| ' ' || COALESCE(pg_get_expr(d.adbin, d.adrelid), '') || ' ' || COALESCE(c.reloptions::TEXT, '')
		FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
		WHERE c.relnamespace = 'public'::REGNAMESPACE AND c.relkind = 'r' AND NOT a.attisdropped
		UNION ALL SELECT conrelid::REGCLASS || ' ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::REGNAMESPACE
		UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
		UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
		UNION ALL SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::REGNAMESPACE
	) AS lines (line)`

// rowsOf counts the rows of all tables that have some, without what is in a new one, too.
const rowsOf = `
	SELECT string_agg(c.relname || ' ' || (xpath('/row/n/text()', query_to_xml('SELECT COUNT(*) AS n FROM ' || c.oid::REGCLASS, FALSE, TRUE, '')))[1]::TEXT, E'\n' ORDER BY c.relname)
	FROM pg_class c WHERE c.relnamespace = 'public'::REGNAMESPACE AND c.relkind = 'r' AND c.relname NOT LIKE 'river\_%' AND c.relname NOT IN ('goose_db_version', 'leader')
		AND (xpath('/row/n/text()', query_to_xml('SELECT COUNT(*) AS n FROM ' || c.oid::REGCLASS, FALSE, TRUE, '')))[1]::TEXT <> '0'`

// A ledger of an older version has the same tables as a new one once it was opened, and all that was in it.
func TestUpgrade(t *testing.T) {
	text, err := os.ReadFile("testdata/schema3.sql")
	must(t, err)
	server := postgrestest.Shared(t)
	dsn := postgrestest.New(t)
	server.Exec(t, dsn, string(text))
	before := server.Value(t, dsn, rowsOf)
	if n := strings.Count(before, "\n"); n < 40 {
		t.Fatalf("only %d tables have rows:\n%s", n, before)
	}
	l := openAt(t, dsn, t.TempDir())
	if diff := cmp.Diff(server.Value(t, empty(t), schemaOf), server.Value(t, dsn, schemaOf)); diff != "" {
		t.Errorf("the schema (-new +upgraded)\n%s", diff)
	}
	if diff := cmp.Diff(before, server.Value(t, dsn, rowsOf)); diff != "" {
		t.Errorf("the rows (-before +after)\n%s", diff)
	}

	at := func(micros int64) time.Time { return time.UnixMicro(micros).UTC() }
	editions, err := l.Editions(ctx)
	must(t, err)
	want := []ledger.Edition{
		{Number: 2, Cadence: "weekly", Subject: "B", Closed: at(2000000), After: 1, Through: 2, Posts: []string{"b"}, Recipients: 3, Domain: "example.com", Deferred: 1, Failed: 1},
		{Number: 1, Cadence: "weekly", Subject: "A", Closed: at(1500000), Through: 1, Posts: []string{"a"}, Recipients: 2, Domain: "example.com", Intro: []byte{15}, Done: at(1600000), Sent: 2, Resent: 1},
	}
	if diff := cmp.Diff(want, editions); diff != "" {
		t.Errorf("the editions (-want +got)\n%s", diff)
	}
	ann, err := l.Subscriber(ctx, "ann@example.com")
	must(t, err)
	if ann == nil || ann.ID != 1 || ann.Email != "Ann@example.com" || ann.Name != "Ann ÄÖ" || ann.Cursor != 2 || ann.Owed.String() != "1" || !ann.FromFile {
		t.Errorf("%+v", ann)
	}
	// It works on where it was.
	found, err := l.Recipients(ctx, 2, ledger.Audience{Cadence: "weekly", Default: true}, 0, 10, noon)
	must(t, err)
	if len(found) != 1 || found[0].Email != "cat@example.com" {
		t.Fatalf("recipients: %+v", found)
	}
	begun, err := l.Record(ctx, nil, &ledger.Intent{Edition: 2, Subscriber: found[0].ID, Through: 2, At: noon})
	if !begun || err != nil {
		t.Errorf("%v, %v", begun, err)
	}
	_, err = l.Record(ctx, &ledger.Result{Edition: 2, Subscriber: found[0].ID, Status: ledger.Sent, At: noon}, nil)
	must(t, err)
	must(t, l.CloseEditions(ctx, &ledger.Edition{Cadence: "weekly", Closed: noon, After: 2, Through: 2}))
	if e, err := l.Edition(ctx, 3); err != nil || e == nil {
		t.Errorf("the next edition: %+v, %v", e, err)
	}
	if _, err := signups.Handle(ctx, l, 300, noon); err != nil {
		t.Error(err)
	}
}
