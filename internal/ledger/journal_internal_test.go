package ledger

import (
	"context"
	"errors"
	"maps"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// What one process records another one sees at once, and brings into the tables
// without the first one minding.
func TestRecordedHereAndFoldedElsewhere(t *testing.T) {
	ctx, at := context.Background(), sentToAnn.At
	path := filepath.Join(t.TempDir(), "publisher.db")
	l, other := sendingToAnn(t, path), openPatient(t, path)
	defer l.Close()
	defer other.Close()
	wantJournal(t, l, 1)

	see := func(want DeliveryStatus, cursor int64) {
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
	see(Sending, 0)
	if _, err := l.Record(ctx, &sentToAnn, nil); err != nil {
		t.Fatal(err)
	}
	see(Sent, 1)
	if _, err := l.Record(ctx, &sentToAnn, nil); err == nil {
		t.Error("it ended twice")
	}
	if begun, err := l.Record(ctx, nil, &Intent{Edition: 1, Subscriber: 1, Through: 1, At: at}); begun || err != nil {
		t.Errorf("it began again: %v, %v", begun, err)
	}
}

func wantJournal(t *testing.T, l *Ledger, want int) {
	t.Helper()
	var rows int
	noError(t, l.read.QueryRow("SELECT COUNT(*) FROM journal").Scan(&rows))
	if rows != want {
		t.Errorf("%d rows in the journal, want %d", rows, want)
	}
}

// A page that was read while the recorder wrote about somebody on it is not trusted
// for that one.
func TestTouchedWhileRead(t *testing.T) {
	ctx, at := context.Background(), sentToAnn.At
	l := sendingToAnn(t, filepath.Join(t.TempDir(), "publisher.db"))
	defer l.Close()
	_, err := l.recorder.foresee(ctx, 2, func() ([]Recipient, error) {
		_, err := l.Record(ctx, &sentToAnn, nil)
		return []Recipient{{ID: 1}, {ID: 2}}, err
	})
	noError(t, err)
	if diff := cmp.Diff(map[int64]recipient{2: {edition: 2}}, l.recorder.foreseen.recipients, cmp.AllowUnexported(recipient{})); diff != "" {
		t.Errorf("foreseen (-want +got)\n%s", diff)
	}
	if begun, err := l.Record(ctx, nil, &Intent{Edition: 2, Subscriber: 1, Through: 1, At: at}); begun || err != nil {
		t.Errorf("with a cursor that has moved: %v, %v", begun, err)
	}
}

// One who calls alone, while many deliveries are under way, is answered all the same.
func TestOneCallerAmongMany(t *testing.T) {
	ctx, at := context.Background(), sentToAnn.At
	l := sendingToAnn(t, filepath.Join(t.TempDir(), "publisher.db"))
	defer l.Close()
	const readers = 40
	_, err := l.Import(ctx, func(yield func(Row, error) bool) {
		for n := range readers {
			if !yield(Row{Email: string(rune('a'+n%26)) + string(rune('a'+n/26)) + "@example.com"}, nil) {
				return
			}
		}
	}, ImportOptions{DefaultCadence: "weekly", Now: at})
	noError(t, err)
	noError(t, l.SavePosts(ctx, []Post{{ID: "b", Stage: Numbered}}))
	noError(t, l.CloseEditions(ctx, &Edition{Cadence: "weekly", Closed: at, Through: 2}))
	for id := int64(2); id < readers; id++ {
		if begun, err := l.Record(ctx, nil, &Intent{Edition: 2, Subscriber: id, After: 1, Through: 2, At: at}); !begun || err != nil {
			t.Fatal(begun, err)
		}
	}
	if _, err := l.Record(ctx, &Result{Edition: 2, Subscriber: 2, Status: Sent, Code: 250, At: at}, nil); err != nil {
		t.Error(err)
	}
}

// Whoever copies a ledger at rest needs but the one file.
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
	_, err := l.write.db.Exec("UPDATE journal SET entries = x'0102'")
	noError(t, err)
	if _, err := l.Editions(ctx); !errors.Is(err, errEntries) {
		t.Errorf("reading: %v", err)
	}
	if _, err := l.SetStatus(ctx, "ann@example.com", Unsubscribed, "weekly", sentToAnn.At); !errors.Is(err, errEntries) {
		t.Errorf("writing: %v", err)
	}
	wantJournal(t, l, 1)
}

func TestRuns(t *testing.T) {
	for name, tt := range map[string]struct {
		numbers []int64
		want    map[int64]int64
	}{
		"none":      {nil, map[int64]int64{}},
		"one":       {[]int64{7}, map[int64]int64{7: 7}},
		"all":       {[]int64{3, 1, 2}, map[int64]int64{1: 3}},
		"with gaps": {[]int64{9, 1, 5, 2, 4}, map[int64]int64{1: 2, 4: 5, 9: 9}},
		"twice":     {[]int64{2, 2, 3, 5, 5}, map[int64]int64{2: 3, 5: 5}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, maps.Collect(runs(tt.numbers))); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func FuzzEntries(f *testing.F) {
	at := time.Date(2026, 6, 1, 12, 0, 0, 1000, time.UTC)
	d := &record{Delivery: Delivery{Edition: 1, Subscriber: 2, Through: 3, Status: Deferred, Attempts: 1,
		FirstTried: at, LastTried: at, NextTry: at.Add(time.Minute), Code: 450, Reply: "später"}, moved: true, bounced: true}
	f.Add((&group{ended: 1, lastEnd: at, changed: []*record{d, {Delivery: Delivery{Status: Sending}}}}).encode())
	f.Add([]byte{entriesForm, 0, 0, 9})
	f.Fuzz(func(t *testing.T, row []byte) {
		g, err := decodeGroup(row)
		if err != nil {
			return
		}
		again, err := decodeGroup(g.encode())
		noError(t, err)
		if diff := cmp.Diff(g, again, cmp.AllowUnexported(group{}, record{})); diff != "" {
			t.Errorf("(-read +read again)\n%s", diff)
		}
	})
}
