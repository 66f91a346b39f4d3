package publish

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"publisher/internal/ledger"
)

var importDay = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// importList reads a list into a blog's ledger, or where it is asked what each row would
// become into a copy.
func (b *blog) importList(name, text string, dry bool) (ImportReport, []ledger.RowResult) {
	b.t.Helper()
	open, o := ledger.Open, ImportOptions{}
	var results []ledger.RowResult
	if dry {
		open = ledger.OpenCopy
		o.Tell = func(f ledger.RowResult) error {
			results = append(results, f)
			return nil
		}
	}
	l, err := open(b.t.Context(), DSN(b.cfg))
	if err != nil {
		b.t.Fatal(err)
	}
	defer l.Close()
	got, err := b.publisher().Import(b.t.Context(), l, name, strings.NewReader(text), o)
	if err != nil {
		b.t.Fatal(err)
	}
	return got, results
}

func (b *blog) export() string {
	b.t.Helper()
	var out bytes.Buffer
	b.withLedger(func(l *ledger.Ledger) error { return b.publisher().Export(b.t.Context(), l, &out) })
	return out.String()
}

func lists(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("testdata/lists/*.csv")
	if err != nil || len(files) == 0 {
		t.Fatal(err, files)
	}
	texts := map[string]string{
		"formulas.csv": "email,name,tags,created,confirmed,cadence\n" +
			"'+sum@example.com,'=1+1,'-a;b,2020-01-02T03:04:05Z,2020-01-03,daily\n" + "plain@example.com,''@home,,,,\n",
		"twins.csv": "email,status,name,tags\nbob@example.com,unsubscribed,Bob,go\nbob@example.com,active,,\nBOB@example.com,,Robert,\n",
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		texts[filepath.Base(file)] = string(text)
	}
	return texts
}

// Everything that a list brings comes out again, and means the same elsewhere. Reading
// it twice changes nothing, and what a dry run says is what happens.
func TestImportRoundTrip(t *testing.T) {
	for name, text := range lists(t) {
		t.Run(name, func(t *testing.T) {
			here, there := newBlog(t, "", importDay), newBlog(t, "", importDay)
			planned, results := here.importList(name, text, true)
			if here.export() != there.export() {
				t.Error("a dry run changed the ledger")
			}
			got, _ := here.importList(name, text, false)
			if diff := cmp.Diff(got, planned); diff != "" {
				t.Errorf("the dry run (-run +dry)\n%s", diff)
			}
			here.sameResults(results, got)
			exported := here.export()
			if again, _ := here.importList(name, text, false); again.Added+again.Updated != 0 || here.export() != exported {
				t.Errorf("read twice: %+v\n%s", again.Imported, cmp.Diff(exported, here.export()))
			}
			there.importList("export.csv", exported, false)
			if diff := cmp.Diff(exported, there.export()); diff != "" {
				t.Errorf("elsewhere (-here +there)\n%s", diff)
			}
		})
	}
}

// sameResults holds what was said of single rows against what the ledger has.
func (b *blog) sameResults(results []ledger.RowResult, got ImportReport) {
	b.t.Helper()
	count := map[ledger.Outcome]int{}
	for _, f := range results {
		count[f.Outcome]++
		if f.Reason != "" {
			continue
		}
		b.withLedger(func(l *ledger.Ledger) error {
			s, err := l.Subscriber(b.t.Context(), f.Email)
			if err == nil && (s == nil || s.Status != f.Is) {
				err = fmt.Errorf("line %d: %s was to become %s and is %+v", f.Line, f.Email, f.Is, s)
			}
			return err
		})
	}
	if !slices.IsSortedFunc(results, func(a, b ledger.RowResult) int { return a.Line - b.Line }) {
		b.t.Errorf("not in the order of lines: %+v", results)
	}
	want := map[ledger.Outcome]int{ledger.RowAdded: got.Added, ledger.RowUpdated: got.Updated, ledger.RowUnchanged: got.Unchanged,
		ledger.RowKept: got.Kept, ledger.RowDuplicate: got.Duplicates, ledger.RowRefused: got.Refused, ledger.RowLeftOut: got.LeftOut}
	for outcome, n := range want {
		if count[outcome] != n {
			b.t.Errorf("%d rows %s, want %d", count[outcome], outcome, n)
		}
	}
}

// Who has left stays away, whatever a service's file says, and who came from the file
// of one service is ended by another's.
func TestImportKeepsWhoLeft(t *testing.T) {
	b := newBlog(t, "", importDay)
	texts := lists(t)
	b.importList("ghost.csv", texts["ghost.csv"], false)
	list := "email\nada@example.com\nben@example.com\nnew@example.com\nx\n"
	_, results := b.importList("list.csv", list, true)
	want := []ledger.RowResult{
		{Line: 2, Email: "ada@example.com", Outcome: ledger.RowUnchanged, Was: ledger.Active, Is: ledger.Active},
		{Line: 3, Email: "ben@example.com", Outcome: ledger.RowKept, Was: ledger.Unsubscribed, Is: ledger.Unsubscribed},
		{Line: 4, Email: "new@example.com", Outcome: ledger.RowAdded, Is: ledger.Active},
		{Line: 5, Email: "x", Outcome: ledger.RowRefused, Reason: `"x" is not a valid mail address: it has no @`},
	}
	if diff := cmp.Diff(want, results); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	_, results = b.importList("kit.csv", "first_name,email,created_at,status\nAda,ada@example.com,,complained\n", true)
	want = []ledger.RowResult{{Line: 2, Email: "ada@example.com", Outcome: ledger.RowUpdated, Was: ledger.Active, Is: ledger.Complained}}
	if diff := cmp.Diff(want, results); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// While the list cannot be read the daemon keeps the feeds up to date, says that it
// fails, and holds the mail back; then everybody on the list gets the post.
func TestDaemonListUnread(t *testing.T) {
	b := newBlog(t, "digest: {settle: 0s, default: immediate}\nsubscribers: {file: people.csv}", importDay)
	b.write("people.csv", "email\nold@example.com\n")
	var health []string
	b.ailing = func(err error) { health = append(health, fmt.Sprint(err)) }
	feed := ""
	b.events = []event{
		{importDay.Add(time.Hour), func() {
			b.write("people.csv", "email,name\nold@example.com,\nnew@example.com,\"New\n")
			b.post("P000")
		}},
		{importDay.Add(2 * time.Hour), func() {
			feed = readFile(t, filepath.Join(b.dir, "public/feed.xml"))
			b.write("people.csv", "email,name\nold@example.com,\nnew@example.com,New\n")
		}},
	}
	b.serve(importDay.Add(3 * time.Hour))
	for _, address := range []string{"old@example.com", "new@example.com"} {
		if diff := cmp.Diff([]string{"2026-06-01 14:00 +0000 P000"}, b.received(address)); diff != "" {
			t.Errorf("%s received (-want +got):\n%s", address, diff)
		}
	}
	if !strings.Contains(feed, "P000") {
		t.Error("the feed waited for the list")
	}
	failing := "content and feeds: failing; the log says why"
	if diff := cmp.Diff([]string{"<nil>", failing, "<nil>"}, health[:3]); diff != "" {
		t.Errorf("health (-want +got):\n%s", diff)
	}
}
