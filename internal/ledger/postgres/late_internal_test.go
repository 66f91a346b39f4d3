//go:build postgres

package postgres

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"publisher/internal/ledger"

	"github.com/google/go-cmp/cmp"
)

// spooled writes the file of a worker's results, as if its process had ended.
func spooled(t *testing.T, dir string, owner int64, results ...*ledger.Result) {
	t.Helper()
	var text []byte
	for _, r := range results {
		line, err := json.Marshal(r)
		noError(t, err)
		text = append(append(text, line...), '\n')
	}
	noError(t, os.WriteFile(filepath.Join(dir, fmt.Sprintf("%s-%d", spoolName, owner)), text, 0o600))
}

// What servers answered to a worker that is dead counts for what nobody has begun again, and for nothing
// else; nobody's results are touched while their worker lives.
func TestLateResults(t *testing.T) {
	for hold, want := range map[bool][]string{
		false: {"1 sent 0", "2 sent 1", "3 deferred 1", "4 sending 1", "5 sent 0", "11 sending 0"},
		// 3 was not taken by the server: it is tried again although the cursor has passed it.
		true: {"1 sent 0", "2 sent 0", "3 deferred 0", "4 uncertain 0", "5 sent 0", "11 sending 0"},
	} {
		t.Run(fmt.Sprint(hold), func(t *testing.T) {
			h := handOut(t)
			dead, other := h.work(t), h.work(t)
			h.claim(t, dead, h.first[0])
			h.begin(t, dead, 1, 2, 3, 4, 5)
			h.begin(t, other, 11)
			for _, id := range []int64{1, 5} {
				_, err := dead.Ledger.Record(ctx, h.sent(id), nil)
				noError(t, err)
			}
			dead.silence()
			late := func(id int64, status ledger.DeliveryStatus) *ledger.Result {
				r := h.sent(id)
				r.Status, r.Attempt = status, 1
				if status == ledger.Deferred {
					r.Next = noon
				}
				return r
			}
			dir := other.engine.stateDir
			results := []*ledger.Result{late(2, ledger.Sent), late(3, ledger.Deferred), late(4, ledger.Sent), late(5, ledger.Deferred)}
			if hold {
				results[2] = late(4, ledger.Uncertain)
			}
			spooled(t, dir, dead.ID, results...)
			spooled(t, dir, other.ID+1000, late(5, ledger.Uncertain)) // of a worker that nobody knows any more

			if n, err := other.RecordLate(ctx); n != 0 || err != nil {
				t.Errorf("%d of a process that may live: %v", n, err)
			}
			h.takeOver(t, other, dead, hold)
			if !hold { // what is tried again does not count
				h.begin(t, other, 4)
			}
			if _, err := other.RecordLate(ctx); err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(want, h.deliveries(t)); diff != "" {
				t.Error(diff)
			}
			if left, _ := filepath.Glob(filepath.Join(dir, spoolName+"-*")); len(left) > 1 {
				t.Errorf("%q are left", left) // but for its own, with space for its results
			}
			var again bool
			noError(t, h.e.db.QueryRow("SELECT again FROM delivery WHERE subscriber = 3").Scan(&again))
			if again != hold {
				t.Errorf("tried again although it is not due: %v", again)
			}
		})
	}
}

// A batch whose job was lost gets another one, which alone counts; those of batches that wait, or are held,
// stay.
func TestRenewLost(t *testing.T) {
	h := handOut(t)
	w := h.work(t)
	renew := func(want int) {
		t.Helper()
		if n, err := h.batches.RenewLost(ctx); n != want || err != nil {
			t.Fatalf("%d renewed, want %d: %v", n, want, err)
		}
	}
	renew(0)
	running := func(seconds int) {
		t.Helper()
		_, err := h.e.db.Exec("UPDATE river_job SET state = 'running', attempted_at = clock_timestamp() - make_interval(secs => $1)", seconds)
		noError(t, err)
	}
	h.claim(t, w, h.first[1])
	running(1) // as just fetched
	renew(0)
	running(20) // as fetched by a process that died then
	renew(1)
	renew(0)
	if h.claim(t, w, h.first[0]) != nil {
		t.Error("the lost job has something to do")
	}
	renewed := h.first[0]
	renewed.Fence++
	if h.claim(t, w, renewed) == nil {
		t.Error("the new job has nothing to do")
	}
	_, err := h.e.db.Exec(`UPDATE river_job SET args = '{"batch": "x"}'`)
	noError(t, err)
	renew(0) // both are held
}

// Whether a retry is due is decided by who handed it out, whose clock it is: see Batch.Due.
func TestDueByTheLeadersClock(t *testing.T) {
	h := handOut(t)
	w := h.work(t)
	h.claim(t, w, h.first[0])
	h.begin(t, w, 1, 2)
	for id, next := range map[int64]int{1: 0, 2: 60} {
		_, err := w.Ledger.Record(ctx, &ledger.Result{Edition: h.edition, Subscriber: id, Status: ledger.Deferred, Next: noon.Add(time.Duration(next) * time.Second), At: noon}, nil)
		noError(t, err)
	}
	retries := []Batch{{Edition: h.edition, Kind: BatchRetries, IDs: []int64{2, 1, 1, 99}, Due: noon.Add(time.Duration(30) * time.Second)}}
	noError(t, h.batches.Add(ctx, retries))
	due, err := w.Due(ctx, h.claim(t, w, retries[0]))
	noError(t, err)
	if len(due) != 1 || due[0].Subscriber != 1 {
		t.Errorf("due are %+v", due)
	}
}
