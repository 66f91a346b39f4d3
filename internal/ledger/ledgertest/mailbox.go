package ledgertest

import (
	"testing"
	"time"

	"publisher/internal/ledger/passstate"
	"publisher/internal/ledger/signups"
)

// Each mailbox has a position of its own.
func testMailboxes(t *testing.T, open Open) {
	ctx, l := t.Context(), open(t)
	want := func(name string, validity, uid uint32) {
		t.Helper()
		v, u, err := passstate.MailboxPosition(ctx, l, name)
		if err != nil || v != validity || u != uid {
			t.Errorf("%s: %d, %d, %v; want %d, %d", name, v, u, err, validity, uid)
		}
	}
	want("a", 0, 0)
	const largest = 1<<32 - 1
	for _, p := range []struct{ validity, uid uint32 }{{7, 1}, {7, 2}, {largest, largest}} {
		Must(t, passstate.SetMailboxPosition(ctx, l, "a", p.validity, p.uid))
		want("a", p.validity, p.uid)
	}
	want("b", 0, 0)

	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	Must(t, signups.Add(ctx, l, signups.Signup{Email: "a@example.com", How: signups.ByMail, At: now, Request: "x"}))
	for ago, want := range map[time.Duration]int{time.Hour: 1, 0: 0} {
		if n, err := signups.Count(ctx, l, now.Add(-ago)); n != want || err != nil {
			t.Errorf("since %v: %d sign-ups, %v; want %d", ago, n, err, want)
		}
	}
}
