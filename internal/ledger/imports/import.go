// Package imports adds and updates subscribers from lists, and takes that back.
package imports

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"iter"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/erasure"
	"publisher/internal/ledger/sqlutil"
	"publisher/mailer/address"
)

// Row is a line of an imported list.
type Row struct {
	File      int // which of the files of the import it is in, the first being 0
	Line      int
	Email     string
	Name      string
	Status    ledger.Status // "": active
	Cadence   string        // "": digest.default
	Tags      []string
	Language  string    // BCP 47; "": the site's own
	Created   time.Time // zero: now
	Confirmed time.Time
	Refused   string // why the row is not used: it changes nothing, and is only told of
	LeftOut   bool   // it is not used because nobody asked for it, and not for a fault
}

// Origin is the source of imported rows.
type Origin int

const (
	FromCommand Origin = iota // subscribers add, subscribers import
	FromFile                  // subscribers.file, read by each pass
)

// Counts are the totals of an import.
type Counts struct {
	Rows, Added, Updated, Unchanged int   // Rows counts each address once
	Duplicates                      int   // rows whose address another row has too
	Kept                            int   // rows that would have brought back who unsubscribed, bounced or complained
	Missing                         int   // FromFile: subscriptions from the file that it no longer has
	Removed                         int   // of these, ended
	Refused                         int   // rows that cannot be used
	Erased                          int   // of these, rows with addresses that were erased
	LeftOut                         int   // rows of people who did not ask for mail
	Number                          int64 // of the import; 0 if it has none, or changed nothing
}

// Options control an import.
type Options struct {
	Origin         Origin
	DefaultCadence string // of subscribers without one of their own
	Now            time.Time
	// MayRemove reports whether FromFile may end the subscriptions that are missing. It is
	// called after the last row, with the number of rows that the file had before. nil means
	// no.
	MayRemove func(missing, before int) bool
	// Report, unless nil, is called with the result of each row, in the order of their lines.
	// If it returns an error, the import ends and nothing is changed.
	Report func(RowResult) error
	// Erased, unless nil, is called with the line of each row whose address was erased. It is
	// refused, and the address is not remembered.
	Erased func(file, line int)
	// Source, unless nil, gives the import a number: it is among All, and Undo takes it
	// back.
	Source *Source
}

// Source says where an import comes from.
type Source struct {
	Name    string // of the files
	Service string // whose export they are
}

// Run adds and updates subscribers in one transaction, streaming. It never brings back
// subscribers who unsubscribed, bounced or complained (a row that came back revives
// Removed alone), nor who was erased.
//   - A new subscriber's cursor is the newest sequence number.
//   - FromFile: a field changes only when the file changes it (so that a choice
//     made on the preferences page stays). Subscriptions that came from the file
//     and are not among rows are Missing; they are Removed only if MayRemove agrees.
//   - FromCommand: a field that a row leaves empty stays as it is.
//   - Changed tags, language or cadence do not reach back: see Due.AfterChoice. A row that
//     came back goes on as Due.AfterReturn says.
//   - Of rows with one address the strictest status counts, and of the rest the last
//     value that is not empty. One that address.Normalize refuses, or an error among the
//     rows, ends the import and nothing is changed.
//
// Neither rows nor the functions of the options may use the ledger.
func Run(ctx context.Context, l *ledger.Ledger, rows iter.Seq2[Row, error], o Options) (_ Counts, err error) {
	i := &importer{Options: o, insertRows: l.InsertRows}
	// Nothing else is read before the last row, so that no older state of the ledger has to be kept
	// meanwhile.
	if i.erased, err = erasure.ReadSet(ctx, l.Reader()); err != nil {
		return Counts{}, l.Fail("import", err)
	}
	fill := func(tx *sql.Tx) error { return i.stage(ctx, tx, rows) }
	merge := func(tx *sql.Tx) error { return i.merge(ctx, tx) }
	if err := l.Stage(ctx, fill, merge); err != nil {
		return Counts{}, l.Fail("import", err)
	}
	return i.counts, nil
}

// importer holds one import. The rows go into a temporary table first, so that a slow
// reader does not lock the ledger, and memory use stays constant.
type importer struct {
	Options
	insertRows func(ctx context.Context, tx *sql.Tx, text string, columns int, args []any) error
	newest     int64
	erased     erasure.Set
	counts     Counts
	staged     int // rows in import_row
	noted      int // rows in import_line
	known      int // addresses of the list that have a subscriber
	// differing is how many of those rows may change something.
	differing int
	added     idRange // the subscribers that are new
	rows      []any   // of import_row, not yet inserted
	lines     []any   // of import_line, not yet inserted
}

const (
	rowColumns  = 10
	lineColumns = 7
	insertRow   = `INSERT INTO import_row (n, email_key, email, name, status, cadence, tags, language, created_at, confirmed_at) VALUES %s`
	insertLine  = `INSERT INTO import_line (n, file, line, email_key, email, refused, left_out) VALUES %s`
	// stageSize is how many rows are inserted at a time.
	stageSize = 1024
)

func (i *importer) stage(ctx context.Context, tx *sql.Tx, rows iter.Seq2[Row, error]) error {
	for row, err := range rows {
		if err != nil {
			return err
		}
		if err := i.stageRow(row); err != nil {
			return fmt.Errorf("line %d: %w", row.Line, err)
		}
		if len(i.rows) >= stageSize*rowColumns || len(i.lines) >= stageSize*lineColumns {
			if err := i.flush(ctx, tx); err != nil {
				return err
			}
		}
	}
	if err := i.flush(ctx, tx); err != nil {
		return err
	}
	return i.mergeDuplicates(ctx, tx)
}

// flush inserts the rows that are waiting.
func (i *importer) flush(ctx context.Context, tx *sql.Tx) error {
	err := i.insertRows(ctx, tx, insertRow, rowColumns, i.rows)
	if err == nil {
		err = i.insertRows(ctx, tx, insertLine, lineColumns, i.lines)
	}
	i.rows, i.lines = i.rows[:0], i.lines[:0]
	return err
}

// stageRow is the one place where it is decided which rows may become subscribers.
func (i *importer) stageRow(r Row) error {
	if r.Refused != "" {
		i.refuse(r)
		return nil
	}
	key, err := address.Normalize(r.Email)
	if err != nil {
		return err
	}
	if i.erased.Has(key) {
		i.refuseErased(r)
		return nil
	}
	r.Status = cmp.Or(r.Status, ledger.Active)
	if err := r.Status.Check(); err != nil {
		return err
	}
	i.staged++
	i.rows = append(i.rows, i.staged, key, r.Email, r.Name, string(r.Status), r.Cadence, ledger.NormalTags(r.Tags), r.Language, sqlutil.Time(r.Created), sqlutil.Time(r.Confirmed))
	i.noteRow(r, key)
	return nil
}

// refuse counts a row that becomes no subscriber.
func (i *importer) refuse(r Row) {
	if r.LeftOut {
		i.counts.LeftOut++
	} else {
		i.counts.Refused++
	}
	i.noteRow(r, "")
}
