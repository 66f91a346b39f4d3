package ledger

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"iter"
	"time"

	"publisher/internal/ledger/sqlutil"
	"publisher/mailer/address"
)

// Row is a line of an imported list.
type Row struct {
	Line      int
	Email     string
	Name      string
	Status    Status // "": active
	Cadence   string // "": digest.default
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

// ImportCounts are the totals of an import.
type ImportCounts struct {
	Rows, Added, Updated, Unchanged int // Rows counts each address once
	Duplicates                      int // rows whose address another row has too
	Kept                            int // rows that would have brought back who unsubscribed, bounced or complained
	Missing                         int // FromFile: subscriptions from the file that it no longer has
	Removed                         int // of these, ended
	Erased                          int // rows with addresses that were erased
}

// ImportOptions control an import.
type ImportOptions struct {
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
	Erased func(line int)
}

// Import adds and updates subscribers in one transaction, streaming. It never brings back
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
func (l *Ledger) Import(ctx context.Context, rows iter.Seq2[Row, error], o ImportOptions) (ImportCounts, error) {
	i := &importer{ImportOptions: o}
	fill := func(conn *sql.Conn) error { return i.stage(ctx, conn, rows) }
	merge := func(tx *sql.Tx) error { return i.merge(ctx, tx) }
	if err := l.engine.Stage(ctx, fill, merge); err != nil {
		return ImportCounts{}, l.fail("import", err)
	}
	return i.counts, nil
}

// importer holds one import. The rows go into a temporary table first, so that a slow
// reader does not lock the ledger, and memory use stays constant.
type importer struct {
	ImportOptions
	newest int64
	erased erasedSet
	counts ImportCounts
	staged int // rows, each address as often as it occurs
}

func (i *importer) stage(ctx context.Context, conn *sql.Conn, rows iter.Seq2[Row, error]) error {
	// Read-only, since temporary tables do not count: the ledger is not locked.
	tx, err := conn.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if i.erased, err = readErased(ctx, tx); err != nil {
		return err
	}
	insert, err := tx.PrepareContext(ctx, `
		INSERT INTO import_row (email_key, email, name, status, cadence, tags, language, created_at, confirmed_at, strictness)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (email_key) DO UPDATE SET email = excluded.email,
			name = COALESCE(NULLIF(excluded.name, ''), import_row.name),
			cadence = COALESCE(NULLIF(excluded.cadence, ''), import_row.cadence),
			tags = COALESCE(NULLIF(excluded.tags, ''), import_row.tags),
			language = COALESCE(NULLIF(excluded.language, ''), import_row.language),
			created_at = COALESCE(excluded.created_at, import_row.created_at),
			confirmed_at = COALESCE(excluded.confirmed_at, import_row.confirmed_at),
			status = CASE WHEN excluded.strictness > import_row.strictness THEN excluded.status ELSE import_row.status END,
			strictness = CASE WHEN excluded.strictness > import_row.strictness THEN excluded.strictness ELSE import_row.strictness END`)
	if err != nil {
		return err
	}
	defer insert.Close()
	for row, err := range rows {
		if err != nil {
			return err
		}
		if err := i.stageRow(ctx, tx, insert, row); err != nil {
			return fmt.Errorf("line %d: %w", row.Line, err)
		}
	}
	// Who says nothing of it subscribes now.
	if _, err := tx.ExecContext(ctx, "UPDATE import_row SET created_at = $1 WHERE created_at IS NULL", sqlutil.Time(i.Now)); err != nil {
		return err
	}
	return tx.Commit()
}

func (i *importer) stageRow(ctx context.Context, tx *sql.Tx, insert *sql.Stmt, r Row) error {
	if r.Refused != "" {
		return i.noteRow(ctx, tx, r, "")
	}
	key, err := address.Normalize(r.Email)
	if err != nil {
		return err
	}
	if i.erased.has(key) {
		return i.refuseErased(ctx, tx, r)
	}
	r.Status = cmp.Or(r.Status, Active)
	if r.Status.strictness() < 0 {
		return fmt.Errorf("invalid status %q; must be one of %q", r.Status, statuses)
	}
	i.staged++
	_, err = insert.ExecContext(ctx, key, r.Email, r.Name, r.Status, r.Cadence, normalTags(r.Tags), r.Language, sqlutil.Time(r.Created), sqlutil.Time(r.Confirmed), r.Status.strictness())
	if err != nil {
		return err
	}
	return i.noteRow(ctx, tx, r, key)
}
