package ledger

import (
	"context"
	"database/sql"
)

// strictness orders statuses: of two that a list has for one address the higher counts.
func (s Status) strictness() int {
	switch s {
	case Complained:
		return 6
	case Bounced:
		return 5
	case Unsubscribed:
		return 4
	case Removed:
		return 3
	case Pending:
		return 2
	case Active:
		return 1
	}
	return 0
}

// Stricter returns the one of two statuses that allows less.
func Stricter(a, b Status) Status {
	if b.strictness() > a.strictness() {
		return b
	}
	return a
}

// RowOutcome is what an import makes of a row.
type RowOutcome string

const (
	RowAdded     RowOutcome = "added"
	RowUpdated   RowOutcome = "updated"
	RowUnchanged RowOutcome = "unchanged"
	RowKept      RowOutcome = "kept"      // it would have brought back who left
	RowDuplicate RowOutcome = "duplicate" // its address stands in an earlier row, whose result is for both
	RowRefused   RowOutcome = "refused"   // it cannot be used
	RowLeftOut   RowOutcome = "left out"  // nobody asked for it
)

// RowResult is what became of one row of an import.
type RowResult struct {
	Line    int
	Email   string
	Outcome RowOutcome
	Was     Status // "" where nobody had that address
	Is      Status // "" for RowRefused and RowLeftOut
	First   int    // RowDuplicate: the line of the earlier row
	Reason  string // RowRefused, RowLeftOut: why
}

// resultTables makes the tables from which reportResults reads. They are
// temporary, as the rows are, so that memory stays flat.
func (i *importer) resultTables() []string {
	if i.Report == nil {
		return nil
	}
	return []string{
		"DROP TABLE IF EXISTS import_line",
		"DROP TABLE IF EXISTS import_before",
		"CREATE TEMPORARY TABLE import_line (line INTEGER NOT NULL, email_key TEXT NOT NULL, email TEXT NOT NULL, refused TEXT NOT NULL, left_out BOOLEAN NOT NULL)",
		`CREATE TEMPORARY TABLE import_before (email_key TEXT PRIMARY KEY, name TEXT NOT NULL, status TEXT NOT NULL, cadence TEXT NOT NULL,
			tags TEXT NOT NULL, language TEXT NOT NULL, confirmed_at BIGINT, from_file BOOLEAN NOT NULL) WITHOUT ROWID`,
	}
}

// noteRow notes a row for reportResults.
func (i *importer) noteRow(ctx context.Context, r Row, key string) error {
	if i.Report == nil {
		return nil
	}
	_, err := i.conn.ExecContext(ctx, "INSERT INTO import_line (line, email_key, email, refused, left_out) VALUES ($1, $2, $3, $4, $5)", r.Line, key, r.Email, r.Refused, r.LeftOut)
	return err
}

// rememberBefore keeps how those whom the rows name stand before they are merged.
func (i *importer) rememberBefore(ctx context.Context, tx *sql.Tx) error {
	if i.Report == nil {
		return nil
	}
	for _, query := range []string{
		"CREATE INDEX import_line_key ON import_line (email_key, line)",
		`INSERT INTO import_before
			SELECT s.email_key, s.name, s.status, s.cadence, s.tags, s.language, s.confirmed_at, s.from_file
			FROM subscriber s JOIN import_row r ON r.email_key = s.email_key`,
	} {
		if _, err := tx.ExecContext(ctx, query); err != nil {
			return err
		}
	}
	return nil
}

// reportResults compares each row's subscriber with the one before.
func (i *importer) reportResults(ctx context.Context, tx *sql.Tx) error {
	if i.Report == nil {
		return nil
	}
	rows, err := tx.QueryContext(ctx, `
		SELECT l.line, l.email, l.refused, l.left_out, COALESCE(b.status, ''), COALESCE(s.status, ''), COALESCE(r.status, ''),
			COALESCE((SELECT MIN(f.line) FROM import_line f WHERE f.email_key = l.email_key), 0),
			COALESCE(b.name = s.name AND b.status = s.status AND b.cadence = s.cadence AND b.tags = s.tags
				AND b.language = s.language AND b.from_file = s.from_file AND b.confirmed_at IS NOT DISTINCT FROM s.confirmed_at, FALSE)
		FROM import_line l LEFT JOIN import_row r ON r.email_key = l.email_key
			LEFT JOIN import_before b ON b.email_key = l.email_key LEFT JOIN subscriber s ON s.email_key = l.email_key
		ORDER BY l.line`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var f RowResult
		var row Status
		var leftOut, same bool
		if err := rows.Scan(&f.Line, &f.Email, &f.Reason, &leftOut, &f.Was, &f.Is, &row, &f.First, &same); err != nil {
			return err
		}
		if f.decide(row, same); leftOut {
			f.Outcome = RowLeftOut
		}
		if err := i.Report(f); err != nil {
			return err
		}
	}
	return rows.Err()
}

// decide fills in the outcome. row is the status that the list has for the address.
func (f *RowResult) decide(row Status, same bool) {
	switch {
	case f.Reason != "":
		f.Outcome, f.Was, f.Is, f.First = RowRefused, "", "", 0
		return
	case f.First != f.Line:
		f.Outcome = RowDuplicate
		return
	case f.Was == "":
		f.Outcome = RowAdded
	case !same:
		f.Outcome = RowUpdated
	case f.Was.final() && row.standing():
		f.Outcome = RowKept
	default:
		f.Outcome = RowUnchanged
	}
	f.First = 0
}
