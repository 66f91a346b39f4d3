package ledger

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// What could not be recorded while another program had the ledger locked is there
// after the next start, once, and leaves no file behind.
func TestResultsOutlastALockedLedger(t *testing.T) {
	ctx, now := context.Background(), time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	path := filepath.Join(t.TempDir(), "publisher.db")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	open := func() *Ledger {
		t.Helper()
		l, err := Open(ctx, "sqlite:"+path)
		must(err)
		_, err = l.write.Exec("PRAGMA busy_timeout = 10") // the default is half a minute
		must(err)
		return l
	}
	l := open()
	_, err := l.Import(ctx, func(yield func(Row, error) bool) { yield(Row{Email: "ann@example.com"}, nil) }, FromCommand, "weekly", now, nil)
	must(err)
	must(l.SavePosts(ctx, []Post{{ID: "a", Standing: Numbered}}))
	must(l.CloseEditions(ctx, &Edition{Cadence: "weekly", Closed: now, Through: 1}))
	if begun, err := l.Record(ctx, nil, &Intent{Edition: 1, Subscriber: 1, Through: 1, At: now}); !begun || err != nil {
		t.Fatal(begun, err)
	}

	other, err := sql.Open("sqlite", path)
	must(err)
	defer other.Close()
	other.SetMaxOpenConns(1)
	_, err = other.Exec("BEGIN EXCLUSIVE")
	must(err)
	_, err = l.Record(ctx, &Result{Edition: 1, Subscriber: 1, Progress: Sent, Code: 250, Reply: "queued", At: now}, nil)
	if err == nil || !strings.Contains(err.Error(), "another program has locked it") || !strings.Contains(err.Error(), path+".late") {
		t.Errorf("while it is locked: %v", err)
	}
	_, err = other.Exec("ROLLBACK")
	must(err)
	must(l.Close())

	l = open()
	for _, want := range []int{1, 0} {
		if n, err := l.RecordLate(ctx); n != want || err != nil {
			t.Errorf("%d recorded, want %d: %v", n, want, err)
		}
	}
	left, err := l.Interrupted(ctx)
	must(err)
	e, err := l.Edition(ctx, 1)
	must(err)
	if len(left) != 0 || e.Sent != 1 {
		t.Errorf("%d are uncertain, %d sent", len(left), e.Sent)
	}
	must(l.Close())
	if _, err := os.Stat(path + ".late"); err == nil {
		t.Error("a file is left behind")
	}
}
