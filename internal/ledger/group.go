package ledger

import (
	"database/sql"
	"fmt"
	"slices"
	"time"
)

// groupStatements read what is not known of all that a group of recordings touches.
type groupStatements struct{ intent, delivery *sql.Stmt }

func prepareGroup(db *sql.DB) (s groupStatements, err error) {
	s.intent, err = db.Prepare(`
		SELECT s.cursor_seq, s.owed, (SELECT COUNT(*) FROM delivery o WHERE o.subscriber = s.id AND o.progress IN ('sending', 'deferred'))
		FROM edition e CROSS JOIN subscriber s
		WHERE e.number = $1 AND e.canceled_at IS NULL AND s.id = $2 AND s.status = 'active'`)
	if err == nil {
		s.delivery, err = db.Prepare("SELECT " + deliveryColumns + " FROM delivery d WHERE d.edition = $1 AND d.subscriber = $2")
	}
	return s, err
}

// group is all that some calls touch, as it stands while they are decided one after
// the other.
type group struct {
	editions   map[int64]bool // those that an intent is of and that go on
	readers    map[int64]*reader
	deliveries map[deliveryKey]*record
	changed    []*record

	unreadIntents, unreadDeliveries []deliveryKey

	ended   int // attempts
	lastEnd time.Time
}

type deliveryKey struct{ edition, subscriber int64 }

// reader is an active subscriber.
type reader struct {
	due  Due
	open int // deliveries
}

// record is a delivery that a call is about; Progress is "" before there is one.
type record struct {
	Delivery
	changed bool
	moved   bool // the subscriber's Due is settled
	bounced bool // the subscriber is marked
}

func newRecord(key deliveryKey) *record {
	return &record{Delivery: Delivery{Edition: key.edition, Subscriber: key.subscriber}}
}

func (d *Delivery) key() deliveryKey { return deliveryKey{d.Edition, d.Subscriber} }

func (r *record) open() bool { return r.Status == Sending || r.Status == Deferred }

// newGroup begins with what is known of all that the calls touch: the deliveries
// that this process has begun, which nobody else changes, and the recipients who
// are still as they were read. The rest is to be read.
func newGroup(calls []*recording, underway map[deliveryKey]*record, recipients map[int64]recipient) *group {
	g := &group{editions: map[int64]bool{}, readers: map[int64]*reader{}, deliveries: map[deliveryKey]*record{}}
	for _, call := range calls {
		if call.done != nil {
			g.about(deliveryKey{call.done.Edition, call.done.Subscriber}, underway)
		}
		if call.next == nil {
			continue
		}
		key := deliveryKey{call.next.Edition, call.next.Subscriber}
		if known, ok := recipients[key.subscriber]; ok && known.edition == key.edition {
			g.editions[key.edition] = true
			if g.readers[key.subscriber] == nil {
				g.readers[key.subscriber] = &reader{due: known.due}
			}
			if g.deliveries[key] == nil {
				g.deliveries[key] = newRecord(key)
			}
			continue
		}
		g.about(key, underway)
		g.unreadIntents = append(g.unreadIntents, key)
	}
	return g
}

func (g *group) about(key deliveryKey, underway map[deliveryKey]*record) {
	if g.deliveries[key] != nil {
		return
	}
	if g.deliveries[key] = underway[key]; g.deliveries[key] == nil {
		g.deliveries[key] = newRecord(key)
		g.unreadDeliveries = append(g.unreadDeliveries, key)
	}
}

// known tells that nothing has to be read.
func (g *group) known() bool { return len(g.unreadIntents)+len(g.unreadDeliveries) == 0 }

// read learns what is not known yet.
func (s groupStatements) read(tx *sql.Tx, g *group) error {
	for _, key := range g.unreadIntents {
		var r reader
		switch err := tx.Stmt(s.intent).QueryRow(key.edition, key.subscriber).Scan(&r.due.Cursor, &r.due.Owed, &r.open); err {
		case nil:
			g.editions[key.edition] = true
			g.readers[key.subscriber] = &r
		case sql.ErrNoRows:
		default:
			return err
		}
	}
	for _, key := range g.unreadDeliveries {
		var r record
		switch err := tx.Stmt(s.delivery).QueryRow(key.edition, key.subscriber).Scan(r.fields()...); err {
		case nil:
			g.deliveries[key] = &r
		case sql.ErrNoRows:
		default:
			return err
		}
	}
	return nil
}

// decide does what a call asks for. An error is the call's own.
func (g *group) decide(call *recording) {
	if call.done != nil && !g.end(call.done) {
		call.err = fmt.Errorf("edition %d to subscriber %d is %w", call.done.Edition, call.done.Subscriber, errNotOpen)
		return
	}
	if call.next != nil {
		call.begun = g.begin(call.next)
	}
}

// end reports false, and changes nothing, where the delivery is not open.
func (g *group) end(done *Result) bool {
	d := g.deliveries[deliveryKey{done.Edition, done.Subscriber}]
	switch {
	case d.Status == "" && done.Through > 0: // its envelope was refused
		d.After, d.Through, d.Digest, d.FirstTried, d.Attempts = done.After, done.Through, done.Digest, done.At, 1
	case d.Status == Deferred: // likewise
		d.Attempts++
		d.renew(done.Digest)
	case d.Status != Sending && d.Status != Uncertain:
		return false
	}
	g.turn(d, done.Status, done.At)
	d.Code, d.Reply = done.Code, storable(done.Reply)
	if done.Resend {
		d.Resent++
	}
	switch {
	case done.Status == Deferred:
		d.NextTry = done.Next
		if done.PostHidden {
			d.DueReason = PostHidden
		}
	case done.KeepCursor && !d.ManualRetry:
		d.DueReason = GaveUp
	default:
		d.moved = true
		// Whoever goes on with this subscriber has to read them again.
		if reader := g.readers[d.Subscriber]; reader != nil {
			reader.due.Cursor = max(reader.due.Cursor, d.Through)
		}
	}
	if done.Bounced {
		d.bounced = true
		delete(g.readers, d.Subscriber)
	}
	g.ended++
	if done.At.After(g.lastEnd) {
		g.lastEnd = done.At
	}
	return true
}

// begin reports whether the delivery may be tried. One that waited for that in
// vain ends.
func (g *group) begin(next *Intent) bool {
	d := g.deliveries[deliveryKey{next.Edition, next.Subscriber}]
	if !g.mayBegin(d, next) {
		if d.Status == Deferred {
			g.turn(d, Failed, next.At)
			d.Code, d.Reply = 0, "not tried again: the subscription ended"
			if !d.ManualRetry {
				d.DueReason = SubscriptionEnded
			}
		}
		return false
	}
	if d.Status == "" {
		d.After, d.Through, d.FirstTried = next.After, next.Through, next.At
	}
	d.renew(next.Digest)
	d.Attempts++
	g.turn(d, Sending, next.At)
	return true
}

func (g *group) mayBegin(d *record, next *Intent) bool {
	reader := g.readers[next.Subscriber]
	if reader == nil || !g.editions[next.Edition] {
		return false
	}
	switch d.Status {
	case "":
		return reader.due.Cursor == next.After && slices.Equal(reader.due.Owed, next.Owed) && reader.open == 0
	case Deferred:
		return reader.open == 1
	}
	return false
}

// renew notes another set of posts; 0 leaves it as it is.
func (r *record) renew(digest int64) {
	if digest != 0 {
		r.Digest = digest
	}
}

// turn changes a delivery's progress.
func (g *group) turn(d *record, p DeliveryStatus, at time.Time) {
	was := d.open()
	d.Status, d.LastTried, d.NextTry, d.DueReason = p, at, time.Time{}, NotDue
	if reader := g.readers[d.Subscriber]; reader != nil && was != d.open() {
		if was {
			reader.open--
		} else {
			reader.open++
		}
	}
	if !d.changed {
		d.changed = true
		g.changed = append(g.changed, d)
	}
}
