package ledgertest

import (
	"testing"

	"publisher/internal/ledger/passstate"
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
}
