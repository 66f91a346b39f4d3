package ledgertest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"publisher/internal/ledger"
	"publisher/internal/ledger/imports"
)

func testSetDigestLanguages(t *testing.T, open Open) {
	l := open(t)
	Add(t, l, imports.Row{Email: "idle@example.com"}, imports.Row{Email: "daily@example.com", Cadence: "daily"},
		imports.Row{Email: "untried@example.com", Cadence: "daily"}, imports.Row{Email: "gone@example.com", Cadence: "hourly"})
	waits, gave := newSender(t, l, "waits@example.com"), newSender(t, l, "gave@example.com")
	Number(t, l, 5)
	weekly := CloseEdition(t, l, "weekly", 0, 4)
	for _, s := range []sender{waits, gave} {
		if !s.begin(weekly, 0, 4) {
			t.Fatal("refused")
		}
	}
	waits.end(ledger.Result{Edition: weekly, Status: ledger.Deferred, Next: Noon})
	gave.end(ledger.Result{Edition: weekly, Status: ledger.Failed, KeepCursor: true})
	Must(t, l.FinishEdition(ctx, weekly, Noon))
	Must(t, l.FinishEdition(ctx, CloseEdition(t, l, "daily", 0, 2), Noon))
	// Of two that closed at one moment one is done.
	done := ledger.Edition{Cadence: "daily", Closed: Noon.Add(time.Hour), Through: 5}
	rest := ledger.Edition{Cadence: "daily", Language: "de", Closed: Noon.Add(time.Hour), Through: 5}
	Must(t, l.CloseEditions(ctx, &done, &rest))
	Must(t, l.FinishEdition(ctx, done.Number, Noon))
	underway := rest.Number
	Want(t, true)(l.Record(ctx, nil, &ledger.Intent{Edition: underway, Subscriber: Subscriber(t, l, "daily@example.com").ID, Through: 5, At: Noon}))

	configured := []string{"weekly", "daily"}
	cadences := []ledger.Audience{{Cadence: "weekly", Default: true, Configured: configured}, {Cadence: "daily", Configured: configured}}
	Must(t, l.SetDigestLanguages(ctx, []string{"en", "de"}, cadences, Noon))
	// What was due by the languages of before stays due: nobody has got anything yet.
	weeklyDue, dailyDue := ledger.Due{Cursor: 4, Owed: ledger.Numbers{1, 2, 3, 4}}, ledger.Due{Cursor: 5, Owed: ledger.Numbers{1, 2, 3, 4, 5}}
	for email, want := range map[string]ledger.Due{
		"idle@example.com":    weeklyDue,
		"gone@example.com":    weeklyDue, // by default weekly
		"waits@example.com":   weeklyDue, // its open delivery will settle it
		"gave@example.com":    weeklyDue,
		"daily@example.com":   dailyDue,
		"untried@example.com": dailyDue,
	} {
		if diff := cmp.Diff(want, Subscriber(t, l, email).Due); diff != "" {
			t.Errorf("%s (-want +got)\n%s", email, diff)
		}
	}
	if !waits.begin(weekly, 0, 4) {
		t.Error("the open delivery is refused")
	}
	waits.end(ledger.Result{Edition: weekly, Status: ledger.Sent})
	if due := waits.due(); due.Cursor != 4 || len(due.Owed) > 0 {
		t.Errorf("after it %+v is due", due)
	}
	if e, err := l.Edition(ctx, underway); err != nil || !e.Done.Equal(Noon) {
		t.Errorf("the edition underway: %+v, %v", e, err)
	}
	if at, through, err := l.LastClosed(ctx, "daily"); !at.IsZero() || through != 0 || err != nil {
		t.Errorf("daily closed at %v through %d, %v: it is to close again", at, through, err)
	}
	if at, through, err := l.LastClosed(ctx, "weekly"); at.IsZero() || through != 4 || err != nil {
		t.Errorf("weekly closed at %v through %d, %v", at, through, err)
	}
}

func testLanguages(t *testing.T, open Open) {
	l := open(t)
	for _, tag := range []string{"", "en", "en-GB", "fr", "de", "de-AT", "de-CH", "de-CH-1996", "del"} {
		Add(t, l, imports.Row{Email: "r" + tag + "@example.com", Language: tag})
	}
	Number(t, l, 1)
	edition := CloseEdition(t, l, "weekly", 0, 1)
	for _, tt := range []struct {
		languages []string
		language  string
		readers   []string
	}{
		{nil, "", []string{"", "en", "en-GB", "fr", "de", "de-AT", "de-CH", "de-CH-1996", "del"}},
		{[]string{"en", "de"}, "", []string{"", "en", "en-GB", "fr", "del"}},
		{[]string{"en", "de"}, "de", []string{"de", "de-AT", "de-CH", "de-CH-1996"}},
		{[]string{"en", "de", "de-CH"}, "de", []string{"de", "de-AT"}},
		{[]string{"en", "de", "de-CH"}, "de-CH", []string{"de-CH", "de-CH-1996"}},
		{[]string{"en", "de", "de-CH"}, "", []string{"", "en", "en-GB", "fr", "del"}},
		{[]string{"en", "en-GB", "fr"}, "", []string{"", "en", "de", "de-AT", "de-CH", "de-CH-1996", "del"}},
		{[]string{"de-CH", "de"}, "de", []string{"de", "de-AT"}},
		{[]string{"de-CH", "de"}, "", []string{"", "en", "en-GB", "fr", "de-CH", "de-CH-1996", "del"}},
	} {
		audience := ledger.Audience{Cadence: "weekly", Default: true, Languages: tt.languages, Language: tt.language}
		due, err := l.Recipients(ctx, edition, audience, 0, 100, Noon)
		Must(t, err)
		var readers []string
		for _, s := range due {
			reader, err := l.SubscriberByID(ctx, s.ID)
			Must(t, err)
			readers = append(readers, reader.Language)
		}
		if diff := cmp.Diff(tt.readers, readers); diff != "" {
			t.Errorf("%q of %q (-want +got)\n%s", tt.language, tt.languages, diff)
		}
		groups, err := l.RecipientGroups(ctx, audience, 1, Noon)
		Must(t, err)
		if len(groups) != 1 || groups[0].Count != len(tt.readers) {
			t.Errorf("%q of %q: groups %v", tt.language, tt.languages, groups)
		}
	}
}

// A language is a choice like tags: it is kept, and a change does not apply to the past.
func testLanguageChoice(t *testing.T, open Open) {
	l := open(t)
	ann := imports.Row{Email: "ann@example.com", Language: "de"}
	fromFile(t, l, nil, ann)
	Add(t, l, imports.Row{Email: "ben@example.com"})
	Number(t, l, 3)
	Must(t, l.CloseEmpty(ctx, "weekly", Noon, 2))
	english := "en"
	for range 2 { // the second time nothing changes
		Want(t, true)(l.SetPreferences(ctx, ann.Email, ledger.Choice{Language: &english}, "weekly", Noon))
		Add(t, l, imports.Row{Email: "ben@example.com", Language: "de"})
		for email, want := range map[string]string{ann.Email: "en", "ben@example.com": "de"} {
			if s := Subscriber(t, l, email); s.Language != want || s.Cursor != 2 {
				t.Errorf("%s: language %q, cursor %d", email, s.Language, s.Cursor)
			}
		}
		Must(t, l.CloseEmpty(ctx, "weekly", Noon.Add(time.Hour), 3))
	}
	// What the file says counts when the file changes it.
	fromFile(t, l, nil, ann)
	if s := Subscriber(t, l, ann.Email); s.Language != "en" {
		t.Errorf("the file's old language came back: %+v", s)
	}
	ann.Language = "fr"
	fromFile(t, l, nil, ann)
	if s := Subscriber(t, l, ann.Email); s.Language != "fr" {
		t.Errorf("the file's new language is not taken: %+v", s)
	}
	Add(t, l, imports.Row{Email: "ben@example.com"})
	if s := Subscriber(t, l, "ben@example.com"); s.Language != "de" {
		t.Errorf("an empty cell changed the language: %+v", s)
	}
}
