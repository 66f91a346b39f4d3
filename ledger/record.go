package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

// Result is how an attempt ended.
type Result struct {
	Edition, Subscriber int64
	// After and Through are the range of an attempt that ended before its intent was
	// due: the server refused the envelope. Of others what is stored stays.
	After, Through int64
	Progress       Progress // Sent, Deferred, Failed or Uncertain
	Code           int
	Reply          string
	Next           time.Time // Deferred: not before
	KeepCursor     bool      // Failed because retry_for ran out: the next edition brings those posts
	Bounced        bool      // the address itself was refused: mark the subscriber
	At             time.Time
}

// Intent announces an attempt before the message's body goes out.
type Intent struct {
	Edition, Subscriber int64
	After, Through      int64 // of a delivery that was deferred, what is stored stays
	At                  time.Time
}

// Record commits a result and an intent (either may be nil) in one durable
// transaction, grouped with those of other callers. It reports false, and leaves
// the intent out, where the subscriber is no longer active, the cursor is not
// After any more, another delivery is open, this one is finished, or the edition
// is canceled. A deferred delivery that is refused so will never be tried again
// and ends as Failed. Sent, Failed and Uncertain move the cursor to Through.
//
// A result for a delivery that is not open is an error, and nothing of that
// call is stored. Once a call is part of a group ctx does not end it.
func (l *Ledger) Record(ctx context.Context, done *Result, next *Intent) (bool, error) {
	if done != nil {
		switch done.Progress {
		case Sent, Deferred, Failed, Uncertain:
		default:
			return false, fmt.Errorf("record edition %d: %q is not how an attempt ends", done.Edition, done.Progress)
		}
	}
	if next != nil && l.temp == "" {
		if err := l.late.reserve(); err != nil {
			return false, l.fail("make room for results", err)
		}
	}
	begun, err := l.recorder.record(ctx, done, next)
	err = l.fail("record a delivery", err)
	if err != nil && done != nil {
		err = l.unrecorded(done, err)
	}
	return begun, err
}

// errNotOpen is of a result for a delivery that is not open.
var errNotOpen = errors.New("not open")

// recorder commits what many callers record at once in one transaction, so
// that they share the cost of one fsync: a group is whatever has arrived while
// the group before it was committed.
type recorder struct {
	db    *sql.DB
	queue chan *recording
	ended chan struct{}

	mu      sync.RWMutex
	closed  bool
	callers sync.WaitGroup
}

// recording is one call of Record; its answer comes when its group is committed.
type recording struct {
	done   *Result
	next   *Intent
	answer chan error
	begun  bool  // the intent stands
	err    error // this call's own, which does not touch the group
}

func newRecorder(db *sql.DB) *recorder {
	r := &recorder{db: db, queue: make(chan *recording), ended: make(chan struct{})}
	go r.run()
	return r
}

func (r *recorder) record(ctx context.Context, done *Result, next *Intent) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	if !r.enter() {
		return false, ErrClosed
	}
	defer r.callers.Done()
	call := &recording{done: done, next: next, answer: make(chan error, 1)}
	select {
	case r.queue <- call:
	case <-ctx.Done():
		return false, ctx.Err()
	}
	if err := <-call.answer; err != nil {
		return false, err
	}
	return call.begun, call.err
}

func (r *recorder) enter() bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if !r.closed {
		r.callers.Add(1)
	}
	return !r.closed
}

// stop waits until every caller has its answer.
func (r *recorder) stop() {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.callers.Wait()
	close(r.queue)
	<-r.ended
}

func (r *recorder) run() {
	defer close(r.ended)
	var statements statements
	defer statements.close()
	for first := range r.queue {
		group := append([]*recording{first}, r.waiting()...)
		err := r.commit(&statements, group)
		for _, call := range group {
			call.answer <- err
		}
	}
}

// waiting takes everybody who waits in the queue at this moment.
func (r *recorder) waiting() (calls []*recording) {
	for {
		select {
		case call, ok := <-r.queue:
			if !ok {
				return calls
			}
			calls = append(calls, call)
		default:
			return calls
		}
	}
}

func (r *recorder) commit(s *statements, group []*recording) error {
	ctx := context.Background()
	if err := s.prepare(ctx, r.db); err != nil {
		return err
	}
	tx, err := r.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	within := s.within(ctx, tx)
	for _, call := range group {
		if err := within.apply(call); err != nil {
			return err
		}
	}
	if err := within.pace(group); err != nil {
		return err
	}
	return tx.Commit()
}

// The statements of a group, by their place in statements.
const (
	storeResult = iota
	moveCursor
	markBounced
	storeIntent
	endRefused
	storePace
)

var recordSQL = [...]string{
	storeResult: `
		INSERT INTO delivery (edition, subscriber, progress, code, reply, next_at, first_at, last_at, after_seq, through_seq, attempts)
		SELECT $1, $2, $3, $4, $5, $6, $7, $7, $8, $9, 1
		WHERE $9 > 0 OR EXISTS (SELECT 1 FROM delivery own WHERE own.edition = $1 AND own.subscriber = $2)
		ON CONFLICT (edition, subscriber) DO UPDATE SET
			progress = excluded.progress, code = excluded.code, reply = excluded.reply,
			next_at = excluded.next_at, last_at = excluded.last_at,
			attempts = delivery.attempts + CASE delivery.progress WHEN 'deferred' THEN 1 ELSE 0 END
		WHERE delivery.progress IN ('sending', 'deferred', 'uncertain')`,
	moveCursor: `
		UPDATE subscriber SET cursor_seq = d.through_seq FROM delivery d
		WHERE d.edition = $1 AND d.subscriber = $2 AND subscriber.id = $2 AND cursor_seq < d.through_seq`,
	markBounced: `
		UPDATE subscriber SET status = 'bounced', status_at = $2 WHERE id = $1 AND status = 'active'`,
	storeIntent: `
		INSERT INTO delivery (edition, subscriber, after_seq, through_seq, progress, attempts, first_at, last_at)
		SELECT e.number, s.id, $3, $4, 'sending', 1, $5, $5
		FROM edition e JOIN subscriber s ON s.id = $2
			LEFT JOIN delivery own ON own.edition = $1 AND own.subscriber = $2
		WHERE e.number = $1 AND e.canceled_at IS NULL
			AND s.status = 'active' AND (own.again OR s.cursor_seq = COALESCE(own.after_seq, $3))
			AND (own.progress IS NULL OR own.progress = 'deferred')
			AND NOT EXISTS (SELECT 1 FROM delivery o
				WHERE o.subscriber = $2 AND o.progress IN ('sending', 'deferred') AND o.edition <> $1)
		ON CONFLICT (edition, subscriber) DO UPDATE SET
			progress = 'sending', attempts = delivery.attempts + 1, last_at = excluded.last_at, next_at = NULL`,
	endRefused: `
		UPDATE delivery SET progress = 'failed', last_at = $3, next_at = NULL, code = 0,
			reply = 'not tried again: the subscription or the edition ended, or the posts went out otherwise'
		WHERE edition = $1 AND subscriber = $2 AND progress = 'deferred'`,
	storePace: storePaceSQL,
}

// statements are recordSQL, prepared.
type statements [len(recordSQL)]*sql.Stmt

func (s *statements) prepare(ctx context.Context, db *sql.DB) (err error) {
	for i, text := range recordSQL {
		if s[i] != nil {
			continue
		}
		if s[i], err = db.PrepareContext(ctx, text); err != nil {
			return err
		}
	}
	return nil
}

func (s *statements) close() {
	for _, statement := range s {
		if statement != nil {
			statement.Close()
		}
	}
}

func (s *statements) within(ctx context.Context, tx *sql.Tx) *statements {
	var in statements
	for i, statement := range s {
		in[i] = tx.StmtContext(ctx, statement)
	}
	return &in
}

// exec reports whether the statement changed a row.
func (s *statements) exec(which int, args ...any) (bool, error) {
	result, err := s[which].Exec(args...)
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n > 0, err
}

// apply returns only errors that end the whole group.
func (s *statements) apply(call *recording) error {
	if call.done != nil {
		open, err := s.end(call.done)
		if err != nil {
			return err
		}
		if !open {
			call.err = fmt.Errorf("edition %d to subscriber %d is %w", call.done.Edition, call.done.Subscriber, errNotOpen)
			return nil
		}
	}
	if call.next == nil {
		return nil
	}
	var err error
	call.begun, err = s.begin(call.next)
	return err
}

// end reports false, and stores nothing, where the delivery is not open.
func (s *statements) end(r *Result) (bool, error) {
	next := time.Time{}
	if r.Progress == Deferred {
		next = r.Next
	}
	open, err := s.exec(storeResult, r.Edition, r.Subscriber, r.Progress, r.Code, storable(r.Reply), instant(next), instant(r.At), r.After, r.Through)
	if err != nil || !open {
		return false, err
	}
	if r.Progress != Deferred && !r.KeepCursor {
		if _, err := s.exec(moveCursor, r.Edition, r.Subscriber); err != nil {
			return false, err
		}
	}
	if r.Bounced {
		if _, err := s.exec(markBounced, r.Subscriber, instant(r.At)); err != nil {
			return false, err
		}
	}
	return true, nil
}

func (s *statements) begin(i *Intent) (bool, error) {
	begun, err := s.exec(storeIntent, i.Edition, i.Subscriber, i.After, i.Through, instant(i.At))
	if err != nil || begun {
		return begun, err
	}
	_, err = s.exec(endRefused, i.Edition, i.Subscriber, instant(i.At))
	return false, err
}

// pace notes when the group's attempts ended.
func (s *statements) pace(group []*recording) error {
	ended, latest := 0, time.Time{}
	for _, call := range group {
		if call.done != nil {
			ended++
			if call.done.At.After(latest) {
				latest = call.done.At
			}
		}
	}
	if ended == 0 {
		return nil
	}
	_, err := s.exec(storePace, paceOf(latest), ended)
	return err
}

// storable bounds what a server said.
func storable(reply string) string {
	const longest = 2000
	reply = strings.ReplaceAll(reply, "\x00", "")
	return strings.ToValidUTF8(reply[:min(len(reply), longest)], "")
}
