package ledger_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"publisher/internal/ledger"
)

func testStatus(t *testing.T, open func(*testing.T) *ledger.Ledger) {
	l := open(t)
	add(t, l, ledger.Row{Email: "Ann@Example.com"}, ledger.Row{Email: "pam@example.com", Status: ledger.Pending})
	number(t, l, 3)

	want1(t, false)(l.SetStatus(ctx, "nobody@example.com", ledger.Unsubscribed, "weekly", noon))
	want1(t, false)(l.SetStatus(ctx, "no address", ledger.Unsubscribed, "weekly", noon))

	want1(t, true)(l.SetStatus(ctx, "ann@EXAMPLE.com", ledger.Unsubscribed, "weekly", noon))
	if s := subscriber(t, l, "ann@example.com"); s.Status != ledger.Unsubscribed || s.Cursor != 0 || s.Email != "Ann@Example.com" {
		t.Errorf("after unsubscribing: %+v", s)
	}
	want1(t, true)(l.SetStatus(ctx, "ann@example.com", ledger.Active, "weekly", noon))
	if s := subscriber(t, l, "ann@example.com"); s.Status != ledger.Active || s.Cursor != 0 {
		t.Errorf("activated again: %+v, want the cursor where it was: no edition has closed", s)
	}
	want1(t, true)(l.SetStatus(ctx, "pam@example.com", ledger.Active, "weekly", noon))
	if s := subscriber(t, l, "pam@example.com"); !s.Confirmed.Equal(noon) || s.Cursor != 3 {
		t.Errorf("confirmed: %+v", s)
	}
	// Activating who is active leaves the cursor where it is.
	must(t, l.CloseEmpty(ctx, "weekly", noon, 2))
	want1(t, true)(l.SetStatus(ctx, "ann@example.com", ledger.Active, "weekly", noon))
	if s := subscriber(t, l, "ann@example.com"); s.Cursor != 0 {
		t.Errorf("cursor %d, want 0", s.Cursor)
	}
	// What closed while they were away is not for them; what had closed before is.
	closeEdition(t, l, "weekly", 0, 2)
	number(t, l, 5)
	for _, tt := range []struct {
		away time.Duration
		want ledger.Due
	}{
		{time.Hour, ledger.Due{Cursor: 4, Owed: ledger.Numbers{1, 2}}},
		{8 * 24 * time.Hour, ledger.Due{Cursor: 4}},
	} {
		want1(t, true)(l.SetStatus(ctx, "ann@example.com", ledger.Unsubscribed, "weekly", noon.Add(time.Minute)))
		must(t, l.CloseEmpty(ctx, "weekly", noon.Add(2*time.Minute), 4))
		want1(t, true)(l.SetStatus(ctx, "ann@example.com", ledger.Active, "weekly", noon.Add(tt.away)))
		if diff := cmp.Diff(tt.want, subscriber(t, l, "ann@example.com").Due); diff != "" {
			t.Errorf("after %v (-want +got)\n%s", tt.away, diff)
		}
	}
}

func testPreferences(t *testing.T, open func(*testing.T) *ledger.Ledger) {
	l := open(t)
	add(t, l, ledger.Row{Email: "ann@example.com", Tags: []string{"go"}},
		ledger.Row{Email: "ben@example.com", Cadence: "daily"},
		ledger.Row{Email: "cat@example.com"})
	number(t, l, 5)
	must(t, l.CloseEmpty(ctx, "weekly", noon, 4))
	must(t, l.CloseEmpty(ctx, "daily", noon, 2))
	weekly := closeEdition(t, l, "weekly", 0, 4)
	cat := subscriber(t, l, "cat@example.com")
	want1(t, true)(l.Record(ctx, nil, &ledger.Intent{Edition: weekly, Subscriber: cat.ID, Through: 4, At: noon}))

	daily, tags, none := "daily", []string{" Go ", "go", "Mail"}, []string(nil)
	want1(t, false)(l.SetPreferences(ctx, "nobody@example.com", ledger.Choice{Cadence: &daily}, "weekly", noon))
	want1(t, true)(l.SetPreferences(ctx, "ann@example.com", ledger.Choice{Cadence: &daily, Tags: &tags}, "weekly", noon))
	want1(t, true)(l.SetPreferences(ctx, "ben@example.com", ledger.Choice{Cadence: &daily, Tags: &none}, "weekly", noon))
	want1(t, true)(l.SetPreferences(ctx, "cat@example.com", ledger.Choice{Tags: &tags}, "weekly", noon))

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
		s := subscriber(t, l, email)
		if diff := cmp.Diff(want, got{s.Cadence, s.Tags, s.Due}); diff != "" {
			t.Errorf("%s (-want +got)\n%s", email, diff)
		}
	}
}

func testSubscribers(t *testing.T, open func(*testing.T) *ledger.Ledger) {
	l := open(t)
	const n = 1203 // more than two pages
	var list []ledger.Row
	for i := n; i > 0; i-- {
		list = append(list, ledger.Row{Email: fmt.Sprintf("s%05d@example.com", i)})
	}
	add(t, l, list...)
	last, count := "", 0
	for s, err := range l.Subscribers(ctx) {
		must(t, err)
		if s.Email <= last {
			t.Fatalf("%s after %s", s.Email, last)
		}
		last = s.Email
		count++
		if count == 700 { // the stream holds nothing that the caller's own calls would wait for
			want1(t, true)(l.SetStatus(ctx, s.Email, ledger.Bounced, "weekly", noon))
		}
	}
	if count != n {
		t.Errorf("%d subscribers, want %d", count, n)
	}
	for range l.Subscribers(ctx) {
		break
	}

	s := subscriber(t, l, "s00001@example.com")
	want1(t, &s)(l.SubscriberByID(ctx, s.ID))
	want1(t, (*ledger.Subscriber)(nil))(l.SubscriberByID(ctx, 1<<40))
	want1(t, (*ledger.Subscriber)(nil))(l.Subscriber(ctx, "nobody@example.com"))
	want1(t, (*ledger.Subscriber)(nil))(l.Subscriber(ctx, "posts/a.md"))
}

func testAudience(t *testing.T, open func(*testing.T) *ledger.Ledger) {
	l := open(t)
	add(t, l,
		ledger.Row{Email: "default@example.com"},
		ledger.Row{Email: "weekly@example.com", Cadence: "weekly", Tags: []string{"Go", "go", " mail "}},
		ledger.Row{Email: "daily@example.com", Cadence: "daily"},
		ledger.Row{Email: "gone@example.com", Cadence: "fortnightly"},
		ledger.Row{Email: "pending@example.com", Status: ledger.Pending},
		ledger.Row{Email: "out@example.com", Status: ledger.Unsubscribed},
		ledger.Row{Email: "open@example.com"},
	)
	number(t, l, 2)
	add(t, l, ledger.Row{Email: "new@example.com"}) // starts at 2
	before := closeEdition(t, l, "weekly", 0, 1)
	edition := closeEdition(t, l, "weekly", 0, 2)
	want1(t, true)(l.Record(ctx, nil, &ledger.Intent{Edition: before, Subscriber: subscriber(t, l, "open@example.com").ID, Through: 1, At: noon}))

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
		want1(t, tt.groups)(l.RecipientGroups(ctx, tt.audience, 2))
		var emails []string
		after := int64(0)
		for { // pages of one
			due, err := l.Recipients(ctx, edition, tt.audience, after, 1)
			must(t, err)
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
	s := subscriber(t, l, "daily@example.com")
	want1(t, true)(l.Record(ctx, nil, &ledger.Intent{Edition: edition, Subscriber: s.ID, Through: 2, At: noon}))
	want1(t, false)(l.Record(ctx, &ledger.Result{Edition: edition, Subscriber: s.ID, Status: ledger.Failed, KeepCursor: true, At: noon.Add(time.Hour)}, nil))
	want1(t, []ledger.Recipient(nil))(l.Recipients(ctx, edition, ledger.Audience{Cadence: "daily"}, 0, 10))
	// Given up, it is due again once something newer is.
	want1(t, []ledger.RecipientGroup(nil))(l.RecipientGroups(ctx, ledger.Audience{Cadence: "daily"}, 2))
	want1(t, []ledger.RecipientGroup{{Count: 1}})(l.RecipientGroups(ctx, ledger.Audience{Cadence: "daily"}, 3))
}
