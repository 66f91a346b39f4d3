package ledgertest

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"publisher/internal/ledger"
	"publisher/internal/ledger/subscription"
)

// refuse has the subscriber's delivery of an edition refused.
func (s sender) refuse(edition, through int64, at time.Time) {
	s.t.Helper()
	s.begin(edition, s.cursor(), through)
	_, err := s.Record(ctx, &ledger.Result{Edition: edition, Subscriber: s.subscriber, Status: ledger.Failed, KeepCursor: true,
		Code: 550, Reply: "no", At: at}, nil)
	Must(s.t, err)
}

func testMarkRefused(t *testing.T, open Open) {
	l := open(t)
	ann, ben, cid := newSender(t, l, "ann@example.com"), newSender(t, l, "ben@example.com"), newSender(t, l, "cid@example.com")
	Number(t, l, 2)
	edition := CloseEdition(t, l, "weekly", 0, 2)
	ann.refuse(edition, 2, Noon)
	ben.refuse(edition, 2, Noon)
	cid.begin(edition, 0, 2)
	cid.end(ledger.Result{Edition: edition, Status: ledger.Sent})
	for _, s := range []sender{ann, ben} {
		if s.cursor() != 0 {
			t.Errorf("before the refusal is taken at its word the cursor is %d", s.cursor())
		}
	}
	all := []subscription.Refusal{{Subscriber: ann.subscriber}, {Subscriber: ben.subscriber, Unclear: true}, {Subscriber: cid.subscriber}, {Subscriber: 999}}
	Want(t, 1)(subscription.MarkRefused(ctx, l, edition, all))
	Want(t, 0)(subscription.MarkRefused(ctx, l, edition, all)) // a second time says nothing new
	for email, want := range map[string]ledger.Status{"ann@example.com": ledger.Bounced, "ben@example.com": ledger.Active, "cid@example.com": ledger.Active} {
		if got := Subscriber(t, l, email).Status; got != want {
			t.Errorf("%s is %s, want %s", email, got, want)
		}
	}
	if ann.cursor() != 2 || ben.cursor() != 0 {
		t.Errorf("cursors %d and %d", ann.cursor(), ben.cursor())
	}
	Want(t, []string{"ann@example.com"})(subscription.Marked(ctx, l, ledger.Bounced, edition, Noon))
	Want(t, []string(nil))(subscription.Marked(ctx, l, ledger.Bounced, edition+1, Noon))
	Want(t, []string(nil))(subscription.Marked(ctx, l, ledger.Bounced, 0, Noon.Add(time.Second)))

	restored := Noon.Add(time.Hour)
	Want(t, true)(subscription.Restore(ctx, l, "ann@example.com", "weekly", restored))
	Want(t, false)(subscription.Restore(ctx, l, "ann@example.com", "weekly", restored))
	restoredAnn := Subscriber(t, l, "ann@example.com")
	marks, err := subscription.Marks(ctx, l, &restoredAnn)
	if err != nil {
		t.Fatal(err)
	}
	want := []subscription.Mark{{Status: ledger.Bounced, At: Noon, Edition: edition, Reason: "550 no", Restored: restored}}
	if diff := cmp.Diff(want, marks); diff != "" {
		t.Error(diff)
	}
	Want(t, 2)(l.Retry(ctx, edition, Noon.Add(-time.Hour), restored)) // ann's and ben's
}

func testUnclearRefusalsMark(t *testing.T, open Open) {
	const day = 24 * time.Hour
	for name, test := range map[string]struct {
		refused []time.Duration // since noon; -1: arrived
		marked  bool
		passing bool
	}{
		"two days":               {[]time.Duration{0, day}, false, false},
		"three days":             {[]time.Duration{0, day, 2 * day}, true, false},
		"three in a day":         {[]time.Duration{0, time.Hour, 2 * time.Hour}, false, false},
		"four in two days":       {[]time.Duration{0, time.Hour, day, day + time.Hour}, false, false},
		"one arrived":            {[]time.Duration{0, day, -1, 3 * day}, false, false},
		"three after an arrival": {[]time.Duration{-1, day, 2 * day, 3 * day}, true, false},
		"full for three days":    {[]time.Duration{0, day, 2 * day}, false, true},
		"full in five editions":  {[]time.Duration{0, day, 2 * day, 3 * day, 4 * day}, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			l := open(t)
			ann := newSender(t, l, "ann@example.com")
			marked := 0
			for i, after := range test.refused {
				Number(t, l, int64(i+1))
				through := int64(i + 1)
				edition := CloseEdition(t, l, "weekly", 0, through)
				if after < 0 {
					ann.begin(edition, ann.cursor(), through)
					ann.end(ledger.Result{Edition: edition, Status: ledger.Sent, At: Noon})
					continue
				}
				ann.refuse(edition, through, Noon.Add(after))
				n, err := subscription.MarkRefused(ctx, l, edition, []subscription.Refusal{{Subscriber: ann.subscriber, Unclear: !test.passing, Passing: test.passing}})
				if err != nil {
					t.Fatal(err)
				}
				marked += n
			}
			if (marked == 1) != test.marked || (Subscriber(t, l, "ann@example.com").Status == ledger.Bounced) != test.marked {
				t.Errorf("marked %d times", marked)
			}
		})
	}
}

func testRecordStop(t *testing.T, open Open) {
	l := open(t)
	Number(t, l, 1)
	edition := CloseEdition(t, l, "weekly", 0, 1)
	for i, test := range []struct {
		day    string
		few    bool
		days   int
		before bool
	}{
		{"2026-06-01", false, 0, false}, {"2026-06-01", true, 1, true}, {"2026-06-01", true, 1, true},
		{"2026-06-02", true, 2, false}, {"2026-06-02", false, 2, true}, {"2026-06-04", true, 3, false},
	} {
		days, before, err := l.RecordStop(ctx, edition, test.day, test.few)
		if got, want := fmt.Sprint(days, before, err), fmt.Sprint(test.days, test.before, nil); got != want {
			t.Errorf("%d: %s, want %s", i, got, want)
		}
	}
	if err := l.AcceptRefusals(ctx, edition); err != nil {
		t.Fatal(err)
	}
	if e, err := l.Edition(ctx, edition); err != nil || !e.Accepted {
		t.Errorf("%+v, %v", e, err)
	}
}
