package ledgertest

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"publisher/internal/ledger"
	"publisher/internal/ledger/imports"
)

func testStatus(t *testing.T, open Open) {
	l := open(t)
	Add(t, l, imports.Row{Email: "Ann@Example.com"}, imports.Row{Email: "pam@example.com", Status: ledger.Pending})
	Number(t, l, 3)

	Want(t, false)(l.SetStatus(ctx, "nobody@example.com", ledger.Unsubscribed, "weekly", Noon))
	Want(t, false)(l.SetStatus(ctx, "no address", ledger.Unsubscribed, "weekly", Noon))

	Want(t, true)(l.SetStatus(ctx, "ann@EXAMPLE.com", ledger.Unsubscribed, "weekly", Noon))
	if s := Subscriber(t, l, "ann@example.com"); s.Status != ledger.Unsubscribed || s.Cursor != 0 || s.Email != "Ann@Example.com" {
		t.Errorf("after unsubscribing: %+v", s)
	}
	Want(t, true)(l.SetStatus(ctx, "ann@example.com", ledger.Active, "weekly", Noon))
	if s := Subscriber(t, l, "ann@example.com"); s.Status != ledger.Active || s.Cursor != 0 {
		t.Errorf("activated again: %+v, want the cursor where it was: no edition has closed", s)
	}
	Want(t, true)(l.SetStatus(ctx, "pam@example.com", ledger.Active, "weekly", Noon))
	if s := Subscriber(t, l, "pam@example.com"); !s.Confirmed.Equal(Noon) || s.Cursor != 3 {
		t.Errorf("confirmed: %+v", s)
	}
	// Activating who is active leaves the cursor where it is.
	Must(t, l.CloseEmpty(ctx, "weekly", Noon, 2))
	Want(t, true)(l.SetStatus(ctx, "ann@example.com", ledger.Active, "weekly", Noon))
	if s := Subscriber(t, l, "ann@example.com"); s.Cursor != 0 {
		t.Errorf("cursor %d, want 0", s.Cursor)
	}
	// What closed while they were away is not for them; what had closed before is.
	CloseEdition(t, l, "weekly", 0, 2)
	Number(t, l, 5)
	for _, tt := range []struct {
		away time.Duration
		want ledger.Due
	}{
		{time.Hour, ledger.Due{Cursor: 4, Owed: ledger.Numbers{1, 2}}},
		{8 * 24 * time.Hour, ledger.Due{Cursor: 4}},
	} {
		Want(t, true)(l.SetStatus(ctx, "ann@example.com", ledger.Unsubscribed, "weekly", Noon.Add(time.Minute)))
		Must(t, l.CloseEmpty(ctx, "weekly", Noon.Add(2*time.Minute), 4))
		Want(t, true)(l.SetStatus(ctx, "ann@example.com", ledger.Active, "weekly", Noon.Add(tt.away)))
		if diff := cmp.Diff(tt.want, Subscriber(t, l, "ann@example.com").Due); diff != "" {
			t.Errorf("after %v (-want +got)\n%s", tt.away, diff)
		}
	}
}

func testPreferences(t *testing.T, open Open) {
	l := open(t)
	Add(t, l, imports.Row{Email: "ann@example.com", Tags: []string{"go"}},
		imports.Row{Email: "ben@example.com", Cadence: "daily"},
		imports.Row{Email: "cat@example.com"})
	Number(t, l, 5)
	Must(t, l.CloseEmpty(ctx, "weekly", Noon, 4))
	Must(t, l.CloseEmpty(ctx, "daily", Noon, 2))
	weekly := CloseEdition(t, l, "weekly", 0, 4)
	cat := Subscriber(t, l, "cat@example.com")
	Want(t, true)(l.Record(ctx, nil, &ledger.Intent{Edition: weekly, Subscriber: cat.ID, Through: 4, At: Noon}))

	daily, tags, none := "daily", []string{" Go ", "go", "Mail"}, []string(nil)
	Want(t, false)(l.SetPreferences(ctx, "nobody@example.com", ledger.Choice{Cadence: &daily}, "weekly", Noon))
	Want(t, true)(l.SetPreferences(ctx, "ann@example.com", ledger.Choice{Cadence: &daily, Tags: &tags}, "weekly", Noon))
	Want(t, true)(l.SetPreferences(ctx, "ben@example.com", ledger.Choice{Cadence: &daily, Tags: &none}, "weekly", Noon))
	Want(t, true)(l.SetPreferences(ctx, "cat@example.com", ledger.Choice{Tags: &tags}, "weekly", Noon))

	type got struct {
		Cadence string
		Tags    []string
		Due     ledger.Due
	}
	for email, want := range map[string]got{
		// Raised to the close of weekly, the default; none of the posts had the tag.
		"ann@example.com": {"daily", []string{"Go", "Mail"}, ledger.Due{Cursor: 4}},
		"ben@example.com": {"daily", nil, ledger.Due{}}, // nothing changed
		// The open delivery settles what was due by the choice of before.
		"cat@example.com": {"", []string{"Go", "Mail"}, ledger.Due{Cursor: 4, Owed: ledger.Numbers{1, 2, 3, 4}}},
	} {
		s := Subscriber(t, l, email)
		if diff := cmp.Diff(want, got{s.Cadence, s.Tags, s.Due}); diff != "" {
			t.Errorf("%s (-want +got)\n%s", email, diff)
		}
	}
}

func testSubscribers(t *testing.T, open Open) {
	l := open(t)
	const n = 1203 // more than two pages
	var list []imports.Row
	for i := n; i > 0; i-- {
		list = append(list, imports.Row{Email: fmt.Sprintf("s%05d@example.com", i)})
	}
	Add(t, l, list...)
	last, count := "", 0
	for s, err := range l.Subscribers(ctx) {
		Must(t, err)
		if s.Email <= last {
			t.Fatalf("%s after %s", s.Email, last)
		}
		last = s.Email
		count++
		if count == 700 { // the stream holds nothing that the caller's own calls would wait for
			Want(t, true)(l.SetStatus(ctx, s.Email, ledger.Bounced, "weekly", Noon))
		}
	}
	if count != n {
		t.Errorf("%d subscribers, want %d", count, n)
	}
	for range l.Subscribers(ctx) {
		break
	}

	s := Subscriber(t, l, "s00001@example.com")
	Want(t, &s)(l.SubscriberByID(ctx, s.ID))
	Want(t, (*ledger.Subscriber)(nil))(l.SubscriberByID(ctx, 1<<40))
	Want(t, (*ledger.Subscriber)(nil))(l.Subscriber(ctx, "nobody@example.com"))
	Want(t, (*ledger.Subscriber)(nil))(l.Subscriber(ctx, "posts/a.md"))
}

func testAudience(t *testing.T, open Open) {
	l := open(t)
	Add(t, l,
		imports.Row{Email: "default@example.com"},
		imports.Row{Email: "weekly@example.com", Cadence: "weekly", Tags: []string{"Go", "go", " mail "}},
		imports.Row{Email: "daily@example.com", Cadence: "daily"},
		imports.Row{Email: "gone@example.com", Cadence: "fortnightly"},
		imports.Row{Email: "pending@example.com", Status: ledger.Pending},
		imports.Row{Email: "out@example.com", Status: ledger.Unsubscribed},
		imports.Row{Email: "open@example.com"},
	)
	Number(t, l, 2)
	Add(t, l, imports.Row{Email: "new@example.com"}) // starts at 2
	before := CloseEdition(t, l, "weekly", 0, 1)
	edition := CloseEdition(t, l, "weekly", 0, 2)
	Want(t, true)(l.Record(ctx, nil, &ledger.Intent{Edition: before, Subscriber: Subscriber(t, l, "open@example.com").ID, Through: 1, At: Noon}))

	configured := []string{"daily", "weekly"}
	for _, tt := range []struct {
		name     string
		audience ledger.Audience
		groups   []ledger.RecipientGroup
		emails   []string
	}{
		{"the default", ledger.Audience{Cadence: "weekly", Default: true, Configured: configured},
			[]ledger.RecipientGroup{{Count: 2}, {Tags: []string{"Go", "mail"}, Count: 1}},
			[]string{"default@example.com", "gone@example.com", "weekly@example.com"}},
		{"by name", ledger.Audience{Cadence: "daily", Configured: configured},
			[]ledger.RecipientGroup{{Count: 1}}, []string{"daily@example.com"}},
		{"the only one", ledger.Audience{Cadence: "weekly", Default: true, Configured: []string{"weekly"}},
			[]ledger.RecipientGroup{{Count: 3}, {Tags: []string{"Go", "mail"}, Count: 1}},
			[]string{"daily@example.com", "default@example.com", "gone@example.com", "weekly@example.com"}},
		{"nobody's", ledger.Audience{Cadence: "monthly", Configured: configured}, nil, nil},
	} {
		Want(t, tt.groups)(l.RecipientGroups(ctx, tt.audience, 2, Noon))
		var emails []string
		after := int64(0)
		for { // pages of one
			due, err := l.Recipients(ctx, edition, tt.audience, after, 1, Noon)
			Must(t, err)
			if len(due) == 0 {
				break
			}
			emails = append(emails, due[0].Email)
			after = due[0].ID
		}
		if diff := cmp.Diff(tt.emails, emails, cmpopts.SortSlices(func(a, b string) bool { return a < b })); diff != "" {
			t.Errorf("%s: recipients (-want +got)\n%s", tt.name, diff)
		}
	}

	// Whoever has a delivery of the edition is not its recipient again.
	s := Subscriber(t, l, "daily@example.com")
	Want(t, true)(l.Record(ctx, nil, &ledger.Intent{Edition: edition, Subscriber: s.ID, Through: 2, At: Noon}))
	Want(t, false)(l.Record(ctx, &ledger.Result{Edition: edition, Subscriber: s.ID, Status: ledger.Failed, KeepCursor: true, At: Noon.Add(time.Hour)}, nil))
	Want(t, []ledger.Recipient(nil))(l.Recipients(ctx, edition, ledger.Audience{Cadence: "daily"}, 0, 10, Noon))
	// Given up, it is due again once something newer is.
	Want(t, []ledger.RecipientGroup(nil))(l.RecipientGroups(ctx, ledger.Audience{Cadence: "daily"}, 2, Noon))
	Want(t, []ledger.RecipientGroup{{Count: 1}})(l.RecipientGroups(ctx, ledger.Audience{Cadence: "daily"}, 3, Noon))
}
