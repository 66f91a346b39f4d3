package sqlite_test

import (
	"errors"
	"path/filepath"
	"sync"
	"testing"

	"publisher/internal/ledger"
)

// When the ledger is closed while callers record, each call is either stored or gets
// ErrClosed.
func TestCloseDuringRecord(t *testing.T) {
	dsn := "sqlite:" + filepath.Join(t.TempDir(), "publisher.db")
	l := openAt(t, dsn)
	const n, callers = 5000, 20
	edition := addMany(t, l, n)
	begun := make(chan int64, n)
	var all sync.WaitGroup
	for c := range int64(callers) {
		all.Go(func() {
			for id := c + 1; id <= n; id += callers {
				_, err := l.Record(ctx, nil, &ledger.Intent{Edition: edition, Subscriber: id, Through: 1, At: noon})
				if errors.Is(err, ledger.ErrClosed) {
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
				begun <- id
			}
		})
	}
	for range 100 {
		<-begun
	}
	must(t, l.Close())
	all.Wait()
	found, err := openAt(t, dsn).Interrupted(ctx)
	must(t, err)
	if want := 100 + len(begun); len(found) != want {
		t.Errorf("%d intents stored, %d told so", len(found), want)
	}
}
