package ledger

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"iter"
	"maps"
	"slices"
	"time"
)

// journal is where the recorder commits a group, as one row: the durable step costs
// one page of the disk however many deliveries are in it. Folding brings the rows
// into the tables, many at a time. Any process may do so, and whatever reads or
// changes deliveries or subscribers does it first, so that the tables are all that
// the rest of the ledger knows.
type journal struct {
	append, read, clear            *sql.Stmt
	moveCursors, markBounced, pace *sql.Stmt
	digest, canceled               *sql.Stmt
	owing, between, setDue         *sql.Stmt
	deliveries                     *batch
}

func newJournal(ctx context.Context, db *sql.DB) (*journal, error) {
	j := new(journal)
	for _, p := range []struct {
		statement **sql.Stmt
		text      string
	}{
		{&j.append, addToJournal},
		{&j.read, "SELECT id, entries FROM journal ORDER BY id LIMIT ?"},
		{&j.clear, "DELETE FROM journal WHERE id <= ?"},
		{&j.moveCursors, "UPDATE subscriber SET cursor_seq = $1 WHERE id BETWEEN $2 AND $3 AND cursor_seq < $1"},
		{&j.markBounced, "UPDATE subscriber SET status = 'bounced', status_at = $2 WHERE id = $1 AND status = 'active'"},
		{&j.pace, storePaceSQL},
		{&j.digest, "SELECT posts, returned FROM digest WHERE edition = $1 AND number = $2"},
		{&j.canceled, "SELECT COUNT(*) FROM edition WHERE number = $1 AND canceled_at IS NOT NULL"},
		{&j.owing, "SELECT id, cursor_seq, owed FROM subscriber WHERE owed <> '' AND id BETWEEN $1 AND $2"},
		{&j.between, "SELECT id, cursor_seq, owed FROM subscriber WHERE id BETWEEN $1 AND $2"},
		{&j.setDue, "UPDATE subscriber SET cursor_seq = $2, owed = $3 WHERE id = $1"},
	} {
		var err error
		if *p.statement, err = db.PrepareContext(ctx, p.text); err != nil {
			return nil, err
		}
	}
	var err error
	j.deliveries, err = prepare(db, deliveryColumnCount, `
		INSERT INTO delivery (edition, subscriber, after_seq, through_seq, progress, attempts, first_at, last_at, next_at, code, reply,
			digest, kept, resent)
		VALUES %s
		ON CONFLICT (edition, subscriber) DO UPDATE SET progress = excluded.progress, attempts = excluded.attempts,
			last_at = excluded.last_at, next_at = excluded.next_at, code = excluded.code, reply = excluded.reply,
			digest = excluded.digest, kept = excluded.kept, resent = excluded.resent`)
	return j, err
}

const deliveryColumnCount = 14

const addToJournal = "INSERT INTO journal (entries) VALUES (?)"

// add appends a group.
func (j *journal) add(tx *sql.Tx, entries []byte) error {
	_, err := tx.Stmt(j.append).Exec(entries)
	return err
}

// someRows is how many are folded at a time: of about ten deliveries each.
const someRows = 16

// fold empties the journal into the tables.
func (j *journal) fold(ctx context.Context, tx *sql.Tx) error {
	for {
		if left, err := j.foldSome(ctx, tx); err != nil || !left {
			return err
		}
	}
}

// foldSome reports whether there may be more.
func (j *journal) foldSome(ctx context.Context, tx *sql.Tx) (left bool, err error) {
	type row struct {
		id      int64
		entries []byte
	}
	scan := func(s scanner) (r row, err error) {
		err = s.Scan(&r.id, &r.entries)
		return r, err
	}
	found, err := tx.StmtContext(ctx, j.read).QueryContext(ctx, someRows)
	if err != nil {
		return false, err
	}
	rows, err := scanAll(found, scan)
	if err != nil || len(rows) == 0 {
		return false, err
	}
	f := folding{deliveries: map[deliveryKey]Delivery{}, pace: map[time.Time]int64{}}
	for _, r := range rows {
		if err := f.add(r.entries); err != nil {
			return false, err
		}
	}
	if err := j.store(tx, f); err != nil {
		return false, err
	}
	_, err = tx.StmtContext(ctx, j.clear).ExecContext(ctx, rows[len(rows)-1].id)
	return len(rows) == someRows, err
}

// folding is what rows of the journal come to together.
type folding struct {
	deliveries map[deliveryKey]Delivery // as the last row has them
	settled    []Delivery
	bounced    []Delivery
	pace       map[time.Time]int64
}

func (f *folding) add(entries []byte) error {
	g, err := decodeGroup(entries)
	if err != nil {
		return err
	}
	for _, d := range g.changed {
		f.deliveries[d.key()] = d.Delivery
		if d.moved {
			f.settled = append(f.settled, d.Delivery)
		}
		if d.bounced {
			f.bounced = append(f.bounced, d.Delivery)
		}
	}
	if g.ended > 0 {
		f.pace[time.Time(paceOf(g.lastEnd))] += int64(g.ended)
	}
	return nil
}

func (j *journal) store(tx *sql.Tx, f folding) error {
	if err := j.endCanceled(tx, &f); err != nil {
		return err
	}
	all := slices.SortedFunc(maps.Values(f.deliveries), func(a, b Delivery) int {
		return cmp.Or(cmp.Compare(a.Edition, b.Edition), cmp.Compare(a.Subscriber, b.Subscriber))
	})
	columns := make([]any, 0, deliveryColumnCount*len(all))
	for _, d := range all {
		columns = append(columns, d.Edition, d.Subscriber, d.After, d.Through, string(d.Status), d.Attempts,
			instant(d.FirstTried), instant(d.LastTried), instant(d.NextTry), d.Code, d.Reply, d.Digest, d.DueReason, d.Resent)
	}
	if err := j.deliveries.exec(tx, columns); err != nil {
		return err
	}
	if err := j.settle(tx, f.settled); err != nil {
		return err
	}
	for _, d := range f.bounced {
		if _, err := tx.Stmt(j.markBounced).Exec(d.Subscriber, instant(d.LastTried)); err != nil {
			return err
		}
	}
	for at, n := range f.pace {
		if _, err := tx.Stmt(j.pace).Exec(instant(at), n); err != nil {
			return err
		}
	}
	return nil
}

// endCanceled ends what would be tried again, or brought by a later edition, although
// its edition was canceled while it was under way.
func (j *journal) endCanceled(tx *sql.Tx, f *folding) error {
	canceled := map[int64]bool{}
	for key, d := range f.deliveries {
		if d.Status != Deferred && d.DueReason != GaveUp {
			continue
		}
		over, known := canceled[d.Edition]
		if !known {
			var n int
			if err := tx.Stmt(j.canceled).QueryRow(d.Edition).Scan(&n); err != nil {
				return err
			}
			over = n > 0
			canceled[d.Edition] = over
		}
		if over {
			d.Status, d.DueReason, d.NextTry, d.Code, d.Reply = Failed, NotDue, time.Time{}, 0, canceledReply
			f.deliveries[key] = d
			f.settled = append(f.settled, d)
		}
	}
	return nil
}

const canceledReply = "the edition was canceled"

// settle brings what is due to the subscribers up to what was settled: for nearly
// all that is the cursor alone.
func (j *journal) settle(tx *sql.Tx, settled []Delivery) error {
	type set struct{ edition, digest, through int64 }
	sets := map[set][]int64{} // subscribers
	for _, d := range settled {
		key := set{d.Edition, d.Digest, d.Through}
		sets[key] = append(sets[key], d.Subscriber)
	}
	for key, subscribers := range sets {
		var posts, returned Numbers
		err := tx.Stmt(j.digest).QueryRow(key.edition, key.digest).Scan(&posts, &returned)
		if err != nil && !errors.Is(err, sql.ErrNoRows) { // an earlier version's have none
			return err
		}
		for first, last := range runs(subscribers) {
			if err := j.settleOwing(tx, first, last, key.through, posts, returned); err != nil {
				return err
			}
			if _, err := tx.Stmt(j.moveCursors).Exec(key.through, first, last); err != nil {
				return err
			}
		}
	}
	return nil
}

// settleOwing settles those between the ids who are owed something, or will be.
func (j *journal) settleOwing(tx *sql.Tx, first, last, through int64, posts, returned Numbers) error {
	owing := j.owing
	if len(returned) > 0 {
		owing = j.between
	}
	rows, err := tx.Stmt(owing).Query(first, last)
	if err != nil {
		return err
	}
	type state struct {
		id int64
		Due
	}
	all, err := scanAll(rows, func(row scanner) (s state, err error) {
		err = row.Scan(&s.id, &s.Cursor, &s.Owed)
		return s, err
	})
	if err != nil {
		return err
	}
	for _, s := range all {
		due := s.AfterDelivery(through, posts, returned)
		if _, err := tx.Stmt(j.setDue).Exec(s.id, due.Cursor, due.Owed); err != nil {
			return err
		}
	}
	return nil
}

// runs yields the first and the last of each run of numbers without a gap, which the
// ids of those who get one edition nearly are.
func runs(numbers []int64) iter.Seq2[int64, int64] {
	return func(yield func(int64, int64) bool) {
		slices.Sort(numbers)
		for i := 0; i < len(numbers); {
			first := i
			for i++; i < len(numbers) && numbers[i] <= numbers[i-1]+1; i++ {
			}
			if !yield(numbers[first], numbers[i-1]) {
				return
			}
		}
	}
}

// settled is the database for reading, once the tables hold all that was recorded.
func (l *Ledger) settled(ctx context.Context) (*sql.DB, error) {
	var waiting bool
	if err := l.read.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM journal)").Scan(&waiting); err != nil || !waiting {
		return l.read, err
	}
	return l.read, l.recorder.fold(ctx, nil)
}

// collectSettled is collect for what may have been recorded and not folded yet.
func collectSettled[T any](ctx context.Context, l *Ledger, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	db, err := l.settled(ctx)
	if err != nil {
		return nil, err
	}
	return collect(ctx, db, scan, query, args...)
}
