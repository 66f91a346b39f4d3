package ledgertest

import (
	"slices"
	"testing"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/mailtoken"
)

// Erase removes a subscriber, whose id nobody else gets, and leaves what was sent countable.
func testErase(t *testing.T, open Open) {
	l := open(t)
	Add(t, l, ledger.Row{Email: "Ann@Example.com", Name: "Ann"}, ledger.Row{Email: "ben@example.com"})
	Number(t, l, 1)
	edition := CloseEdition(t, l, "weekly", 0, 1)
	ann := Subscriber(t, l, "ann@example.com")
	Want(t, true)(l.Record(ctx, nil, &ledger.Intent{Edition: edition, Subscriber: ann.ID, Through: 1, At: Noon}))
	Want(t, false)(l.Record(ctx, &ledger.Result{Edition: edition, Subscriber: ann.ID, Status: ledger.Deferred, Code: 451, Reply: "<Ann@Example.com>: later", At: Noon, Next: Noon}, nil))

	got, err := l.Erase(ctx, []string{"ANN@example.com", "nobody@example.com"}, Noon)
	if Must(t, err); len(got) != 2 || !got[0].Known || got[0].Before || got[1].Known || got[1].Before {
		t.Errorf("%+v", got)
	}
	Want(t, (*ledger.Subscriber)(nil))(l.Subscriber(ctx, "ann@example.com"))
	Want(t, (*ledger.Subscriber)(nil))(l.SubscriberByID(ctx, ann.ID))
	Want(t, true)(l.Erased(ctx, "ann@EXAMPLE.com"))
	Want(t, false)(l.Erased(ctx, "nobody@example.com"))
	Want(t, false)(l.Erased(ctx, "ben@example.com"))
	deliveries, err := l.DeliveriesTo(ctx, ann.ID)
	if Must(t, err); len(deliveries) != 1 || deliveries[0].Status != ledger.Failed || deliveries[0].Reply != "" {
		t.Errorf("%+v", deliveries)
	}
	Want(t, time.Time{})(l.NextRetry(ctx))
	events, err := l.Events(ctx, "erased", Noon)
	if Must(t, err); len(events) != 1 || events[0].Subscriber != 0 || len(events[0].Data) != 0 {
		t.Errorf("%+v", events)
	}

	again, err := l.Erase(ctx, []string{"ann@example.com"}, Noon)
	if Must(t, err); again[0].Known || !again[0].Before {
		t.Errorf("a second time: %+v", again)
	}
	last := Subscriber(t, l, "ben@example.com").ID
	_, err = l.Erase(ctx, []string{"ben@example.com"}, Noon)
	Must(t, err)
	Add(t, l, ledger.Row{Email: "cleo@example.com"})
	if id := Subscriber(t, l, "cleo@example.com").ID; id <= last {
		t.Errorf("Cleo has the id %d, which was another's", id)
	}
	if _, _, err := l.Do(ctx, ledger.Request{Subscriber: last, Proof: mailtoken.Unsubscribe, Action: ledger.Leave, At: Noon}); err != nil {
		t.Error(err)
	}
}

// The mails about a subscriber went to other addresses, too. Another subscriber's is not among
// them, though it can be asked for.
func testOtherAddresses(t *testing.T, open Open) {
	l := open(t)
	Add(t, l, ledger.Row{Email: "ann@example.com"}, ledger.Row{Email: "ben@example.com"}, ledger.Row{Email: "cleo@example.com"})
	ann, cleo := freshLink(t, l, "ann@example.com", Noon), freshLink(t, l, "cleo@example.com", Noon)
	for link, to := range map[string]string{ann: "ben@example.com", cleo: "cleo@New.example"} {
		if s, err := l.AskAddress(ctx, link, to, Noon); err != nil || s == nil {
			t.Fatal(s, err)
		}
	}
	all, err := l.OtherAddresses(ctx, []string{"ANN@example.com", "Cleo@example.com", "nobody@example.com"})
	if Must(t, err); !slices.Equal(all, []string{"cleo@New.example"}) {
		t.Errorf("%q", all)
	}
}

// No list brings an erased address back; a confirmation by its reader does.
func testErasedStayAway(t *testing.T, open Open) {
	l := open(t)
	Add(t, l, ledger.Row{Email: "ann@example.com"})
	_, err := l.Erase(ctx, []string{"ann@example.com"}, Noon)
	Must(t, err)
	list := []ledger.Row{{Email: "ben@example.com"}, {Email: "ANN@example.com"}, {Email: "cleo@example.com"}}
	for _, origin := range []ledger.Origin{ledger.FromCommand, ledger.FromFile} {
		var results []ledger.RowResult
		var lines []int
		counts, err := l.Import(ctx, Rows(nil, list...), ledger.ImportOptions{Origin: origin, DefaultCadence: "weekly", Now: Noon,
			Erased: func(_, line int) { lines = append(lines, line) },
			Report: func(r ledger.RowResult) error { results = append(results, r); return nil }})
		if Must(t, err); counts.Erased != 1 || counts.Rows != 2 || len(lines) != 1 || lines[0] != 3 {
			t.Errorf("%+v, lines %v", counts, lines)
		}
		if len(results) != 3 || results[1].Line != 3 || results[1].Outcome != ledger.RowRefused || results[1].Reason == "" {
			t.Errorf("%+v", results)
		}
	}
	Want(t, (*ledger.Subscriber)(nil))(l.Subscriber(ctx, "ann@example.com"))

	signup := ledger.Signup{Email: "ann@example.com", How: ledger.ByForm, At: Noon, Request: mailtoken.NewSecret()}
	Must(t, l.AddSignups(ctx, signup))
	Want(t, 1)(l.HandleSignups(ctx, 1000, Noon))
	Want(t, true)(l.Erased(ctx, "ann@example.com"))
	notices, err := l.DueNotices(ctx, Noon, 10)
	if Must(t, err); len(notices) != 1 || notices[0].Kind != ledger.NoticeConfirm {
		t.Fatalf("%+v", notices)
	}
	link := mailtoken.NewSecret()
	Want(t, true)(l.BeginNotice(ctx, notices[0].ID, ledger.ConfirmTokens(notices[0].Pending, link, "123456", Noon), Noon))
	s, err := l.ConfirmToken(ctx, link, "link", ledger.ConfirmOptions{DefaultCadence: "weekly", Now: Noon})
	if Must(t, err); s == nil || s.Status != ledger.Active {
		t.Fatalf("%+v", s)
	}
	Want(t, false)(l.Erased(ctx, "ann@example.com"))

	// What was asked for and never confirmed is erased too.
	signup.Email, signup.Request = "dora@example.com", mailtoken.NewSecret()
	Must(t, l.AddSignups(ctx, signup))
	got, err := l.Erase(ctx, []string{"dora@example.com"}, Noon)
	if Must(t, err); !got[0].Known {
		t.Errorf("%+v", got)
	}
	Want(t, 0)(l.HandleSignups(ctx, 1000, Noon))
}

// The reply to a message that is under way while its subscriber is erased is not kept.
func testEraseUnderWay(t *testing.T, open Open) {
	for _, status := range []ledger.DeliveryStatus{ledger.Sent, ledger.Failed, ledger.Deferred, ledger.Uncertain} {
		l := open(t)
		Add(t, l, ledger.Row{Email: "ann@example.com"})
		Number(t, l, 1)
		edition := CloseEdition(t, l, "weekly", 0, 1)
		ann := Subscriber(t, l, "ann@example.com")
		Want(t, true)(l.Record(ctx, nil, &ledger.Intent{Edition: edition, Subscriber: ann.ID, Through: 1, At: Noon}))
		_, err := l.Erase(ctx, []string{"ann@example.com"}, Noon)
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
