package ledgertest

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"publisher/internal/ledger"
)

// numbered imports rows as a numbered import.
func numbered(t *testing.T, l *ledger.Ledger, list ...ledger.Row) ledger.ImportCounts {
	t.Helper()
	counts, err := l.Import(ctx, Rows(nil, list...), ledger.ImportOptions{DefaultCadence: "weekly", Now: Noon,
		Source: &ledger.ImportSource{Name: "list.csv", Service: "ghost"}})
	Must(t, err)
	return counts
}

// undo undoes an import, and returns who was left.
func undo(t *testing.T, l *ledger.Ledger, number int64) (done ledger.Undone, left []ledger.LeftSubscriber) {
	t.Helper()
	done, err := l.UndoImport(ctx, number, ledger.UndoOptions{DefaultCadence: "weekly", Now: Noon.Add(time.Hour), Left: func(s ledger.LeftSubscriber) error {
		left = append(left, s)
		return nil
	}})
	Must(t, err)
	return done, left
}

// everybody returns all subscribers, without their ids.
func everybody(t *testing.T, l *ledger.Ledger) map[string]ledger.Subscriber {
	t.Helper()
	all := map[string]ledger.Subscriber{}
	for s, err := range l.Subscribers(ctx) {
		Must(t, err)
		s.ID = 0
		all[s.Email] = s
	}
	return all
}

// An import that changes something has a number; undoing it brings back the list as it was.
func testUndoImport(t *testing.T, open Open) {
	l := open(t)
	Number(t, l, 2)
	Add(t, l, ledger.Row{Email: "ann@example.com", Name: "Ann", Tags: []string{"go"}}, ledger.Row{Email: "ben@example.com", Status: ledger.Pending},
		ledger.Row{Email: "cyd@example.com"}, ledger.Row{Email: "dee@example.com", Status: ledger.Removed}, ledger.Row{Email: "eve@example.com", Status: ledger.Bounced})
	was := everybody(t, l)
	list := []ledger.Row{
		{Email: "ann@example.com", Name: "Ann B.", Cadence: "daily", Tags: []string{"mail"}, Language: "de", Confirmed: Noon.AddDate(-1, 0, 0)},
		{Email: "ben@example.com"}, {Email: "cyd@example.com", Status: ledger.Unsubscribed}, {Email: "dee@example.com"}, {Email: "eve@example.com"},
		{Email: "fay@example.com"}, {Email: "gus@example.com", Status: ledger.Complained, Created: Noon.AddDate(-2, 0, 0)},
	}
	want := ledger.ImportCounts{Rows: 7, Added: 2, Updated: 4, Kept: 1, Number: 1}
	if diff := cmp.Diff(want, numbered(t, l, list...)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	became := everybody(t, l)
	if diff := cmp.Diff(ledger.ImportCounts{Rows: 7, Unchanged: 6, Kept: 1}, numbered(t, l, list...)); diff != "" {
		t.Errorf("again (-want +got)\n%s", diff)
	}
	Want(t, []ledger.ImportRecord{{Number: 1, At: Noon, Name: "list.csv", Service: "ghost", Counts: want}})(l.Imports(ctx))

	done, left := undo(t, l, 1)
	if diff := cmp.Diff(ledger.Undone{Deleted: 2, Restored: 4}, done); diff != "" || left != nil {
		t.Errorf("(-want +got)\n%s; left %v", diff, left)
	}
	if diff := cmp.Diff(was, ignoreTimes(everybody(t, l), was)); diff != "" {
		t.Errorf("undone (-want +got)\n%s", diff)
	}
	done, left = undo(t, l, 1)
	if diff := cmp.Diff(ledger.Undone{Already: Noon.Add(time.Hour)}, done); diff != "" || left != nil {
		t.Errorf("twice (-want +got)\n%s; left %v", diff, left)
	}
	if _, err := l.UndoImport(ctx, 2, ledger.UndoOptions{}); !errors.Is(err, ledger.ErrNoImport) {
		t.Errorf("no such import: %v", err)
	}
	want.Number = 2
	if diff := cmp.Diff(want, numbered(t, l, list...)); diff != "" {
		t.Errorf("imported again (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(became, ignoreTimes(everybody(t, l), became)); diff != "" {
		t.Errorf("imported again (-want +got)\n%s", diff)
	}
}

// ignoreTimes sets the times of changes of status to those of want.
func ignoreTimes(got, want map[string]ledger.Subscriber) map[string]ledger.Subscriber {
	for email, s := range got {
		s.StatusAt = want[email].StatusAt
		got[email] = s
	}
	return got
}

// Undoing an import leaves whom anything else has changed since, and says so.
func testUndoImportLeaves(t *testing.T, open Open) {
	touches := map[string]func(l *ledger.Ledger, email string) error{
		"nothing": func(*ledger.Ledger, string) error { return nil },
		"choice": func(l *ledger.Ledger, email string) error {
			daily := "daily"
			_, err := l.SetPreferences(ctx, email, ledger.Choice{Cadence: &daily}, "weekly", Noon)
			return err
		},
		"unsubscribed": func(l *ledger.Ledger, email string) error {
			_, err := l.SetStatus(ctx, email, ledger.Unsubscribed, "weekly", Noon)
			return err
		},
		"left and came back": func(l *ledger.Ledger, email string) error {
			if _, err := l.SetStatus(ctx, email, ledger.Unsubscribed, "weekly", Noon); err != nil {
				return err
			}
			_, err := l.SetStatus(ctx, email, ledger.Active, "weekly", Noon)
			return err
		},
		"subscribers.file": func(l *ledger.Ledger, email string) error {
			_, err := l.Import(ctx, Rows(nil, ledger.Row{Email: email}), ledger.ImportOptions{Origin: ledger.FromFile, DefaultCadence: "weekly", Now: Noon})
			return err
		},
		"bounced and restored": func(l *ledger.Ledger, email string) error {
			if _, err := l.SetStatus(ctx, email, ledger.Bounced, "weekly", Noon); err != nil {
				return err
			}
			_, err := l.Restore(ctx, email, "weekly", Noon)
			return err
		},
		"added by hand": func(l *ledger.Ledger, email string) error {
			_, err := l.Import(ctx, Rows(nil, ledger.Row{Email: email, Name: "By hand"}), ledger.ImportOptions{DefaultCadence: "weekly", Now: Noon})
			return err
		},
	}
	for name, touch := range touches {
		for _, known := range []bool{false, true} {
			l := open(t)
			row := ledger.Row{Email: "ann@example.com", Name: "Ann"}
			if known {
				Add(t, l, ledger.Row{Email: row.Email})
			}
			numbered(t, l, row)
			Must(t, touch(l, row.Email))
			touched := everybody(t, l)
			done, left := undo(t, l, 1)
			if name == "nothing" {
				if done.Deleted+done.Restored != 1 || left != nil {
					t.Errorf("untouched: %+v, left %v", done, left)
				}
				continue
			}
			if diff := cmp.Diff(ledger.Undone{Left: 1}, done); diff != "" {
				t.Errorf("%s (-want +got)\n%s", name, diff)
			}
			if diff := cmp.Diff([]ledger.LeftSubscriber{{Email: row.Email}}, left); diff != "" {
				t.Errorf("%s (-want +got)\n%s", name, diff)
			}
			if diff := cmp.Diff(touched, everybody(t, l)); diff != "" {
				t.Errorf("%s (-want +got)\n%s", name, diff)
			}
		}
	}
}

// The dates of a list are consents, which undoing the import takes back, as the event of the
// import.
func testImportConsents(t *testing.T, open Open) {
	l := open(t)
	Add(t, l, ledger.Row{Email: "known@example.com"})
	created, confirmed := Noon.AddDate(-2, 0, 0), Noon.AddDate(-1, 0, 0)
	numbered(t, l, ledger.Row{Email: "known@example.com", Confirmed: confirmed}, ledger.Row{Email: "both@example.com", Created: created, Confirmed: confirmed},
		ledger.Row{Email: "created@example.com", Created: created}, ledger.Row{Email: "pending@example.com", Created: created, Status: ledger.Pending},
		ledger.Row{Email: "nothing@example.com"}, ledger.Row{Email: "left@example.com", Created: created, Status: ledger.Unsubscribed})
	for email, at := range map[string]time.Time{"known": confirmed, "both": confirmed, "created": created, "left": created, "pending": {}, "nothing": {}} {
		s := Subscriber(t, l, email+"@example.com")
		got, err := l.Consents(ctx, s.ID)
		Must(t, err)
		var want []ledger.Consent
		if !at.IsZero() {
			want = []ledger.Consent{{Subscriber: s.ID, At: at, What: "subscribe", How: "import", Page: "import 1: ghost"}}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", email, diff)
		}
	}
	Want(t, []ledger.Event{{At: Noon, Kind: "import", Data: map[string]string{"import": "1"}}})(l.Events(ctx, "import", Noon))
	ids := map[string]int64{}
	for email := range everybody(t, l) {
		ids[email] = Subscriber(t, l, email).ID
	}
	undo(t, l, 1)
	for _, id := range ids {
		Want(t, []ledger.Consent(nil))(l.Consents(ctx, id))
	}
	Want(t, []ledger.Event(nil))(l.Events(ctx, "import", Noon))
}

// A later import counts as a change until it is undone itself.
func testUndoImportsInTurn(t *testing.T, open Open) {
	l := open(t)
	numbered(t, l, ledger.Row{Email: "ann@example.com"})
	first := everybody(t, l)
	numbered(t, l, ledger.Row{Email: "ann@example.com", Name: "Ann"})
	l2, left := undo(t, l, 2)
	if diff := cmp.Diff(ledger.Undone{Restored: 1}, l2); diff != "" || left != nil {
		t.Errorf("the second (-want +got)\n%s; left %v", diff, left)
	}
	if diff := cmp.Diff(first, everybody(t, l)); diff != "" {
		t.Errorf("the second (-want +got)\n%s", diff)
	}
	numbered(t, l, ledger.Row{Email: "ann@example.com", Name: "Anna"})
	stop := errors.New("stop")
	if _, err := l.UndoImport(ctx, 1, ledger.UndoOptions{Now: Noon, Left: func(ledger.LeftSubscriber) error { return stop }}); !errors.Is(err, stop) {
		t.Errorf("%v, want the listener's", err)
	}
	_, left = undo(t, l, 1)
	if diff := cmp.Diff([]ledger.LeftSubscriber{{Email: "ann@example.com", By: 3}}, left); diff != "" {
		t.Errorf("the first (-want +got)\n%s", diff)
	}
	if _, left := undo(t, l, 3); left != nil {
		t.Errorf("the third left %v", left)
	}
	if diff := cmp.Diff(first, everybody(t, l)); diff != "" {
		t.Errorf("the third (-want +got)\n%s", diff)
	}
}

// Who has had mail stays, as removed, and an import revives the subscription.
func testUndoImportAfterMail(t *testing.T, open Open) {
	l := open(t)
	Number(t, l, 1)
	numbered(t, l, ledger.Row{Email: "ann@example.com", Cadence: "daily"}, ledger.Row{Email: "ben@example.com"})
	Number(t, l, 2)
	edition := CloseEdition(t, l, "daily", 1, 2)
	ann := newSender(t, l, "ann@example.com")
	if !ann.begin(edition, 1, 2) {
		t.Fatal("the delivery was refused")
	}
	ann.end(ledger.Result{Edition: edition, Status: ledger.Sent})
	done, left := undo(t, l, 1)
	if diff := cmp.Diff(ledger.Undone{Deleted: 1, Ended: 1}, done); diff != "" || left != nil {
		t.Errorf("(-want +got)\n%s; left %v", diff, left)
	}
	if s := Subscriber(t, l, "ann@example.com"); s.Status != ledger.Removed || s.Cursor != 2 {
		t.Errorf("%+v", s)
	}
	Want(t, (*ledger.Subscriber)(nil))(l.Subscriber(ctx, "ben@example.com"))
	numbered(t, l, ledger.Row{Email: "ann@example.com"})
	if s := Subscriber(t, l, "ann@example.com"); s.Status != ledger.Active {
		t.Errorf("imported again: %+v", s)
	}
}
