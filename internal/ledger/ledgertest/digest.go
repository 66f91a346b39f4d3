package ledgertest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"publisher/internal/ledger"
)

// A digest that could not show a post makes it owed, once the post is back, to the
// recipients it settled and to nobody else.
func testWithheld(t *testing.T, open Open) {
	l := open(t)
	got, waits, untried := newSender(t, l, "got@example.com"), newSender(t, l, "waits@example.com"), newSender(t, l, "untried@example.com")
	Number(t, l, 3)
	edition := CloseEdition(t, l, "weekly", 0, 3)
	without2, err := l.FindDigest(ctx, edition, ledger.Numbers{1, 3}, ledger.Numbers{2})
	Must(t, err)
	Want(t, without2)(l.FindDigest(ctx, edition, ledger.Numbers{1, 3}, ledger.Numbers{2}))
	Want(t, without2+1)(l.FindDigest(ctx, edition, ledger.Numbers{1, 3}, nil))
	Want(t, []ledger.Digest{{Number: 1, Posts: ledger.Numbers{1, 3}, Withheld: ledger.Numbers{2}}, {Number: 2, Posts: ledger.Numbers{1, 3}}})(l.Digests(ctx, edition))
	for _, s := range []sender{got, waits} {
		Want(t, true)(l.Record(ctx, nil, &ledger.Intent{Edition: edition, Subscriber: s.subscriber, Through: 3, Digest: without2, At: Noon}))
	}
	got.end(ledger.Result{Edition: edition, Status: ledger.Sent})
	waits.end(ledger.Result{Edition: edition, Status: ledger.Deferred, Next: Noon})

	Want(t, ledger.Numbers{2})(l.Withheld(ctx))
	for range 2 { // the second time nothing changes
		Must(t, l.PostsReturned(ctx, ledger.Numbers{2}))
		Want(t, ledger.Numbers(nil))(l.Withheld(ctx))
		for _, tt := range []struct {
			sender
			want ledger.Due
		}{{got, ledger.Due{Cursor: 3, Owed: ledger.Numbers{2}}}, {waits, ledger.Due{}}, {untried, ledger.Due{}}} {
			if diff := cmp.Diff(tt.want, tt.due()); diff != "" {
				t.Errorf("subscriber %d (-want +got)\n%s", tt.subscriber, diff)
			}
		}
	}
	// Who was under way comes to it when that is settled.
	Want(t, true)(l.Record(ctx, nil, &ledger.Intent{Edition: edition, Subscriber: waits.subscriber, At: Noon}))
	waits.end(ledger.Result{Edition: edition, Status: ledger.Sent})
	if diff := cmp.Diff(ledger.Due{Cursor: 3, Owed: ledger.Numbers{2}}, waits.due()); diff != "" {
		t.Errorf("settled later (-want +got)\n%s", diff)
	}
}

func testBundles(t *testing.T, open Open) {
	l := open(t)
	ann := newSender(t, l, "ann@example.com")
	Number(t, l, 2)
	e := ledger.Edition{Cadence: "weekly", Subject: "One", Closed: Noon, After: 1, Through: 2, Posts: []string{"post-c"}, Bundle: []byte("as closed")}
	Must(t, l.CloseEditions(ctx, &e))
	Want(t, []byte("as closed"))(l.Bundle(ctx, e.Number))
	e.Subject, e.After, e.Posts, e.Bundle = "Two and 1 more", 0, []string{"post-c", "post-b"}, []byte("extended")
	Must(t, l.ExtendEdition(ctx, &e))
	stored, err := l.Edition(ctx, e.Number)
	Must(t, err)
	if stored.Subject != e.Subject || stored.After != 0 || len(stored.Posts) != 2 {
		t.Errorf("extended: %+v", stored)
	}
	// What is open is kept, however old.
	if !ann.begin(e.Number, 0, 2) {
		t.Fatal("refused")
	}
	Must(t, l.FinishEdition(ctx, e.Number, Noon))
	Must(t, l.PruneBundles(ctx, Noon.Add(time.Hour)))
	Want(t, []byte("extended"))(l.Bundle(ctx, e.Number))
	ann.end(ledger.Result{Edition: e.Number, Status: ledger.Sent})
	Must(t, l.PruneBundles(ctx, Noon))
	Want(t, []byte("extended"))(l.Bundle(ctx, e.Number))
	Must(t, l.PruneBundles(ctx, Noon.Add(time.Hour)))
	Want(t, []byte(nil))(l.Bundle(ctx, e.Number))
}
