//go:build postgres

package postgres

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/imports"
	"publisher/internal/postgrestest"

	"github.com/google/go-cmp/cmp"
)

var noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// handedOut is a ledger with an edition that goes to 20 subscribers, in two batches.
type handedOut struct {
	opened
	dsn     string
	edition int64
	batches *Batches
	first   []Batch
}

func handOut(t *testing.T) *handedOut {
	t.Helper()
	h := &handedOut{dsn: postgrestest.New(t)}
	h.opened = openAt(t, h.dsn)
	_, err := imports.Run(ctx, h.Ledger, func(yield func(imports.Row, error) bool) {
		for i := range 20 {
			if !yield(imports.Row{Email: fmt.Sprintf("s%d@example.com", i)}, nil) {
				return
			}
		}
	}, imports.Options{DefaultCadence: "weekly", Now: noon})
	noError(t, err)
	noError(t, h.SavePosts(ctx, []ledger.Post{{ID: "p", Stage: ledger.Numbered}}))
	e := &ledger.Edition{Cadence: "weekly", Closed: noon, Through: 1, Posts: []string{"p"}, Recipients: 20}
	noError(t, h.CloseEditions(ctx, e))
	h.edition = e.Number
	h.batches, err = newBatches(h.e)
	noError(t, err)
	h.first = []Batch{{Edition: e.Number, Kind: BatchRange, After: 0, Upto: 10}, {Edition: e.Number, Kind: BatchRange, After: 10, Upto: 20}}
	noError(t, h.batches.Add(ctx, h.first))
	return h
}

func (h *handedOut) work(t *testing.T) *Worker {
	t.Helper()
	w, err := BeginWork(ctx, h.dsn, Options{StateDir: t.TempDir()}, "publisher work", "test", Life{})
	noError(t, err)
	t.Cleanup(func() { w.Close() })
	return w
}

func (h *handedOut) claim(t *testing.T, w *Worker, b Batch) *Batch {
	t.Helper()
	got, err := w.Claim(ctx, Job{b.ID, b.Fence}, 0)
	noError(t, err)
	return got
}

func (h *handedOut) begin(t *testing.T, w *Worker, ids ...int64) {
	t.Helper()
	for _, id := range ids {
		begun, err := w.Ledger.Record(ctx, nil, &ledger.Intent{Edition: h.edition, Subscriber: id, Through: 1, At: noon})
		if err != nil || !begun {
			t.Fatalf("subscriber %d: %v, %v", id, begun, err)
		}
	}
}

func (h *handedOut) sent(id int64) *ledger.Result {
	return &ledger.Result{Edition: h.edition, Subscriber: id, Status: ledger.Sent, At: noon}
}

// silence has a worker beat no more, as a process that was stopped.
func (w *Worker) silence() {
	w.end()
	w.beaten.Wait()
}

// deliveries lists who has which delivery.
func (h *handedOut) deliveries(t *testing.T) (all []string) {
	t.Helper()
	for _, d := range readStored(t, h.e).Deliveries {
		all = append(all, fmt.Sprintf("%d %s %d", d.Subscriber, d.Status, d.Resent))
	}
	return all
}

func (h *handedOut) takeOver(t *testing.T, by, from *Worker, hold bool) *TakenOver {
	t.Helper()
	beats, err := by.others(ctx)
	noError(t, err)
	took, err := by.takeOver(ctx, from.ID, beats[from.ID], hold, noon)
	noError(t, err)
	return took
}

// What a dead process held is handed out again, each delivery that it was making is uncertain and
// settled as the config says, and nothing that the dead one wants is done when it wakes.
func TestTakeOver(t *testing.T) {
	for hold, uncertain := range map[bool]string{false: "deferred 1", true: "uncertain 0"} {
		t.Run(uncertain, func(t *testing.T) {
			h := handOut(t)
			zombie, other := h.work(t), h.work(t)
			held, others := h.claim(t, zombie, h.first[0]), h.claim(t, other, h.first[1])
			if held == nil || others == nil {
				t.Fatal("a batch is not to be had")
			}
			h.begin(t, zombie, 1, 2, 3)
			h.begin(t, other, 11)
			_, err := zombie.Ledger.Record(ctx, h.sent(1), nil)
			noError(t, err)
			zombie.silence() // between the intents and the replies

			took := h.takeOver(t, other, zombie, hold)
			if took == nil || *took != (TakenOver{Worker: zombie.ID, Batches: 1, Interrupted: 2}) {
				t.Fatalf("took over %+v", took)
			}
			want := []string{"1 sent 0", "2 " + uncertain, "3 " + uncertain, "11 sending 0"}
			if diff := cmp.Diff(want, h.deliveries(t)); diff != "" {
				t.Error(diff)
			}

			var dead *ledger.DeadError
			if _, err := zombie.Ledger.Record(ctx, h.sent(2), nil); !errors.As(err, &dead) {
				t.Errorf("a late result: %v", err)
			}
			if begun, err := zombie.Ledger.Record(ctx, nil, &ledger.Intent{Edition: h.edition, Subscriber: 4, Through: 1, At: noon}); begun || !errors.As(err, &dead) {
				t.Errorf("a late intent: %v, %v", begun, err)
			}
			if err := zombie.Finish(ctx, held, Ending{}); !errors.As(err, &dead) {
				t.Errorf("a late end: %v", err)
			}
			if _, err := zombie.Ledger.FindDigest(ctx, h.edition, ledger.Numbers{1}, nil); !errors.As(err, &dead) {
				t.Errorf("a late change: %v", err)
			}
			if diff := cmp.Diff(want, h.deliveries(t)); diff != "" {
				t.Errorf("the dead one changed something: %s", diff)
			}
			if h.takeOver(t, other, zombie, hold) != nil {
				t.Error("taken over twice")
			}

			// The batch's first job has nothing to do any more, and its second is done once.
			if again := h.claim(t, other, h.first[0]); again != nil {
				t.Errorf("the old job gives %+v", again)
			}
			renewed := h.first[0]
			renewed.Fence++
			again := h.claim(t, other, renewed)
			if again == nil || h.claim(t, other, renewed) != nil {
				t.Fatal("the new job is not worked once")
			}
			if !hold {
				h.begin(t, other, 2)
			}
			h.begin(t, other, 4)
			noError(t, other.Finish(ctx, again, Ending{Missed: 2}))
			noError(t, other.Finish(ctx, others, Ending{Missed: 3}))
			if done, err := h.batches.Handed(ctx, h.edition); err != nil || done != (Handed{1, 20, 0, 5}) {
				t.Errorf("%+v, %v", done, err)
			}
		})
	}
}

// A process that goes on with a ledger which lacks its commits is over.
func TestLostCommitsEndALife(t *testing.T) {
	h := handOut(t)
	w := h.work(t)
	h.claim(t, w, h.first[0])
	h.begin(t, w, 1)
	_, err := h.e.pool.Exec(ctx, "UPDATE worker SET beats = beats - 1 WHERE id = $1", w.ID)
	noError(t, err)
	var dead *ledger.DeadError
	if _, err := w.Ledger.Record(ctx, h.sent(1), nil); !errors.As(err, &dead) || !dead.LostCommits {
		t.Errorf("a result: %v", err)
	}
	if err := w.Finish(ctx, &h.first[0], Ending{}); !errors.As(err, &dead) || !dead.LostCommits {
		t.Errorf("a change: %v", err)
	}
}

// Who beats is not taken over, whatever somebody else believes.
func TestBeatsKeepAlive(t *testing.T) {
	h := handOut(t)
	alive, other := h.work(t), h.work(t)
	alive.silence()
	h.claim(t, alive, h.first[0])
	beats, err := other.others(ctx)
	noError(t, err)
	h.begin(t, alive, 1) // a durable step is a beat
	if took, err := other.takeOver(ctx, alive.ID, beats[alive.ID], false, noon); took != nil || err != nil {
		t.Errorf("took over %+v, %v", took, err)
	}
	if _, err := alive.Ledger.Record(ctx, h.sent(1), nil); err != nil {
		t.Error(err)
	}
}

// What somebody retries is not settled with the range that it was in at first.
func TestTakeOverLeavesRetriesOfOthers(t *testing.T) {
	h := handOut(t)
	first, other := h.work(t), h.work(t)
	h.claim(t, first, h.first[0])
	h.begin(t, first, 1, 2)
	_, err := first.Ledger.Record(ctx, &ledger.Result{Edition: h.edition, Subscriber: 1, Status: ledger.Deferred, Next: noon, At: noon}, nil)
	noError(t, err)
	retries := []Batch{{Edition: h.edition, Kind: BatchRetries, IDs: []int64{1}}}
	noError(t, h.batches.Add(ctx, retries))
	if got := h.claim(t, other, retries[0]); got == nil || !slices.Equal(got.IDs, []int64{1}) {
		t.Fatalf("%+v", got)
	}
	h.begin(t, other, 1)
	first.silence()
	if took := h.takeOver(t, other, first, true); took == nil || took.Interrupted != 1 {
		t.Errorf("%+v", took)
	}
	if diff := cmp.Diff([]string{"1 sending 0", "2 uncertain 0"}, h.deliveries(t)); diff != "" {
		t.Error(diff)
	}
}

// A batch that takes long gives its rest back as a new one, with a job, in the same transaction.
func TestRestOfABatch(t *testing.T) {
	h := handOut(t)
	w := h.work(t)
	held := h.claim(t, w, h.first[0])
	noError(t, w.Finish(ctx, held, Ending{Missed: 1, Rest: []Batch{{Edition: h.edition, Kind: BatchRange, After: 4, Upto: 10}}}))
	if done, err := h.batches.Handed(ctx, h.edition); err != nil || done != (Handed{1, 20, 2, 1}) {
		t.Errorf("%+v, %v", done, err)
	}
	var jobs, batch int64
	noError(t, h.e.db.QueryRow("SELECT COUNT(*), MAX((args->>'batch')::BIGINT) FROM river_job WHERE queue = 'mail' AND state = 'available'").Scan(&jobs, &batch))
	if jobs != 3 || batch <= h.first[1].ID {
		t.Errorf("%d jobs, the last one for batch %d", jobs, batch)
	}
	if got := h.claim(t, w, Batch{ID: batch, Fence: 1}); got == nil || got.After != 4 || got.Upto != 10 {
		t.Errorf("%+v", got)
	}
	var dead *ledger.DeadError
	if err := w.Finish(ctx, held, Ending{}); !errors.As(err, &dead) {
		t.Errorf("ended twice: %v", err)
	}
}
