package subscribers

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"publisher/internal/config"
	"publisher/internal/ledger"
	"publisher/internal/ledger/imports"
	"publisher/internal/ledger/sqlite"
	"publisher/internal/racedetector"
)

var importDay = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// book is a ledger with a config, for lists to be read into.
type book struct {
	t   *testing.T
	cfg *config.Config
}

func newBook(t *testing.T) *book { return &book{t, listConfig(t)} }

func (b *book) withLedger(do func(l *ledger.Ledger) error) { b.open(sqlite.Open, do) }

func (b *book) open(open func(context.Context, string) (*ledger.Ledger, error), do func(l *ledger.Ledger) error) {
	b.t.Helper()
	l, err := open(b.t.Context(), "sqlite:"+b.cfg.Path("publisher.db"))
	if err != nil {
		b.t.Fatal(err)
	}
	defer l.Close()
	if err := do(l); err != nil {
		b.t.Fatal(err)
	}
}

func (b *book) list(l *ledger.Ledger) *List {
	return NewList(b.cfg, l, func() time.Time { return importDay })
}

// importList reads a list into the ledger, or, for a dry run, into a copy. It returns what
// each row became.
func (b *book) importList(name, text string, dry bool) (got ImportReport, results []imports.RowResult) {
	b.t.Helper()
	open := sqlite.Open
	if dry {
		open = sqlite.OpenCopy
	}
	o := ImportOptions{Each: func(f LineResult) error {
		results = append(results, f.RowResult)
		return nil
	}}
	b.open(open, func(l *ledger.Ledger) (err error) {
		got, err = b.list(l).Import(b.t.Context(), []Source{{name, strings.NewReader(text)}}, o)
		return err
	})
	return got, results
}

func (b *book) export() string {
	b.t.Helper()
	var out bytes.Buffer
	b.withLedger(func(l *ledger.Ledger) error { return b.list(l).Export(b.t.Context(), &out) })
	return out.String()
}

func (b *book) undo(number int64) {
	b.t.Helper()
	b.withLedger(func(l *ledger.Ledger) error {
		_, err := b.list(l).Undo(b.t.Context(), number, nil)
		return err
	})
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

// Everything in a list is in an export, and means the same in another ledger. Reading it twice
// changes nothing, what a dry run says is what happens, and undoing the import leaves
// nothing of it.
func TestImportRoundTrip(t *testing.T) {
	for name, text := range lists(t) {
		if racedetector.Enabled && name != "kit.csv" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			here, there := newBook(t), newBook(t)
			planned, results := here.importList(name, text, true)
			if here.export() != there.export() {
				t.Error("a dry run changed the ledger")
			}
			got, became := here.importList(name, text, false)
			if diff := cmp.Diff(got, planned); diff != "" {
				t.Errorf("the dry run (-run +dry)\n%s", diff)
			}
			if diff := cmp.Diff(became, results); diff != "" {
				t.Errorf("rows of the dry run (-run +dry)\n%s", diff)
			}
			here.sameResults(results, got)
			exported := here.export()
			if again, _ := here.importList(name, text, false); again.Added+again.Updated != 0 || again.Number != 0 || here.export() != exported {
				t.Errorf("read twice: %+v\n%s", again.Counts, cmp.Diff(exported, here.export()))
			}
			there.importList("export.csv", exported, false)
			if diff := cmp.Diff(exported, there.export()); diff != "" {
				t.Errorf("elsewhere (-here +there)\n%s", diff)
			}
			if got.Number == 0 {
				return // the list has nobody
			}
			here.undo(got.Number)
			if diff := cmp.Diff(newBook(t).export(), here.export()); diff != "" {
				t.Errorf("undone (-want +got)\n%s", diff)
			}
			if again, _ := here.importList(name, text, false); again.Number != 2 || here.export() != exported {
				t.Errorf("imported again: %+v\n%s", again.Counts, cmp.Diff(exported, here.export()))
			}
		})
	}
}

// sameResults compares the results of single rows with the ledger.
func (b *book) sameResults(results []imports.RowResult, got ImportReport) {
	b.t.Helper()
	count := map[imports.Outcome]int{}
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
	if !slices.IsSortedFunc(results, func(a, b imports.RowResult) int { return a.Line - b.Line }) {
		b.t.Errorf("not in the order of lines: %+v", results)
	}
	want := map[imports.Outcome]int{imports.RowAdded: got.Added, imports.RowUpdated: got.Updated, imports.RowUnchanged: got.Unchanged,
		imports.RowKept: got.Kept, imports.RowDuplicate: got.Duplicates, imports.RowRefused: got.Refused, imports.RowLeftOut: got.LeftOut}
	for outcome, n := range want {
		if count[outcome] != n {
			b.t.Errorf("%d rows %s, want %d", count[outcome], outcome, n)
		}
	}
}

// People who unsubscribed stay unsubscribed, whatever a service's file says, and a subscription
// from the file of one service is ended by another's.
func TestImportKeepsWhoLeft(t *testing.T) {
	b := newBook(t)
	texts := lists(t)
	b.importList("ghost.csv", texts["ghost.csv"], false)
	list := "email\nada@example.com\nben@example.com\nnew@example.com\nx\n"
	_, results := b.importList("list.csv", list, true)
	want := []imports.RowResult{
		{Line: 2, Email: "ada@example.com", Outcome: imports.RowUnchanged, Was: ledger.Active, Is: ledger.Active},
		{Line: 3, Email: "ben@example.com", Outcome: imports.RowKept, Was: ledger.Unsubscribed, Is: ledger.Unsubscribed},
		{Line: 4, Email: "new@example.com", Outcome: imports.RowAdded, Is: ledger.Active},
		{Line: 5, Email: "x", Outcome: imports.RowRefused, Reason: `"x" is not a valid mail address: it has no @`},
	}
	if diff := cmp.Diff(want, results); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	_, results = b.importList("kit.csv", "first_name,email,created_at,status\nAda,ada@example.com,,complained\n", true)
	want = []imports.RowResult{{Line: 2, Email: "ada@example.com", Outcome: imports.RowUpdated, Was: ledger.Active, Is: ledger.Complained}}
	if diff := cmp.Diff(want, results); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
