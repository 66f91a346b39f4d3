package imports

import (
	"context"
	"database/sql"

	"publisher/internal/ledger"
)

// Outcome is what an import did with a row.
type Outcome string

const (
	RowAdded     Outcome = "added"
	RowUpdated   Outcome = "updated"
	RowUnchanged Outcome = "unchanged"
	RowKept      Outcome = "kept"      // it would have brought back who left
	RowDuplicate Outcome = "duplicate" // its address stands in an earlier row, whose result is for both
	RowRefused   Outcome = "refused"   // it cannot be used
	RowLeftOut   Outcome = "left out"  // nobody asked for it
)

// RowResult is the result of one row of an import.
type RowResult struct {
	File    int // which of the files, the first being 0
	Line    int
	Email   string
	Outcome Outcome
	Was     ledger.Status // "" where nobody had that address
	Is      ledger.Status // "" for RowRefused and RowLeftOut
	First   int           // RowDuplicate: the line of the earlier row
	FirstIn int           // RowDuplicate: and its file
	Reason  string        // RowRefused, RowLeftOut: why
}

// noteRow notes a row for reportResults.
func (i *importer) noteRow(r Row, key string) {
	if i.Report == nil {
		return
	}
	i.noted++
	i.lines = append(i.lines, i.noted, r.File, r.Line, key, r.Email, r.Refused, r.LeftOut)
}

// reportResults calls Report for each row.
func (i *importer) reportResults(ctx context.Context, tx *sql.Tx) error {
	if i.Report == nil {
		return nil
	}
	if _, err := tx.ExecContext(ctx, "CREATE INDEX IF NOT EXISTS import_line_key ON import_line (email_key, n)"); err != nil {
		return err
	}
	rows, err := tx.QueryContext(ctx, `
		SELECT l.file, l.line, l.email, l.refused, l.left_out, COALESCE(r.was, s.status, ''), COALESCE(s.status, ''), COALESCE(r.status, ''),
			f.file, f.line, f.n < l.n, r.was IS NULL
		FROM import_line l LEFT JOIN import_row r ON r.email_key = l.email_key LEFT JOIN subscriber s ON s.email_key = l.email_key
			LEFT JOIN import_line f ON f.n = (SELECT MIN(n) FROM import_line m WHERE m.email_key = l.email_key)
		ORDER BY l.n`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var f RowResult
		var row ledger.Status
		var leftOut, again, same bool
		if err := rows.Scan(&f.File, &f.Line, &f.Email, &f.Reason, &leftOut, &f.Was, &f.Is, &row, &f.FirstIn, &f.First, &again, &same); err != nil {
			return err
		}
		if f.decide(row, again, same); leftOut {
			f.Outcome = RowLeftOut
		}
		if err := i.Report(f); err != nil {
			return err
		}
	}
	return rows.Err()
}

// decide sets the outcome. row is the status that the list has for the address; again says
// that an earlier row has it too, and same that nothing was changed.
func (f *RowResult) decide(row ledger.Status, again, same bool) {
	switch {
	case f.Reason != "":
		f.Outcome, f.Was, f.Is, f.First, f.FirstIn = RowRefused, "", "", 0, 0
		return
	case again:
		f.Outcome = RowDuplicate
		return
	case f.Was == "":
		f.Outcome = RowAdded
	case !same:
		f.Outcome = RowUpdated
	case f.Was.Final() && row.Ongoing():
		f.Outcome = RowKept
	default:
		f.Outcome = RowUnchanged
	}
	f.First, f.FirstIn = 0, 0
}
