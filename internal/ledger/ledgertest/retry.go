package ledgertest

import (
	"testing"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/subscription"
)

func testRetry(t *testing.T, open Open) {
	l := open(t)
	refused, held, gave, later, gone := newSender(t, l, "refused@example.com"), newSender(t, l, "held@example.com"),
		newSender(t, l, "gave@example.com"), newSender(t, l, "later@example.com"), newSender(t, l, "gone@example.com")
	Number(t, l, 3)
	edition := CloseEdition(t, l, "weekly", 0, 3)
	for _, s := range []sender{refused, held, gave, later, gone} {
		if !s.begin(edition, 0, 3) {
			t.Fatal("refused")
		}
	}
	refused.end(ledger.Result{Edition: edition, Status: ledger.Failed, Code: 554})
	held.end(ledger.Result{Edition: edition, Status: ledger.Uncertain})
	gave.end(ledger.Result{Edition: edition, Status: ledger.Failed, Code: 451, KeepCursor: true})
	later.end(ledger.Result{Edition: edition, Status: ledger.Failed, Code: 451, KeepCursor: true})
	gone.end(ledger.Result{Edition: edition, Status: ledger.Failed, Code: 550, KeepCursor: true})
	Want(t, 1)(subscription.MarkRefused(ctx, l, edition, []subscription.Refusal{{Subscriber: gone.subscriber}}))
	// later gets the posts with the next edition.
	Number(t, l, 1)
	next := CloseEdition(t, l, "weekly", 0, 4)
	if !later.begin(next, 0, 4) {
		t.Fatal("refused")
	}
	later.end(ledger.Result{Edition: next, Status: ledger.Sent, Code: 250})

	n, err := l.Retry(ctx, edition, time.UnixMicro(0), Noon)
	Must(t, err)
	if n != 3 {
		t.Errorf("%d to be tried again, want 3", n)
	}
	for _, s := range []sender{refused, held, gave} {
		if !s.begin(edition, 0, 3) {
			t.Errorf("subscriber %d: refused", s.subscriber)
		}
		s.end(ledger.Result{Edition: edition, Status: ledger.Sent, Code: 250})
		if s.cursor() != 3 {
			t.Errorf("subscriber %d: cursor %d", s.subscriber, s.cursor())
		}
	}
	if n, err := l.Retry(ctx, edition, time.UnixMicro(0), Noon); n != 0 || err != nil {
		t.Errorf("%d more, %v", n, err)
	}
}

func testCancel(t *testing.T, open Open) {
	l := open(t)
	deferred, untried, other := newSender(t, l, "deferred@example.com"), newSender(t, l, "untried@example.com"), newSender(t, l, "other@example.com")
	daily := "daily"
	_, err := l.SetPreferences(ctx, "other@example.com", ledger.Choice{Cadence: &daily}, "weekly", Noon)
	Must(t, err)
	Number(t, l, 3)
	edition := CloseEdition(t, l, "weekly", 0, 3)
	if !deferred.begin(edition, 0, 3) {
		t.Fatal("refused")
	}
	deferred.end(ledger.Result{Edition: edition, Status: ledger.Deferred, Code: 451, Next: Noon})
	audience := ledger.Audience{Cadence: "weekly", Default: true, Configured: []string{"weekly", "daily"}}
	if canceled, err := l.CancelEdition(ctx, edition, audience, Noon); !canceled || err != nil {
		t.Fatal(canceled, err)
	}
	if again, err := l.CancelEdition(ctx, edition, audience, Noon); again || err != nil {
		t.Error("canceled twice", err)
	}
	if deferred.cursor() != 3 || untried.cursor() != 3 || other.cursor() != 0 {
		t.Errorf("cursors %d %d %d, want 3 3 0", deferred.cursor(), untried.cursor(), other.cursor())
	}
	if deferred.begin(edition, 0, 3) || untried.begin(edition, 0, 3) {
		t.Error("sent all the same")
	}
	if n, err := l.Retry(ctx, edition, time.UnixMicro(0), Noon); n != 0 || err != nil {
		t.Errorf("%d tried again, %v", n, err)
	}
}

// A delivery under way when its edition is canceled does not come with a later edition
// either, however it ends.
func testCancelUnderWay(t *testing.T, open Open) {
	l := open(t)
	deferred, gave, sent, killed := newSender(t, l, "deferred@example.com"), newSender(t, l, "gave@example.com"),
		newSender(t, l, "sent@example.com"), newSender(t, l, "killed@example.com")
	Number(t, l, 2)
	e := ledger.Edition{Cadence: "weekly", Closed: Noon, Through: 1, Posts: []string{"post-b"}}
	Must(t, l.CloseEditions(ctx, &e))
	all := []sender{deferred, gave, sent, killed}
	for _, s := range all {
		if !s.begin(e.Number, 0, 1) {
			t.Fatal("refused")
		}
	}
	Want(t, true)(l.CancelEdition(ctx, e.Number, ledger.Audience{Cadence: "weekly", Default: true}, Noon))
	deferred.end(ledger.Result{Edition: e.Number, Status: ledger.Deferred, Code: 451, Next: Noon})
	gave.end(ledger.Result{Edition: e.Number, Status: ledger.Failed, Code: 451, KeepCursor: true})
	sent.end(ledger.Result{Edition: e.Number, Status: ledger.Sent, Code: 250})
	killed.end(ledger.Result{Edition: e.Number, Status: ledger.Deferred, Resend: true, Next: Noon}) // by the pass that follows
	for _, s := range all {
		d := s.deliveries()[0]
		if s != sent && (d.Status != ledger.Failed || d.DueReason != ledger.NotDue || d.Reply != "the edition was canceled") {
			t.Errorf("subscriber %d: %+v", s.subscriber, d)
		}
		if due := s.due(); due.Cursor != 1 || len(due.Owed) > 0 {
			t.Errorf("subscriber %d: %+v is due", s.subscriber, due)
		}
	}
	Want(t, time.Time{})(l.NextRetry(ctx))
}

func testSendLog(t *testing.T, open Open) {
	l := open(t)
	ann := newSender(t, l, "ann@example.com")
	Number(t, l, 1)
	edition := CloseEdition(t, l, "weekly", 0, 1)
	if !ann.begin(edition, 0, 1) {
		t.Fatal("refused")
	}
	Want[[]ledger.SendCount](t, nil)(l.SendLog(ctx, Noon))
	ann.end(ledger.Result{Edition: edition, Status: ledger.Sent}) // at noon and a second
	Must(t, l.LogSends(ctx, Noon.Add(1500*time.Millisecond), 4))
	Want(t, []ledger.SendCount{{At: Noon.Add(2 * time.Second), Count: 5}})(l.SendLog(ctx, Noon))
	Want[[]ledger.SendCount](t, nil)(l.SendLog(ctx, Noon.Add(time.Minute)))
	Want[[]ledger.SendCount](t, nil)(l.SendLog(ctx, Noon))
}
