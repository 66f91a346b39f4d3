package sqlite_test

import (
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pressly/goose/v3"

	"publisher/internal/ledger/ledgertest"
	"publisher/internal/ledger/passstate"
	"publisher/internal/ledger/sqlite"
)

// withMemo creates a ledger of schema 6 with editions 1 and 2 and these values under
// string keys.
func withMemo(t *testing.T, path string, memo map[string]string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	must(t, err)
	defer db.Close()
	_, err = db.Exec("PRAGMA application_id = 1886741100") // "publ"
	must(t, err)
	migrations, err := goose.NewProvider(goose.DialectSQLite3, db, os.DirFS("migrations"), goose.WithLogger(goose.NopLogger()))
	must(t, err)
	_, err = migrations.UpTo(ctx, 6)
	must(t, err)
	_, err = db.Exec(`INSERT INTO secret (name, value) VALUES ('tokens', x'0102');
		INSERT INTO edition (number, cadence, subject, closed_at, after_seq, through_seq, posts, recipients)
			VALUES (1, 'weekly', 'A', 1000000, 0, 1, '["a"]', 1), (2, 'weekly', 'B', 2000000, 1, 2, '["b"]', 1)`)
	must(t, err)
	for name, value := range memo {
		_, err := db.Exec("INSERT INTO memo (name, value) VALUES ($1, $2)", name, []byte(value))
		must(t, err)
	}
}

// every is a value of each kind, as the last version with memo wrote them.
var every = map[string]string{
	"first pass":               "2026-06-01T07:00:00.123456Z",
	"scan":                     "snap\x00\xff",
	"quiet":                    `{"Version":2,"Scan":"6 ff","Settings":"hash","Since":"2026-06-01T07:10:00Z","Until":"9999-01-01T00:00:00Z","Mail":true,"Problems":[{"Path":"a.md","Line":2,"Message":"“held”","Invalid":true,"Shared":false},{"Path":"b.md","Line":0,"Message":"b","Invalid":false,"Shared":true}]}`,
	"feeds":                    `{"Settings":"\"Blog\"","Feeds":1,"Files":[{"Path":"public/atom.xml","SHA256":"aa","Inputs":"bb","Items":"eAD/","Size":10,"ModTime":"2026-06-01T09:10:00.123456789+02:00"},{"Path":"public/feed.css","SHA256":"","Size":0,"ModTime":"0001-01-01T00:00:00Z"}],"Follows":{"a.md":{"Links":["b.md"],"Files":["/x y.png"],"State":"?"},"b.md":{}},"LeftOut":[{"Path":"c.md","Line":0,"Message":"too large","Invalid":false,"Shared":false}]}`,
	"feed memory":              `{"ids":{"":"https://a/atom.xml","tags/go":"https://a/go"},"tags":{"":{"go":"go","r\u0026d":"r-d"},"de":{"go":"go-2"}}}`,
	"hubs":                     `{"https://a/":{"Told":{"public/atom.xml":"aa"}},"https://b/":{"Told":{},"Fails":3,"Next":"2026-06-01T08:04:00Z"}}`,
	"subscribers.file":         `{"hash":"cc","missing":2,"faulty":true,"warnings":[{"path":"list.csv","line":3,"message":"left out"}]}`,
	"slowed":                   "2 mail.example.com:587",
	"sending":                  "\x01",
	"languages":                "en de",
	"editions given":           "1002",
	"clone guard":              `{"Last":"AAA-2-9","Next":"BBB-2-9"}`,
	"backup":                   "2026-06-01T07:00:00Z",
	"mend":                     "1",
	"web version of edition 1": "\x1f\x8bone",
	"web version of edition 2": "\x1f\x8btwo",
	"benchsend":                "\x05",
}

// Values under string keys are in tables of their own after the upgrade.
func TestUpgradeOfMemo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "publisher.db")
	withMemo(t, path, every)
	must(t, os.WriteFile(path+".mark", []byte("AAA-2-9\n"), 0o600))
	l := openAt(t, "sqlite:"+path)

	want1(t, time.Date(2026, 6, 1, 7, 0, 0, 123456000, time.UTC))(passstate.FirstPass(ctx, l))
	want1(t, []byte(every["scan"]))(passstate.LoadScanSnapshot(ctx, l))
	want1(t, &passstate.UnchangedNote{Version: 2, Scan: "6 ff", Settings: "hash", Since: time.Date(2026, 6, 1, 7, 10, 0, 0, time.UTC),
		Until: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), Mail: true, Problems: []passstate.Problem{
			{Path: "a.md", Line: 2, Message: "“held”", Invalid: true}, {Path: "b.md", Message: "b", Shared: true}}})(passstate.LoadUnchangedNote(ctx, l))
	want1(t, passstate.FeedState{Settings: `"Blog"`, Feeds: 1, Files: []passstate.FeedFile{
		{FeedDocument: passstate.FeedDocument{Path: "public/atom.xml", SHA256: "aa", Inputs: "bb", Items: []byte("x\x00\xff")}, Size: 10,
			Modified: time.Date(2026, 6, 1, 7, 10, 0, 123456789, time.UTC)},
		{FeedDocument: passstate.FeedDocument{Path: "public/feed.css"}}},
		Dependencies: map[string]passstate.Dependencies{"a.md": {Links: []string{"b.md"}, Files: []string{"/x y.png"}, State: "?"}, "b.md": {}},
		LeftOut:      []passstate.Problem{{Path: "c.md", Message: "too large"}}})(passstate.LoadFeedState(ctx, l))
	want1(t, passstate.FeedNames{IDs: map[string]string{"": "https://a/atom.xml", "tags/go": "https://a/go"},
		Folders: map[string]map[string]string{"": {"go": "go", "r&d": "r-d"}, "de": {"go": "go-2"}}})(passstate.LoadFeedNames(ctx, l))
	want1(t, map[string]passstate.Hub{"https://a/": {Notified: map[string]string{"public/atom.xml": "aa"}},
		"https://b/": {Notified: map[string]string{}, Failures: 3, Next: time.Date(2026, 6, 1, 8, 4, 0, 0, time.UTC)}})(passstate.LoadHubs(ctx, l))
	want1(t, passstate.SubscriberFile{Hash: "cc", Missing: 2, Faulty: true,
		Warnings: []passstate.Problem{{Path: "list.csv", Line: 3, Message: "left out"}}})(passstate.LoadSubscriberFile(ctx, l))
	want1(t, passstate.ConnectionLimit{Server: "mail.example.com:587", Connections: 2})(passstate.LoadConnectionLimit(ctx, l))
	want1(t, true)(passstate.Sending(ctx, l))
	want1(t, int64(1003))(l.NextEdition(ctx))
	want1(t, []byte("\x1f\x8bone"))(l.ArchivedPage(ctx, 1))
	want1(t, []byte("\x1f\x8btwo"))(l.ArchivedPage(ctx, 2))
	if err := l.CheckCloneMark(ctx); err == nil || !strings.Contains(err.Error(), "a backup made at 2026-06-01T07:00:00Z") {
		t.Errorf("a backup: %v", err)
	}
	must(t, l.Close())
	want1(t, "en de 1 AAA-2-9 BBB-2-9")(queryRow(path, "SELECT digest_languages || ' ' || mend_cursors || ' ' || last_mark || ' ' || next_mark FROM pass_state, clone_guard"))
	want1(t, "0")(queryRow(path, "SELECT COUNT(*) FROM sqlite_master WHERE name = 'memo'"))
	want1(t, "ok")(queryRow(path, "PRAGMA integrity_check"))
}

func queryRow(path, query string) (value string, err error) {
	db, err := sql.Open("sqlite", path+"?_pragma=busy_timeout(30000)")
	if err != nil {
		return "", err
	}
	err = db.QueryRow(query).Scan(&value)
	return value, errors.Join(err, db.Close())
}

// A ledger with nothing under string keys is upgraded to empty tables.
func TestUpgradeOfNoMemo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "publisher.db")
	withMemo(t, path, nil)
	l := openAt(t, "sqlite:"+path)
	want1(t, time.Time{})(passstate.FirstPass(ctx, l))
	want1(t, []byte(nil))(passstate.LoadScanSnapshot(ctx, l))
	want1(t, passstate.FeedState{})(passstate.LoadFeedState(ctx, l))
	want1(t, false)(passstate.Sending(ctx, l))
	want1(t, int64(3))(l.NextEdition(ctx))
	must(t, l.CheckCloneMark(ctx))
}

// Values that only save work are skipped if they cannot be read; others stop the upgrade,
// which leaves the ledger unchanged.
func TestUpgradeOfUnreadableMemo(t *testing.T) {
	for name, stops := range map[string]bool{
		"quiet": false, "subscribers.file": false, "slowed": false,
		"first pass": true, "feeds": true, "feed memory": true, "hubs": true, "clone guard": true, "backup": true,
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "publisher.db")
			memo := maps.Clone(every)
			memo[name] = "{"
			withMemo(t, path, memo)
			l, err := sqlite.Open(ctx, "sqlite:"+path)
			if !stops {
				must(t, err)
				note, err := passstate.LoadUnchangedNote(ctx, l)
				must(t, err)
				file, err := passstate.LoadSubscriberFile(ctx, l)
				must(t, err)
				limit, err := passstate.LoadConnectionLimit(ctx, l)
				must(t, errors.Join(err, l.Close()))
				none := map[string]bool{"quiet": note == nil, "subscribers.file": file.Hash == "", "slowed": limit.Server == ""}
				if diff := cmp.Diff(map[string]bool{"quiet": false, "subscribers.file": false, "slowed": false, name: true}, none); diff != "" {
					t.Errorf("left out (-want +got)\n%s", diff)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), `under "`+name+`"`) {
				t.Fatalf("opened: %v", err)
			}
			want1(t, "17 0")(queryRow(path, "SELECT (SELECT COUNT(*) FROM memo) || ' ' || (SELECT COUNT(*) FROM sqlite_master WHERE name = 'clone_guard')"))
			db, err := sql.Open("sqlite", path)
			must(t, err)
			_, err = db.Exec("UPDATE memo SET value = $1 WHERE name = $2", []byte(every[name]), name)
			must(t, errors.Join(err, db.Close()))
			l = openAt(t, "sqlite:"+path)
			want1(t, int64(1003))(l.NextEdition(ctx))
		})
	}
}

// A backup made by an earlier version can be replaced by a newer one, and restored.
func TestBackupOfAnEarlierVersion(t *testing.T) {
	dir := t.TempDir()
	path, old := filepath.Join(dir, "publisher.db"), filepath.Join(dir, "old.db")
	notBackup := maps.Clone(every)
	delete(notBackup, "backup")
	withMemo(t, path, notBackup)
	withMemo(t, old, every)

	restored := filepath.Join(dir, "restored.db")
	_, err := sqlite.Restore(ctx, "sqlite:"+restored, old, noon)
	must(t, err)
	if err := openAt(t, "sqlite:"+restored).CheckCloneMark(ctx); err == nil || !strings.Contains(err.Error(), "a backup made at 2026-06-01T07:00:00Z") {
		t.Errorf("restored: %v", err)
	}

	must(t, sqlite.Backup(ctx, "sqlite:"+path, old, noon))
	want1(t, "1")(queryRow(old, "SELECT COUNT(*) FROM clone_guard WHERE backup_at IS NOT NULL"))
	copied := filepath.Join(dir, "copied.db")
	withMemo(t, copied, notBackup)
	if err := sqlite.Backup(ctx, "sqlite:"+path, copied, noon); err == nil {
		t.Error("replaced a ledger that is not a backup")
	}
	want1(t, "16")(queryRow(copied, "SELECT COUNT(*) FROM memo"))
}

// Processes that open an older ledger at the same time upgrade it once.
func TestUpgradeAtOneMoment(t *testing.T) {
	path := filepath.Join(t.TempDir(), "publisher.db")
	withMemo(t, path, every)
	var all []ledgertest.Child
	for range 6 {
		all = append(all, startChild(t, "open", "sqlite:"+path))
	}
	for _, c := range all {
		if line := c.Line(t); line != "opened" {
			t.Error(line)
		}
	}
	want1(t, "1 2 2 1")(queryRow(path, `SELECT (SELECT COUNT(*) FROM goose_db_version WHERE version_id = 7) || ' ' ||
		(SELECT COUNT(*) FROM archived_page) || ' ' || (SELECT COUNT(*) FROM hub) || ' ' || (SELECT COUNT(*) FROM feed_state)`))
}

// An upgrade cut short by a crash, before SQLite has checkpointed it, is there for the
// next process: its write-ahead log belongs to the database as it was before.
func TestUpgradeCutShort(t *testing.T) {
	for _, number := range []int{0, 1, 41} { // the database's commit before
		t.Run(fmt.Sprint(number), func(t *testing.T) {
			path, crashed := filepath.Join(t.TempDir(), "publisher.db"), filepath.Join(t.TempDir(), "publisher.db")
			withMemo(t, path, every)
			db, err := sql.Open("sqlite", path)
			must(t, err)
			_, err = db.Exec(fmt.Sprintf("PRAGMA user_version = %d", number))
			must(t, errors.Join(err, db.Close()))
			before, err := os.ReadFile(path)
			must(t, err)
			openAt(t, "sqlite:"+path)
			must(t, os.WriteFile(crashed, before, 0o600))
			copyFile(t, path+"-wal", crashed+"-wal")

			want1(t, int64(1003))(openAt(t, "sqlite:"+crashed).NextEdition(ctx))
		})
	}
}
