package ledgertest

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/imports"
	"publisher/internal/ledger/mailtoken"
	"publisher/internal/ledger/subscription"
)

// modeled is a subscription as docs/subscribers.md describes it.
type modeled struct {
	status ledger.Status
	at     time.Time     // since when
	back   ledger.Status // what undo leads to; "": nobody but the owner ends this
}

// link does what the unsubscribe link does.
func (m *modeled) link(now time.Time, undo bool) {
	if undo {
		if m.status == ledger.Unsubscribed && m.back != "" && now.Sub(m.at) <= 7*24*time.Hour {
			*m = modeled{status: m.back, at: now}
		}
		return
	}
	m.leave(now)
}

func (m *modeled) leave(now time.Time) {
	switch m.status {
	case ledger.Active, ledger.Pending, ledger.Removed:
		*m = modeled{ledger.Unsubscribed, now, m.status}
	}
}

// finish ends the subscription so that only the owner can restore it.
func (m *modeled) finish(status ledger.Status, now time.Time) {
	if m.status == ledger.Active || m.status == ledger.Pending {
		*m = modeled{status: status, at: now}
	}
}

// report is a hard bounce of, or a complaint about, the mail sent at mailed.
func (m *modeled) report(proof mailtoken.Purpose, complaint bool, mailed, now time.Time) {
	tooLate := !complaint && now.Sub(mailed) > 30*24*time.Hour
	switch {
	case tooLate || proof == mailtoken.Preferences:
	case proof == mailtoken.ReturnPath && complaint:
		m.finish(ledger.Complained, now)
	case proof == mailtoken.ReturnPath:
		m.finish(ledger.Bounced, now)
	default:
		m.leave(now)
	}
}

var (
	purposes = []mailtoken.Purpose{mailtoken.Unsubscribe, mailtoken.Preferences, mailtoken.ReturnPath, mailtoken.MessageID}
	statuses = []ledger.Status{ledger.Active, ledger.Pending, ledger.Unsubscribed, ledger.Removed, ledger.Bounced, ledger.Complained}
)

// bearing is a ledger with one subscriber, who was sent edition 1 at noon.
type bearing struct {
	*ledger.Ledger
	t     *testing.T
	id    int64
	model modeled
	until time.Time // of the pause that the model has
}

func newBearing(t *testing.T, open Open, status ledger.Status) *bearing {
	t.Helper()
	b := &bearing{Ledger: open(t), t: t, model: modeled{status: status, at: Noon}}
	Want(t, imports.Counts{Rows: 1, Added: 1})(imports.Run(ctx, b.Ledger, Rows(nil, imports.Row{Email: "ann@example.com"}), imports.Options{Origin: imports.FromFile, DefaultCadence: "weekly", Now: Noon}))
	b.id = Subscriber(t, b.Ledger, "ann@example.com").ID
	e := ledger.Edition{Cadence: "weekly", Closed: Noon, Through: 1}
	Must(t, b.CloseEditions(ctx, &e))
	Want(t, true)(b.Record(ctx, nil, &ledger.Intent{Edition: 1, Subscriber: b.id, Through: 1, At: Noon}))
	_, err := b.Record(ctx, &ledger.Result{Edition: 1, Subscriber: b.id, Status: ledger.Sent, At: Noon}, nil)
	Must(t, err)
	if status != ledger.Active {
		Want(t, true)(b.SetStatus(ctx, "ann@example.com", status, "weekly", Noon))
	}
	return b
}

// do performs one action with one token, in the ledger and in the model, and compares
// them.
func (b *bearing) do(with mailtoken.Purpose, act subscription.Action, now time.Time) {
	b.t.Helper()
	switch act {
	case subscription.HardBounce:
		_, _, err := subscription.RecordBounce(ctx, b.Ledger, subscription.Bounce{Subscriber: b.id, Edition: 1, Proof: with, Hard: true, At: now})
		Must(b.t, err)
		b.model.report(with, false, Noon, now)
	default:
		request := subscription.Request{Subscriber: b.id, Proof: with, Action: act, DefaultCadence: "weekly", At: now}
		if act == subscription.Pause {
			request.Until = now.Add(time.Hour)
			if with == mailtoken.Preferences && (b.model.status == ledger.Active || b.model.status == ledger.Pending) {
				b.until = request.Until
			}
		}
		_, _, err := subscription.Do(ctx, b.Ledger, request)
		Must(b.t, err)
		switch {
		case act == subscription.Complain:
			b.model.report(with, true, Noon, now)
		case with == mailtoken.Unsubscribe && (act == subscription.Leave || act == subscription.Undo):
			b.model.link(now, act == subscription.Undo)
		}
	}
	b.compare(fmt.Sprintf("%c doing %d after %v", with, act, now.Sub(Noon)))
}

// remove does what `subscribers remove` does.
func (b *bearing) remove(now time.Time) {
	b.t.Helper()
	Want(b.t, true)(b.SetStatus(ctx, "ann@example.com", ledger.Unsubscribed, "weekly", now))
	if b.model.back = ""; b.model.status != ledger.Unsubscribed {
		b.model.status, b.model.at = ledger.Unsubscribed, now
	}
	b.compare("remove")
}

func (b *bearing) compare(what string) {
	b.t.Helper()
	s := Subscriber(b.t, b.Ledger, "ann@example.com")
	if !s.PausedUntil.Equal(b.until) {
		b.t.Fatalf("%s: paused until %s, the model has %s", what, s.PausedUntil, b.until)
	}
	if s.Status != b.model.status || s.UndoTo != b.model.back {
		b.t.Fatalf("%s: %s, back to %q; the model has %s, back to %q", what, s.Status, s.UndoTo, b.model.status, b.model.back)
	}
}

// Each kind of token performs each action on each status, at once, in time and too late,
// followed by an undo.
func testRights(t *testing.T, open Open) {
	acts := []subscription.Action{subscription.Leave, subscription.Undo, subscription.Choose, subscription.Pause, subscription.HardBounce, subscription.Complain}
	ages := []time.Duration{-time.Hour, 0, 7 * 24 * time.Hour, 30 * 24 * time.Hour, 30*24*time.Hour + time.Second, 400 * 24 * time.Hour}
	waits := []time.Duration{0, 7 * 24 * time.Hour, 7*24*time.Hour + time.Second}
	b := newBearing(t, open, ledger.Active)
	for _, status := range statuses {
		for _, with := range purposes {
			for _, act := range acts {
				for _, age := range ages {
					for _, wait := range waits {
						b.reset(status)
						b.do(with, act, Noon.Add(age))
						b.do(mailtoken.Unsubscribe, subscription.Undo, Noon.Add(age+wait))
					}
				}
			}
		}
	}
}

// reset gives the subscriber that status at noon, on behalf of the owner.
func (b *bearing) reset(status ledger.Status) {
	b.t.Helper()
	for _, s := range []ledger.Status{ledger.Bounced, status} { // two steps, so that the moment is noon
		Want(b.t, true)(b.SetStatus(ctx, "ann@example.com", s, "weekly", Noon))
	}
	b.model = modeled{status: status, at: Noon}
}

// On random walks of tokens and removals by the owner, links never restore a subscriber
// whom the owner removed, and never lead to a status that differs from the model's.
func testRightsOnWalks(t *testing.T, open Open) {
	acts := []subscription.Action{subscription.Leave, subscription.Leave, subscription.Undo, subscription.Undo, subscription.Undo, subscription.Choose, subscription.HardBounce, subscription.Complain}
	random := rand.New(rand.NewPCG(15, 4))
	b := newBearing(t, open, ledger.Active)
	for range 300 {
		b.reset(statuses[random.IntN(len(statuses))])
		now, removed := Noon, false
		for range 12 {
			now = now.Add(time.Duration(random.IntN(100)) * time.Hour)
			if random.IntN(10) == 0 {
				b.remove(now)
				removed = true
				continue
			}
			b.do(purposes[random.IntN(len(purposes))], acts[random.IntN(len(acts))], now)
			if removed && b.model.status != ledger.Unsubscribed {
				t.Fatalf("removed by the owner, and %s", b.model.status)
			}
		}
	}
}

// If the row disappears from subscribers.file while a subscriber is unsubscribed, undoing
// that does not revive the subscription; the return of the row does.
func testUndoAfterTheRowIsGone(t *testing.T, open Open) {
	b := newBearing(t, open, ledger.Active)
	b.do(mailtoken.Unsubscribe, subscription.Leave, Noon)
	all := func(int, int) bool { return true }
	_, err := imports.Run(ctx, b.Ledger, Rows(nil), imports.Options{Origin: imports.FromFile, DefaultCadence: "weekly", Now: Noon, MayRemove: all})
	Must(t, err)
	b.model.back = ledger.Removed
	b.do(mailtoken.Unsubscribe, subscription.Undo, Noon)
	_, err = imports.Run(ctx, b.Ledger, Rows(nil, imports.Row{Email: "ann@example.com"}), imports.Options{Origin: imports.FromFile, DefaultCadence: "weekly", Now: Noon, MayRemove: all})
	Must(t, err)
	b.model = modeled{status: ledger.Active, at: Noon}
	b.compare("the row is back")
}

// Reports proved only by Message-IDs never count together with those proved by return
// paths.
func testSoftBouncesByProof(t *testing.T, open Open) {
	for name, tt := range map[string]struct {
		proofs string // of the five reports
		want   ledger.Status
	}{
		"return paths":          {"rrrrr", ledger.Bounced},
		"Message-IDs":           {"mmmmm", ledger.Unsubscribed},
		"one is weak, the last": {"rrrrm", ledger.Unsubscribed},
		"one is weak, earlier":  {"rrmrr", ledger.Active},
		"only the last proves":  {"mmmmr", ledger.Active},
		"links name no edition": {"uuuuu", ledger.Active},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBearing(t, open, ledger.Active)
			for n := int64(2); n <= 5; n++ {
				at := Noon.Add(time.Duration(n) * 24 * time.Hour)
				e := ledger.Edition{Cadence: "weekly", Closed: at, After: n - 1, Through: n}
				Must(t, b.CloseEditions(ctx, &e))
				Want(t, true)(b.Record(ctx, nil, &ledger.Intent{Edition: n, Subscriber: b.id, After: n - 1, Through: n, At: at}))
				_, err := b.Record(ctx, &ledger.Result{Edition: n, Subscriber: b.id, Status: ledger.Sent, At: at}, nil)
				Must(t, err)
			}
			for n, proof := range []byte(tt.proofs) {
				bounce := subscription.Bounce{Subscriber: b.id, Edition: int64(n + 1), Proof: mailtoken.Purpose(proof), At: Noon.Add(6 * 24 * time.Hour)}
				if bounce.Proof == mailtoken.Unsubscribe {
					bounce.Edition = 0
				}
				_, _, err := subscription.RecordBounce(ctx, b.Ledger, bounce)
				Must(t, err)
			}
			if s := Subscriber(t, b.Ledger, "ann@example.com"); s.Status != tt.want {
				t.Errorf("%s, want %s", s.Status, tt.want)
			}
		})
	}
}

// A weak report neither weakens nor strengthens a strong one.
func testWeakReports(t *testing.T, open Open) {
	b := newBearing(t, open, ledger.Active)
	for _, bounce := range []subscription.Bounce{
		{Proof: mailtoken.ReturnPath, Reason: "strong"},
		{Proof: mailtoken.MessageID, Hard: true, Reason: "weak"},
	} {
		bounce.Subscriber, bounce.Edition, bounce.At = b.id, 1, Noon
		_, _, err := subscription.RecordBounce(ctx, b.Ledger, bounce)
		Must(t, err)
	}
	b.model = modeled{ledger.Unsubscribed, Noon, ledger.Active}
	b.compare("a weak report after a strong one")
}

// Bounces of mail that the ledger does not know do not count.
func testBouncesOfUnknownMail(t *testing.T, open Open) {
	for _, with := range purposes {
		for _, edition := range []int64{2, 1 << 40} {
			b := newBearing(t, open, ledger.Active)
			_, stale, err := subscription.RecordBounce(ctx, b.Ledger, subscription.Bounce{Subscriber: b.id, Edition: edition, Proof: with, Hard: true, At: Noon})
			Must(t, err)
			if !stale {
				t.Errorf("%c: edition %d counts", with, edition)
			}
			b.compare("an unknown edition")
		}
	}
	b := newBearing(t, open, ledger.Active)
	_, stale, err := subscription.RecordBounce(ctx, b.Ledger, subscription.Bounce{Subscriber: b.id + 1, Edition: 1, Proof: mailtoken.ReturnPath, Hard: true, At: Noon})
	if Must(t, err); stale {
		t.Error("nobody's bounce is said to be old")
	}
}
