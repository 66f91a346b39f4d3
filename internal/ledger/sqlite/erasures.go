package sqlite

import (
	"database/sql"
	"database/sql/driver"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/grouped"
)

// erasures tells the recorder whether a reply may be about somebody whom another process has
// erased since the message began to go out. A reply can repeat the address, and the erasure is
// over: what is stored then stays in the files. So a reply is stored only if the intent is known
// to have been committed after the last erasure, or if the subscriber is still there.
type erasures struct {
	known bool      // false: another process may have erased somebody since last was read
	last  time.Time // zero: never
	// begun are the deliveries that were under way when last was read.
	begun map[ledger.DeliveryKey]bool
}

const (
	readErasedAt  = "SELECT erased_at FROM pass_state"
	hasSubscriber = "SELECT EXISTS (SELECT 1 FROM subscriber WHERE id = $1)"
)

// readErasures reads when the last erasure was, unless that is known.
func (r *recorder) readErasures(at func() (int64, error)) error {
	e := &r.erasures
	if e.known {
		return nil
	}
	last, err := at()
	if err != nil {
		return err
	}
	*e = erasures{known: true}
	if last == 0 {
		return nil
	}
	e.last, e.begun = time.UnixMicro(last), make(map[ledger.DeliveryKey]bool, len(r.underway))
	for key := range r.underway {
		e.begun[key] = true
	}
	return nil
}

// forgetReplies empties the replies that are about nobody any more.
func (r *recorder) forgetReplies(calls []*grouped.Call, has func(subscriber int64) (bool, error)) error {
	e := &r.erasures
	for _, call := range calls {
		if call.Done == nil || call.Done.Reply == "" || e.last.IsZero() || call.Done.At.After(e.last.Add(longestAttempt)) {
			continue
		}
		key := ledger.DeliveryKey{Edition: call.Done.Edition, Subscriber: call.Done.Subscriber}
		if r.underway[key] != nil && !e.begun[key] {
			continue
		}
		there, err := has(call.Done.Subscriber)
		if err != nil {
			return err
		}
		if !there {
			without := *call.Done
			without.Reply = ""
			call.Done = &without
		}
	}
	return nil
}

// forgetRepliesIn is forgetReplies in a transaction of database/sql.
func (r *recorder) forgetRepliesIn(tx *sql.Tx, calls []*grouped.Call) error {
	err := r.readErasures(func() (int64, error) {
		var at sql.NullInt64
		err := tx.Stmt(r.journal.erasedAt).QueryRow().Scan(&at)
		return at.Int64, err
	})
	if err != nil {
		return err
	}
	return r.forgetReplies(calls, func(subscriber int64) (there bool, err error) {
		err = tx.Stmt(r.journal.subscriber).QueryRow(subscriber).Scan(&there)
		return there, err
	})
}

// forgetRepliesIn is that of the recorder, in a transaction of d.
func (d *rawConn) forgetRepliesIn(r *recorder, calls []*grouped.Call) error {
	if err := r.readErasures(func() (int64, error) { return query(d.erasedAt) }); err != nil {
		return err
	}
	return r.forgetReplies(calls, func(subscriber int64) (bool, error) {
		n, err := query(d.subscriber, driver.NamedValue{Ordinal: 1, Value: subscriber})
		return n != 0, err
	})
}
