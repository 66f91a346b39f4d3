package ledger

import (
	"database/sql"
	"fmt"
	"time"
)

// groupStatements are what a group of recordings runs: all that it touches is read,
// decided call by call, and written.
type groupStatements struct {
	readIntents, readResults                             *batch
	storeDeliveries, moveCursors, markBounced, storePace *batch
}

func prepareGroup(db *sql.DB) (*groupStatements, error) {
	s := new(groupStatements)
	for _, p := range []struct {
		batch   **batch
		columns int
		text    string
	}{
		{&s.readIntents, 2, `
			SELECT v.column1, v.column2, s.cursor_seq,
				(SELECT COUNT(*) FROM delivery o WHERE o.subscriber = s.id AND o.progress IN ('sending', 'deferred'))
			FROM (VALUES %s) AS v
				CROSS JOIN edition e ON e.number = v.column1 AND e.canceled_at IS NULL
				CROSS JOIN subscriber s ON s.id = v.column2 AND s.status = 'active'`},
		{&s.readResults, 2, `
			SELECT ` + deliveryColumns + `, d.again
			FROM (VALUES %s) AS v CROSS JOIN delivery d ON d.edition = v.column1 AND d.subscriber = v.column2`},
		{&s.storeDeliveries, 11, `
			INSERT INTO delivery (edition, subscriber, after_seq, through_seq, progress, attempts, first_at, last_at, next_at, code, reply) VALUES %s
			ON CONFLICT (edition, subscriber) DO UPDATE SET progress = excluded.progress, attempts = excluded.attempts,
				last_at = excluded.last_at, next_at = excluded.next_at, code = excluded.code, reply = excluded.reply`},
		{&s.moveCursors, 2, `
			UPDATE subscriber SET cursor_seq = v.column2 FROM (VALUES %s) AS v WHERE id = v.column1 AND cursor_seq < v.column2`},
		{&s.markBounced, 2, `
			UPDATE subscriber SET status = 'bounced', status_at = v.column2 FROM (VALUES %s) AS v WHERE id = v.column1 AND status = 'active'`},
		{&s.storePace, 2, `
			INSERT INTO pace (at, count) VALUES %s ON CONFLICT (at) DO UPDATE SET count = pace.count + excluded.count`},
	} {
		var err error
		if *p.batch, err = prepare(db, p.columns, p.text); err != nil {
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

	cursors, bounced []any // rows to write
	ended            int
	lastEnd          time.Time
}

type deliveryKey struct{ edition, subscriber int64 }

// reader is an active subscriber.
type reader struct {
	cursor int64
	open   int // deliveries
}

// record is a delivery that a call is about; Progress is "" before there is one.
type record struct {
	Delivery
	again, changed bool
}

func (r *record) key() deliveryKey { return deliveryKey{r.Edition, r.Subscriber} }

func (r *record) open() bool { return r.Progress == Sending || r.Progress == Deferred }

// read learns all that the calls touch. underway are the deliveries that this
// process has begun: nobody else changes these.
func (s *groupStatements) read(tx *sql.Tx, calls []*recording, underway map[deliveryKey]*record) (*group, error) {
	g := &group{editions: map[int64]bool{}, readers: map[int64]*reader{}, deliveries: map[deliveryKey]*record{}}
	var deliveries, intents []any
	about := func(edition, subscriber int64) {
		key := deliveryKey{edition, subscriber}
		if g.deliveries[key] != nil {
			return
		}
		if g.deliveries[key] = underway[key]; g.deliveries[key] == nil {
			g.deliveries[key] = &record{Delivery: Delivery{Edition: edition, Subscriber: subscriber}}
			deliveries = append(deliveries, edition, subscriber)
		}
	}
	for _, call := range calls {
		if call.done != nil {
			about(call.done.Edition, call.done.Subscriber)
		}
		if call.next != nil {
			about(call.next.Edition, call.next.Subscriber)
			intents = append(intents, call.next.Edition, call.next.Subscriber)
		}
	}
	err := s.readIntents.query(tx, intents, func(row scanner) error {
		var edition, subscriber int64
		var r reader
		err := row.Scan(&edition, &subscriber, &r.cursor, &r.open)
		g.editions[edition] = true
		g.readers[subscriber] = &r
		return err
	})
	if err != nil {
		return nil, err
	}
	return g, s.readResults.query(tx, deliveries, func(row scanner) error {
		var r record
		err := row.Scan(append(r.fields(), &r.again)...)
		g.deliveries[r.key()] = &r
		return err
	})
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
		g.cursors = append(g.cursors, d.Subscriber, d.Through)
		if reader != nil {
			reader.cursor = max(reader.cursor, d.Through)
		}
	}
	if done.Bounced {
		g.bounced = append(g.bounced, d.Subscriber, instant(done.At))
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
	rows := make([]any, 0, len(g.changed)*s.storeDeliveries.columns)
	for _, d := range g.changed {
		rows = append(rows, d.Edition, d.Subscriber, d.After, d.Through, string(d.Progress), d.Attempts,
			instant(d.First), instant(d.Last), instant(d.Next), d.Code, d.Reply)
	}
	var pace []any
	if g.ended > 0 {
		pace = []any{paceOf(g.lastEnd), g.ended}
	}
	for _, step := range []struct {
		statement *batch
		rows      []any
	}{{s.storeDeliveries, rows}, {s.moveCursors, g.cursors}, {s.markBounced, g.bounced}, {s.storePace, pace}} {
		if err := step.statement.exec(tx, step.rows); err != nil {
			return err
		}
	}
	return nil
}
