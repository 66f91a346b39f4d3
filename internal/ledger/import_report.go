package ledger

import (
	"context"
	"database/sql"
)

// RowOutcome is what an import did with a row.
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

// RowResult is the result of one row of an import.
type RowResult struct {
	Line    int
	Email   string
	Outcome RowOutcome
	Was     Status // "" where nobody had that address
	Is      Status // "" for RowRefused and RowLeftOut
	First   int    // RowDuplicate: the line of the earlier row
	Reason  string // RowRefused, RowLeftOut: why
}

// noteRow stores a row for reportResults.
func (i *importer) noteRow(ctx context.Context, tx *sql.Tx, r Row, key string) error {
	if i.Report == nil {
		return nil
	}
	_, err := tx.ExecContext(ctx, "INSERT INTO import_line (line, email_key, email, refused, left_out) VALUES ($1, $2, $3, $4, $5)", r.Line, key, r.Email, r.Refused, r.LeftOut)
	return err
}

// reportResults calls Report for each row.
func (i *importer) reportResults(ctx context.Context, tx *sql.Tx) error {
	if i.Report == nil {
		return nil
	}
	rows, err := tx.QueryContext(ctx, `
		SELECT l.line, l.email, l.refused, l.left_out, COALESCE(r.was, s.status, ''), COALESCE(s.status, ''), COALESCE(r.status, ''),
			COALESCE((SELECT MIN(f.line) FROM import_line f WHERE f.email_key = l.email_key), 0), r.was IS NULL
		FROM import_line l LEFT JOIN import_row r ON r.email_key = l.email_key LEFT JOIN subscriber s ON s.email_key = l.email_key
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

// decide sets the outcome. row is the status that the list has for the address.
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
	case f.Was.final() && row.ongoing():
		f.Outcome = RowKept
	default:
		f.Outcome = RowUnchanged
	}
	f.First = 0
}
