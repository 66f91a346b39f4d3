package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"maps"
	"slices"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/sqlutil"
)

// journal is the table in which the recorder commits each group as one row: the durable
// step costs one page of the disk, no matter how many deliveries are in it. Folding brings
// the rows into the tables, many at a time. Any process may do that, and whatever reads or
// changes deliveries or subscribers does it first, so that the rest of the ledger needs to
// know only the tables.
type journal struct {
	append, read, clear *sql.Stmt
	canceled            *sql.Stmt
	erasedAt            *sql.Stmt
	subscriber          *sql.Stmt // reports whether there is one with an id
	settler             *ledger.Settler
	deliveries          *multiRow
}

func newJournal(ctx context.Context, db *sql.DB) (j *journal, err error) {
	j = new(journal)
	err = sqlutil.Prepare(ctx, db,
		sqlutil.Prepared{To: &j.append, Text: addToJournal},
		sqlutil.Prepared{To: &j.read, Text: "SELECT id, entries FROM journal ORDER BY id LIMIT ?"},
		sqlutil.Prepared{To: &j.clear, Text: "DELETE FROM journal WHERE id <= ?"},
		sqlutil.Prepared{To: &j.canceled, Text: "SELECT COUNT(*) FROM edition WHERE number = $1 AND canceled_at IS NOT NULL"},
		sqlutil.Prepared{To: &j.erasedAt, Text: readErasedAt},
		sqlutil.Prepared{To: &j.subscriber, Text: hasSubscriber})
	if err != nil {
		return nil, err
	}
	if j.settler, err = ledger.PrepareSettler(ctx, db); err != nil {
		return nil, err
	}
	j.deliveries, err = prepareMultiRow(db, deliveryColumnCount, `
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

// add appends a row.
func (j *journal) add(tx *sql.Tx, entries []byte) error {
	_, err := tx.Stmt(j.append).Exec(entries)
	return err
}

// foldRows is how many rows are folded at a time, of about ten deliveries each.
const foldRows = 16

// foldNext folds some rows, and reports whether there may be more.
func (j *journal) foldNext(ctx context.Context, tx *sql.Tx) (left bool, err error) {
	type row struct {
		id      int64
		entries []byte
	}
	scan := func(s sqlutil.Scanner) (r row, err error) {
		err = s.Scan(&r.id, &r.entries)
		return r, err
	}
	found, err := tx.StmtContext(ctx, j.read).QueryContext(ctx, foldRows)
	if err != nil {
		return false, err
	}
	rows, err := sqlutil.ScanAll(found, scan)
	if err != nil || len(rows) == 0 {
		return false, err
	}
	f := folded{deliveries: map[ledger.DeliveryKey]ledger.Delivery{}, sends: map[time.Time]int{}}
	for _, r := range rows {
		if err := f.add(r.entries); err != nil {
			return false, err
		}
	}
	if err := j.store(ctx, tx, f); err != nil {
		return false, err
	}
	_, err = tx.StmtContext(ctx, j.clear).ExecContext(ctx, rows[len(rows)-1].id)
	return len(rows) == foldRows, err
}

// folded is the combined content of some rows.
type folded struct {
	deliveries map[ledger.DeliveryKey]ledger.Delivery // as the last row has them
	settled    []ledger.Delivery
	sends      map[time.Time]int // attempts that ended, by the second of their row's last
}

func (f *folded) add(entries []byte) error {
	s, err := decodeStep(entries)
	if err != nil {
		return err
	}
	for _, d := range s.Changed {
		f.deliveries[d.Key()] = d.Delivery
		if d.Settled {
			f.settled = append(f.settled, d.Delivery)
		}
	}
	if s.Ended > 0 {
		f.sends[s.LastEnd.Truncate(time.Second)] += s.Ended
	}
	return nil
}

func (j *journal) store(ctx context.Context, tx *sql.Tx, f folded) error {
	if err := j.endCanceled(tx, &f); err != nil {
		return err
	}
	if err := j.endErased(ctx, tx, &f); err != nil {
		return err
	}
	all := slices.SortedFunc(maps.Values(f.deliveries), func(a, b ledger.Delivery) int {
		return cmp.Or(cmp.Compare(a.Edition, b.Edition), cmp.Compare(a.Subscriber, b.Subscriber))
	})
	columns := make([]any, 0, deliveryColumnCount*len(all))
	for _, d := range all {
		columns = append(columns, d.Edition, d.Subscriber, d.After, d.Through, string(d.Status), d.Attempts,
			sqlutil.Time(d.FirstTried), sqlutil.Time(d.LastTried), sqlutil.Time(d.NextTry), d.Code, d.Reply, d.Digest, d.DueReason, d.Resent)
	}
	if err := j.deliveries.exec(tx, columns); err != nil {
		return err
	}
	if err := j.settler.Settle(tx, f.settled); err != nil {
		return err
	}
	for at, n := range f.sends {
		if err := ledger.LogSends(ctx, tx, at, n); err != nil {
			return err
		}
	}
	return nil
}

// endCanceled ends deliveries whose edition was canceled meanwhile.
func (j *journal) endCanceled(tx *sql.Tx, f *folded) error {
	canceled := map[int64]bool{}
	for key, d := range f.deliveries {
		if !d.EndCanceled() {
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
			f.deliveries[key] = d
			f.settled = append(f.settled, d)
		}
	}
	return nil
}
