package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/imports"
	"publisher/internal/ledger/passstate"
)

var sentToAnn = ledger.Result{Edition: 1, Subscriber: 1, Status: ledger.Sent, Code: 250, Reply: "queued", At: time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)}

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// opened is a ledger with its engine.
type opened struct {
	*ledger.Ledger
	e *engine
}

func openPatient(t *testing.T, path string) opened {
	t.Helper()
	e, err := openEngine(context.Background(), path, false)
	noError(t, err)
	l, err := e.ledger(context.Background())
	noError(t, err)
	l.LimitLockWait(0) // a locked ledger is not waited for
	return opened{l, e}
}

// sendingToAnn creates a ledger with an edition under way to its only subscriber.
func sendingToAnn(t *testing.T, path string) opened {
	t.Helper()
	ctx, at := context.Background(), sentToAnn.At
	l := openPatient(t, path)
	_, err := imports.Run(ctx, l.Ledger, func(yield func(imports.Row, error) bool) { yield(imports.Row{Email: "ann@example.com"}, nil) }, imports.Options{DefaultCadence: "weekly", Now: at})
	noError(t, err)
	noError(t, l.SavePosts(ctx, []ledger.Post{{ID: "a", Stage: ledger.Numbered}}))
	noError(t, l.CloseEditions(ctx, &ledger.Edition{Cadence: "weekly", Closed: at, Through: 1}))
	if begun, err := l.Record(ctx, nil, &ledger.Intent{Edition: 1, Subscriber: 1, Through: 1, At: at}); !begun || err != nil {
		t.Fatal(begun, err)
	}
	return l
}

// A result that could not be recorded because another program had locked the ledger is
// recorded once after the next start, and leaves no file behind.
func TestResultsOutlastALockedLedger(t *testing.T) {
	ctx, path := context.Background(), filepath.Join(t.TempDir(), "publisher.db")
	l := sendingToAnn(t, path)
	other, err := sql.Open("sqlite", path)
	noError(t, err)
	defer other.Close()
	other.SetMaxOpenConns(1)
	_, err = other.Exec("BEGIN EXCLUSIVE")
	noError(t, err)
	_, err = l.Record(ctx, &sentToAnn, nil)
	if err == nil || !strings.Contains(err.Error(), "another program has locked it") || !strings.Contains(err.Error(), path+".late") {
		t.Errorf("while it is locked: %v", err)
	}
	_, err = other.Exec("ROLLBACK")
	noError(t, err)
	noError(t, l.Close())

	l = openPatient(t, path)
	for _, want := range []int{1, 0} {
		if n, _, err := l.RecordSpooled(ctx); n != want || err != nil {
			t.Errorf("%d recorded, want %d: %v", n, want, err)
		}
	}
	wantSentToAnn(t, l)
	noError(t, l.Close())
	if _, err := os.Stat(path + ".late"); err == nil {
		t.Error("a file is left behind")
	}
}

// If the disk does not take what was committed, no caller is told that it is safe from
// then on, and the server's reply is spooled.
func TestResultsOutlastADiskThatCannotSync(t *testing.T) {
	ctx, path := context.Background(), filepath.Join(t.TempDir(), "publisher.db")
	l := sendingToAnn(t, path)
	noError(t, l.e.write.log.file.Close())
	_, err := l.Record(ctx, &sentToAnn, nil)
	if err == nil || !strings.Contains(err.Error(), "the disk failed") || !strings.Contains(err.Error(), path+".late") {
		t.Errorf("the result: %v", err)
	}
	if _, err := l.Record(ctx, nil, &ledger.Intent{Edition: 1, Subscriber: 1, Through: 1, At: sentToAnn.At}); err == nil {
		t.Error("another intent was taken")
	}
	if err := l.Close(); err == nil {
		t.Error("closing said nothing")
	}

	l = openPatient(t, path)
	if n, _, err := l.RecordSpooled(ctx); n != 0 || err != nil {
		t.Errorf("%d recorded, and it was there already: %v", n, err)
	}
	wantSentToAnn(t, l)
	noError(t, l.Close())
}

func wantSentToAnn(t *testing.T, l opened) {
	t.Helper()
	left, err := l.Interrupted(context.Background())
	noError(t, err)
	e, err := l.Edition(context.Background(), 1)
	noError(t, err)
	if len(left) != 0 || e.Sent != 1 {
		t.Errorf("%d are uncertain, %d sent", len(left), e.Sent)
	}
}

// Every commit is on the disk before its caller returns.
func TestEveryCommitIsSynced(t *testing.T) {
	ctx := context.Background()
	for name, change := range map[string]func(l opened) error{
		"scan": func(l opened) error { return passstate.SaveScanSnapshot(ctx, l.Ledger, []byte("b")) },
		"import": func(l opened) error {
			_, err := imports.Run(ctx, l.Ledger, func(yield func(imports.Row, error) bool) { yield(imports.Row{Email: "ben@example.com"}, nil) }, imports.Options{DefaultCadence: "weekly", Now: sentToAnn.At})
			return err
		},
		"status": func(l opened) error {
			_, err := l.SetStatus(ctx, "ann@example.com", ledger.Unsubscribed, "weekly", sentToAnn.At)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := sendingToAnn(t, filepath.Join(t.TempDir(), "publisher.db"))
			defer l.Close()
			noError(t, change(l))
			noError(t, l.e.write.log.file.Close())
			if err := change(l); !errors.Is(err, errUnsynced) {
				t.Errorf("a disk that takes nothing: %v", err)
			}
		})
	}
}

// Results that name what the ledger does not know are set aside, each time in a new file,
// and the others are recorded.
func TestSpooledResultsOfAnotherLedger(t *testing.T) {
	ctx, path := context.Background(), filepath.Join(t.TempDir(), "publisher.db")
	l := sendingToAnn(t, path)
	noError(t, l.Close())
	const known = `{"Edition":1,"Subscriber":1,"Progress":"sent","Code":250,"At":"2026-06-01T12:00:00Z"}`
	unknown := []string{
		`{"Edition":2,"Subscriber":1,"Progress":"sent","Code":250,"At":"2026-06-01T12:00:00Z"}`,
		`{"Edition":2,"Subscriber":1,"After":1,"Through":2,"Progress":"deferred","Code":450,"At":"2026-06-01T12:00:00Z"}`,
		`{"Edition":1,"Subscriber":7,"Progress":"sent","Code":250,"At":"2026-06-01T12:00:00Z"}`,
		`{"Edition":1,"Subscriber":7,"After":0,"Through":1,"Progress":"failed","Code":550,"At":"2026-06-01T12:00:00Z"}`,
	}
	for n, kept := range []string{strings.Join(append(unknown, known), "\n"), unknown[0]} {
		noError(t, os.WriteFile(path+".late", []byte(kept+"\n"), 0o600))
		l = openPatient(t, path)
		aside := fmt.Sprintf("%s.late.%d", path, n+1)
		if recorded, file, err := l.RecordSpooled(ctx); recorded != 1-n || file != aside || err != nil {
			t.Errorf("%d recorded, %q: %v", recorded, file, err)
		}
		text, err := os.ReadFile(aside)
		noError(t, err)
		if lines := strings.Count(string(text), "\n"); lines != 4-3*n {
			t.Errorf("%d set aside:\n%s", lines, text)
		}
		if info, err := os.Stat(aside); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", info.Mode(), err)
		}
		if recorded, file, err := l.RecordSpooled(ctx); recorded != 0 || file != "" || err != nil {
			t.Errorf("a second time: %d, %q, %v", recorded, file, err)
		}
		wantSentToAnn(t, l)
		noError(t, l.Close())
	}
}
