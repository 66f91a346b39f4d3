package ledgertest

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"publisher/internal/ledger"
	"publisher/internal/ledger/imports"
)

// Of several statuses that a list has for one address the strictest counts, in any order,
// and an empty value never replaces another one.
func testImportStrictest(t *testing.T, open Open) {
	l := open(t)
	id := int64(0)
	order := []ledger.Status{ledger.Complained, ledger.Bounced, ledger.Unsubscribed, ledger.Removed, ledger.Pending, ledger.Active}
	for i, strict := range order {
		for _, other := range append(order[i:], "") {
			for _, list := range [][]ledger.Status{{strict, other}, {other, strict}, {other, strict, other}} {
				id++
				full := imports.Row{Email: fmt.Sprintf("ann%d@example.com", id), Name: "Ann", Cadence: "daily", Tags: []string{"go"}, Language: "de", Created: Noon.AddDate(-1, 0, 0), Confirmed: Noon.AddDate(-1, 0, 1)}
				var twins []imports.Row
				for n, status := range list {
					row := imports.Row{Email: strings.ToUpper(full.Email[:3]) + full.Email[3:]}
					if n == 0 {
						row = full
					}
					row.Status = status
					twins = append(twins, row)
				}
				Want(t, imports.Counts{Rows: 1, Added: 1, Duplicates: len(list) - 1})(imports.Run(ctx, l, Rows(nil, twins...), imports.Options{DefaultCadence: "weekly", Now: Noon}))
				want := ledger.Subscriber{ID: id, Email: twins[len(twins)-1].Email, Name: full.Name, Status: strict, Cadence: full.Cadence, Tags: full.Tags,
					Language: full.Language, Created: full.Created, Confirmed: full.Confirmed, StatusAt: Noon}
				if diff := cmp.Diff(want, Subscriber(t, l, full.Email)); diff != "" {
					t.Errorf("%q (-want +got)\n%s", list, diff)
				}
			}
		}
	}
}

// Each row is reported, in the order of lines. An error of the callback ends the import,
// and nothing is changed.
func testImportReport(t *testing.T, open Open) {
	l := open(t)
	Add(t, l, imports.Row{Email: "same@example.com"})
	Add(t, l, imports.Row{Email: "left@example.com", Status: ledger.Unsubscribed})
	Add(t, l, imports.Row{Email: "renamed@example.com"})
	list := []imports.Row{ // their lines are 2 to 8
		{Email: "renamed@example.com", Name: "Ren"}, {Email: "new@example.com"}, {Email: "left@example.com"}, {Email: "same@example.com"},
		{Email: "x", Refused: "no @"}, {Email: "y", Refused: "never confirmed", LeftOut: true}, {Email: "NEW@example.com", Status: ledger.Pending},
	}
	stop := errors.New("stop")
	if _, err := imports.Run(ctx, l, Rows(nil, list...), imports.Options{DefaultCadence: "weekly", Now: Noon, Report: func(imports.RowResult) error { return stop }}); !errors.Is(err, stop) {
		t.Errorf("%v, want the listener's", err)
	}
	Want(t, (*ledger.Subscriber)(nil))(l.Subscriber(ctx, "new@example.com"))
	var got []imports.RowResult
	counts, err := imports.Run(ctx, l, Rows(nil, list...), imports.Options{DefaultCadence: "weekly", Now: Noon, Report: func(f imports.RowResult) error {
		got = append(got, f)
		return nil
	}})
	Want(t, imports.Counts{Rows: 4, Added: 1, Updated: 1, Unchanged: 1, Kept: 1, Duplicates: 1, Refused: 1, LeftOut: 1})(counts, err)
	want := []imports.RowResult{
		{Line: 2, Email: "renamed@example.com", Outcome: imports.RowUpdated, Was: ledger.Active, Is: ledger.Active},
		{Line: 3, Email: "new@example.com", Outcome: imports.RowAdded, Is: ledger.Pending},
		{Line: 4, Email: "left@example.com", Outcome: imports.RowKept, Was: ledger.Unsubscribed, Is: ledger.Unsubscribed},
		{Line: 5, Email: "same@example.com", Outcome: imports.RowUnchanged, Was: ledger.Active, Is: ledger.Active},
		{Line: 6, Email: "x", Outcome: imports.RowRefused, Reason: "no @"},
		{Line: 7, Email: "y", Outcome: imports.RowLeftOut, Reason: "never confirmed"},
		{Line: 8, Email: "NEW@example.com", Outcome: imports.RowDuplicate, Is: ledger.Pending, First: 3},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
