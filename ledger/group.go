package ledger

import (
	"database/sql"
	"fmt"
	"time"
)

// groupStatements are what a group of recordings runs: what is not known of all
// that it touches is read, decided call by call, and written.
type groupStatements struct {
	readIntent, readDelivery                                           *sql.Stmt
	insertDelivery, updateDelivery, moveCursor, markBounced, storePace *sql.Stmt
}

func prepareGroup(db *sql.DB) (*groupStatements, error) {
	s := new(groupStatements)
	for _, p := range []struct {
		statement **sql.Stmt
		text      string
	}{
		{&s.readIntent, `
			SELECT s.cursor_seq, (SELECT COUNT(*) FROM delivery o WHERE o.subscriber = s.id AND o.progress IN ('sending', 'deferred'))
			FROM edition e CROSS JOIN subscriber s
			WHERE e.number = $1 AND e.canceled_at IS NULL AND s.id = $2 AND s.status = 'active'`},
		{&s.readDelivery, "SELECT " + deliveryColumns + ", d.again FROM delivery d WHERE d.edition = $1 AND d.subscriber = $2"},
		{&s.insertDelivery, `
			INSERT INTO delivery (edition, subscriber, progress, attempts, last_at, next_at, code, reply, after_seq, through_seq, first_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`},
		{&s.updateDelivery, `
			UPDATE delivery SET progress = $3, attempts = $4, last_at = $5, next_at = $6, code = $7, reply = $8
			WHERE edition = $1 AND subscriber = $2`},
		{&s.moveCursor, "UPDATE subscriber SET cursor_seq = $2 WHERE id = $1 AND cursor_seq < $2"},
		{&s.markBounced, "UPDATE subscriber SET status = 'bounced', status_at = $2 WHERE id = $1 AND status = 'active'"},
		{&s.storePace, storePaceSQL},
	} {
		var err error
		if *p.statement, err = db.Prepare(p.text); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// group is all that some calls touch, as it stands while they are decided one after
// the other.
type group struct {
	editions   map[int64]bool // those that an intent is of and that go on
	readers    map[int64]*reader
	deliveries map[deliveryKey]*record
	changed    []*record

	unreadIntents, unreadDeliveries []deliveryKey

	cursors []cursorMove
	bounced []*record
	ended   int
	lastEnd time.Time
}

type deliveryKey struct{ edition, subscriber int64 }

type cursorMove struct{ subscriber, through int64 }

// reader is an active subscriber.
type reader struct {
	cursor int64
	open   int // deliveries
}

// record is a delivery that a call is about; Progress is "" before there is one.
type record struct {
	Delivery
	stored, again, changed bool
}

func newRecord(key deliveryKey) *record {
	return &record{Delivery: Delivery{Edition: key.edition, Subscriber: key.subscriber}}
}

func (r *record) key() deliveryKey { return deliveryKey{r.Edition, r.Subscriber} }

func (r *record) open() bool { return r.Progress == Sending || r.Progress == Deferred }

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
				g.readers[key.subscriber] = &reader{cursor: known.cursor}
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

// read learns what is not known yet.
func (s *groupStatements) read(tx *sql.Tx, g *group) error {
	for _, key := range g.unreadIntents {
		var r reader
		switch err := tx.Stmt(s.readIntent).QueryRow(key.edition, key.subscriber).Scan(&r.cursor, &r.open); err {
		case nil:
			g.editions[key.edition] = true
			g.readers[key.subscriber] = &r
		case sql.ErrNoRows:
		default:
			return err
		}
	}
	for _, key := range g.unreadDeliveries {
		r := record{stored: true}
		switch err := tx.Stmt(s.readDelivery).QueryRow(key.edition, key.subscriber).Scan(append(r.fields(), &r.again)...); err {
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
	case d.Progress == "" && done.Through > 0: // its envelope was refused
		d.After, d.Through, d.First, d.Attempts = done.After, done.Through, done.At, 1
	case d.Progress == Deferred: // likewise
		d.Attempts++
	case d.Progress != Sending && d.Progress != Uncertain:
		return false
	}
	g.turn(d, done.Progress, done.At)
	d.Code, d.Reply = done.Code, storable(done.Reply)
	reader := g.readers[d.Subscriber]
	if done.Progress == Deferred {
		d.Next = done.Next
	} else if !done.KeepCursor {
		g.cursors = append(g.cursors, cursorMove{d.Subscriber, d.Through})
		if reader != nil {
			reader.cursor = max(reader.cursor, d.Through)
		}
	}
	if done.Bounced {
		g.bounced = append(g.bounced, d)
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
		if d.Progress == Deferred {
			g.turn(d, Failed, next.At)
			d.Code, d.Reply = 0, "not tried again: the subscription or the edition ended, or the posts went out otherwise"
		}
		return false
	}
	if d.Progress == "" {
		d.After, d.Through, d.First = next.After, next.Through, next.At
	}
	d.Attempts++
	g.turn(d, Sending, next.At)
	return true
}

func (g *group) mayBegin(d *record, next *Intent) bool {
	reader := g.readers[next.Subscriber]
	if reader == nil || !g.editions[next.Edition] {
		return false
	}
	switch d.Progress {
	case "":
		return reader.cursor == next.After && reader.open == 0
	case Deferred:
		return (reader.cursor == d.After || d.again) && reader.open == 1
	}
	return false
}

// turn changes a delivery's progress.
func (g *group) turn(d *record, p Progress, at time.Time) {
	was := d.open()
	d.Progress, d.Last, d.Next = p, at, time.Time{}
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

func (s *groupStatements) write(tx *sql.Tx, g *group) error {
	insert, update, move := tx.Stmt(s.insertDelivery), tx.Stmt(s.updateDelivery), tx.Stmt(s.moveCursor)
	for _, d := range g.changed {
		statement, columns := update, d.outcome()
		if !d.stored {
			statement, columns = insert, append(columns, d.After, d.Through, instant(d.First))
		}
		if _, err := statement.Exec(columns...); err != nil {
			return err
		}
		d.stored = true
	}
	for _, c := range g.cursors {
		if _, err := move.Exec(c.subscriber, c.through); err != nil {
			return err
		}
	}
	for _, d := range g.bounced {
		if _, err := tx.Stmt(s.markBounced).Exec(d.Subscriber, instant(d.Last)); err != nil {
			return err
		}
	}
	if g.ended == 0 {
		return nil
	}
	_, err := tx.Stmt(s.storePace).Exec(paceOf(g.lastEnd), g.ended)
	return err
}

// outcome is what changes about a delivery, behind its key.
func (r *record) outcome() []any {
	return []any{r.Edition, r.Subscriber, string(r.Progress), r.Attempts, instant(r.Last), instant(r.Next), r.Code, r.Reply}
}
