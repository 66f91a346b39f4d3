package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"publisher/internal/ledger"
)

// sender is one subscriber and what is recorded of one edition to them.
type sender struct {
	*ledger.Ledger
	t          *testing.T
	subscriber int64
}

func newSender(t *testing.T, l *ledger.Ledger, email string) sender {
	t.Helper()
	add(t, l, ledger.Row{Email: email})
	return sender{l, t, subscriber(t, l, email).ID}
}

func (s sender) begin(edition, after, through int64) bool {
	s.t.Helper()
	posts := ledger.Numbers{}
	for seq := after + 1; seq <= through; seq++ {
		posts = append(posts, seq)
	}
	digest, err := s.FindDigest(ctx, edition, posts, nil)
	must(s.t, err)
	begun, err := s.Record(ctx, nil, &ledger.Intent{Edition: edition, Subscriber: s.subscriber, After: after,
		Owed: s.due().Owed, Through: through, Digest: digest, At: noon})
	must(s.t, err)
	return begun
}

func (s sender) end(r ledger.Result) {
	s.t.Helper()
	r.Subscriber, r.At = s.subscriber, noon.Add(time.Second)
	_, err := s.Record(ctx, &r, nil)
	must(s.t, err)
}

func (s sender) due() ledger.Due {
	s.t.Helper()
	found, err := s.SubscriberByID(ctx, s.subscriber)
	must(s.t, err)
	return found.Due
}

func (s sender) cursor() int64 { return s.due().Cursor }

func (s sender) deliveries() []ledger.Delivery {
	s.t.Helper()
	found, err := s.DeliveriesTo(ctx, s.subscriber)
	must(s.t, err)
	return found
}

func testRecord(t *testing.T, open func(*testing.T) *ledger.Ledger) {
	l := open(t)
	ann, ben := newSender(t, l, "ann@example.com"), newSender(t, l, "ben@example.com")
	number(t, l, 3)
	edition := closeEdition(t, l, "weekly", 0, 3)
	if !ann.begin(edition, 0, 3) {
		t.Fatal("refused")
	}
	want := ledger.Delivery{Edition: edition, Subscriber: ann.subscriber, Through: 3, Digest: 1, Status: ledger.Sending, Attempts: 1, FirstTried: noon, LastTried: noon}
	want1(t, []ledger.Delivery{want})(l.DeliveriesTo(ctx, ann.subscriber))
	if ann.cursor() != 0 {
		t.Error("the cursor moved before the result")
	}
	// The steady state: one message's result and the next one's intent.
	begun, err := l.Record(ctx,
		&ledger.Result{Edition: edition, Subscriber: ann.subscriber, Status: ledger.Sent, Code: 250, Reply: "queued \x00\xff", At: noon.Add(time.Minute)},
		&ledger.Intent{Edition: edition, Subscriber: ben.subscriber, Through: 3, At: noon})
	if err != nil || !begun {
		t.Fatalf("%v, %v", begun, err)
	}
	want.Status, want.Code, want.Reply, want.LastTried = ledger.Sent, 250, "queued ", noon.Add(time.Minute)
	want1(t, []ledger.Delivery{want})(l.DeliveriesTo(ctx, ann.subscriber))
	if ann.cursor() != 3 {
		t.Errorf("cursor %d after Sent, want 3", ann.cursor())
	}
	ben.end(ledger.Result{Edition: edition, Status: ledger.Failed, Code: 554, Reply: "no"})
	if ben.cursor() != 3 {
		t.Errorf("cursor %d after Failed, want 3", ben.cursor())
	}
	e, err := l.Edition(ctx, edition)
	must(t, err)
	if got := [4]int{e.Sent, e.Deferred, e.Failed, e.Uncertain}; got != [4]int{1, 0, 1, 0} {
		t.Errorf("counts %v", got)
	}
	var failed []ledger.Delivery
	for d, err := range l.Deliveries(ctx, edition, ledger.Failed) {
		must(t, err)
		failed = append(failed, d)
	}
	if diff := cmp.Diff(ben.deliveries(), failed); diff != "" {
		t.Errorf("the failed ones (-want +got)\n%s", diff)
	}
	all := 0
	for _, err := range l.Deliveries(ctx, edition, "") {
		must(t, err)
		all++
	}
	if all != 2 {
		t.Errorf("%d deliveries, want 2", all)
	}
}

func testRecordRefuses(t *testing.T, open func(*testing.T) *ledger.Ledger) {
	l := open(t)
	number(t, l, 1)
	s := newSender(t, l, "ann@example.com") // cursor 1
	number(t, l, 3)
	first, second := closeEdition(t, l, "weekly", 1, 2), closeEdition(t, l, "weekly", 1, 3)
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
	want1(t, true)(l.SetStatus(ctx, "ann@example.com", ledger.Unsubscribed, "weekly", noon))
	if s.begin(first, 1, 2) {
		t.Error("begun for who unsubscribed")
	}
	want1(t, true)(l.SetStatus(ctx, "ann@example.com", ledger.Active, "weekly", noon)) // cursor 3
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
	begun, err := l.Record(ctx, &ledger.Result{Edition: first, Subscriber: s.subscriber, Status: ledger.Sent, At: noon},
		&ledger.Intent{Edition: first, Subscriber: s.subscriber, After: 4, Through: 5, At: noon})
	if begun || err != nil {
		t.Errorf("a finished one: %v, %v", begun, err)
	}
	if got := s.deliveries(); len(got) != 1 || got[0].Status != ledger.Sent || s.cursor() != 4 {
		t.Errorf("%+v, cursor %d", got, s.cursor())
	}
	// A result that has no delivery is an error, and takes its intent with it.
	begun, err = l.Record(ctx, &ledger.Result{Edition: second, Subscriber: 99, Status: ledger.Sent},
		&ledger.Intent{Edition: second, Subscriber: s.subscriber, After: 4, Through: 5, At: noon})
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

func testRecordRetries(t *testing.T, open func(*testing.T) *ledger.Ledger) {
	l := open(t)
	ann, ben := newSender(t, l, "ann@example.com"), newSender(t, l, "ben@example.com")
	number(t, l, 3)
	first, second := closeEdition(t, l, "weekly", 0, 2), closeEdition(t, l, "weekly", 0, 3)
	later := noon.Add(time.Hour)
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
		Digest: 2, Attempts: 2, FirstTried: noon, LastTried: noon, Code: 451, Reply: "greylisted"}}
	if diff := cmp.Diff(want, ann.deliveries()); diff != "" {
		t.Errorf("retried (-want +got)\n%s", diff)
	}
	// When retry_for ran out, the next edition brings those posts.
	ann.end(ledger.Result{Edition: first, Status: ledger.Failed, Code: 451, Reply: "greylisted", KeepCursor: true})
	if ann.cursor() != 0 || ann.begin(first, 0, 2) || !ann.begin(second, 0, 3) {
		t.Error("given up, the next edition must begin where this one did")
	}
	// Whoever left is not tried again, and the delivery does not stay open.
	want1(t, true)(l.SetStatus(ctx, "ben@example.com", ledger.Unsubscribed, "weekly", noon))
	if ben.begin(first, 0, 2) {
		t.Error("retried who unsubscribed")
	}
	if d := ben.deliveries()[0]; d.Status != ledger.Failed || !strings.Contains(d.Reply, "not tried again") {
		t.Errorf("%+v", d)
	}
	want1(t, time.Time{})(l.NextRetry(ctx))
}

func testRecordInterrupted(t *testing.T, open func(*testing.T) *ledger.Ledger) {
	l := open(t)
	ann, ben := newSender(t, l, "ann@example.com"), newSender(t, l, "ben@example.com")
	number(t, l, 2)
	edition := closeEdition(t, l, "weekly", 0, 2)
	ann.begin(edition, 0, 2)
	ben.begin(edition, 0, 2)
	want1(t, append(ann.deliveries(), ben.deliveries()...))(l.Interrupted(ctx))

	ann.end(ledger.Result{Edition: edition, Status: ledger.Uncertain}) // hold
	if ann.cursor() != 2 || ann.begin(edition, 0, 2) {
		t.Error("held: the cursor must move and the delivery stay")
	}
	ben.end(ledger.Result{Edition: edition, Status: ledger.Deferred, Next: noon}) // resend
	if !ben.begin(edition, 0, 2) {
		t.Error("resend refused")
	}
	ben.end(ledger.Result{Edition: edition, Status: ledger.Sent})
	want1(t, []ledger.Delivery(nil))(l.Interrupted(ctx))
	// A mail log may settle what was held.
	ann.end(ledger.Result{Edition: edition, Status: ledger.Sent})
	if d := ann.deliveries()[0]; d.Status != ledger.Sent {
		t.Errorf("%+v", d)
	}
}

func testRecordBounces(t *testing.T, open func(*testing.T) *ledger.Ledger) {
	l := open(t)
	ann, ben := newSender(t, l, "ann@example.com"), newSender(t, l, "ben@example.com")
	number(t, l, 2)
	edition := closeEdition(t, l, "weekly", 0, 2)
	ann.begin(edition, 0, 2)
	ben.begin(edition, 0, 2)
	want1(t, true)(l.SetStatus(ctx, "ben@example.com", ledger.Unsubscribed, "weekly", noon))
	for _, s := range []sender{ann, ben} {
		s.end(ledger.Result{Edition: edition, Status: ledger.Failed, Code: 550, Bounced: true})
		if s.cursor() != 2 {
			t.Errorf("cursor %d", s.cursor())
		}
	}
	if s := subscriber(t, l, "ann@example.com"); s.Status != ledger.Bounced {
		t.Errorf("ann is %s", s.Status)
	}
	if s := subscriber(t, l, "ben@example.com"); s.Status != ledger.Unsubscribed {
		t.Errorf("ben is %s, and did not say so", s.Status)
	}
}

func testDeferred(t *testing.T, open func(*testing.T) *ledger.Ledger) {
	l := open(t)
	want1(t, time.Time{})(l.NextRetry(ctx))
	senders := make([]sender, 4)
	for i := range senders {
		senders[i] = newSender(t, l, fmt.Sprintf("s%d@example.com", i))
	}
	number(t, l, 1)
	one, two := closeEdition(t, l, "daily", 0, 1), closeEdition(t, l, "weekly", 0, 1)
	for i, edition := range []int64{two, one, one, one} {
		senders[i].begin(edition, 0, 1)
		senders[i].end(ledger.Result{Edition: edition, Status: ledger.Deferred, Next: noon.Add(time.Duration(i) * time.Minute)})
	}
	want1(t, noon)(l.NextRetry(ctx))
	var got []int64
	var d ledger.Delivery
	for {
		batch, err := l.Deferred(ctx, noon.Add(2*time.Minute), d.Edition, d.Subscriber, 1)
		must(t, err)
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

// addMany adds n subscribers and returns an edition that all are due.
func addMany(tb testing.TB, l *ledger.Ledger, n int) int64 {
	tb.Helper()
	list := func(yield func(ledger.Row, error) bool) {
		for i := range n {
			if !yield(ledger.Row{Email: fmt.Sprintf("s%07d@example.com", i)}, nil) {
				return
			}
		}
	}
	_, err := l.Import(ctx, list, ledger.ImportOptions{DefaultCadence: "weekly", Now: noon})
	if err == nil {
		err = l.SavePosts(ctx, []ledger.Post{{ID: "a", Stage: ledger.Numbered}})
	}
	e := ledger.Edition{Cadence: "weekly", Closed: noon, Through: 1}
	if err == nil {
		err = l.CloseEditions(ctx, &e)
	}
	if err != nil {
		tb.Fatal(err)
	}
	return e.Number
}

// deliver records intents and results as a connection does, from first to last by step.
func deliver(l *ledger.Ledger, edition, first, last, step int64) error {
	var done *ledger.Result
	for id := first; ; id += step {
		var next *ledger.Intent
		if id <= last {
			next = &ledger.Intent{Edition: edition, Subscriber: id, Through: 1, At: noon}
		}
		begun, err := l.Record(ctx, done, next)
		if err != nil {
			return err
		}
		if next == nil {
			return nil
		}
		if !begun {
			return fmt.Errorf("subscriber %d refused", id)
		}
		done = &ledger.Result{Edition: edition, Subscriber: id, Status: ledger.Sent, Code: 250, Reply: "2.0.0 Ok: queued", At: noon}
	}
}

func deliverAll(tb testing.TB, l *ledger.Ledger, edition, n int64, callers int64) {
	tb.Helper()
	var all sync.WaitGroup
	for c := range callers {
		all.Go(func() {
			if err := deliver(l, edition, c+1, n, callers); err != nil {
				tb.Error(err)
			}
		})
	}
	all.Wait()
}

func testRecordConcurrently(t *testing.T, open func(*testing.T) *ledger.Ledger) {
	l := open(t)
	const n, callers = 1000, 20
	edition := addMany(t, l, n)
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
	deliverAll(t, l, edition, n, callers)
	close(stop)
	wrong.Wait()
	e, err := l.Edition(ctx, edition)
	must(t, err)
	if e.Sent != n {
		t.Errorf("%d sent, want %d", e.Sent, n)
	}
	for s, err := range l.Subscribers(ctx) {
		must(t, err)
		if s.Cursor != 1 {
			t.Fatalf("%s: cursor %d", s.Email, s.Cursor)
		}
	}
	want1(t, []ledger.Delivery(nil))(l.Interrupted(ctx))
}

// Close while callers record: each call is either stored whole or told ErrClosed.
func TestCloseDuringRecord(t *testing.T) {
	dsn := "sqlite:" + filepath.Join(t.TempDir(), "publisher.db")
	l := openAt(t, dsn)
	const n, callers = 5000, 20
	edition := addMany(t, l, n)
	begun := make(chan int64, n)
	var all sync.WaitGroup
	for c := range int64(callers) {
		all.Go(func() {
			for id := c + 1; id <= n; id += callers {
				_, err := l.Record(ctx, nil, &ledger.Intent{Edition: edition, Subscriber: id, Through: 1, At: noon})
				if errors.Is(err, ledger.ErrClosed) {
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
				begun <- id
			}
		})
	}
	for range 100 {
		<-begun
	}
	must(t, l.Close())
	all.Wait()
	found, err := openAt(t, dsn).Interrupted(ctx)
	must(t, err)
	if want := 100 + len(begun); len(found) != want {
		t.Errorf("%d intents stored, %d told so", len(found), want)
	}
}

// BenchmarkRecord prints what one connection more costs, beside the time that
// the disk takes for a bare commit: write and fsync.
func BenchmarkRecord(b *testing.B) {
	b.Run("fsync", func(b *testing.B) {
		file, err := os.Create(filepath.Join(b.TempDir(), "file"))
		if err != nil {
			b.Fatal(err)
		}
		defer file.Close()
		for b.Loop() {
			if _, err := file.Write(make([]byte, 4096)); err != nil {
				b.Fatal(err)
			}
			if err := file.Sync(); err != nil {
				b.Fatal(err)
			}
		}
	})
	for _, callers := range []int64{1, 20, 100} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			l, err := ledger.Open(ctx, "sqlite:"+filepath.Join(b.TempDir(), "publisher.db"))
			if err != nil {
				b.Fatal(err)
			}
			defer l.Close()
			edition := addMany(b, l, b.N)
			b.ResetTimer()
			deliverAll(b, l, edition, int64(b.N), callers)
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
		})
	}
}
