package ledgertest

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"publisher/internal/ledger"
	"publisher/internal/ledger/imports"
	"publisher/internal/ledger/subscription"
)

// numbered imports rows as a numbered import.
func numbered(t *testing.T, l *ledger.Ledger, list ...imports.Row) imports.Counts {
	t.Helper()
	counts, err := imports.Run(ctx, l, Rows(nil, list...), imports.Options{DefaultCadence: "weekly", Now: Noon,
		Source: &imports.Source{Name: "list.csv", Service: "ghost"}})
	Must(t, err)
	return counts
}

// undo undoes an import, and returns who was left.
func undo(t *testing.T, l *ledger.Ledger, number int64) (done imports.Undone, left []imports.LeftSubscriber) {
	t.Helper()
	done, err := imports.Undo(ctx, l, number, imports.UndoOptions{DefaultCadence: "weekly", Now: Noon.Add(time.Hour), Left: func(s imports.LeftSubscriber) error {
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
	Add(t, l, imports.Row{Email: "ann@example.com", Name: "Ann", Tags: []string{"go"}}, imports.Row{Email: "ben@example.com", Status: ledger.Pending},
		imports.Row{Email: "cyd@example.com"}, imports.Row{Email: "dee@example.com", Status: ledger.Removed}, imports.Row{Email: "eve@example.com", Status: ledger.Bounced})
	was := everybody(t, l)
	list := []imports.Row{
		{Email: "ann@example.com", Name: "Ann B.", Cadence: "daily", Tags: []string{"mail"}, Language: "de", Confirmed: Noon.AddDate(-1, 0, 0)},
		{Email: "ben@example.com"}, {Email: "cyd@example.com", Status: ledger.Unsubscribed}, {Email: "dee@example.com"}, {Email: "eve@example.com"},
		{Email: "fay@example.com"}, {Email: "gus@example.com", Status: ledger.Complained, Created: Noon.AddDate(-2, 0, 0)},
	}
	want := imports.Counts{Rows: 7, Added: 2, Updated: 4, Kept: 1, Number: 1}
	if diff := cmp.Diff(want, numbered(t, l, list...)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	became := everybody(t, l)
	if diff := cmp.Diff(imports.Counts{Rows: 7, Unchanged: 6, Kept: 1}, numbered(t, l, list...)); diff != "" {
		t.Errorf("again (-want +got)\n%s", diff)
	}
	Want(t, []imports.Record{{Number: 1, At: Noon, Name: "list.csv", Service: "ghost", Counts: want}})(imports.All(ctx, l))

	done, left := undo(t, l, 1)
	if diff := cmp.Diff(imports.Undone{Deleted: 2, Restored: 4}, done); diff != "" || left != nil {
		t.Errorf("(-want +got)\n%s; left %v", diff, left)
	}
	if diff := cmp.Diff(was, ignoreTimes(everybody(t, l), was)); diff != "" {
		t.Errorf("undone (-want +got)\n%s", diff)
	}
	done, left = undo(t, l, 1)
	if diff := cmp.Diff(imports.Undone{Already: Noon.Add(time.Hour)}, done); diff != "" || left != nil {
		t.Errorf("twice (-want +got)\n%s; left %v", diff, left)
	}
	if _, err := imports.Undo(ctx, l, 2, imports.UndoOptions{}); !errors.Is(err, imports.ErrNoImport) {
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

// touches are ways in which a subscriber changes after an import, and one in which nothing does.
func touches() map[string]func(l *ledger.Ledger, email string) error {
	return map[string]func(l *ledger.Ledger, email string) error{
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
			_, err := imports.Run(ctx, l, Rows(nil, imports.Row{Email: email}), imports.Options{Origin: imports.FromFile, DefaultCadence: "weekly", Now: Noon})
			return err
		},
		"bounced and restored": func(l *ledger.Ledger, email string) error {
			if _, err := l.SetStatus(ctx, email, ledger.Bounced, "weekly", Noon); err != nil {
				return err
			}
			_, err := subscription.Restore(ctx, l, email, "weekly", Noon)
			return err
		},
		"added by hand": func(l *ledger.Ledger, email string) error {
			_, err := imports.Run(ctx, l, Rows(nil, imports.Row{Email: email, Name: "By hand"}), imports.Options{DefaultCadence: "weekly", Now: Noon})
			return err
		},
	}
}

// Undoing an import leaves whom anything else has changed since, and says so.
func testUndoImportLeaves(t *testing.T, open Open) {
	for name, touch := range touches() {
		for _, known := range []bool{false, true} {
			l := open(t)
			row := imports.Row{Email: "ann@example.com", Name: "Ann"}
			if known {
				Add(t, l, imports.Row{Email: row.Email})
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
			if diff := cmp.Diff(imports.Undone{Left: 1}, done); diff != "" {
				t.Errorf("%s (-want +got)\n%s", name, diff)
			}
			if diff := cmp.Diff([]imports.LeftSubscriber{{Email: row.Email}}, left); diff != "" {
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
	Add(t, l, imports.Row{Email: "known@example.com"})
	created, confirmed := Noon.AddDate(-2, 0, 0), Noon.AddDate(-1, 0, 0)
	numbered(t, l, imports.Row{Email: "known@example.com", Confirmed: confirmed}, imports.Row{Email: "both@example.com", Created: created, Confirmed: confirmed},
		imports.Row{Email: "created@example.com", Created: created}, imports.Row{Email: "pending@example.com", Created: created, Status: ledger.Pending},
		imports.Row{Email: "nothing@example.com"}, imports.Row{Email: "left@example.com", Created: created, Status: ledger.Unsubscribed})
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
	numbered(t, l, imports.Row{Email: "ann@example.com"})
	first := everybody(t, l)
	numbered(t, l, imports.Row{Email: "ann@example.com", Name: "Ann"})
	l2, left := undo(t, l, 2)
	if diff := cmp.Diff(imports.Undone{Restored: 1}, l2); diff != "" || left != nil {
		t.Errorf("the second (-want +got)\n%s; left %v", diff, left)
	}
	if diff := cmp.Diff(first, everybody(t, l)); diff != "" {
		t.Errorf("the second (-want +got)\n%s", diff)
	}
	numbered(t, l, imports.Row{Email: "ann@example.com", Name: "Anna"})
	stop := errors.New("stop")
	if _, err := imports.Undo(ctx, l, 1, imports.UndoOptions{Now: Noon, Left: func(imports.LeftSubscriber) error { return stop }}); !errors.Is(err, stop) {
		t.Errorf("%v, want the listener's", err)
	}
	_, left = undo(t, l, 1)
	if diff := cmp.Diff([]imports.LeftSubscriber{{Email: "ann@example.com", By: 3}}, left); diff != "" {
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
	numbered(t, l, imports.Row{Email: "ann@example.com", Cadence: "daily"}, imports.Row{Email: "ben@example.com"})
	Number(t, l, 2)
	edition := CloseEdition(t, l, "daily", 1, 2)
	ann := newSender(t, l, "ann@example.com")
	if !ann.begin(edition, 1, 2) {
		t.Fatal("the delivery was refused")
	}
	ann.end(ledger.Result{Edition: edition, Status: ledger.Sent})
	done, left := undo(t, l, 1)
	if diff := cmp.Diff(imports.Undone{Deleted: 1, Ended: 1}, done); diff != "" || left != nil {
		t.Errorf("(-want +got)\n%s; left %v", diff, left)
	}
	if s := Subscriber(t, l, "ann@example.com"); s.Status != ledger.Removed || s.Cursor != 2 {
		t.Errorf("%+v", s)
	}
	Want(t, (*ledger.Subscriber)(nil))(l.Subscriber(ctx, "ben@example.com"))
	numbered(t, l, imports.Row{Email: "ann@example.com"})
	if s := Subscriber(t, l, "ann@example.com"); s.Status != ledger.Active {
		t.Errorf("imported again: %+v", s)
	}
}
