package ledgertest

import (
	"errors"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"publisher/internal/ledger"
	"publisher/internal/ledger/imports"
)

func always(int, int) bool { return true }

// fromFile imports rows as subscribers.file.
func fromFile(t *testing.T, l *ledger.Ledger, mayRemove func(int, int) bool, list ...imports.Row) imports.Counts {
	t.Helper()
	counts, err := imports.Run(ctx, l, Rows(nil, list...), imports.Options{Origin: imports.FromFile, DefaultCadence: "weekly", Now: Noon, MayRemove: mayRemove})
	Must(t, err)
	return counts
}

func testImport(t *testing.T, open Open) {
	l := open(t)
	Number(t, l, 2)
	created, confirmed := Noon.Add(-time.Hour), Noon.Add(-time.Minute)
	list := []imports.Row{
		{Email: "Ann@Bücher.example", Name: "Ann", Cadence: "daily", Tags: []string{" Go", "go", "", "Mail"}, Created: created, Confirmed: confirmed},
		{Email: "ben@example.com", Status: ledger.Unsubscribed},
	}
	Want(t, imports.Counts{Rows: 2, Added: 2})(imports.Run(ctx, l, Rows(nil, list...), imports.Options{DefaultCadence: "weekly", Now: Noon}))
	want := ledger.Subscriber{ID: 1, Email: "Ann@Bücher.example", Name: "Ann", Status: ledger.Active, Cadence: "daily",
		Tags: []string{"Go", "Mail"}, Created: created, Confirmed: confirmed, StatusAt: Noon, Due: ledger.Due{Cursor: 2}}
	if diff := cmp.Diff(want, Subscriber(t, l, "ann@xn--bcher-kva.example")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if s := Subscriber(t, l, "ben@example.com"); s.Status != ledger.Unsubscribed || !s.Created.Equal(Noon) {
		t.Errorf("%+v", s)
	}

	// What a row leaves empty stays; what it says counts.
	Number(t, l, 4)
	Must(t, l.CloseEmpty(ctx, "daily", Noon, 3))
	list = []imports.Row{{Email: "ann@bücher.example", Name: "Ann B.", Tags: []string{"feeds"}}, {Email: "ben@example.com", Status: ledger.Unsubscribed}}
	Want(t, imports.Counts{Rows: 2, Updated: 1, Unchanged: 1})(imports.Run(ctx, l, Rows(nil, list...), imports.Options{DefaultCadence: "weekly", Now: Noon}))
	want.Name, want.Tags, want.Cursor = "Ann B.", []string{"feeds"}, 3
	if diff := cmp.Diff(want, Subscriber(t, l, "ann@bücher.example")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func testImportFile(t *testing.T, open Open) {
	l := open(t)
	ann := imports.Row{Email: "ann@example.com", Name: "Ann", Cadence: "daily"}
	if diff := cmp.Diff(imports.Counts{Rows: 1, Added: 1}, fromFile(t, l, nil, ann)); diff != "" {
		t.Errorf("first (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(imports.Counts{Rows: 1, Unchanged: 1}, fromFile(t, l, nil, ann)); diff != "" {
		t.Errorf("again (-want +got)\n%s", diff)
	}
	// A choice on the preferences page stays, also when the file changes another field.
	weekly := "weekly"
	Want(t, true)(l.SetPreferences(ctx, ann.Email, ledger.Choice{Cadence: &weekly}, "weekly", Noon))
	fromFile(t, l, nil, ann)
	ann.Name = "Ann Lee"
	if diff := cmp.Diff(imports.Counts{Rows: 1, Updated: 1}, fromFile(t, l, nil, ann)); diff != "" {
		t.Errorf("renamed (-want +got)\n%s", diff)
	}
	if s := Subscriber(t, l, ann.Email); s.Name != "Ann Lee" || s.Cadence != "weekly" || !s.FromFile {
		t.Errorf("after a choice: %+v", s)
	}
	// When the file changes the field itself, the file counts, an empty cell too.
	ann.Cadence = ""
	fromFile(t, l, nil, ann)
	if s := Subscriber(t, l, ann.Email); s.Cadence != "" {
		t.Errorf("cadence %q, want the file's", s.Cadence)
	}
	// A confirmation pending on the web is the owner's to give.
	Add(t, l, imports.Row{Email: "pam@example.com", Status: ledger.Pending})
	fromFile(t, l, nil, ann, imports.Row{Email: "pam@example.com"})
	if s := Subscriber(t, l, "pam@example.com"); s.Status != ledger.Active || !s.FromFile {
		t.Errorf("pending, then in the file: %+v", s)
	}
}

func testImportKeeps(t *testing.T, open Open) {
	l := open(t)
	var list []imports.Row
	for _, status := range []ledger.Status{ledger.Unsubscribed, ledger.Bounced, ledger.Complained} {
		row := imports.Row{Email: string(status) + "@example.com"}
		list = append(list, row)
		fromFile(t, l, nil, list...)
		Want(t, true)(l.SetStatus(ctx, row.Email, status, "weekly", Noon))
	}
	if diff := cmp.Diff(imports.Counts{Rows: 3, Kept: 3}, fromFile(t, l, nil, list...)); diff != "" {
		t.Errorf("from the file (-want +got)\n%s", diff)
	}
	Want(t, imports.Counts{Rows: 3, Kept: 3})(imports.Run(ctx, l, Rows(nil, list...), imports.Options{DefaultCadence: "weekly", Now: Noon}))
	// Not even by leaving the file and coming back.
	other := imports.Row{Email: "other@example.com"}
	fromFile(t, l, always, other)
	if diff := cmp.Diff(imports.Counts{Rows: 4, Unchanged: 1, Kept: 3}, fromFile(t, l, always, append(list, other)...)); diff != "" {
		t.Errorf("come back (-want +got)\n%s", diff)
	}
	for _, row := range list {
		if s := Subscriber(t, l, row.Email); string(s.Status)+"@example.com" != row.Email {
			t.Errorf("%s is %s", row.Email, s.Status)
		}
	}
}

func testImportMissing(t *testing.T, open Open) {
	l := open(t)
	a, b, c := imports.Row{Email: "a@example.com"}, imports.Row{Email: "b@example.com"}, imports.Row{Email: "c@example.com"}
	Add(t, l, c) // subscribed before the file names it
	fromFile(t, l, nil, a, b, c)
	Number(t, l, 2)

	never := func(missing, before int) bool {
		if missing != 1 || before != 3 {
			t.Errorf("asked about %d of %d, want 1 of 3", missing, before)
		}
		return false
	}
	for range 2 { // the second reading is held against the same number
		want := imports.Counts{Rows: 1, Unchanged: 1, Missing: 1}
		if diff := cmp.Diff(want, fromFile(t, l, never, a)); diff != "" {
			t.Errorf("held (-want +got)\n%s", diff)
		}
	}
	if s := Subscriber(t, l, b.Email); s.Status != ledger.Active {
		t.Errorf("held, but %s", s.Status)
	}
	want := imports.Counts{Rows: 1, Unchanged: 1, Missing: 1, Removed: 1}
	if diff := cmp.Diff(want, fromFile(t, l, always, a)); diff != "" {
		t.Errorf("agreed (-want +got)\n%s", diff)
	}
	if s := Subscriber(t, l, b.Email); s.Status != ledger.Removed {
		t.Errorf("row gone, but %s", s.Status)
	}
	if s := Subscriber(t, l, c.Email); s.Status != ledger.Active {
		t.Errorf("subscription that was not the file's: %s", s.Status)
	}
	if diff := cmp.Diff(imports.Counts{Rows: 1, Unchanged: 1}, fromFile(t, l, nil, a)); diff != "" {
		t.Errorf("afterwards (-want +got)\n%s", diff)
	}
	// The row's return revives it, as if it had not been away.
	if diff := cmp.Diff(imports.Counts{Rows: 2, Updated: 1, Unchanged: 1}, fromFile(t, l, nil, a, b)); diff != "" {
		t.Errorf("back (-want +got)\n%s", diff)
	}
	if s := Subscriber(t, l, b.Email); s.Status != ledger.Active || s.Cursor != 0 || !s.FromFile {
		t.Errorf("back: %+v", s)
	}
}

func testImportRollsBack(t *testing.T, open Open) {
	l := open(t)
	good := imports.Row{Email: "good@example.com"}
	broken := errors.New("line 9: a quote is missing")
	for name, tt := range map[string]struct {
		rows iter.Seq2[imports.Row, error]
		want string
	}{
		"error among the rows": {Rows(broken, good), broken.Error()},
		"bad address":          {Rows(nil, good, imports.Row{Email: "bad@@example.com"}), `line 3: "bad@@example.com"`},
		"bad status":           {Rows(nil, good, imports.Row{Email: "b@example.com", Status: "on"}), `line 3: invalid status "on"`},
	} {
		_, err := imports.Run(ctx, l, tt.rows, imports.Options{Origin: imports.FromFile, DefaultCadence: "weekly", Now: Noon, MayRemove: always})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q in it", name, err, tt.want)
		}
		Want(t, (*ledger.Subscriber)(nil))(l.Subscriber(ctx, good.Email))
	}
	if diff := cmp.Diff(imports.Counts{Rows: 1, Added: 1}, fromFile(t, l, nil, good)); diff != "" {
		t.Errorf("afterwards (-want +got)\n%s", diff)
	}
}

func testImportDuplicates(t *testing.T, open Open) {
	l := open(t)
	list := []imports.Row{
		{Email: "ann@example.com", Name: "First"},
		{Email: "ben@example.com"},
		{Email: "ANN@example.COM", Name: "Last"},
	}
	for _, want := range []imports.Counts{{Rows: 2, Added: 2, Duplicates: 1}, {Rows: 2, Unchanged: 2, Duplicates: 1}} {
		if diff := cmp.Diff(want, fromFile(t, l, nil, list...)); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
	if s := Subscriber(t, l, "ann@example.com"); s.Name != "Last" {
		t.Errorf("name %q, want the later row's", s.Name)
	}
}
