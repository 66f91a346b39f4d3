package ledger

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// told is what a call of Record returns, as far as it is the call's own.
type told struct{ begun, failed bool }

// stored is what the ledger then says of the subscriber.
type stored struct {
	deliveries []Delivery
	subscriber Subscriber
}

// Calls about one subscriber that come in one group are told, and store, what they
// would have one after the other.
func TestCallsAboutOneSubscriberInOneGroup(t *testing.T) {
	at := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	begin := func(edition, after, through int64) *recording {
		return &recording{next: &Intent{Edition: edition, Subscriber: 1, After: after, Through: through, At: at}}
	}
	end := func(edition int64, p DeliveryStatus) *recording {
		return &recording{done: &Result{Edition: edition, Subscriber: 1, Status: p, Code: 250, Reply: string(p), At: at}}
	}
	bounced := func(edition int64) *recording {
		call := end(edition, Failed)
		call.done.Bounced = true
		return call
	}
	both := func(a, b *recording) *recording { return &recording{done: a.done, next: b.next} }
	refused := func(edition, after, through int64, p DeliveryStatus) *recording {
		call := end(edition, p)
		call.done.After, call.done.Through = after, through
		return call
	}
	for name, test := range map[string]struct {
		calls func() []*recording
		want  []told
	}{
		"begun twice": {
			func() []*recording { return []*recording{begin(1, 0, 1), begin(1, 0, 1)} },
			[]told{{begun: true}, {}}},
		"two editions": {
			func() []*recording { return []*recording{begin(2, 0, 2), begin(1, 0, 1)} },
			[]told{{begun: true}, {}}},
		"begun and sent": {
			func() []*recording { return []*recording{begin(1, 0, 1), end(1, Sent)} },
			[]told{{begun: true}, {}}},
		"sent, then the next edition": {
			func() []*recording { return []*recording{begin(1, 0, 1), both(end(1, Sent), begin(2, 1, 2))} },
			[]told{{begun: true}, {begun: true}}},
		"sent, then another with the old cursor": {
			func() []*recording { return []*recording{begin(1, 0, 1), end(1, Sent), begin(2, 0, 2)} },
			[]told{{begun: true}, {}, {}}},
		"ended twice": {
			func() []*recording { return []*recording{begin(1, 0, 1), end(1, Sent), end(1, Failed)} },
			[]told{{begun: true}, {}, {failed: true}}},
		"ended, never begun": {
			func() []*recording { return []*recording{end(1, Sent), begin(1, 0, 1)} },
			[]told{{failed: true}, {begun: true}}},
		"deferred, then tried again": {
			func() []*recording { return []*recording{begin(1, 0, 1), end(1, Deferred), begin(1, 0, 1)} },
			[]told{{begun: true}, {}, {begun: true}}},
		"deferred, then another edition": {
			func() []*recording { return []*recording{refused(1, 0, 1, Deferred), begin(2, 0, 2)} },
			[]told{{}, {}}},
		"bounced, then another edition": {
			func() []*recording { return []*recording{begin(1, 0, 1), bounced(1), begin(2, 1, 2)} },
			[]told{{begun: true}, {}, {}}},
		"the envelope refused": {
			func() []*recording { return []*recording{refused(1, 0, 1, Failed), begin(1, 0, 1), begin(2, 1, 2)} },
			[]told{{}, {}, {begun: true}}},
	} {
		t.Run(name, func(t *testing.T) {
			together, stored := commitGroups(t, [][]*recording{test.calls()})
			var apart [][]*recording
			for _, call := range test.calls() {
				apart = append(apart, []*recording{call})
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

// commitGroups has the groups committed, in a ledger with one subscriber, two posts and two
// editions: one of the first post, one of both.
func commitGroups(t *testing.T, groups [][]*recording) ([]told, stored) {
	t.Helper()
	ctx, now := context.Background(), time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	l, err := Open(ctx, "sqlite:"+filepath.Join(t.TempDir(), "publisher.db"))
	noError(t, err)
	defer l.Close()
	_, err = l.Import(ctx, func(yield func(Row, error) bool) { yield(Row{Email: "ann@example.com"}, nil) }, ImportOptions{DefaultCadence: "weekly", Now: now})
	noError(t, err)
	noError(t, l.SavePosts(ctx, []Post{{ID: "a", Stage: Numbered}, {ID: "b", Stage: Numbered}}))
	for through := range int64(2) {
		noError(t, l.CloseEditions(ctx, &Edition{Cadence: "weekly", Closed: now, Through: through + 1}))
	}
	var answers []told
	for _, group := range groups {
		noError(t, l.recorder.commit(group))
		for _, call := range group {
			answers = append(answers, told{call.begun, call.err != nil})
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

// A recipient who was read is checked again as soon as anybody else has written.
func TestForeseenRecipientsAreCheckedAgain(t *testing.T) {
	ctx, at := context.Background(), sentToAnn.At
	for name, meddle := range map[string]func(t *testing.T, l *Ledger, other *Ledger){
		"unsubscribed here": func(t *testing.T, l, _ *Ledger) {
			_, err := l.SetStatus(ctx, "ben@example.com", Unsubscribed, "weekly", at)
			noError(t, err)
		},
		"unsubscribed by another process": func(t *testing.T, _, other *Ledger) {
			_, err := other.SetStatus(ctx, "ben@example.com", Unsubscribed, "weekly", at)
			noError(t, err)
		},
		"another delivery begun": func(t *testing.T, l, _ *Ledger) {
			noError(t, l.CloseEditions(ctx, &Edition{Cadence: "weekly", Closed: at, Through: 1}))
			_, err := l.Record(ctx, nil, &Intent{Edition: 2, Subscriber: 2, Through: 1, At: at})
			noError(t, err)
		},
		"the edition canceled": func(t *testing.T, l, _ *Ledger) {
			_, err := l.CancelEdition(ctx, 1, Audience{Cadence: "weekly", Default: true}, at)
			noError(t, err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "publisher.db")
			l, other := sendingToAnn(t, path), openPatient(t, path)
			defer l.Close()
			defer other.Close()
			_, err := l.write.db.Exec(`INSERT INTO subscriber (email, email_key, name, status, cadence, tags, cursor_seq, from_file)
				VALUES ('ben@example.com', 'ben@example.com', '', 'active', 'weekly', '', 0, FALSE)`)
			noError(t, err)
			due, err := l.Recipients(ctx, 1, Audience{Cadence: "weekly", Default: true}, 0, 10)
			noError(t, err)
			if len(due) != 1 || len(l.recorder.foreseen.recipients) != 1 {
				t.Fatalf("%d are due, %d foreseen", len(due), len(l.recorder.foreseen.recipients))
			}
			meddle(t, l, other)
			if begun, err := l.Record(ctx, nil, &Intent{Edition: 1, Subscriber: 2, Through: 1, At: at}); begun || err != nil {
				t.Error(begun, err)
			}
		})
	}
}
