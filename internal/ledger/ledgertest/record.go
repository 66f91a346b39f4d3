package ledgertest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"publisher/internal/ledger"
	"publisher/internal/ledger/imports"
	"publisher/internal/ledger/subscription"
)

// sender records deliveries to one subscriber.
type sender struct {
	*ledger.Ledger
	t          *testing.T
	subscriber int64
}

func newSender(t *testing.T, l *ledger.Ledger, email string) sender {
	t.Helper()
	Add(t, l, imports.Row{Email: email})
	return sender{l, t, Subscriber(t, l, email).ID}
}

func (s sender) begin(edition, after, through int64) bool {
	s.t.Helper()
	posts := ledger.Numbers{}
	for seq := after + 1; seq <= through; seq++ {
		posts = append(posts, seq)
	}
	digest, err := s.FindDigest(ctx, edition, posts, nil)
	Must(s.t, err)
	begun, err := s.Record(ctx, nil, &ledger.Intent{Edition: edition, Subscriber: s.subscriber, After: after,
		Owed: s.due().Owed, Through: through, Digest: digest, At: Noon})
	Must(s.t, err)
	return begun
}

func (s sender) end(r ledger.Result) {
	s.t.Helper()
	r.Subscriber, r.At = s.subscriber, Noon.Add(time.Second)
	_, err := s.Record(ctx, &r, nil)
	Must(s.t, err)
}

func (s sender) due() ledger.Due {
	s.t.Helper()
	found, err := s.SubscriberByID(ctx, s.subscriber)
	Must(s.t, err)
	return found.Due
}

func (s sender) cursor() int64 { return s.due().Cursor }

func (s sender) deliveries() []ledger.Delivery {
	s.t.Helper()
	found, err := s.DeliveriesTo(ctx, s.subscriber)
	Must(s.t, err)
	return found
}

func testRecord(t *testing.T, open Open) {
	l := open(t)
	ann, ben := newSender(t, l, "ann@example.com"), newSender(t, l, "ben@example.com")
	Number(t, l, 3)
	edition := CloseEdition(t, l, "weekly", 0, 3)
	if !ann.begin(edition, 0, 3) {
		t.Fatal("refused")
	}
	want := ledger.Delivery{Edition: edition, Subscriber: ann.subscriber, Through: 3, Digest: 1, Status: ledger.Sending, Attempts: 1, FirstTried: Noon, LastTried: Noon}
	Want(t, []ledger.Delivery{want})(l.DeliveriesTo(ctx, ann.subscriber))
	if ann.cursor() != 0 {
		t.Error("the cursor moved before the result")
	}
	// The steady state: one message's result and the next one's intent.
	begun, err := l.Record(ctx,
		&ledger.Result{Edition: edition, Subscriber: ann.subscriber, Status: ledger.Sent, Code: 250, Reply: "queued \x00\xff", At: Noon.Add(time.Minute)},
		&ledger.Intent{Edition: edition, Subscriber: ben.subscriber, Through: 3, At: Noon})
	if err != nil || !begun {
		t.Fatalf("%v, %v", begun, err)
	}
	want.Status, want.Code, want.Reply, want.LastTried = ledger.Sent, 250, "queued ", Noon.Add(time.Minute)
	Want(t, []ledger.Delivery{want})(l.DeliveriesTo(ctx, ann.subscriber))
	if ann.cursor() != 3 {
		t.Errorf("cursor %d after Sent, want 3", ann.cursor())
	}
	ben.end(ledger.Result{Edition: edition, Status: ledger.Failed, Code: 554, Reply: "no"})
	if ben.cursor() != 3 {
		t.Errorf("cursor %d after Failed, want 3", ben.cursor())
	}
	e, err := l.Edition(ctx, edition)
	Must(t, err)
	if got := [4]int{e.Sent, e.Deferred, e.Failed, e.Uncertain}; got != [4]int{1, 0, 1, 0} {
		t.Errorf("counts %v", got)
	}
	var failed []ledger.Delivery
	for d, err := range l.Deliveries(ctx, edition, ledger.Failed) {
		Must(t, err)
		failed = append(failed, d)
	}
	if diff := cmp.Diff(ben.deliveries(), failed); diff != "" {
		t.Errorf("the failed ones (-want +got)\n%s", diff)
	}
	all := 0
	for _, err := range l.Deliveries(ctx, edition, "") {
		Must(t, err)
		all++
	}
	if all != 2 {
		t.Errorf("%d deliveries, want 2", all)
	}
}

func testRecordRefuses(t *testing.T, open Open) {
	l := open(t)
	Number(t, l, 1)
	s := newSender(t, l, "ann@example.com") // cursor 1
	Number(t, l, 3)
	first, second := CloseEdition(t, l, "weekly", 1, 2), CloseEdition(t, l, "weekly", 1, 3)
	for name, i := range map[string]ledger.Intent{
		"another cursor": {Edition: first, Subscriber: s.subscriber, After: 0, Through: 2},
		"no edition":     {Edition: 99, Subscriber: s.subscriber, After: 1, Through: 2},
		"no subscriber":  {Edition: first, Subscriber: 99, After: 1, Through: 2},
	} {
		begun, err := l.Record(ctx, nil, &i)
		if begun || err != nil {
			t.Errorf("%s: %v, %v", name, begun, err)
		}
	}
	Want(t, true)(l.SetStatus(ctx, "ann@example.com", ledger.Unsubscribed, "weekly", Noon))
	if s.begin(first, 1, 2) {
		t.Error("begun for who unsubscribed")
	}
	Want(t, true)(l.SetStatus(ctx, "ann@example.com", ledger.Active, "weekly", Noon)) // cursor 3
	if !s.begin(first, 3, 4) {
		t.Error("refused for who came back")
	}
	if s.begin(first, 3, 4) {
		t.Error("begun twice")
	}
	if s.begin(second, 3, 4) {
		t.Error("begun beside an open one")
	}
	// A result whose intent is refused is stored all the same.
	begun, err := l.Record(ctx, &ledger.Result{Edition: first, Subscriber: s.subscriber, Status: ledger.Sent, At: Noon},
		&ledger.Intent{Edition: first, Subscriber: s.subscriber, After: 4, Through: 5, At: Noon})
	if begun || err != nil {
		t.Errorf("a finished one: %v, %v", begun, err)
	}
	if got := s.deliveries(); len(got) != 1 || got[0].Status != ledger.Sent || s.cursor() != 4 {
		t.Errorf("%+v, cursor %d", got, s.cursor())
	}
	// A result that has no delivery is an error, and takes its intent with it.
	begun, err = l.Record(ctx, &ledger.Result{Edition: second, Subscriber: 99, Status: ledger.Sent},
		&ledger.Intent{Edition: second, Subscriber: s.subscriber, After: 4, Through: 5, At: Noon})
	if begun || err == nil || !strings.Contains(err.Error(), "not open") {
		t.Errorf("no delivery: %v, %v", begun, err)
	}
	if len(s.deliveries()) != 1 {
		t.Error("half of a call was stored")
	}
	if _, err := l.Record(ctx, &ledger.Result{Edition: first, Subscriber: s.subscriber, Status: ledger.Sending}, nil); err == nil {
		t.Error("no error for a result that is none")
	}
	canceled, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := l.Record(canceled, nil, &ledger.Intent{}); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}

func testRecordRetries(t *testing.T, open Open) {
	l := open(t)
	ann, ben := newSender(t, l, "ann@example.com"), newSender(t, l, "ben@example.com")
	Number(t, l, 3)
	first, second := CloseEdition(t, l, "weekly", 0, 2), CloseEdition(t, l, "weekly", 0, 3)
	later := Noon.Add(time.Hour)
	for _, s := range []sender{ann, ben} {
		if !s.begin(first, 0, 2) {
			t.Fatal("refused")
		}
		s.end(ledger.Result{Edition: first, Status: ledger.Deferred, Code: 451, Reply: "greylisted", Next: later})
		if s.cursor() != 0 {
			t.Error("the cursor moved with a deferral")
		}
		if s.begin(second, 0, 3) {
			t.Error("another begun beside a deferred one")
		}
	}
	if !ann.begin(first, 0, 3) {
		t.Error("retry refused")
	}
	want := []ledger.Delivery{{Edition: first, Subscriber: ann.subscriber, Through: 2, Status: ledger.Sending,
		Digest: 2, Attempts: 2, FirstTried: Noon, LastTried: Noon, Code: 451, Reply: "greylisted"}}
	if diff := cmp.Diff(want, ann.deliveries()); diff != "" {
		t.Errorf("retried (-want +got)\n%s", diff)
	}
	// When retry_for ran out, the next edition brings those posts.
	ann.end(ledger.Result{Edition: first, Status: ledger.Failed, Code: 451, Reply: "greylisted", KeepCursor: true})
	if ann.cursor() != 0 || ann.begin(first, 0, 2) || !ann.begin(second, 0, 3) {
		t.Error("given up, the next edition must begin where this one did")
	}
	// Whoever left is not tried again, and the delivery does not stay open.
	Want(t, true)(l.SetStatus(ctx, "ben@example.com", ledger.Unsubscribed, "weekly", Noon))
	if ben.begin(first, 0, 2) {
		t.Error("retried who unsubscribed")
	}
	if d := ben.deliveries()[0]; d.Status != ledger.Failed || !strings.Contains(d.Reply, "not tried again") {
		t.Errorf("%+v", d)
	}
	Want(t, time.Time{})(l.NextRetry(ctx))
}

func testRecordInterrupted(t *testing.T, open Open) {
	l := open(t)
	ann, ben := newSender(t, l, "ann@example.com"), newSender(t, l, "ben@example.com")
	Number(t, l, 2)
	edition := CloseEdition(t, l, "weekly", 0, 2)
	ann.begin(edition, 0, 2)
	ben.begin(edition, 0, 2)
	Want(t, append(ann.deliveries(), ben.deliveries()...))(l.Interrupted(ctx))

	ann.end(ledger.Result{Edition: edition, Status: ledger.Uncertain}) // hold
	if ann.cursor() != 2 || ann.begin(edition, 0, 2) {
		t.Error("held: the cursor must move and the delivery stay")
	}
	ben.end(ledger.Result{Edition: edition, Status: ledger.Deferred, Next: Noon}) // resend
	if !ben.begin(edition, 0, 2) {
		t.Error("resend refused")
	}
	ben.end(ledger.Result{Edition: edition, Status: ledger.Sent})
	Want(t, []ledger.Delivery(nil))(l.Interrupted(ctx))
	// A mail log may settle what was held.
	ann.end(ledger.Result{Edition: edition, Status: ledger.Sent})
	if d := ann.deliveries()[0]; d.Status != ledger.Sent {
		t.Errorf("%+v", d)
	}
}

func testRecordBounces(t *testing.T, open Open) {
	l := open(t)
	ann, ben := newSender(t, l, "ann@example.com"), newSender(t, l, "ben@example.com")
	Number(t, l, 2)
	edition := CloseEdition(t, l, "weekly", 0, 2)
	ann.begin(edition, 0, 2)
	ben.begin(edition, 0, 2)
	Want(t, true)(l.SetStatus(ctx, "ben@example.com", ledger.Unsubscribed, "weekly", Noon))
	for _, s := range []sender{ann, ben} {
		s.end(ledger.Result{Edition: edition, Status: ledger.Failed, Code: 550, KeepCursor: true})
	}
	Want(t, 1)(subscription.MarkRefused(ctx, l, edition, []subscription.Refusal{{Subscriber: ann.subscriber}, {Subscriber: ben.subscriber}}))
	for _, s := range []sender{ann, ben} {
		if s.cursor() != 2 {
			t.Errorf("cursor %d", s.cursor())
		}
	}
	if s := Subscriber(t, l, "ann@example.com"); s.Status != ledger.Bounced {
		t.Errorf("ann is %s", s.Status)
	}
	if s := Subscriber(t, l, "ben@example.com"); s.Status != ledger.Unsubscribed {
		t.Errorf("ben is %s, and did not say so", s.Status)
	}
}

func testDeferred(t *testing.T, open Open) {
	l := open(t)
	Want(t, time.Time{})(l.NextRetry(ctx))
	senders := make([]sender, 4)
	for i := range senders {
		senders[i] = newSender(t, l, fmt.Sprintf("s%d@example.com", i))
	}
	Number(t, l, 1)
	one, two := CloseEdition(t, l, "daily", 0, 1), CloseEdition(t, l, "weekly", 0, 1)
	for i, edition := range []int64{two, one, one, one} {
		senders[i].begin(edition, 0, 1)
		senders[i].end(ledger.Result{Edition: edition, Status: ledger.Deferred, Next: Noon.Add(time.Duration(i) * time.Minute)})
	}
	Want(t, Noon)(l.NextRetry(ctx))
	var got []int64
	var d ledger.Delivery
	for {
		batch, err := l.Deferred(ctx, Noon.Add(2*time.Minute), d.Edition, d.Subscriber, 1)
		Must(t, err)
		if len(batch) == 0 {
			break
		}
		d = batch[0]
		got = append(got, d.Subscriber)
	}
	want := []int64{senders[1].subscriber, senders[2].subscriber, senders[0].subscriber}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("due, by edition and subscriber (-want +got)\n%s", diff)
	}
}

func testRecordConcurrently(t *testing.T, open Open) {
	l := open(t)
	const n, callers = 1000, 20
	edition := AddMany(t, l, n)
	// One caller's mistakes must not touch the others, nor end their group.
	stop := make(chan struct{})
	var wrong sync.WaitGroup
	wrong.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				if _, err := l.Record(ctx, &ledger.Result{Edition: 99, Subscriber: 1, Status: ledger.Sent}, nil); err == nil {
					t.Error("no error for a delivery that is not open")
				}
			}
		}
	})
	DeliverAll(t, l, edition, n, callers)
	close(stop)
	wrong.Wait()
	e, err := l.Edition(ctx, edition)
	Must(t, err)
	if e.Sent != n {
		t.Errorf("%d sent, want %d", e.Sent, n)
	}
	for s, err := range l.Subscribers(ctx) {
		Must(t, err)
		if s.Cursor != 1 {
			t.Fatalf("%s: cursor %d", s.Email, s.Cursor)
		}
	}
	Want(t, []ledger.Delivery(nil))(l.Interrupted(ctx))
}
