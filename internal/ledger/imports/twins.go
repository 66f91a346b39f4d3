package imports

import (
	"cmp"
	"context"
	"database/sql"

	"publisher/internal/ledger"
	"publisher/internal/ledger/sqlutil"
)

// twin is a row of import_row whose address other rows have too.
type twin struct {
	n                       int
	key, email, name        string
	status                  ledger.Status
	cadence, tags, language string
	created, confirmed      sqlutil.Time
}

// mergeDuplicates makes one row of those with one address, the first. It counts the rest.
func (i *importer) mergeDuplicates(ctx context.Context, tx *sql.Tx) error {
	if i.Report != nil || i.Origin == FromFile { // it is looked up by address
		if err := indexRows(ctx, tx); err != nil {
			return err
		}
	}
	const repeated = "SELECT email_key FROM import_row GROUP BY email_key HAVING COUNT(*) > 1"
	var twins int
	if err := tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM ("+repeated+") repeated").Scan(&twins); err != nil || twins == 0 {
		return err
	}
	if err := indexRows(ctx, tx); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "UPDATE import_row SET was = 'twin' WHERE email_key IN ("+repeated+")"); err != nil {
		return err
	}
	var merged twin
	for after := (twin{}); ; {
		batch, err := readTwins(ctx, tx, after)
		if err != nil {
			return err
		}
		for _, t := range batch {
			if t.key == merged.key {
				merged.add(t)
				i.counts.Duplicates++
			} else {
				if err := saveTwins(ctx, tx, merged); err != nil {
					return err
				}
				merged = t
			}
			after = t
		}
		if len(batch) < ledger.BatchSize {
			return saveTwins(ctx, tx, merged)
		}
	}
}

// indexRows has import_row looked up by address.
func indexRows(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, "CREATE INDEX IF NOT EXISTS import_row_key ON import_row (email_key, n)")
	return err
}

func readTwins(ctx context.Context, tx *sql.Tx, after twin) ([]twin, error) {
	return sqlutil.Collect(ctx, tx, func(row sqlutil.Scanner) (t twin, err error) {
		err = row.Scan(&t.n, &t.key, &t.email, &t.name, &t.status, &t.cadence, &t.tags, &t.language, &t.created, &t.confirmed)
		return t, err
	}, `SELECT n, email_key, email, name, status, cadence, tags, language, created_at, confirmed_at FROM import_row
		WHERE (email_key, n) > ($1, $2) AND was = 'twin' ORDER BY email_key, n LIMIT $3`, after.key, after.n, ledger.BatchSize)
}

// add adds a later row with the same address.
func (t *twin) add(next twin) {
	t.email, t.status = next.email, ledger.Stricter(t.status, next.status)
	t.name, t.cadence = cmp.Or(next.name, t.name), cmp.Or(next.cadence, t.cadence)
	t.tags, t.language = cmp.Or(next.tags, t.tags), cmp.Or(next.language, t.language)
	t.created, t.confirmed = cmp.Or(next.created, t.created), cmp.Or(next.confirmed, t.confirmed)
}

func saveTwins(ctx context.Context, tx *sql.Tx, t twin) error {
	if t.key == "" {
		return nil
	}
	if _, err := tx.ExecContext(ctx, "DELETE FROM import_row WHERE email_key = $1 AND n > $2", t.key, t.n); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `
		UPDATE import_row SET email = $2, name = $3, status = $4, cadence = $5, tags = $6, language = $7, created_at = $8, confirmed_at = $9, was = NULL
		WHERE n = $1`, t.n, t.email, t.name, t.status, t.cadence, t.tags, t.language, t.created, t.confirmed)
	return err
}
