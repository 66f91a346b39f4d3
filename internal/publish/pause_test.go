package publish

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"publisher/internal/ledger/mailtoken"
	"publisher/internal/ledger/sqlite"
	"publisher/internal/ledger/subscription"
)

// Who pauses gets all that was missed in one mail as soon as the pause ends.
func TestPauseEnds(t *testing.T) {
	start := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	b := newBlog(t, `digest: {settle: 0s, default: immediate}`, start)
	b.subscribe("now@example.com,", "later@example.com,")
	pause := func() {
		l, err := sqlite.Open(t.Context(), DSN(b.cfg))
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		s, err := l.Subscriber(t.Context(), "later@example.com")
		if err != nil {
			t.Fatal(err)
		}
		_, changed, err := subscription.Do(t.Context(), l, subscription.Request{Subscriber: s.ID, Proof: mailtoken.Preferences, Action: subscription.Pause, Until: start.Add(5*time.Hour + 7*time.Minute), At: b.now})
		if err != nil || !changed {
			t.Fatal(changed, err)
		}
	}
	b.events = []event{
		{start.Add(time.Hour), func() { b.post("P000") }},
		{start.Add(2 * time.Hour), pause},
		{start.Add(3 * time.Hour), func() { b.post("P001") }},
		{start.Add(4 * time.Hour), func() { b.post("P002") }},
		{start.Add(5 * time.Hour), func() { explained(t, b) }},
	}
	b.serve(start.Add(24 * time.Hour))
	for address, want := range map[string][]string{
		"now@example.com":   {"2026-06-01 13:00 +0000 P000", "2026-06-01 15:00 +0000 P001", "2026-06-01 16:00 +0000 P002"},
		"later@example.com": {"2026-06-01 13:00 +0000 P000", "2026-06-01 17:07 +0000 P001 P002"},
	} {
		if diff := cmp.Diff(want, b.received(address)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", address, diff)
		}
	}
}

// explained checks that the pause is explained.
func explained(t *testing.T, b *blog) {
	t.Helper()
	x, err := b.publisher().Explain(t.Context(), "later@example.com")
	if err != nil {
		t.Fatal(err)
	}
	const until = "2026-06-01T17:07:00Z"
	if s := x.Subscriber; s.PausedUntil != until || !strings.HasPrefix(s.Reason, "The subscription is paused until "+until) || len(s.Due) != 2 {
		t.Errorf("%+v", s)
	}
}
