package ledgertest

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/erasure"
	"publisher/internal/ledger/imports"
	"publisher/internal/ledger/mailtoken"
	"publisher/internal/ledger/noticequeue"
	"publisher/internal/ledger/signups"
)

// secretOf sends the only notice that is due, of that kind, and returns the secret of its link.
func secretOf(t *testing.T, l *ledger.Ledger, kind noticequeue.Kind, email string, now time.Time) string {
	t.Helper()
	due, err := noticequeue.Due(ctx, l, now, 10)
	Must(t, err)
	if len(due) != 1 || due[0].Kind != kind || due[0].Email != email {
		t.Fatalf("due is %+v, want a %s to %s", due, kind, email)
	}
	purpose := map[noticequeue.Kind]ledger.TokenPurpose{noticequeue.Manage: ledger.TokenManage, noticequeue.Address: ledger.TokenAddress, noticequeue.Moved: ledger.TokenTakeBack}[kind]
	lasts, data := 7*24*time.Hour, due[0].Email
	if kind == noticequeue.Manage {
		lasts, data = time.Hour, ""
	}
	token := ledger.Token{Secret: mailtoken.NewSecret(), Purpose: purpose, Subscriber: due[0].Subscriber, Data: data, Expires: now.Add(lasts)}
	Want(t, true)(noticequeue.Begin(ctx, l, due[0].ID, []ledger.Token{token}, now))
	Must(t, noticequeue.End(ctx, l, noticequeue.Result{ID: due[0].ID, Status: noticequeue.Sent, At: now}))
	return token.Secret
}

func freshLink(t *testing.T, l *ledger.Ledger, email string, now time.Time) string {
	t.Helper()
	Want(t, true)(signups.PlanManage(ctx, l, Subscriber(t, l, email).ID, now))
	return secretOf(t, l, noticequeue.Manage, email, now)
}

var moving = signups.MoveOptions{DefaultCadence: "weekly", Now: Noon, Masked: func(string) string { return "masked" }}

// moved changes an address and returns the secret of the link that takes it back.
func moved(t *testing.T, l *ledger.Ledger, from, to string) string {
	t.Helper()
	s, err := signups.AskAddress(ctx, l, freshLink(t, l, from, Noon), to, Noon)
	if Must(t, err); s == nil {
		t.Fatal("the fresh link does not work")
	}
	secret := secretOf(t, l, noticequeue.Address, to, Noon)
	for range 2 { // once more does no harm
		s, err = signups.Move(ctx, l, secret, moving)
		if Must(t, err); s == nil || s.Email != to || s.Status != ledger.Active {
			t.Fatalf("%+v", s)
		}
	}
	return secretOf(t, l, noticequeue.Moved, from, Noon)
}

// A fresh link works once, for an hour, and there are three a day.
func testManage(t *testing.T, open Open) {
	l := open(t)
	Add(t, l, imports.Row{Email: "ann@example.com"})
	ann := Subscriber(t, l, "ann@example.com")
	link := freshLink(t, l, "ann@example.com", Noon)
	for range 2 {
		s, err := signups.Managed(ctx, l, link, Noon.Add(time.Hour-time.Microsecond))
		if Must(t, err); s == nil || s.ID != ann.ID {
			t.Fatalf("%+v", s)
		}
	}
	Want(t, (*ledger.Subscriber)(nil))(signups.Managed(ctx, l, link, Noon.Add(time.Hour)))
	if s, err := signups.UseManaged(ctx, l, link, Noon); s == nil || err != nil {
		t.Fatal(s, err)
	}
	Want(t, (*ledger.Subscriber)(nil))(signups.UseManaged(ctx, l, link, Noon))
	Want(t, (*ledger.Subscriber)(nil))(signups.AskAddress(ctx, l, link, "b@example.com", Noon))
	Want(t, (*ledger.Subscriber)(nil))(signups.Managed(ctx, l, mailtoken.NewSecret(), Noon))
	Want(t, true)(signups.PlanManage(ctx, l, ann.ID, Noon.Add(time.Hour)))
	Want(t, true)(signups.PlanManage(ctx, l, ann.ID, Noon.Add(2*time.Hour)))
	Want(t, false)(signups.PlanManage(ctx, l, ann.ID, Noon.Add(23*time.Hour)))
	Want(t, true)(signups.PlanManage(ctx, l, ann.ID, Noon.Add(25*time.Hour)))
	Want(t, false)(signups.PlanManage(ctx, l, ann.ID+1, Noon))
}

// A change keeps the id, so that old links work, and no list brings the old address back.
func testMove(t *testing.T, open Open) {
	l := open(t)
	list := []imports.Row{{Email: "ann@old.example", Name: "Ann", Tags: []string{"go"}}}
	file := imports.Options{Origin: imports.FromFile, DefaultCadence: "weekly", Now: Noon}
	_, err := imports.Run(ctx, l, Rows(nil, list...), file)
	Must(t, err)
	before := Subscriber(t, l, "ann@old.example")
	moved(t, l, "ann@old.example", "ann@new.example")
	after := Subscriber(t, l, "ann@new.example")
	if after.ID != before.ID || after.Name != "Ann" || after.FromFile || len(after.Tags) != 1 {
		t.Errorf("%+v", after)
	}
	for _, o := range []imports.Options{file, {DefaultCadence: "weekly", Now: Noon}} {
		counts, err := imports.Run(ctx, l, Rows(nil, list...), o)
		if Must(t, err); counts.Added != 0 || counts.Missing != 0 {
			t.Errorf("%+v", counts)
		}
	}
	if old := Subscriber(t, l, "ann@old.example"); old.Status != ledger.Unsubscribed || old.Name != "" {
		t.Errorf("%+v", old)
	}
	consents, err := l.Consents(ctx, after.ID)
	if Must(t, err); len(consents) != 1 || consents[0].What != "address" {
		t.Errorf("%+v", consents)
	}
	// And back by the same way.
	moved(t, l, "ann@new.example", "ann@old.example")
	if back := Subscriber(t, l, "ann@old.example"); back.ID != before.ID || !back.FromFile {
		t.Errorf("%+v", back)
	}
	// Who is erased is erased under former addresses too.
	_, err = erasure.Erase(ctx, l, []string{"ann@old.example"}, Noon)
	Must(t, err)
	Want(t, true)(erasure.Erased(ctx, l, "ann@new.example"))
	Want(t, (*ledger.Subscriber)(nil))(l.Subscriber(ctx, "ann@new.example"))
}

// If the new address is on the list, its own subscription goes on, and the other ends.
func testMoveToKnown(t *testing.T, open Open) {
	for _, status := range []ledger.Status{ledger.Active, ledger.Unsubscribed, ledger.Bounced, ledger.Complained, ledger.Removed, ledger.Pending} {
		l := open(t)
		Add(t, l, imports.Row{Email: "ann@old.example", Cadence: "daily", Tags: []string{"go"}}, imports.Row{Email: "ann@new.example", Status: status, Cadence: "monthly"})
		back := moved(t, l, "ann@old.example", "ann@new.example")
		old, own := Subscriber(t, l, "ann@old.example"), Subscriber(t, l, "ann@new.example")
		want := "daily"
		if status == ledger.Active {
			want = "monthly"
		}
		if old.Status != ledger.Unsubscribed || own.Status != ledger.Active || own.Cadence != want {
			t.Errorf("%s: %+v, %+v", status, old, own)
		}
		s, err := signups.TakeBack(ctx, l, back, moving)
		if Must(t, err); s == nil || s.ID != old.ID || s.Status != ledger.Active {
			t.Errorf("%s: taken back: %+v", status, s)
		}
	}
}

// The old address takes a change back for seven days, and ends all that was begun since.
func testTakeBack(t *testing.T, open Open) {
	l := open(t)
	Add(t, l, imports.Row{Email: "ann@old.example"})
	id := Subscriber(t, l, "ann@old.example").ID
	back := moved(t, l, "ann@old.example", "eve@new.example")
	again := moved(t, l, "eve@new.example", "eve@other.example")
	late := moving
	late.Now = Noon.Add(7 * 24 * time.Hour)
	Want(t, (*ledger.Subscriber)(nil))(signups.TakeBack(ctx, l, back, late))
	for range 2 {
		s, err := signups.TakeBack(ctx, l, back, moving)
		if Must(t, err); s == nil || s.ID != id || s.Email != "ann@old.example" || s.Status != ledger.Active {
			t.Fatalf("%+v", s)
		}
	}
	Want(t, (*ledger.Subscriber)(nil))(signups.TakeBack(ctx, l, again, moving))
	Want(t, (*ledger.Subscriber)(nil))(l.Subscriber(ctx, "eve@other.example"))

	// With a new subscription at the old address, the one that moved away only ends.
	back = moved(t, l, "ann@old.example", "eve@last.example")
	Want(t, true)(l.SetStatus(ctx, "ann@old.example", ledger.Active, "weekly", Noon))
	s, err := signups.TakeBack(ctx, l, back, moving)
	if Must(t, err); s == nil || s.ID == id || s.Email != "ann@old.example" {
		t.Errorf("%+v", s)
	}
	if moved := Subscriber(t, l, "eve@last.example"); moved.Status != ledger.Unsubscribed {
		t.Errorf("%+v", moved)
	}
}

func testSubscriberData(t *testing.T, open Open) {
	l := open(t)
	Add(t, l, imports.Row{Email: "ann@example.com", Name: "Ann", Tags: []string{"go", "mail"}})
	Number(t, l, 1)
	edition := CloseEdition(t, l, "weekly", 0, 1)
	id := Subscriber(t, l, "ann@example.com").ID
	Want(t, true)(l.Record(ctx, nil, &ledger.Intent{Edition: edition, Subscriber: id, Through: 1, At: Noon}))
	Want(t, false)(l.Record(ctx, &ledger.Result{Edition: edition, Subscriber: id, Status: ledger.Sent, Code: 250, Reply: "queued", At: Noon}, nil))
	pauseUntil(t, l, "ann@example.com", Noon.Add(time.Hour), Noon)
	Must(t, signups.Add(ctx, l, signups.Signup{Email: "ANN@example.com", Page: "https://example.com/form", How: signups.ByForm, At: Noon, Request: mailtoken.NewSecret()}))
	freshLink(t, l, "ann@example.com", Noon)
	data, err := erasure.CollectData(ctx, l, id)
	Must(t, err)
	text, err := json.Marshal(data)
	Must(t, err)
	for _, want := range []string{`"name":"Ann"`, `"tags":["go","mail"]`, `"reply":"queued"`, `"paused_until":"2026-11-22T13:00:00Z"`, `"page":"https://example.com/form"`,
		`"kind":"paused"`, `"purpose":"manage"`, `"created_at":"2026-11-22T12:00:00Z"`, `"subject":"News"`, `"from_file":false`, `"consents":[]`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %s in %s", want, text)
		}
	}
	Want(t, erasure.SubscriberData(nil))(erasure.CollectData(ctx, l, id+1))
}
