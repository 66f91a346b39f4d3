//go:build postgres

package postgres

import (
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"

	"publisher/internal/ledger"
	"publisher/internal/ledger/grouped"
	"publisher/internal/ledger/ledgertest"
)

// A call whose values the database cannot take gets the error, and the others of its group are stored.
func TestOneCallIsWrong(t *testing.T) {
	l := openEmpty(t)
	const n = 6
	ledgertest.AddMany(t, l.Ledger, n)
	at := ledgertest.Noon
	group := []*grouped.Call{ // no edition 99, and yet the envelope was refused
		{Done: &ledger.Result{Edition: 99, Subscriber: 1, Through: 1, Status: ledger.Sent, At: at}},
		{Done: &ledger.Result{Edition: 1, Subscriber: 2, Status: ledger.Sent, At: at}, Next: &ledger.Intent{Edition: 1, Subscriber: 3, Through: 1, At: at}},
		{Next: &ledger.Intent{Edition: 1, Subscriber: 4, Through: 1, At: at}},
		{Done: &ledger.Result{Edition: 1, Subscriber: 5, Through: 1, Status: ledger.Failed, At: at}},
		{Next: &ledger.Intent{Edition: 1, Subscriber: 6, Through: 1, At: at}},
		{Next: &ledger.Intent{Edition: 1, Subscriber: 6, Through: 1, At: at}},
	}
	for _, call := range group {
		call.Answer = make(chan error, 1)
	}
	r := idle(l.e)
	defer r.release()
	r.commit(ctx, group)
	var told []string
	for _, call := range group {
		err := <-call.Answer
		told = append(told, fmt.Sprint(call.Begun, err != nil, call.Err != nil))
		if err != nil && l.e.Unavailable(err) {
			t.Errorf("the database was not to blame: %v", err)
		}
	}
	want := "false true false|false false true|true false false|false false false|true false false|false false false"
	if got := strings.Join(told, "|"); got != want {
		t.Errorf("told %s, want %s", got, want)
	}
	if s := readStored(t, l.e); len(s.Deliveries) != 3 || s.Subscribers[4].Cursor != 1 {
		t.Errorf("%+v", s)
	}
}

// Changes that come together are one transaction.
func TestChangesTogether(t *testing.T) {
	l := openEmpty(t)
	const n = 20
	ledgertest.AddMany(t, l.Ledger, n)
	refused := errors.New("refused")
	var mu sync.Mutex
	transactions := map[int64]bool{}
	answers := make([]error, n)
	release := l.e.changes.Hold()
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			answers[i] = l.e.Change(ctx, ledger.Only(int64(i+1)), func(tx *sql.Tx) error {
				var id int64
				if err := tx.QueryRow("UPDATE subscriber SET name = name || 'x' WHERE id = $1 RETURNING pg_current_xact_id()::TEXT::BIGINT", i+1).Scan(&id); err != nil {
					return err
				}
				mu.Lock()
				defer mu.Unlock()
				transactions[id] = true
				return nil
			})
		})
	}
	for l.e.changes.Waiting() < n {
		runtime.Gosched()
	}
	release()
	all.Wait()
	if err := errors.Join(answers...); err != nil || len(transactions) != 1 {
		t.Errorf("%d transactions, %v", len(transactions), err)
	}
	if err := l.e.Change(ctx, ledger.Only(1), func(*sql.Tx) error { return refused }); !errors.Is(err, refused) {
		t.Error(err)
	}
}

// A step waits for a change that touches its subscriber, or everybody, and sees what it changed. It
// does not wait for others.
func TestWhoWaitsForWhom(t *testing.T) {
	one := openEmpty(t)
	other := openAt(t, one.e.pool.Config().ConnString())
	ledgertest.AddMany(t, one.Ledger, 3)
	for name, tt := range map[string]struct {
		touched ledger.Touched
		waits   bool
	}{
		"everybody":      {ledger.Touched{}, true},
		"the subscriber": {ledger.Only(3, 1), true},
		"another":        {ledger.Only(2), false},
		"nobody":         {ledger.Only(), false},
	} {
		t.Run(name, func(t *testing.T) {
			for _, query := range []string{"DELETE FROM delivery", "UPDATE subscriber SET status = 'active'"} {
				_, err := one.e.db.Exec(query)
				noError(t, err)
			}
			begun := make(chan bool, 1)
			record := func() {
				ok, err := other.Record(ctx, nil, &ledger.Intent{Edition: 1, Subscriber: 1, Through: 1, At: ledgertest.Noon})
				if err != nil {
					t.Error(err)
				}
				begun <- ok
			}
			noError(t, one.e.Change(ctx, tt.touched, func(tx *sql.Tx) error {
				if !tt.waits {
					record() // while the transaction is open
					return nil
				}
				if _, err := tx.Exec("UPDATE subscriber SET status = 'unsubscribed' WHERE id = 1"); err != nil {
					return err
				}
				go record()
				return waitForWaiter(one.e.db)
			}))
			if ok := <-begun; ok == tt.waits {
				t.Errorf("begun: %v", ok)
			}
		})
	}
}

// waitForWaiter waits until a connection to the database waits for a lock.
func waitForWaiter(db *sql.DB) error {
	for {
		var waits bool
		err := db.QueryRow("SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')").Scan(&waits)
		if err != nil || waits {
			return err
		}
	}
}

// What waits for a lock gives up when the program is about to end, and what nobody else has is still to
// be had.
func TestLimitLockWait(t *testing.T) {
	one := openEmpty(t)
	other := openAt(t, one.e.pool.Config().ConnString())
	ledgertest.AddMany(t, one.Ledger, 2)
	nothing := func(*sql.Tx) error { return nil }
	failed := make(chan error, 2)
	noError(t, one.e.Change(ctx, ledger.Touched{}, func(*sql.Tx) error {
		go func() { failed <- other.e.Change(ctx, ledger.Only(1), nothing) }()
		go func() {
			_, err := other.Record(ctx, nil, &ledger.Intent{Edition: 1, Subscriber: 1, Through: 1, At: ledgertest.Noon})
			failed <- err
		}()
		if err := waitForWaiter(one.e.db); err != nil {
			return err
		}
		other.LimitLockWait(0)
		for range cap(failed) {
			if err := other.e.Advise(<-failed); !errors.Is(err, ledger.ErrBusy) {
				t.Errorf("%v", err)
			}
		}
		return nil
	}))
	noError(t, other.e.Change(ctx, ledger.Only(1), nothing))
}
