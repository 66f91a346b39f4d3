package ledgertest

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/erasure"
	"publisher/internal/ledger/imports"
	"publisher/internal/ledger/mailtoken"
	"publisher/internal/ledger/pruning"
	"publisher/internal/ledger/subscription"

	"github.com/google/go-cmp/cmp"
)

// prune prunes what was finished before a time, and returns how many deliveries that were.
func prune(t *testing.T, l *ledger.Ledger, before time.Time, size int) (rows int) {
	t.Helper()
	p := pruning.NewSize(l, before, size)
	for {
		n, more, err := p.Next(ctx, Noon.Add(time.Hour))
		Must(t, err)
		if n > size {
			t.Fatalf("a piece of %d rows, want at most %d", n, size)
		}
		if rows += n; !more {
			return rows
		}
	}
}

// troubled returns the deliveries that `editions show` lists.
func troubled(t *testing.T, l *ledger.Ledger, edition int64) (all []ledger.Delivery) {
	t.Helper()
	for d, err := range l.Deliveries(ctx, edition, "") {
		Must(t, err)
		if d.Status != ledger.Sent || d.Resent > 0 {
			all = append(all, d)
		}
	}
	return all
}

// sendTwoEditions sends an edition to 40 subscribers and another one to all but the sixth of them, and returns
// their numbers. Of the first, the deliveries to five stay when it is pruned: one failed, one is uncertain,
// one was sent again, one came back, and the sixth subscriber's is the last.
func sendTwoEditions(t *testing.T, l *ledger.Ledger) (first, second int64) {
	t.Helper()
	var list []imports.Row
	for i := range 40 {
		domain := "big.example"
		if i%4 == 3 {
			domain = fmt.Sprintf("own-%d.example", i)
		}
		list = append(list, imports.Row{Email: fmt.Sprintf("s%02d@%s", i, domain)})
	}
	Add(t, l, list...)
	Number(t, l, 2)
	send := func(edition, subscriber, through int64, r ledger.Result) {
		t.Helper()
		after := max(0, through-1)
		if begun, err := l.Record(ctx, nil, &ledger.Intent{Edition: edition, Subscriber: subscriber, After: after, Through: through, At: Noon}); !begun || err != nil {
			t.Fatalf("edition %d to %d: %v, %v", edition, subscriber, begun, err)
		}
		r.Edition, r.Subscriber, r.At = edition, subscriber, Noon
		if _, err := l.Record(ctx, &r, nil); err != nil {
			t.Fatal(err)
		}
	}
	sent := ledger.Result{Status: ledger.Sent, Code: 250}
	first = CloseEdition(t, l, "weekly", 0, 1)
	for id := int64(1); id <= 40; id++ {
		switch id {
		case 1:
			send(first, id, 1, ledger.Result{Status: ledger.Failed, Code: 550, Reply: "no such user"})
		case 2:
			send(first, id, 1, ledger.Result{Status: ledger.Uncertain})
		case 3:
			send(first, id, 1, ledger.Result{Status: ledger.Deferred, Resend: true, Next: Noon})
			Want(t, true)(l.Record(ctx, nil, &ledger.Intent{Edition: first, Subscriber: id, At: Noon}))
			_, err := l.Record(ctx, &ledger.Result{Edition: first, Subscriber: id, Status: ledger.Sent, Code: 250, At: Noon}, nil)
			Must(t, err)
		default:
			send(first, id, 1, sent)
		}
	}
	// Somebody's mail came back, and somebody gets nothing after this.
	_, stale, err := subscription.RecordBounce(ctx, l, subscription.Bounce{Subscriber: 5, Edition: first, Proof: mailtoken.ReturnPath, Reason: "full", At: Noon})
	Must(t, err)
	if stale {
		t.Fatal("the bounce is stale")
	}
	second = CloseEdition(t, l, "weekly", 1, 2)
	for id := int64(1); id <= 40; id++ {
		if id != 6 {
			send(second, id, 2, sent)
		}
	}
	return first, second
}

// What is pruned is counted, and what may still matter stays as it was.
func testPruning(t *testing.T, open Open) {
	l := open(t)
	first, second := sendTwoEditions(t, l)
	Must(t, l.SaveArchivedPage(ctx, first, []byte("x")))
	Must(t, l.FinishEdition(ctx, first, Noon))

	all := func() any {
		editions, err := l.Editions(ctx)
		Must(t, err)
		archived, err := l.ArchivedEditions(ctx, 0)
		Must(t, err)
		var data []any
		for _, id := range []int64{1, 2, 3, 5, 6} {
			d, err := erasure.CollectData(ctx, l, id)
			Must(t, err)
			data = append(data, d)
		}
		return []any{editions, archived, troubled(t, l, first), troubled(t, l, second), data}
	}
	before := all()
	// Neither what was finished since, nor what is not finished, nor what is under way.
	Want(t, 0)(prune(t, l, Noon, 7), nil)
	Want(t, true)(l.Record(ctx, nil, &ledger.Intent{Edition: second, Subscriber: 6, After: 1, Through: 2, At: Noon}))
	Must(t, l.FinishEdition(ctx, second, Noon))
	later := Noon.Add(time.Second)
	// The five that sendTwoEditions names stay.
	Want(t, 35)(prune(t, l, later, 7), nil)
	_, err := l.Record(ctx, &ledger.Result{Edition: second, Subscriber: 6, Status: ledger.Sent, Code: 250, At: Noon}, nil)
	Must(t, err)
	Want(t, 0)(prune(t, l, later, 7), nil)
	Want(t, []ledger.DeliveryCount{{Status: ledger.Sent, Code: 250, Provider: "big.example", Count: 25}, {Status: ledger.Sent, Code: 250, Count: 10}})(l.DeliveryCounts(ctx, first))
	Want(t, Noon)(l.CountedThrough(ctx))

	editions, err := l.Editions(ctx)
	Must(t, err)
	if e := editions[1]; e.Recipients != 40 || e.Sent != 38 || e.Failed != 1 || e.Uncertain != 1 || e.Resent != 1 {
		t.Errorf("after pruning: %+v", e)
	}
	// Subscriber 6 got the second edition meanwhile, and that one is finished: the rest is as before.
	restored := before.([]any)
	now := all().([]any)
	for _, i := range []int{1, 2, 3} {
		if diff := cmp.Diff(restored[i], now[i]); diff != "" {
			t.Errorf("answer %d (-before +after)\n%s", i, diff)
		}
	}
	for i, d := range now[4].([]any) {
		want, got := restored[4].([]any)[i].(erasure.SubscriberData)["mails"], d.(erasure.SubscriberData)["mails"]
		if diff := cmp.Diff(want, got[:len(want)]); diff != "" {
			t.Errorf("mails of subscriber %d in the list (-before +after)\n%s", i, diff)
		}
	}
	// A reply that some machine kept all the time is of an attempt before the last.
	Must(t, l.FinishEdition(ctx, second, Noon))
	n, err := l.RetryUncertain(ctx, first, later)
	if n != 1 || err != nil {
		t.Errorf("retried %d of a pruned edition, %v; want the uncertain one", n, err)
	}
}

// bouncing is a ledger with people whose mail comes back for weeks on end.
type bouncing struct {
	*ledger.Ledger
	t   *testing.T
	did []string // what reports did
}

const (
	bouncingPeople = 5
	bouncingDays   = 36
)

// broken reports whether somebody's mail comes back on a day. Some have no trouble for long.
func broken(id int64, day int) bool {
	return (int64(day)/7+id)%3 == 0 && (day >= bouncingDays/2 || id <= 2)
}

// day sends an edition to everybody, and reports what came back of it and of earlier ones.
func (b *bouncing) day(r *rand.Rand, day int, now time.Time) {
	number := int64(day + 1)
	Number(b.t, b.Ledger, number)
	e := ledger.Edition{Cadence: "weekly", Closed: now, Through: number}
	Must(b.t, b.CloseEditions(ctx, &e))
	var done *ledger.Result
	for id := int64(1); id <= bouncingPeople; id++ {
		s, err := b.SubscriberByID(ctx, id)
		Must(b.t, err)
		begun, err := b.Record(ctx, done, &ledger.Intent{Edition: e.Number, Subscriber: id, After: s.Cursor, Owed: s.Owed, Through: number, At: now})
		Must(b.t, err)
		if done = nil; begun {
			done = &ledger.Result{Edition: e.Number, Subscriber: id, Status: ledger.Sent, Code: 250, At: now}
		}
		if done != nil && r.IntN(25) == 0 {
			done.Status, done.Code, done.KeepCursor = ledger.Failed, 552, true
		}
	}
	_, err := b.Record(ctx, done, nil)
	Must(b.t, err)
	Must(b.t, b.FinishEdition(ctx, e.Number, now))
	for id := int64(1); id <= bouncingPeople; id++ {
		late := max(1, number-r.Int64N(9))
		switch {
		case broken(id, day):
			edition := number
			if r.IntN(8) == 0 {
				edition = 0 // unknown
			}
			b.report(id, edition, r, now)
		case broken(id, int(late-1)) && r.IntN(3) == 0:
			b.report(id, late, r, now)
		}
	}
}

// report records a report, and restores whose subscription it ends.
func (b *bouncing) report(id, edition int64, r *rand.Rand, now time.Time) {
	proof := mailtoken.ReturnPath
	if r.IntN(12) == 0 {
		proof = mailtoken.MessageID
	}
	ended, stale, err := subscription.RecordBounce(ctx, b.Ledger, subscription.Bounce{Subscriber: id, Edition: edition, Proof: proof, Reason: "full", At: now.Add(time.Hour)})
	Must(b.t, err)
	b.did = append(b.did, fmt.Sprintf("edition %d to %d: %q %t", edition, id, ended, stale))
	if ended != "" {
		s, err := b.SubscriberByID(ctx, id)
		Must(b.t, err)
		Want(b.t, true)(subscription.Restore(ctx, b.Ledger, s.Email, "weekly", now.Add(2*time.Hour)))
	}
}

// Reports that come back are judged as if nothing was pruned: two ledgers have the same history, and
// one is pruned as early as may be.
func testPruningAndBounces(t *testing.T, open Open) {
	whole, pruned := &bouncing{Ledger: open(t), t: t}, &bouncing{Ledger: open(t), t: t}
	for _, b := range []*bouncing{whole, pruned} {
		for id := range bouncingPeople {
			Add(t, b.Ledger, imports.Row{Email: fmt.Sprintf("s%d@example.com", id)})
		}
	}
	const keep = 30 * 24 * time.Hour
	rows := 0
	for day := range bouncingDays {
		now := Noon.Add(time.Duration(day) * 9 * 24 * time.Hour)
		for _, b := range []*bouncing{whole, pruned} {
			b.day(rand.New(rand.NewPCG(uint64(day), 2)), day, now)
		}
		if diff := cmp.Diff(whole.did, pruned.did); diff != "" {
			t.Fatalf("day %d (-whole +pruned)\n%s", day, diff)
		}
		rows += prune(t, pruned.Ledger, now.Add(-keep), 3)
	}
	text := strings.Join(whole.did, "\n")
	for _, some := range []string{`"bounced"`, "true", "false"} {
		if !strings.Contains(text, some) {
			t.Errorf("no report was %s:\n%s", some, text)
		}
	}
	if rows == 0 {
		t.Error("nothing was pruned")
	}
}

// AddPrunable adds n subscribers and two editions that were sent to all of them at noon. It returns the
// number of the first, of which every delivery can be pruned.
func AddPrunable(tb testing.TB, l *ledger.Ledger, n int) int64 {
	tb.Helper()
	first := AddMany(tb, l, n)
	e := ledger.Edition{Cadence: "weekly", Closed: Noon, Through: 1}
	if err := l.CloseEditions(ctx, &e); err != nil {
		tb.Fatal(err)
	}
	AddDeliveries(tb, l, first)
	AddDeliveries(tb, l, e.Number)
	return first
}

// AddDeliveries is StoreDeliveries for tests.
func AddDeliveries(tb testing.TB, l *ledger.Ledger, edition int64) {
	tb.Helper()
	if err := StoreDeliveries(l, edition); err != nil {
		tb.Fatal(err)
	}
}

// StoreDeliveries stores that an edition was sent to everybody when it was closed.
func StoreDeliveries(l *ledger.Ledger, edition int64) error {
	return l.Change(ctx, "send an edition", func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO delivery (edition, subscriber, after_seq, through_seq, progress, attempts, first_at, last_at, code, reply)
			SELECT e.number, s.id, 0, 1, 'sent', 1, e.closed_at, e.closed_at, 250, '2.0.0 Ok: queued as 4XyZ12abcd'
			FROM edition e CROSS JOIN subscriber s WHERE e.number = $1 ORDER BY s.id`, edition); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "UPDATE edition SET done_at = closed_at WHERE number = $1", edition)
		return err
	})
}

// PruneSlowly prunes the editions of AddPrunable, and says after each piece how many rows it had. It
// returns when nothing is left.
func PruneSlowly(l *ledger.Ledger, say func(rows int)) error {
	p := pruning.NewSize(l, Noon.Add(time.Second), 50)
	for {
		rows, more, err := p.Next(ctx, Noon.Add(time.Hour))
		if err != nil || !more {
			return err
		}
		say(rows)
	}
}

// CheckPruned checks an edition of AddPrunable after a process died that pruned it and said that so many
// rows were done, and once the rest is done too.
func CheckPruned(t *testing.T, l *ledger.Ledger, edition int64, n, said int) {
	t.Helper()
	check := func() (left int) {
		t.Helper()
		e, err := l.Edition(ctx, edition)
		Must(t, err)
		for _, err := range l.Deliveries(ctx, edition, "") {
			Must(t, err)
			left++
		}
		counts, err := l.DeliveryCounts(ctx, edition)
		Must(t, err)
		counted := 0
		for _, c := range counts {
			counted += c.Count
		}
		if e.Sent != n || e.Recipients != n || left+counted != n {
			t.Errorf("%d sent of %d, %d listed and %d counted; want %d", e.Sent, e.Recipients, left, counted, n)
		}
		return left
	}
	if left := check(); n-left < said || left == 0 {
		t.Errorf("%d rows are left, and %d of %d were said to be done", left, said, n)
	}
	Must(t, PruneSlowly(l, func(int) {}))
	if left := check(); left != 0 {
		t.Errorf("%d rows are left in the end", left)
	}
}
