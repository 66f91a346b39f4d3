package sqlite

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"publisher/internal/ledger/passstate"
	"publisher/internal/ledger/sqlite/walfile"
)

// walAfter returns a ledger's log that ends with that many commits.
func walAfter(t testing.TB, commits int) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "publisher.db")
	l, err := Open(context.Background(), "sqlite:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for i := range commits {
		if err := passstate.SaveScanSnapshot(context.Background(), l, []byte{byte(i)}); err != nil {
			t.Fatal(err)
		}
	}
	log, err := os.ReadFile(path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	return log
}

// Wherever the log is cut, what is read of it is a commit that was made.
func TestScanCutLog(t *testing.T) {
	log := walAfter(t, 5)
	whole, err := walfile.Scan(bytes.NewReader(log))
	noError(t, err)
	if !whole.Numbered || whole.Last < whole.First+5 {
		t.Fatalf("%+v", whole)
	}
	last := uint32(0)
	for n := range len(log) {
		if n%509 != 0 && n != len(log)-1 {
			continue
		}
		cut, err := walfile.Scan(bytes.NewReader(log[:n]))
		noError(t, err)
		if cut.Numbered && cut.First != whole.First || cut.Last < last || cut.Last > whole.Last {
			t.Fatalf("%d octets: %+v", n, cut)
		}
		last = cut.Last
	}
	if last != whole.Last-1 {
		t.Errorf("without its last octet it ends with %d, and whole with %d", last, whole.Last)
	}
}

func FuzzScanWAL(f *testing.F) {
	log := walAfter(f, 2)
	f.Add(log)
	f.Add(log[:5000])
	f.Add([]byte{0x37, 0x7f, 0x06, 0x83})
	f.Fuzz(func(t *testing.T, log []byte) {
		got, err := walfile.Scan(bytes.NewReader(log))
		if err != nil {
			t.Fatal(err)
		}
		if !got.Numbered && got != (walfile.Commits{}) {
			t.Errorf("%+v", got)
		}
	})
}

// Another process may be in the middle of a checkpoint, when the database's first page
// mentions pages that are not there yet.
func TestCheckWALWhileOthersCheckpoint(t *testing.T) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "publisher.db")
	l := openPatient(t, path)
	defer l.Close()
	done := make(chan error)
	stop := make(chan struct{})
	go func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				done <- nil
				return
			default:
			}
			if err := passstate.SaveScanSnapshot(ctx, l.Ledger, make([]byte, 200_000+i)); err != nil {
				done <- err
				return
			}
			if _, err := l.e.write.db.ExecContext(ctx, "PRAGMA wal_checkpoint(PASSIVE)"); err != nil {
				done <- err
				return
			}
		}
	}()
	for range 400 {
		if err := checkWAL(ctx, path); err != nil {
			t.Error(err)
			break
		}
	}
	close(stop)
	if err := <-done; err != nil {
		t.Error(err)
	}
}
