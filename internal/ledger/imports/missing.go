package imports

import (
	"context"
	"database/sql"

	"publisher/internal/ledger"
	"publisher/internal/ledger/sqlutil"
)

// removeMissing ends the subscriptions from the file whose rows are gone. If it may not,
// they still count as the file's, so that the next reading is compared with them too.
func (i *importer) removeMissing(ctx context.Context, tx *sql.Tx) error {
	if i.Origin != FromFile {
		return nil
	}
	const gone = "s.file_status IS NOT NULL AND NOT EXISTS (SELECT 1 FROM import_row r WHERE r.email_key = s.email_key)"
	var before, lost int
	err := tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM subscriber s WHERE s.file_status IS NOT NULL").Scan(&before)
	if err != nil {
		return err
	}
	err = tx.QueryRowContext(ctx, `
		SELECT COUNT(*), COUNT(CASE WHEN s.from_file AND s.status`+ledger.OngoingSQL+` THEN 1 END)
		FROM subscriber s WHERE `+gone).Scan(&lost, &i.counts.Missing)
	if err != nil || lost == 0 {
		return err
	}
	if i.counts.Missing > 0 && (i.MayRemove == nil || !i.MayRemove(i.counts.Missing, before)) {
		return nil
	}
	_, err = tx.ExecContext(ctx, `
		UPDATE subscriber AS s SET
			status = CASE WHEN s.from_file AND s.status`+ledger.OngoingSQL+` THEN 'removed' ELSE s.status END,
			status_at = CASE WHEN s.from_file AND s.status`+ledger.OngoingSQL+` THEN $1 ELSE s.status_at END,
			undo_to = CASE WHEN s.from_file AND s.undo_to <> '' THEN 'removed' ELSE s.undo_to END,
			file_name = '', file_cadence = '', file_tags = '', file_language = '', file_status = NULL
		WHERE `+gone, sqlutil.Time(i.Now))
	if err == nil {
		i.counts.Removed = i.counts.Missing
	}
	return err
}
