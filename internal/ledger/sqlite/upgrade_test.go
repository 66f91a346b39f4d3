package sqlite_test

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pressly/goose/v3"

	"publisher/internal/ledger"
	"publisher/internal/ledger/imports"
	"publisher/internal/ledger/sqlite"
)

// beforeLanguages creates a ledger as left by the version that knew no languages.
func beforeLanguages(t *testing.T, path string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	must(t, err)
	defer db.Close()
	_, err = db.Exec("PRAGMA application_id = 1886741100") // "publ"
	must(t, err)
	migrations, err := goose.NewProvider(goose.DialectSQLite3, db, os.DirFS("migrations"), goose.WithLogger(goose.NopLogger()))
	must(t, err)
	_, err = migrations.UpTo(ctx, 2)
	must(t, err)
	for _, query := range []string{
		`INSERT INTO secret (name, value) VALUES ('tokens', x'0102')`,
		`INSERT INTO post (id, path, url, title, standing, seq) VALUES ('a', 'a.md', '/a/', 'A', 'numbered', 1), ('b', 'b.md', '/b/', 'B', 'numbered', 2)`,
		`INSERT INTO subscriber (email, email_key, name, status, cadence, tags, created_at, cursor_seq, from_file, file_tags, file_status)
			VALUES ('ann@example.com', 'ann@example.com', 'Ann', 'active', 'weekly', '["go"]', 1000000, 1, TRUE, '["go"]', 'active')`,
		`INSERT INTO cadence (name, closed_at, through_seq) VALUES ('weekly', 2000000, 2)`,
		`INSERT INTO edition (number, cadence, subject, closed_at, after_seq, through_seq, posts, recipients)
			VALUES (1, 'weekly', 'B', 2000000, 1, 2, '["b"]', 1)`,
		`INSERT INTO delivery (edition, subscriber, after_seq, through_seq, progress, attempts, next_at)
			VALUES (1, 1, 1, 2, 'deferred', 1, 3000000)`,
	} {
		if _, err := db.Exec(query); err != nil {
			t.Fatal(fmt.Errorf("%s: %w", query, err))
		}
	}
}

// A ledger of an older version keeps all that is in it.
func TestUpgrade(t *testing.T) {
	path := filepath.Join(t.TempDir(), "publisher.db")
	beforeLanguages(t, path)
	ann := ledger.Subscriber{ID: 1, Email: "ann@example.com", Name: "Ann", Status: ledger.Active, Cadence: "weekly",
		Tags: []string{"go"}, Created: time.Unix(1, 0).UTC(), Due: ledger.Due{Cursor: 1}, FromFile: true}
	edition := ledger.Edition{Number: 1, Cadence: "weekly", Subject: "B", Closed: time.Unix(2, 0).UTC(), After: 1, Through: 2,
		Posts: []string{"b"}, Recipients: 1, Deferred: 1}

	// Looking at it changes nothing: it is a copy that is brought up to date.
	before, err := os.ReadFile(path)
	must(t, err)
	looking, err := sqlite.OpenCopy(ctx, "sqlite:"+path)
	must(t, err)
	want1(t, &ann)(looking.Subscriber(ctx, "ann@example.com"))
	must(t, looking.Close())
	if after, err := os.ReadFile(path); err != nil || !cmp.Equal(before, after) {
		t.Error("looking changed the file", err)
	}

	l := openAt(t, "sqlite:"+path)
	want1(t, &ann)(l.Subscriber(ctx, "ann@example.com"))
	want1(t, []ledger.Edition{edition})(l.Editions(ctx))
	row := imports.Row{Email: "ann@example.com", Tags: []string{"go"}}
	want1(t, imports.Counts{Rows: 1, Unchanged: 1})(imports.Run(ctx, l, rows(nil, row),
		imports.Options{Origin: imports.FromFile, DefaultCadence: "weekly", Now: noon})) // the file says what it said
	want1(t, true)(l.Record(ctx, nil, &ledger.Intent{Edition: 1, Subscriber: 1, At: noon}))
	want1(t, false)(l.Record(ctx, &ledger.Result{Edition: 1, Subscriber: 1, Status: ledger.Sent, At: noon}, nil))
	if s := subscriber(t, l, "ann@example.com"); s.Cursor != 2 {
		t.Errorf("sent, and the cursor is at %d", s.Cursor)
	}
	must(t, l.CloseEditions(ctx, &ledger.Edition{Cadence: "weekly", Language: "de", Closed: noon, Through: 2}))
	if e, err := l.Edition(ctx, 2); err != nil || e.Language != "de" {
		t.Errorf("%+v, %v", e, err)
	}
}
