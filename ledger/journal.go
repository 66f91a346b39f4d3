package ledger

import (
	"cmp"
	"context"
	"database/sql"
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
	} {
		var err error
		if *p.statement, err = db.PrepareContext(ctx, p.text); err != nil {
			return nil, err
		}
	}
	var err error
	j.deliveries, err = prepare(db, 11, `
		INSERT INTO delivery (edition, subscriber, after_seq, through_seq, progress, attempts, first_at, last_at, next_at, code, reply)
		VALUES %s
		ON CONFLICT (edition, subscriber) DO UPDATE SET progress = excluded.progress, attempts = excluded.attempts,
			last_at = excluded.last_at, next_at = excluded.next_at, code = excluded.code, reply = excluded.reply`)
	return j, err
}

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
	f := folding{deliveries: map[deliveryKey]Delivery{}, cursors: map[int64][]int64{}, pace: map[time.Time]int64{}}
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
	cursors    map[int64][]int64        // subscribers, by where their cursor goes
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
			f.cursors[d.Through] = append(f.cursors[d.Through], d.Subscriber)
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
	all := slices.SortedFunc(maps.Values(f.deliveries), func(a, b Delivery) int {
		return cmp.Or(cmp.Compare(a.Edition, b.Edition), cmp.Compare(a.Subscriber, b.Subscriber))
	})
	columns := make([]any, 0, 11*len(all))
	for _, d := range all {
		columns = append(columns, d.Edition, d.Subscriber, d.After, d.Through, string(d.Progress), d.Attempts,
			instant(d.First), instant(d.Last), instant(d.Next), d.Code, d.Reply)
	}
	if err := j.deliveries.exec(tx, columns); err != nil {
		return err
	}
	for through, subscribers := range f.cursors {
		for first, last := range runs(subscribers) {
			if _, err := tx.Stmt(j.moveCursors).Exec(through, first, last); err != nil {
				return err
			}
		}
	}
	for _, d := range f.bounced {
		if _, err := tx.Stmt(j.markBounced).Exec(d.Subscriber, instant(d.Last)); err != nil {
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
