package ledgertest

import (
	"slices"
	"testing"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/imports"
	"publisher/internal/ledger/mailtoken"
	"publisher/internal/ledger/subscription"
)

// pauseUntil pauses a subscription with the link in digests.
func pauseUntil(t *testing.T, l *ledger.Ledger, email string, until, now time.Time) bool {
	t.Helper()
	_, changed, err := subscription.Do(ctx, l, subscription.Request{Subscriber: Subscriber(t, l, email).ID, Proof: mailtoken.Preferences, Action: subscription.Pause, Until: until, At: now})
	Must(t, err)
	return changed
}

// Who pauses is in no edition, and the first one afterwards has what was missed.
func testPause(t *testing.T, open Open) {
	l := open(t)
	Add(t, l, imports.Row{Email: "ann@example.com"}, imports.Row{Email: "ben@example.com"})
	Number(t, l, 1)
	weekly := ledger.Audience{Cadence: "weekly", Default: true, Configured: []string{"weekly"}}
	edition := CloseEdition(t, l, "weekly", 0, 1)
	back := Noon.Add(7 * 24 * time.Hour)

	// The recipients have been read already when Ann pauses.
	due, err := l.Recipients(ctx, edition, weekly, 0, 10, Noon)
	if Must(t, err); len(due) != 2 {
		t.Fatalf("%d recipients", len(due))
	}
	if !pauseUntil(t, l, "ann@example.com", back, Noon) || pauseUntil(t, l, "ann@example.com", back, Noon) {
		t.Error("only the first request changes something")
	}
	ann, ben := Subscriber(t, l, "ann@example.com"), Subscriber(t, l, "ben@example.com")
	intent := func(s ledger.Subscriber, edition, through int64, at time.Time) *ledger.Intent {
		return &ledger.Intent{Edition: edition, Subscriber: s.ID, Through: through, At: at}
	}
	Want(t, false)(l.Record(ctx, nil, intent(ann, edition, 1, Noon)))
	Want(t, true)(l.Record(ctx, nil, intent(ben, edition, 1, Noon)))
	Want(t, false)(l.Record(ctx, &ledger.Result{Edition: edition, Subscriber: ben.ID, Status: ledger.Sent, Code: 250, At: Noon}, nil))
	Want(t, []ledger.Recipient(nil))(l.Recipients(ctx, edition, weekly, 0, 10, Noon))
	Want(t, []ledger.RecipientGroup(nil))(l.RecipientGroups(ctx, weekly, 1, back.Add(-time.Microsecond)))

	Want(t, back)(l.NextPauseEnd(ctx, Noon))
	Want(t, time.Time{})(l.NextPauseEnd(ctx, back))
	Number(t, l, 2)
	Want(t, []ledger.RecipientGroup{{Count: 1}, {Due: ledger.Due{Cursor: 1}, Count: 1}})(l.RecipientGroups(ctx, weekly, 2, back))
	next := CloseEdition(t, l, "weekly", 0, 2)
	Want(t, true)(l.Record(ctx, nil, intent(ann, next, 2, back)))

	// A pause may be ended, and none is longer than a year.
	pauseUntil(t, l, "ben@example.com", Noon.AddDate(50, 0, 0), Noon)
	if got := Subscriber(t, l, "ben@example.com").PausedUntil; !got.Equal(Noon.Add(ledger.MaxPause)) {
		t.Errorf("paused until %s", got)
	}
	if !pauseUntil(t, l, "ben@example.com", time.Time{}, Noon) || !Subscriber(t, l, "ben@example.com").PausedUntil.IsZero() {
		t.Error("the pause goes on")
	}
}

// A deferred delivery ends when its subscriber pauses, and its posts stay due.
func testPauseOfDeferred(t *testing.T, open Open) {
	l := open(t)
	Add(t, l, imports.Row{Email: "ann@example.com"})
	Number(t, l, 1)
	edition := CloseEdition(t, l, "weekly", 0, 1)
	ann := Subscriber(t, l, "ann@example.com")
	intent := &ledger.Intent{Edition: edition, Subscriber: ann.ID, Through: 1, At: Noon}
	Want(t, true)(l.Record(ctx, nil, intent))
	Want(t, false)(l.Record(ctx, &ledger.Result{Edition: edition, Subscriber: ann.ID, Status: ledger.Deferred, Code: 451, At: Noon, Next: Noon}, nil))
	back := Noon.Add(24 * time.Hour)
	pauseUntil(t, l, "ann@example.com", back, Noon)
	Want(t, false)(l.Record(ctx, nil, intent))
	Want(t, 0)(l.Retry(ctx, edition, time.UnixMicro(0), Noon))
	weekly := ledger.Audience{Cadence: "weekly", Default: true, Configured: []string{"weekly"}}
	Want(t, []ledger.RecipientGroup(nil))(l.RecipientGroups(ctx, weekly, 1, Noon))
	Want(t, []ledger.RecipientGroup{{Count: 1}})(l.RecipientGroups(ctx, weekly, 1, back))
}

// One press takes an unsubscribing back with another cadence, or with a pause.
func testUndoWithPause(t *testing.T, open Open) {
	l := open(t)
	Add(t, l, imports.Row{Email: "ann@example.com", Cadence: "daily"})
	Number(t, l, 1)
	CloseEdition(t, l, "daily", 0, 1)
	id, until := Subscriber(t, l, "ann@example.com").ID, Noon.Add(30*24*time.Hour)
	do := func(act subscription.Action, cadence string, until time.Time) {
		t.Helper()
		_, changed, err := subscription.Do(ctx, l, subscription.Request{Subscriber: id, Proof: mailtoken.Unsubscribe, Action: act, Cadence: cadence, Until: until, DefaultCadence: "weekly", At: Noon.Add(time.Hour)})
		if Must(t, err); !changed {
			t.Fatal("nothing changed")
		}
	}
	do(subscription.Leave, "", time.Time{})
	do(subscription.Undo, "monthly", until)
	ann := Subscriber(t, l, "ann@example.com")
	// What an edition had closed over by the old cadence is still due.
	if ann.Status != ledger.Active || ann.Cadence != "monthly" || !ann.PausedUntil.Equal(until) || ann.Cursor != 1 || !slices.Equal(ann.Owed, ledger.NewNumbers(1)) {
		t.Errorf("%+v", ann)
	}
	events, err := l.Events(ctx, "paused", Noon)
	if Must(t, err); len(events) != 1 || events[0].Subscriber != id || events[0].Data["until"] != until.Format(time.RFC3339) {
		t.Errorf("%+v", events)
	}
}
