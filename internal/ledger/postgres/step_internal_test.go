//go:build postgres

package postgres

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/grouped"
	"publisher/internal/ledger/imports"
	"publisher/internal/ledger/postgres/connect"
	"publisher/internal/ledger/sqlutil"
	"publisher/internal/postgrestest"

	"github.com/google/go-cmp/cmp"
)

var ctx = context.Background()

func noError(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// opened is a ledger and its engine.
type opened struct {
	*ledger.Ledger
	e *engine
}

// openEmpty opens a ledger in a database of its own.
func openEmpty(t *testing.T) opened {
	t.Helper()
	return openAt(t, postgrestest.New(t))
}

func openAt(t *testing.T, dsn string) opened {
	t.Helper()
	a, err := connect.ParseAddress(dsn)
	noError(t, err)
	pool, err := a.Connect(ctx)
	noError(t, err)
	e, err := openEngine(ctx, pool, a.Name, Options{StateDir: t.TempDir()})
	noError(t, err)
	l, err := e.ledger(ctx)
	noError(t, err)
	t.Cleanup(func() { l.Close() })
	return opened{l, e}
}

// idle returns a recorder that only the test uses.
func idle(e *engine) *recorder {
	return &recorder{engine: e, settler: e.recorder.settler, underway: map[ledger.DeliveryKey]bool{}}
}

// told is what a call of Record returns, apart from errors of the group.
type told struct{ Begun, Failed bool }

// stored is all that a step may change.
type stored struct {
	Deliveries  []ledger.Delivery
	Subscribers []subscriberState
	Pace        []pace
}

type subscriberState struct {
	ID     int64
	Cursor int64
	Owed   string
}

type pace struct{ At, Count int64 }

func readStored(t *testing.T, e *engine) (s stored) {
	t.Helper()
	var err error
	s.Deliveries, err = sqlutil.Collect(ctx, e.db, func(row sqlutil.Scanner) (d ledger.Delivery, err error) {
		err = row.Scan(d.Fields()...)
		return d, err
	}, "SELECT "+ledger.DeliveryColumns+" FROM delivery d ORDER BY d.edition, d.subscriber")
	noError(t, err)
	s.Subscribers, err = sqlutil.Collect(ctx, e.db, func(row sqlutil.Scanner) (s subscriberState, err error) {
		err = row.Scan(&s.ID, &s.Cursor, &s.Owed)
		return s, err
	}, "SELECT id, cursor_seq, owed FROM subscriber ORDER BY id")
	noError(t, err)
	s.Pace, err = sqlutil.Collect(ctx, e.db, func(row sqlutil.Scanner) (p pace, err error) {
		err = row.Scan(&p.At, &p.Count)
		return p, err
	}, "SELECT at, count FROM pace ORDER BY at")
	noError(t, err)
	return s
}

// history makes the same random history in each ledger that it is given.
type history struct {
	rand *rand.Rand
	now  time.Time
}

const (
	historySubscribers = 12
	historyEditions    = 4
)

// prepare fills a ledger with subscribers of all kinds, posts and editions.
func (h *history) prepare(t *testing.T, l opened) {
	t.Helper()
	for _, table := range []string{"delivery", "digest", "edition", "cadence", "subscriber", "post", "pace"} {
		_, err := l.e.db.Exec("DELETE FROM " + table)
		noError(t, err)
	}
	_, err := l.e.db.Exec("ALTER SEQUENCE subscriber_id_seq RESTART")
	noError(t, err)
	_, err = imports.Run(ctx, l.Ledger, func(yield func(imports.Row, error) bool) {
		for i := range historySubscribers {
			if !yield(imports.Row{Email: fmt.Sprintf("s%d@example.com", i)}, nil) {
				return
			}
		}
	}, imports.Options{DefaultCadence: "weekly", Now: h.now})
	noError(t, err)
	posts := make([]ledger.Post, historyEditions)
	for i := range posts {
		posts[i] = ledger.Post{ID: fmt.Sprint("p", i), Stage: ledger.Numbered}
	}
	noError(t, l.SavePosts(ctx, posts))
	for i := range int64(historyEditions) {
		noError(t, l.CloseEditions(ctx, &ledger.Edition{Cadence: "weekly", Closed: h.now, Through: i + 1}))
	}
}

// meddle changes what a step depends on.
func (h *history) meddle(t *testing.T, l opened) {
	t.Helper()
	subscriber, edition := 1+h.rand.Int64N(historySubscribers), 1+h.rand.Int64N(historyEditions)
	var query string
	args := []any{subscriber}
	switch h.rand.IntN(10) {
	case 0:
		query = "UPDATE subscriber SET status = CASE status WHEN 'active' THEN 'unsubscribed' ELSE 'active' END WHERE id = $1"
	case 1:
		query, args = "UPDATE subscriber SET paused_until = $2 WHERE id = $1", append(args, sqlutil.Time(h.now.Add(time.Duration(h.rand.IntN(5)-1)*time.Minute)))
	case 2:
		query = "UPDATE subscriber SET owed = CASE owed WHEN '' THEN '1 2' ELSE '' END WHERE id = $1"
	case 3:
		query, args = "UPDATE edition SET canceled_at = CASE WHEN canceled_at IS NULL THEN 1 END WHERE number = $1", []any{edition}
	case 4:
		query, args = "UPDATE delivery SET again = NOT again WHERE subscriber = $1 AND edition = $2", append(args, edition)
	case 5:
		query, args = "INSERT INTO digest (edition, number, posts, withheld, returned) VALUES ($1, $2, '1', '', '2') ON CONFLICT DO NOTHING", []any{edition, 1 + h.rand.Int64N(2)}
	case 6:
		query = "DELETE FROM subscriber WHERE id = $1 AND id > 9"
	case 7:
		query = "UPDATE delivery SET progress = 'deferred', next_at = 5 WHERE subscriber = $1 AND progress = 'uncertain'"
	case 8:
		query, args = "UPDATE subscriber SET cursor_seq = $2 WHERE id = $1", append(args, h.rand.Int64N(historyEditions))
	default:
		return
	}
	_, err := l.e.db.Exec(query, args...)
	noError(t, err)
}

// calls returns a group of calls: of those that a sender would make, and others.
func (h *history) calls(s stored) (group []*grouped.Call) {
	for range 1 + h.rand.IntN(4) {
		call := new(grouped.Call)
		if h.rand.IntN(3) > 0 {
			call.Done = h.result(s)
		}
		if h.rand.IntN(3) > 0 || call.Done == nil {
			call.Next = h.intent(s)
		}
		group = append(group, call)
	}
	return group
}

func (h *history) result(s stored) *ledger.Result {
	r := &ledger.Result{Edition: 1 + h.rand.Int64N(historyEditions), Subscriber: 1 + h.rand.Int64N(historySubscribers), Digest: h.rand.Int64N(3),
		Code: 250, Reply: "2.0.0 Ok", At: h.now, Status: []ledger.DeliveryStatus{ledger.Sent, ledger.Sent, ledger.Deferred, ledger.Failed, ledger.Uncertain}[h.rand.IntN(5)]}
	if len(s.Deliveries) > 0 && h.rand.IntN(5) > 0 {
		d := s.Deliveries[h.rand.IntN(len(s.Deliveries))]
		for range 5 { // one that is open, if there is one
			if d.Status != ledger.Sending {
				d = s.Deliveries[h.rand.IntN(len(s.Deliveries))]
			}
		}
		r.Edition, r.Subscriber = d.Edition, d.Subscriber
	}
	if h.rand.IntN(4) == 0 {
		r.Through = r.Edition
	}
	if r.Status == ledger.Deferred {
		r.Next, r.Resend, r.PostHidden = h.now.Add(time.Hour), h.rand.IntN(2) == 0, h.rand.IntN(3) == 0
	}
	r.KeepCursor = r.Status == ledger.Failed && h.rand.IntN(2) == 0
	return r
}

func (h *history) intent(s stored) *ledger.Intent {
	i := &ledger.Intent{Edition: 1 + h.rand.Int64N(historyEditions+1), Subscriber: 1 + h.rand.Int64N(historySubscribers), Digest: h.rand.Int64N(3), At: h.now}
	i.Through = i.Edition
	for _, known := range s.Subscribers {
		if known.ID == i.Subscriber && h.rand.IntN(5) > 0 {
			i.After = known.Cursor
			if known.Owed != "" {
				i.Owed = ledger.Numbers{1, 2}
			}
		}
	}
	return i
}

// What the statement of a step decides and stores is the same as when package ledger decides, one
// call after the other.
func TestStepIsThatOfTheModel(t *testing.T) {
	const seeds, rounds = 30, 20
	fast, model := openEmpty(t), openEmpty(t)
	statement, rules := idle(fast.e), idle(model.e)
	defer statement.release()
	decided := 0
	for seed := range uint64(seeds) {
		var histories [2]*history
		for i, l := range []opened{fast, model} {
			histories[i] = &history{rand.New(rand.NewPCG(seed, 1)), time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)}
			histories[i].prepare(t, l)
		}
		for round := range rounds {
			before := readStored(t, model.e)
			var answers [2][]told
			var groups [2][]*grouped.Call
			for i, l := range []opened{fast, model} {
				h := histories[i]
				h.now = h.now.Add(time.Duration(h.rand.IntN(1500)) * time.Millisecond)
				h.meddle(t, l)
				h.meddle(t, l)
				groups[i] = h.calls(before)
				for _, call := range groups[i] {
					call.Answer = make(chan error, 1)
				}
			}
			n := decideAlone(t, statement, groups[0])
			decided += n
			noError(t, rules.decide(ctx, groups[1]))
			for i, group := range groups {
				for _, call := range group {
					noError(t, <-call.Answer)
					answers[i] = append(answers[i], told{call.Begun, call.Err != nil})
				}
			}
			if diff := cmp.Diff(answers[1], answers[0]); diff != "" {
				t.Fatalf("seed %d, round %d: told (-model +statement)\n%s\n%s", seed, round, diff, describe(groups[0]))
			}
			if diff := cmp.Diff(readStored(t, model.e), readStored(t, fast.e)); diff != "" {
				t.Fatalf("seed %d, round %d: stored (-model +statement)\n%s\n%s", seed, round, diff, describe(groups[0]))
			}
		}
	}
	if decided < seeds*rounds/2 {
		t.Errorf("the statement decided %d calls only", decided)
	}
}

// decideAlone commits a group, and returns how many of its calls the statement decided.
func decideAlone(t *testing.T, r *recorder, group []*grouped.Call) int {
	t.Helper()
	alone, rest := divide(group)
	left := alone
	if len(alone) > 0 {
		var err error
		left, err = r.step(ctx, alone)
		noError(t, err)
	}
	if both := append(left, rest...); len(both) > 0 {
		noError(t, r.decide(ctx, both))
	}
	return len(alone) - len(left)
}

func describe(group []*grouped.Call) (text string) {
	for _, call := range group {
		if call.Done != nil {
			text += fmt.Sprintf("result %+v\n", *call.Done)
		}
		if call.Next != nil {
			text += fmt.Sprintf("intent %+v\n", *call.Next)
		}
	}
	return text
}
