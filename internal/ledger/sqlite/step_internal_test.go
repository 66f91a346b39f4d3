package sqlite

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/grouped"
	"publisher/internal/ledger/imports"

	"github.com/google/go-cmp/cmp"
)

// told is what a call of Record returns, apart from errors of the group.
type told struct{ begun, failed bool }

// stored is the state of the subscriber in the ledger.
type stored struct {
	deliveries []ledger.Delivery
	subscriber ledger.Subscriber
}

// Calls about one subscriber in one group return and store the same as one after the
// other.
func TestCallsAboutOneSubscriberInOneGroup(t *testing.T) {
	at := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	begin := func(edition, after, through int64) *grouped.Call {
		return &grouped.Call{Next: &ledger.Intent{Edition: edition, Subscriber: 1, After: after, Through: through, At: at}}
	}
	end := func(edition int64, p ledger.DeliveryStatus) *grouped.Call {
		return &grouped.Call{Done: &ledger.Result{Edition: edition, Subscriber: 1, Status: p, Code: 250, Reply: string(p), At: at}}
	}
	both := func(a, b *grouped.Call) *grouped.Call { return &grouped.Call{Done: a.Done, Next: b.Next} }
	refused := func(edition, after, through int64, p ledger.DeliveryStatus) *grouped.Call {
		call := end(edition, p)
		call.Done.After, call.Done.Through = after, through
		return call
	}
	for name, test := range map[string]struct {
		calls func() []*grouped.Call
		want  []told
	}{
		"begun twice": {
			func() []*grouped.Call { return []*grouped.Call{begin(1, 0, 1), begin(1, 0, 1)} },
			[]told{{begun: true}, {}}},
		"two editions": {
			func() []*grouped.Call { return []*grouped.Call{begin(2, 0, 2), begin(1, 0, 1)} },
			[]told{{begun: true}, {}}},
		"begun and sent": {
			func() []*grouped.Call { return []*grouped.Call{begin(1, 0, 1), end(1, ledger.Sent)} },
			[]told{{begun: true}, {}}},
		"sent, then the next edition": {
			func() []*grouped.Call {
				return []*grouped.Call{begin(1, 0, 1), both(end(1, ledger.Sent), begin(2, 1, 2))}
			},
			[]told{{begun: true}, {begun: true}}},
		"sent, then another with the old cursor": {
			func() []*grouped.Call { return []*grouped.Call{begin(1, 0, 1), end(1, ledger.Sent), begin(2, 0, 2)} },
			[]told{{begun: true}, {}, {}}},
		"ended twice": {
			func() []*grouped.Call {
				return []*grouped.Call{begin(1, 0, 1), end(1, ledger.Sent), end(1, ledger.Failed)}
			},
			[]told{{begun: true}, {}, {failed: true}}},
		"ended, never begun": {
			func() []*grouped.Call { return []*grouped.Call{end(1, ledger.Sent), begin(1, 0, 1)} },
			[]told{{failed: true}, {begun: true}}},
		"deferred, then tried again": {
			func() []*grouped.Call {
				return []*grouped.Call{begin(1, 0, 1), end(1, ledger.Deferred), begin(1, 0, 1)}
			},
			[]told{{begun: true}, {}, {begun: true}}},
		"deferred, then another edition": {
			func() []*grouped.Call { return []*grouped.Call{refused(1, 0, 1, ledger.Deferred), begin(2, 0, 2)} },
			[]told{{}, {}}},
		"the envelope refused": {
			func() []*grouped.Call {
				return []*grouped.Call{refused(1, 0, 1, ledger.Failed), begin(1, 0, 1), begin(2, 1, 2)}
			},
			[]told{{}, {}, {begun: true}}},
	} {
		t.Run(name, func(t *testing.T) {
			together, stored := commitGroups(t, [][]*grouped.Call{test.calls()})
			var apart [][]*grouped.Call
			for _, call := range test.calls() {
				apart = append(apart, []*grouped.Call{call})
			}
			oneByOne, storedSo := commitGroups(t, apart)
			if diff := cmp.Diff(test.want, oneByOne, cmp.AllowUnexported(told{})); diff != "" {
				t.Errorf("one by one (-want +got)\n%s", diff)
			}
			if diff := cmp.Diff(oneByOne, together, cmp.AllowUnexported(told{})); diff != "" {
				t.Errorf("told (-one by one +in one group)\n%s", diff)
			}
			if diff := cmp.Diff(storedSo, stored, cmp.AllowUnexported(storedSo)); diff != "" {
				t.Errorf("stored (-one by one +in one group)\n%s", diff)
			}
		})
	}
}

// commitGroups commits the groups, in a ledger with one subscriber, two posts and two
// editions: one with the first post, one with both.
func commitGroups(t *testing.T, groups [][]*grouped.Call) ([]told, stored) {
	t.Helper()
	ctx, now := context.Background(), time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	l := openPatient(t, filepath.Join(t.TempDir(), "publisher.db"))
	defer l.Close()
	_, err := imports.Run(ctx, l.Ledger, func(yield func(imports.Row, error) bool) { yield(imports.Row{Email: "ann@example.com"}, nil) }, imports.Options{DefaultCadence: "weekly", Now: now})
	noError(t, err)
	noError(t, l.SavePosts(ctx, []ledger.Post{{ID: "a", Stage: ledger.Numbered}, {ID: "b", Stage: ledger.Numbered}}))
	for through := range int64(2) {
		noError(t, l.CloseEditions(ctx, &ledger.Edition{Cadence: "weekly", Closed: now, Through: through + 1}))
	}
	var answers []told
	for _, group := range groups {
		noError(t, l.e.recorder.commit(group))
		for _, call := range group {
			answers = append(answers, told{call.Begun, call.Err != nil})
		}
	}
	var s stored
	s.deliveries, err = l.DeliveriesTo(ctx, 1)
	noError(t, err)
	ann, err := l.SubscriberByID(ctx, 1)
	noError(t, err)
	s.subscriber = *ann
	return answers, s
}

// A prefetched recipient is checked again as soon as anyone else has written.
func TestPrefetchedRecipientsAreChecked(t *testing.T) {
	ctx, at := context.Background(), sentToAnn.At
	for name, meddle := range map[string]func(t *testing.T, l opened, other opened){
		"unsubscribed here": func(t *testing.T, l, _ opened) {
			_, err := l.SetStatus(ctx, "ben@example.com", ledger.Unsubscribed, "weekly", at)
			noError(t, err)
		},
		"unsubscribed by another process": func(t *testing.T, _, other opened) {
			_, err := other.SetStatus(ctx, "ben@example.com", ledger.Unsubscribed, "weekly", at)
			noError(t, err)
		},
		"another delivery begun": func(t *testing.T, l, _ opened) {
			noError(t, l.CloseEditions(ctx, &ledger.Edition{Cadence: "weekly", Closed: at, Through: 1}))
			_, err := l.Record(ctx, nil, &ledger.Intent{Edition: 2, Subscriber: 2, Through: 1, At: at})
			noError(t, err)
		},
		"the edition canceled": func(t *testing.T, l, _ opened) {
			_, err := l.CancelEdition(ctx, 1, ledger.Audience{Cadence: "weekly", Default: true}, at)
			noError(t, err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "publisher.db")
			l, other := sendingToAnn(t, path), openPatient(t, path)
			defer l.Close()
			defer other.Close()
			_, err := l.e.write.db.Exec(`INSERT INTO subscriber (email, email_key, name, status, cadence, tags, cursor_seq, from_file)
				VALUES ('ben@example.com', 'ben@example.com', '', 'active', 'weekly', '', 0, FALSE)`)
			noError(t, err)
			due, err := l.Recipients(ctx, 1, ledger.Audience{Cadence: "weekly", Default: true}, 0, 10, sentToAnn.At)
			noError(t, err)
			if len(due) != 1 || len(l.e.recorder.prefetched.recipients) != 1 {
				t.Fatalf("%d are due, %d foreseen", len(due), len(l.e.recorder.prefetched.recipients))
			}
			meddle(t, l, other)
			if begun, err := l.Record(ctx, nil, &ledger.Intent{Edition: 1, Subscriber: 2, Through: 1, At: at}); begun || err != nil {
				t.Error(begun, err)
			}
		})
	}
}
