package ledgertest

import (
	"slices"
	"testing"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/erasure"
	"publisher/internal/ledger/imports"
	"publisher/internal/ledger/mailtoken"
	"publisher/internal/ledger/noticequeue"
	"publisher/internal/ledger/signups"
	"publisher/internal/ledger/subscription"
)

// Erase removes a subscriber, whose id nobody else gets, and leaves what was sent countable.
func testErase(t *testing.T, open Open) {
	l := open(t)
	Add(t, l, imports.Row{Email: "Ann@Example.com", Name: "Ann"}, imports.Row{Email: "ben@example.com"})
	Number(t, l, 1)
	edition := CloseEdition(t, l, "weekly", 0, 1)
	ann := Subscriber(t, l, "ann@example.com")
	Want(t, true)(l.Record(ctx, nil, &ledger.Intent{Edition: edition, Subscriber: ann.ID, Through: 1, At: Noon}))
	Want(t, false)(l.Record(ctx, &ledger.Result{Edition: edition, Subscriber: ann.ID, Status: ledger.Deferred, Code: 451, Reply: "<Ann@Example.com>: later", At: Noon, Next: Noon}, nil))

	got, err := erasure.Erase(ctx, l, []string{"ANN@example.com", "nobody@example.com"}, Noon)
	if Must(t, err); len(got) != 2 || !got[0].Known || got[0].Before || got[1].Known || got[1].Before {
		t.Errorf("%+v", got)
	}
	Want(t, (*ledger.Subscriber)(nil))(l.Subscriber(ctx, "ann@example.com"))
	Want(t, (*ledger.Subscriber)(nil))(l.SubscriberByID(ctx, ann.ID))
	Want(t, true)(erasure.Erased(ctx, l, "ann@EXAMPLE.com"))
	Want(t, false)(erasure.Erased(ctx, l, "nobody@example.com"))
	Want(t, false)(erasure.Erased(ctx, l, "ben@example.com"))
	deliveries, err := l.DeliveriesTo(ctx, ann.ID)
	if Must(t, err); len(deliveries) != 1 || deliveries[0].Status != ledger.Failed || deliveries[0].Reply != "" {
		t.Errorf("%+v", deliveries)
	}
	Want(t, time.Time{})(l.NextRetry(ctx))
	events, err := l.Events(ctx, "erased", Noon)
	if Must(t, err); len(events) != 1 || events[0].Subscriber != 0 || len(events[0].Data) != 0 {
		t.Errorf("%+v", events)
	}

	again, err := erasure.Erase(ctx, l, []string{"ann@example.com"}, Noon)
	if Must(t, err); again[0].Known || !again[0].Before {
		t.Errorf("a second time: %+v", again)
	}
	last := Subscriber(t, l, "ben@example.com").ID
	_, err = erasure.Erase(ctx, l, []string{"ben@example.com"}, Noon)
	Must(t, err)
	Add(t, l, imports.Row{Email: "cleo@example.com"})
	if id := Subscriber(t, l, "cleo@example.com").ID; id <= last {
		t.Errorf("Cleo has the id %d, which was another's", id)
	}
	if _, _, err := subscription.Do(ctx, l, subscription.Request{Subscriber: last, Proof: mailtoken.Unsubscribe, Action: subscription.Leave, At: Noon}); err != nil {
		t.Error(err)
	}
}

// The mails about a subscriber went to other addresses, too. Another subscriber's is not among
// them, though it can be asked for.
func testOtherAddresses(t *testing.T, open Open) {
	l := open(t)
	Add(t, l, imports.Row{Email: "ann@example.com"}, imports.Row{Email: "ben@example.com"}, imports.Row{Email: "cleo@example.com"})
	ann, cleo := freshLink(t, l, "ann@example.com", Noon), freshLink(t, l, "cleo@example.com", Noon)
	for link, to := range map[string]string{ann: "ben@example.com", cleo: "cleo@New.example"} {
		if s, err := signups.AskAddress(ctx, l, link, to, Noon); err != nil || s == nil {
			t.Fatal(s, err)
		}
	}
	all, err := erasure.OtherAddresses(ctx, l, []string{"ANN@example.com", "Cleo@example.com", "nobody@example.com"})
	if Must(t, err); !slices.Equal(all, []string{"cleo@New.example"}) {
		t.Errorf("%q", all)
	}
}

// No list brings an erased address back; a confirmation by its reader does.
func testErasedStayAway(t *testing.T, open Open) {
	l := open(t)
	Add(t, l, imports.Row{Email: "ann@example.com"})
	_, err := erasure.Erase(ctx, l, []string{"ann@example.com"}, Noon)
	Must(t, err)
	list := []imports.Row{{Email: "ben@example.com"}, {Email: "ANN@example.com"}, {Email: "cleo@example.com"}}
	for _, origin := range []imports.Origin{imports.FromCommand, imports.FromFile} {
		var results []imports.RowResult
		var lines []int
		counts, err := imports.Run(ctx, l, Rows(nil, list...), imports.Options{Origin: origin, DefaultCadence: "weekly", Now: Noon,
			Erased: func(_, line int) { lines = append(lines, line) },
			Report: func(r imports.RowResult) error { results = append(results, r); return nil }})
		if Must(t, err); counts.Erased != 1 || counts.Rows != 2 || len(lines) != 1 || lines[0] != 3 {
			t.Errorf("%+v, lines %v", counts, lines)
		}
		if len(results) != 3 || results[1].Line != 3 || results[1].Outcome != imports.RowRefused || results[1].Reason == "" {
			t.Errorf("%+v", results)
		}
	}
	Want(t, (*ledger.Subscriber)(nil))(l.Subscriber(ctx, "ann@example.com"))

	signup := signups.Signup{Email: "ann@example.com", How: signups.ByForm, At: Noon, Request: mailtoken.NewSecret()}
	Must(t, signups.Add(ctx, l, signup))
	Want(t, 1)(signups.Handle(ctx, l, 1000, Noon))
	Want(t, true)(erasure.Erased(ctx, l, "ann@example.com"))
	notices, err := noticequeue.Due(ctx, l, Noon, 10)
	if Must(t, err); len(notices) != 1 || notices[0].Kind != noticequeue.Confirm {
		t.Fatalf("%+v", notices)
	}
	link := mailtoken.NewSecret()
	Want(t, true)(noticequeue.Begin(ctx, l, notices[0].ID, signups.ConfirmTokens(notices[0].Pending, link, "123456", Noon), Noon))
	s, err := signups.ConfirmToken(ctx, l, link, "link", signups.ConfirmOptions{DefaultCadence: "weekly", Now: Noon})
	if Must(t, err); s == nil || s.Status != ledger.Active {
		t.Fatalf("%+v", s)
	}
	Want(t, false)(erasure.Erased(ctx, l, "ann@example.com"))

	// What was asked for and never confirmed is erased too.
	signup.Email, signup.Request = "dora@example.com", mailtoken.NewSecret()
	Must(t, signups.Add(ctx, l, signup))
	got, err := erasure.Erase(ctx, l, []string{"dora@example.com"}, Noon)
	if Must(t, err); !got[0].Known {
		t.Errorf("%+v", got)
	}
	Want(t, 0)(signups.Handle(ctx, l, 1000, Noon))
}

// The reply to a message that is under way while its subscriber is erased is not kept.
func testEraseUnderWay(t *testing.T, open Open) {
	for _, status := range []ledger.DeliveryStatus{ledger.Sent, ledger.Failed, ledger.Deferred, ledger.Uncertain} {
		l := open(t)
		Add(t, l, imports.Row{Email: "ann@example.com"})
		Number(t, l, 1)
		edition := CloseEdition(t, l, "weekly", 0, 1)
		ann := Subscriber(t, l, "ann@example.com")
		Want(t, true)(l.Record(ctx, nil, &ledger.Intent{Edition: edition, Subscriber: ann.ID, Through: 1, At: Noon}))
		_, err := erasure.Erase(ctx, l, []string{"ann@example.com"}, Noon)
		Must(t, err)
		Want(t, false)(l.Record(ctx, &ledger.Result{Edition: edition, Subscriber: ann.ID, Status: status, Reply: "ann@example.com", At: Noon, Next: Noon}, nil))
		all, err := l.DeliveriesTo(ctx, ann.ID)
		if Must(t, err); len(all) != 1 || all[0].Reply != "" || all[0].Status == ledger.Deferred {
			t.Errorf("%+v", all)
		}
		Want(t, time.Time{})(l.NextRetry(ctx))
		Want(t, false)(l.Record(ctx, nil, &ledger.Intent{Edition: edition, Subscriber: ann.ID, Through: 1, At: Noon}))
	}
}
