package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/ledgertest"
)

// Changes that come together are one transaction, and each gets its own answer.
func TestChangesTogether(t *testing.T) {
	ctx := context.Background()
	l, e := openWitness(t)
	ledgertest.AddMany(t, l, 20)
	rename := func(id int64) func(*sql.Tx) error {
		return func(tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, "UPDATE subscriber SET name = name || 'x' WHERE id = $1", id)
			return err
		}
	}
	before := commits(t, e)
	for id, err := range runTogether(e, func(id int64) error { return e.Change(ctx, ledger.Only(id), rename(id)) }) {
		noError(t, err)
		if got := ledgertest.Subscriber(t, l, fmt.Sprintf("s%07d@example.com", id-1)).Name; got != "x" {
			t.Errorf("subscriber %d is called %q", id, got)
		}
	}
	if n := commits(t, e) - before; n != 1 {
		t.Errorf("%d transactions, want 1", n)
	}

	refused, canceled := errors.New("refused"), context.Canceled
	answers := runTogether(e, func(id int64) (err error) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		defer func() {
			if fault := recover(); fault != nil {
				err = fmt.Errorf("fault: %v", fault)
			}
		}()
		return e.Change(ctx, ledger.Only(id), func(tx *sql.Tx) error {
			if err := rename(id)(tx); err != nil {
				return err
			}
			switch id {
			case 3:
				return refused
			case 5:
				panic("wrong")
			case 7:
				cancel()
				return rename(id)(tx)
			}
			return nil
		})
	})
	for id, err := range answers {
		name := "xx"
		switch {
		case id == 3 && errors.Is(err, refused), id == 5 && err != nil && err.Error() == "fault: wrong":
			name = "x"
		case id == 7 && errors.Is(err, canceled):
			name = "x"
		case err != nil:
			t.Errorf("subscriber %d: %v", id, err)
		}
		if got := ledgertest.Subscriber(t, l, fmt.Sprintf("s%07d@example.com", id-1)).Name; got != name {
			t.Errorf("subscriber %d is called %q, want %q", id, got, name)
		}
	}
}

// While mail goes out, changes of subscribers wait for company, not longer than the next
// transaction or a moment, and each gets its own answer.
func TestChangesWaitWhileMailGoesOut(t *testing.T) {
	ctx := context.Background()
	e, err := openEngine(ctx, filepath.Join(t.TempDir(), "publisher.db"), false)
	noError(t, err)
	l, err := e.ledger(ctx)
	noError(t, err)
	t.Cleanup(func() { l.Close() })
	ledgertest.AddMany(t, l, 20)
	moment := e.changes.SetEnded
	e.write.log.mu.Lock()
	e.write.log.recorded = time.Now().Add(time.Hour)
	e.write.log.mu.Unlock()
	refused := errors.New("refused")
	leave := func(id int64) error {
		return e.Change(ctx, ledger.Only(id), func(tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, "UPDATE subscriber SET status = 'unsubscribed' WHERE id = $1", id)
			if id == 3 {
				return refused
			}
			return err
		})
	}
	status := func(id int64) (status ledger.Status) {
		noError(t, e.read.QueryRow("SELECT status FROM subscriber WHERE id = $1", id).Scan(&status))
		return status
	}

	moment(time.Now().Add(time.Hour))
	answers := make(chan error)
	for id := int64(4); id < 20; id++ {
		go func() { answers <- leave(id) }()
	}
	waitForChanges(e, 16)
	before := commits(t, e)
	noError(t, e.Change(ctx, ledger.Only(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE subscriber SET name = 'x' WHERE id = 20")
		return err
	}))
	for range 16 {
		noError(t, <-answers)
	}
	if n := commits(t, e) - before; n != 1 {
		t.Errorf("%d transactions, want 1", n)
	}
	if got := status(19); got != ledger.Unsubscribed {
		t.Errorf("somebody who waited is %s", got)
	}

	moment(time.Now())
	noError(t, leave(20))
	if got := status(20); got != ledger.Unsubscribed {
		t.Errorf("somebody who came alone is %s when that is answered", got)
	}

	moment(time.Now().Add(time.Hour))
	for id := range int64(2) {
		go func() { answers <- leave(id + 3) }()
	}
	waitForChanges(e, 2)
	noError(t, e.Change(ctx, ledger.Only(), func(*sql.Tx) error { return nil }))
	if err := errors.Join(<-answers, <-answers); !errors.Is(err, refused) || err.Error() != refused.Error() {
		t.Errorf("answers: %v, want one refusal", err)
	}
	if got := status(3); got != ledger.Active {
		t.Errorf("somebody who was refused is %s", got)
	}
}

func waitForChanges(e *engine, n int) {
	for e.changes.Waiting() < n {
		runtime.Gosched()
	}
}

// runTogether calls change for the subscribers 1 to 20 while another transaction runs.
func runTogether(e *engine, change func(id int64) error) map[int64]error {
	const n = 20
	var mu sync.Mutex
	answers := map[int64]error{}
	release := e.changes.Hold()
	var all sync.WaitGroup
	for id := range int64(n) {
		all.Go(func() {
			err := change(id + 1)
			mu.Lock()
			defer mu.Unlock()
			answers[id+1] = err
		})
	}
	waitForChanges(e, n)
	release()
	all.Wait()
	return answers
}

func commits(t *testing.T, e *engine) (n int) {
	t.Helper()
	noError(t, e.read.QueryRow(readCommitNumber).Scan(&n))
	return n
}

// A change reads the journal only if it may have something about whom it touches.
func TestChangeFoldsWhatItTouches(t *testing.T) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "publisher.db")
	e, err := openEngine(ctx, path, false)
	noError(t, err)
	l, err := e.ledger(ctx)
	noError(t, err)
	t.Cleanup(func() { l.Close() })
	edition := ledgertest.AddMany(t, l, 3)
	_, err = l.Recipients(ctx, edition, ledger.Audience{Cadence: "weekly", Default: true}, 0, 10, ledgertest.Noon)
	noError(t, err)
	send := func(subscriber int64) {
		t.Helper()
		begun, err := l.Record(ctx, nil, &ledger.Intent{Edition: edition, Subscriber: subscriber, Through: 1, At: ledgertest.Noon})
		if err != nil || !begun {
			t.Fatalf("%v, %v", begun, err)
		}
		_, err = l.Record(ctx, &ledger.Result{Edition: edition, Subscriber: subscriber, Status: ledger.Sent, At: ledgertest.Noon}, nil)
		noError(t, err)
	}
	cursor := func(subscriber int64, fails error) (n int) {
		t.Helper()
		err := e.Change(ctx, ledger.Only(subscriber), func(tx *sql.Tx) error {
			return errors.Join(tx.QueryRow("SELECT cursor_seq FROM subscriber WHERE id = $1", subscriber).Scan(&n), fails)
		})
		if !errors.Is(err, fails) {
			t.Fatal(err)
		}
		return n
	}
	recorded := func() (n int) {
		t.Helper()
		noError(t, e.read.QueryRow("SELECT COUNT(*) FROM journal").Scan(&n))
		return n
	}
	want := func(what string, got, want int) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %d, want %d", what, got, want)
		}
	}
	send(1)
	rows := recorded()
	want("cursor of somebody else", cursor(2, nil), 0)
	want("rows that nobody needed", recorded(), rows)
	want("cursor in a change that fails", cursor(1, errors.New("fails")), 1)
	want("rows after it failed", recorded(), rows)
	want("cursor", cursor(1, nil), 1)
	want("rows", recorded(), 0)

	// What another process writes may be about anybody.
	other, err := Open(ctx, "sqlite:"+path)
	noError(t, err)
	t.Cleanup(func() { other.Close() })
	here := l
	l = other
	send(2)
	l = here
	want("cursor by another process", cursor(2, nil), 1)
	send(3)
	s, err := l.SubscriberByID(ctx, 3)
	noError(t, err)
	want("cursor read", int(s.Cursor), 1)
}

// Those who leave by another process are not written to either.
func TestLeaveByAnotherProcess(t *testing.T) {
	ctx := context.Background()
	path := "sqlite:" + filepath.Join(t.TempDir(), "publisher.db")
	var both [2]*ledger.Ledger
	for i := range both {
		l, err := Open(ctx, path)
		noError(t, err)
		t.Cleanup(func() { l.Close() })
		both[i] = l
	}
	ledgertest.LeaveWhileSending(t, both[0], both[1])
}
