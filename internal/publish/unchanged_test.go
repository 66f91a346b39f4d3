package publish

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"publisher/internal/ledger"
	"publisher/internal/ledger/passstate"
	"publisher/internal/ledger/sqlite"
)

// pass does a run and returns it.
func (b *blog) pass() *pass {
	b.t.Helper()
	var made *pass
	report, err := b.publisher().locked(b.t.Context(), "run", func(s *pass) error {
		made = s
		return s.run(b.t.Context())
	})
	if err != nil || len(report.Errors) > 0 {
		b.t.Fatal(err, report.Errors)
	}
	return made
}

func (b *blog) withLedger(do func(l *ledger.Ledger) error) {
	b.t.Helper()
	l, err := sqlite.Open(b.t.Context(), DSN(b.cfg))
	if err != nil {
		b.t.Fatal(err)
	}
	defer l.Close()
	if err := do(l); err != nil {
		b.t.Fatal(err)
	}
}

func (b *blog) dated(name string, date time.Time, lines ...string) {
	b.write("posts/"+name+".md", fmt.Sprintf("---\ntitle: %s\ndate: %s\n%s---\nText of %[1]s.\n", name, date.Format(time.RFC3339), strings.Join(lines, "")))
	b.settleFiles()
}

func (b *blog) remove(name string) {
	b.t.Helper()
	if err := os.Remove(filepath.Join(b.dir, name)); err != nil {
		b.t.Fatal(err)
	}
}

// outcome returns everything that a pass leaves: its report, the feeds, and the posts in the
// ledger.
func (b *blog) outcome(s *pass) string {
	b.t.Helper()
	report, err := json.MarshalIndent(s.report(), "", " ")
	if err != nil {
		b.t.Fatal(err)
	}
	text := string(report) + "\n"
	b.withLedger(func(l *ledger.Ledger) error {
		rows, err := l.Posts(b.t.Context())
		for _, row := range rows {
			text += fmt.Sprintln(row.Path, row.Stage, row.Seq, row.Updated, row.Gone)
		}
		return err
	})
	files, err := filepath.Glob(filepath.Join(b.dir, "public", "*.*"))
	if err != nil {
		b.t.Fatal(err)
	}
	for _, file := range files {
		text += readFile(b.t, file)
	}
	return text
}

// Whatever happens between two passes, one that relies on the note of the last does the same as
// one that reads every post in the ledger.
func TestUnchangedPassDoesWhatAFullOneDoes(t *testing.T) {
	start := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	later := func(d time.Duration) func(*blog) { return func(b *blog) { b.now = b.now.Add(d) } }
	rewrite := func(from, to string) func(*blog) {
		return func(b *blog) {
			b.write("config.yaml", strings.Replace(readFile(t, filepath.Join(b.dir, "config.yaml")), from, to, 1))
			b.load()
		}
	}
	for name, tt := range map[string]struct {
		before func(b *blog)
		then   func(b *blog)
		unread bool // the posts in the ledger need not be read
	}{
		"nothing": {then: func(*blog) {}, unread: true},
		"time":    {then: later(20 * time.Minute), unread: true},
		"a touched file": {then: func(b *blog) {
			at := start.AddDate(0, -7, 0)
			if err := os.Chtimes(filepath.Join(b.dir, "posts/one.md"), at, at); err != nil {
				b.t.Fatal(err)
			}
		}},
		"a new post":               {then: func(b *blog) { b.dated("new", start.AddDate(0, -1, 0)) }},
		"an edit":                  {then: func(b *blog) { b.dated("one", start.AddDate(0, -1, 0), "tags: [x]\n") }},
		"a post gone":              {then: func(b *blog) { b.remove("posts/one.md") }},
		"a date that comes":        {before: func(b *blog) { b.dated("next", start.Add(time.Hour)) }, then: later(2 * time.Hour)},
		"a date that has not come": {before: func(b *blog) { b.dated("next", start.Add(time.Hour)) }, then: later(30 * time.Minute), unread: true},
		"an expiry":                {before: func(b *blog) { b.dated("brief", start.AddDate(0, -1, 0), "expiryDate: 2026-06-01T13:00:00Z\n") }, then: later(2 * time.Hour)},
		"a clock set back":         {before: func(b *blog) { b.dated("next", start.Add(-time.Minute)) }, then: later(-time.Hour)},
		"a post that settles":      {before: func(b *blog) { b.now = b.now.Add(time.Minute); b.post("fresh") }, then: later(time.Hour)},
		"a draft":                  {before: func(b *blog) { b.dated("draft", start, "draft: true\n") }, then: later(time.Minute), unread: true},
		"posts held":               {before: func(b *blog) { b.dated("a", start); b.dated("b", start); b.dated("c", start) }, then: later(time.Hour)},
		"a digest's time": {before: func(b *blog) {
			b.subscribe("ann@example.com,daily")
			b.now = start.Add(25 * time.Hour)
			b.pass()
			b.dated("new", start)
		}, then: later(24 * time.Hour)},
		"a digest's time, none due": {then: later(25 * time.Hour)},
		"a subscriber":              {then: func(b *blog) { b.subscribe("ann@example.com,immediate") }, unread: true},
		"a feed deleted":            {then: func(b *blog) { b.remove("public/atom.xml") }},
		"a feed changed by hand":    {then: func(b *blog) { b.write("public/atom.xml", "mine") }},
		"another title":             {then: rewrite("site: {", "site: {title: Other, ")},
		"another settling time":     {then: rewrite("settle: 10m", "settle: 5m")},
		"a warning about two posts": {before: func(b *blog) { b.dated("two", start.AddDate(0, -1, 0), "slug: one\n") }, then: func(*blog) {}, unread: true},
		"feeds alone in between": {then: func(b *blog) {
			b.dated("new", start.AddDate(0, -1, 0))
			if _, err := b.publisher().Feeds(b.t.Context(), "feeds"); err != nil {
				b.t.Fatal(err)
			}
		}},
		"a release": {
			before: func(b *blog) { b.dated("a", start); b.dated("b", start); b.dated("c", start) },
			then: func(b *blog) {
				b.withLedger(func(l *ledger.Ledger) error {
					_, err := b.publisher().Release(b.t.Context(), l, nil)
					return err
				})
			},
		},
		"a pass that died before the feeds": {then: func(b *blog) {
			b.dated("new", start.AddDate(0, -1, 0))
			if _, err := b.publisher().locked(b.t.Context(), "run", func(s *pass) error { return s.survey(b.t.Context()) }); err != nil {
				b.t.Fatal(err)
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			outcome := func(forget bool) (string, bool) {
				b := newBlog(t, "feeds: {tags: false, archive: false}\ndigest: {settle: 10m, hold_above: 2, cadences: {immediate: \"\", daily: \"0 8 * * *\"}, default: daily}\n", start)
				b.dated("one", start.AddDate(0, -1, 0))
				b.settleFiles()
				b.pass()
				if tt.before != nil {
					tt.before(b)
					b.pass()
				}
				tt.then(b)
				if forget {
					b.withLedger(func(l *ledger.Ledger) error {
						return passstate.SaveUnchangedNote(t.Context(), l, passstate.UnchangedNote{})
					})
				}
				s := b.pass()
				return b.outcome(s), !s.catalog.Loaded()
			}
			full, _ := outcome(true)
			noted, unread := outcome(false)
			if diff := cmp.Diff(full, noted); diff != "" {
				t.Errorf("a pass that relies on the note differs (-full +noted):\n%s", diff)
			}
			if unread != tt.unread {
				t.Errorf("left the posts unread: %v", unread)
			}
		})
	}
}
