package publish

import (
	"database/sql"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"publisher/internal/publish/report"
)

// An earlier version left a ledger with an open edition over whose post the cursors of three
// subscribers had jumped when they changed their choices: they get it now, and the run says so.
// Those who subscribed after it do not.
func TestUpgradeRepairsCursors(t *testing.T) {
	now := time.Date(2026, 11, 26, 3, 0, 0, 0, time.UTC)
	b := newBlog(t, `digest: {cadences: {immediate: "", weekly: "0 8 * * MON"}, default: immediate, settle: 0s, start: 2026-01-01}`+"\n", now)
	if err := os.Remove(filepath.Join(b.dir, "posts/old.md")); err != nil {
		t.Fatal(err)
	}
	b.write("posts/alpha.md", "---\ntitle: Alpha\ndate: 2026-05-01\ntags: [go, rust]\n---\nThe text of alpha.\n")
	dump, err := os.ReadFile("testdata/schema4.sql")
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", filepath.Join(b.dir, "publisher.db"))
	if err != nil {
		t.Fatal(err)
	}
	// A dump has no PRAGMA application_id ("publ").
	if _, err := db.Exec(string(dump) + "PRAGMA application_id = 1886741100"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}

	got := b.run()
	if !slices.ContainsFunc(got.Warnings, func(w report.Warning) bool {
		return strings.Contains(w.Message, "edition 1: an earlier version of publisher had passed 3 subscribers over with the post tag:blog.example.com,2026-05-01:alpha")
	}) {
		t.Errorf("warnings %v", got.Warnings)
	}
	b.wantMailed("other", "stays", "tags")
	b.now = time.Date(2026, 11, 30, 8, 0, 0, 0, time.UTC) // a Monday
	got = b.run()
	if len(got.Warnings) > 0 {
		t.Errorf("warnings %v", got.Warnings)
	}
	b.wantMailed("cadence", "other", "stays", "tags")
}

// wantMailed compares who has mail in the outbox, by the part before the @.
func (b *blog) wantMailed(want ...string) {
	b.t.Helper()
	files, err := filepath.Glob(filepath.Join(b.dir, "outbox/*.eml"))
	if err != nil {
		b.t.Fatal(err)
	}
	var got []string
	for _, file := range files {
		_, address, _ := strings.Cut(filepath.Base(file), "-")
		name, _, _ := strings.Cut(address, "@")
		got = append(got, name)
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		b.t.Errorf("mailed to %q, want %q", got, want)
	}
}
