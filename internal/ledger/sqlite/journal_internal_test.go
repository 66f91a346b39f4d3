package sqlite

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/imports"

	"github.com/google/go-cmp/cmp"
)

// What one process records is visible to another one at once, which may fold it without
// affecting the first.
func TestRecordedHereAndFoldedElsewhere(t *testing.T) {
	ctx, at := context.Background(), sentToAnn.At
	path := filepath.Join(t.TempDir(), "publisher.db")
	l, other := sendingToAnn(t, path), openPatient(t, path)
	defer l.Close()
	defer other.Close()
	wantJournal(t, l, 1)

	see := func(want ledger.DeliveryStatus, cursor int64) {
		t.Helper()
		got, err := other.DeliveriesTo(ctx, 1)
		noError(t, err)
		if len(got) != 1 || got[0].Status != want {
			t.Errorf("the other sees %+v, want it %s", got, want)
		}
		wantJournal(t, l, 0)
		ann, err := other.SubscriberByID(ctx, 1)
		noError(t, err)
		if ann.Cursor != cursor {
			t.Errorf("the cursor is %d, want %d", ann.Cursor, cursor)
		}
	}
	see(ledger.Sending, 0)
	if _, err := l.Record(ctx, &sentToAnn, nil); err != nil {
		t.Fatal(err)
	}
	see(ledger.Sent, 1)
	if _, err := l.Record(ctx, &sentToAnn, nil); err == nil {
		t.Error("it ended twice")
	}
	if begun, err := l.Record(ctx, nil, &ledger.Intent{Edition: 1, Subscriber: 1, Through: 1, At: at}); begun || err != nil {
		t.Errorf("it began again: %v, %v", begun, err)
	}
}

func wantJournal(t *testing.T, l opened, want int) {
	t.Helper()
	var rows int
	noError(t, l.e.read.QueryRow("SELECT COUNT(*) FROM journal").Scan(&rows))
	if rows != want {
		t.Errorf("%d rows in the journal, want %d", rows, want)
	}
}

// A recipient about whom the recorder writes while the page is being read is not
// prefetched.
func TestRecordedWhilePrefetched(t *testing.T) {
	ctx, at := context.Background(), sentToAnn.At
	l := sendingToAnn(t, filepath.Join(t.TempDir(), "publisher.db"))
	defer l.Close()
	_, err := l.e.recorder.prefetch(ctx, 2, func() ([]ledger.Recipient, error) {
		_, err := l.Record(ctx, &sentToAnn, nil)
		return []ledger.Recipient{{ID: 1}, {ID: 2}}, err
	})
	noError(t, err)
	if diff := cmp.Diff(map[int64]prefetchedRecipient{2: {edition: 2}}, l.e.recorder.prefetched.recipients, cmp.AllowUnexported(prefetchedRecipient{})); diff != "" {
		t.Errorf("foreseen (-want +got)\n%s", diff)
	}
	if begun, err := l.Record(ctx, nil, &ledger.Intent{Edition: 2, Subscriber: 1, Through: 1, At: at}); begun || err != nil {
		t.Errorf("with a cursor that has moved: %v, %v", begun, err)
	}
}

// A single caller gets its answer although many deliveries are under way.
func TestOneCallerAmongMany(t *testing.T) {
	ctx, at := context.Background(), sentToAnn.At
	l := sendingToAnn(t, filepath.Join(t.TempDir(), "publisher.db"))
	defer l.Close()
	const readers = 40
	_, err := imports.Run(ctx, l.Ledger, func(yield func(imports.Row, error) bool) {
		for n := range readers {
			if !yield(imports.Row{Email: string(rune('a'+n%26)) + string(rune('a'+n/26)) + "@example.com"}, nil) {
				return
			}
		}
	}, imports.Options{DefaultCadence: "weekly", Now: at})
	noError(t, err)
	noError(t, l.SavePosts(ctx, []ledger.Post{{ID: "b", Stage: ledger.Numbered}}))
	noError(t, l.CloseEditions(ctx, &ledger.Edition{Cadence: "weekly", Closed: at, Through: 2}))
	for id := int64(2); id < readers; id++ {
		if begun, err := l.Record(ctx, nil, &ledger.Intent{Edition: 2, Subscriber: id, After: 1, Through: 2, At: at}); !begun || err != nil {
			t.Fatal(begun, err)
		}
	}
	if _, err := l.Record(ctx, &ledger.Result{Edition: 2, Subscriber: 2, Status: ledger.Sent, Code: 250, At: at}, nil); err != nil {
		t.Error(err)
	}
}

// A ledger at rest is one file, which is all that a copy needs.
func TestCloseLeavesOneFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "publisher.db")
	l := sendingToAnn(t, path)
	_, err := l.Record(context.Background(), &sentToAnn, nil)
	noError(t, err)
	noError(t, l.Close())
	files, err := filepath.Glob(path + "*")
	noError(t, err)
	if diff := cmp.Diff([]string{path}, files); diff != "" {
		t.Errorf("files (-want +got)\n%s", diff)
	}
}

func TestDamagedJournal(t *testing.T) {
	ctx := context.Background()
	l := sendingToAnn(t, filepath.Join(t.TempDir(), "publisher.db"))
	defer l.Close()
	_, err := l.e.write.db.Exec("UPDATE journal SET entries = x'0102'")
	noError(t, err)
	if _, err := l.Editions(ctx); !errors.Is(err, errJournalRow) {
		t.Errorf("reading: %v", err)
	}
	if _, err := l.SetStatus(ctx, "ann@example.com", ledger.Unsubscribed, "weekly", sentToAnn.At); !errors.Is(err, errJournalRow) {
		t.Errorf("writing: %v", err)
	}
	wantJournal(t, l, 1)
}

func FuzzJournalRow(f *testing.F) {
	at := time.Date(2026, 6, 1, 12, 0, 0, 1000, time.UTC)
	d := &ledger.StepDelivery{Delivery: ledger.Delivery{Edition: 1, Subscriber: 2, Through: 3, Status: ledger.Deferred, Attempts: 1,
		FirstTried: at, LastTried: at, NextTry: at.Add(time.Minute), Code: 450, Reply: "später"}, Settled: true}
	f.Add(encodeStep(&ledger.Step{Ended: 1, LastEnd: at, Changed: []*ledger.StepDelivery{d, {Delivery: ledger.Delivery{Status: ledger.Sending}}}}))
	f.Add([]byte{formV2, 0, 0, 9})
	f.Fuzz(func(t *testing.T, row []byte) {
		s, err := decodeStep(row)
		if err != nil {
			return
		}
		again, err := decodeStep(encodeStep(s))
		noError(t, err)
		if diff := cmp.Diff(s, again); diff != "" {
			t.Errorf("(-read +read again)\n%s", diff)
		}
	})
}
