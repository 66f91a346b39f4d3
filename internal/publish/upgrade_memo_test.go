package publish

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"publisher/feed"
	"publisher/internal/ledger"
	"publisher/internal/ledger/passstate"
	"publisher/internal/publish/catalog"
	"publisher/internal/publish/editions"
	"publisher/internal/smtptest"
)

// upgraded is a blog whose ledger has schema 6, as left by a process that was killed while the
// mail to dora went out. Before that, bob was deferred, gone refused, left unsubscribed; the
// ledger was adopted; one hub was notified of all feeds and one of none.
type upgraded struct {
	*blog
	server *smtptest.Server
	build  string
}

func newUpgraded(t *testing.T, build string) *upgraded {
	t.Helper()
	u := &upgraded{blog: newBlog(t, "", time.Date(2026, 6, 1, 9, 0, 0, 0, time.UTC)), build: build}
	u.server = smtptest.Start(t, smtptest.Options{})
	if err := os.RemoveAll(u.dir); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(u.dir, os.DirFS("testdata/schema6/blog")); err != nil {
		t.Fatal(err)
	}
	port := fmt.Sprint(u.server.Port())
	replace := func(text string, also ...string) string {
		return strings.NewReplacer(append(also, "PORT", port)...).Replace(text)
	}
	u.write("config.yaml", replace(readFile(t, filepath.Join(u.dir, "config.yaml"))))
	u.load()
	u.setTimes()
	s, err := u.blog.publisher().newPass()
	if err != nil {
		t.Fatal(err)
	}
	u.restore(s, replace(readFile(t, "testdata/schema6/ledger.sql"),
		"DIR", u.dir, "SETTINGS", catalog.SettingsHash(u.cfg, "test"), "STATE", feed.FileState([]string{filepath.Join(u.dir, "posts/dot.svg")}, s.start)))
	return u
}

// setTimes gives the files the modification times that are in the ledger.
func (u *upgraded) setTimes() {
	u.t.Helper()
	for line := range strings.Lines(readFile(u.t, "testdata/schema6/times")) {
		text, name, _ := strings.Cut(strings.TrimSpace(line), " ")
		at, err := time.Parse(time.RFC3339Nano, text)
		if err := errors.Join(err, os.Chtimes(filepath.Join(u.dir, name), at, at)); err != nil {
			u.t.Fatal(err)
		}
	}
}

// restore makes the ledger, with a scan of the tree where it is now.
func (u *upgraded) restore(s *pass, dump string) {
	u.t.Helper()
	ctx := u.t.Context()
	scan, err := s.tree.Scan(ctx, nil, "test")
	if err != nil {
		u.t.Fatal(err)
	}
	snapshot, err := scan.Snapshot.MarshalBinary()
	if err != nil {
		u.t.Fatal(err)
	}
	db, err := sql.Open("sqlite", filepath.Join(u.dir, "publisher.db"))
	if err != nil {
		u.t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, dump); err != nil {
		u.t.Fatal(err)
	}
	for query, arg := range map[string]any{
		"UPDATE memo SET value = $1 WHERE name = 'scan'":                                                         snapshot,
		"UPDATE memo SET value = CAST(json_set(CAST(value AS TEXT), '$.Scan', $1) AS BLOB) WHERE name = 'quiet'": catalog.SnapshotID(snapshot),
	} {
		if _, err := db.ExecContext(ctx, query, arg); err != nil {
			u.t.Fatal(err)
		}
	}
}

// pass is a run of the program whose build is u.build.
func (u *upgraded) pass() *pass {
	u.t.Helper()
	var made *pass
	publisher := New(u.cfg, Options{Now: func() time.Time { return u.now }, Build: u.build})
	report, err := publisher.locked(u.t.Context(), "run", func(s *pass) error {
		made = s
		return s.run(u.t.Context())
	})
	if err != nil || len(report.Errors) > 0 {
		u.t.Fatal(err, report.Errors)
	}
	return made
}

// feedTimes returns the modification times in the folder of the feeds.
func (u *upgraded) feedTimes() map[string]time.Time {
	u.t.Helper()
	times := map[string]time.Time{}
	for file := range u.public() {
		info, err := os.Stat(filepath.Join(u.dir, file))
		if err != nil {
			u.t.Fatal(err)
		}
		times[file] = info.ModTime()
	}
	return times
}

// The first run upgrades a ledger of schema 6 and continues where the killed run stopped: both
// with the same build, which relies on everything in the ledger, and with another one, which
// reads every file and builds every feed again.
func TestUpgradeFromMemo(t *testing.T) {
	for _, build := range []string{"test", "next"} {
		t.Run(build, func(t *testing.T) {
			u := newUpgraded(t, build)
			feeds, times := u.public(), u.feedTimes()

			s := u.pass()
			if s.catalog.Unchanged() != (build == "test") {
				t.Errorf("the pass relied on what the last one noted: %v", s.catalog.Unchanged())
			}
			if diff := cmp.Diff(map[string]int{"bob@example.com": 1, "dora@example.com": 1, "walt@example.com": 1}, u.server.Accepted()); diff != "" {
				t.Errorf("sent (-want +got):\n%s", diff)
			}
			if most := u.server.Most(); most != 1 {
				t.Errorf("%d connections to a server that accepted 1", most)
			}
			if p := s.report().Posts; p.Total != 4 || p.New != 0 || p.Changed != 0 || p.Gone != 0 || p.Invalid != 1 {
				t.Errorf("posts: %+v", p)
			}
			u.wantUntouched(s, feeds, times)
			u.wantHubs()
			u.wantWarnings(s, "broken.md", "not an address")
			u.wantPages(1, 2, 1003)

			u.now = u.now.Add(time.Minute)
			s = u.pass()
			u.wantUntouched(s, feeds, times)
			if total := u.server.Total(); total != 3 || !s.catalog.Unchanged() {
				t.Errorf("after another run %d mails; it was quiet: %v", total, s.catalog.Unchanged())
			}
		})
	}
}

func (u *upgraded) wantUntouched(s *pass, feeds map[string]string, times map[string]time.Time) {
	u.t.Helper()
	if f := s.report().Feeds; len(f.Written)+len(f.Removed) > 0 || f.Unchanged != 16 {
		u.t.Errorf("feeds: %+v", f)
	}
	if diff := cmp.Diff(feeds, u.public()); diff != "" {
		u.t.Errorf("feeds (-before +after):\n%s", diff)
	}
	if diff := cmp.Diff(times, u.feedTimes()); diff != "" {
		u.t.Errorf("modification times (-before +after):\n%s", diff)
	}
}

// wantHubs checks that the hub that knows all feeds was left alone, and the other one notified:
// no request to either can succeed.
func (u *upgraded) wantHubs() {
	u.t.Helper()
	u.withLedger(func(l *ledger.Ledger) error {
		hubs, err := passstate.LoadHubs(u.t.Context(), l)
		fine, bad := hubs["http://127.0.0.1:1/fine"], hubs["http://127.0.0.1:1/bad"]
		if len(hubs) != 2 || len(fine.Notified) != 10 || fine.Failures != 0 || len(bad.Notified) != 0 || bad.Failures != 4 {
			u.t.Errorf("hubs: %+v", hubs)
		}
		return err
	})
}

func (u *upgraded) wantWarnings(s *pass, of ...string) {
	u.t.Helper()
	var all []string
	for _, w := range s.report().Warnings {
		all = append(all, w.Path+": "+w.Message)
	}
	for _, text := range of {
		if !slices.ContainsFunc(all, func(w string) bool { return strings.Contains(w, text) }) {
			u.t.Errorf("no warning contains %q: %q", text, all)
		}
	}
}

func (u *upgraded) wantPages(numbers ...int64) {
	u.t.Helper()
	u.withLedger(func(l *ledger.Ledger) error {
		for _, n := range numbers {
			html, found, err := editions.Archive{Ledger: l}.Edition(u.t.Context(), n)
			if err != nil || !found || !strings.Contains(string(html), "https://blog.example.com/") {
				u.t.Errorf("web version of edition %d: found %v, %v, %.100q", n, found, err, html)
			}
		}
		return nil
	})
}
