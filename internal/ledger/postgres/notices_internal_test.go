//go:build postgres

package postgres

import (
	"slices"
	"testing"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/noticequeue"
)

// plan plans so many notices, and returns their ids.
func (h *handedOut) plan(t *testing.T, n int) (ids []int64) {
	t.Helper()
	for range n {
		noError(t, noticequeue.Plan(ctx, h.Ledger, noticequeue.Notice{Kind: noticequeue.Alarm, Email: "owner@example.com", Created: noon}))
	}
	all, err := noticequeue.Due(ctx, h.Ledger, noon, 100)
	noError(t, err)
	for _, n := range all {
		ids = append(ids, n.ID)
	}
	return ids
}

func (h *handedOut) beginNotice(t *testing.T, l *ledger.Ledger, id int64) bool {
	t.Helper()
	begun, err := noticequeue.Begin(ctx, l, id, nil, noon)
	noError(t, err)
	return begun
}

// due returns which notices are due.
func (h *handedOut) due(t *testing.T) (ids []int64) {
	t.Helper()
	all, err := noticequeue.Due(ctx, h.Ledger, noon.Add(time.Hour), 100)
	noError(t, err)
	for _, n := range all {
		ids = append(ids, n.ID)
	}
	slices.Sort(ids)
	return ids
}

// A notice goes out once, whoever begins it first. What a dead process was sending is settled as the
// config says, and what others are sending is left alone.
func TestNoticesOfTheDead(t *testing.T) {
	for _, hold := range []bool{false, true} {
		h := handOut(t)
		zombie, other, heir := h.work(t), h.work(t), h.work(t)
		ids := h.plan(t, 5)
		if !h.beginNotice(t, zombie.Ledger, ids[0]) || !h.beginNotice(t, zombie.Ledger, ids[1]) || !h.beginNotice(t, other.Ledger, ids[2]) || !h.beginNotice(t, h.Ledger, ids[3]) {
			t.Fatal("a notice is not to be had")
		}
		if h.beginNotice(t, other.Ledger, ids[0]) {
			t.Error("two send one notice")
		}
		noError(t, noticequeue.End(ctx, zombie.Ledger, noticequeue.Result{ID: ids[1], Status: noticequeue.Sent, Code: 250, At: noon}))
		left, err := h.batches.NoticesLeft(ctx, noon)
		noError(t, err)
		if left != 3 { // one waits; the leader's own is not worked
			t.Errorf("%d are left, want 3", left)
		}
		zombie.silence()
		took := h.takeOver(t, heir, zombie, hold)
		if took == nil || took.Notices != 1 {
			t.Fatalf("took over %+v", took)
		}
		want := []int64{ids[0], ids[4]}
		if hold {
			want = want[1:]
		}
		if got := h.due(t); !slices.Equal(got, want) {
			t.Errorf("hold %v: due are %v, want %v", hold, got, want)
		}
		if err := noticequeue.End(ctx, zombie.Ledger, noticequeue.Result{ID: ids[0], Status: noticequeue.Sent, Code: 250, At: noon}); err == nil {
			t.Error("the dead one records what became of it")
		}
		// A new leader settles what the one before it was sending, and nothing of those who live.
		n, err := h.batches.SettleNotices(ctx, hold, noon)
		noError(t, err)
		if n != 1 {
			t.Errorf("the leader settles %d", n)
		}
		noError(t, noticequeue.End(ctx, other.Ledger, noticequeue.Result{ID: ids[2], Status: noticequeue.Sent, Code: 250, At: noon}))
	}
}
