package ledger

import (
	"context"
	"database/sql"
	"fmt"

	"publisher/internal/ledger/sqlutil"
)

func (i *importer) merge(ctx context.Context, tx *sql.Tx) (err error) {
	if i.newest, err = newest(ctx, tx); err != nil {
		return err
	}
	for _, step := range []func(context.Context, *sql.Tx) error{i.dropErased, i.removeMissing, i.count, i.mergeRows, i.reportResults} {
		if err := step(ctx, tx); err != nil {
			return err
		}
	}
	i.counts.Unchanged = i.counts.Rows - i.counts.Added - i.counts.Updated - i.counts.Kept
	return nil
}

// count counts what is known before the rows are merged.
func (i *importer) count(ctx context.Context, tx *sql.Tx) error {
	err := tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM import_row").Scan(&i.counts.Rows)
	if err != nil {
		return err
	}
	i.counts.Duplicates = i.staged - i.counts.Rows
	return tx.QueryRowContext(ctx, `
		SELECT COUNT(*) FROM subscriber s JOIN import_row r ON r.email_key = s.email_key
		WHERE s.status`+isFinal+` AND r.status`+isOngoing).Scan(&i.counts.Kept)
}

func (i *importer) mergeRows(ctx context.Context, tx *sql.Tx) error {
	statements, err := prepareMerge(ctx, tx)
	if err != nil {
		return err
	}
	for after := ""; ; {
		batch, err := i.readMatches(ctx, tx, after)
		if err != nil {
			return err
		}
		for _, p := range batch {
			if err := i.mergeMatch(ctx, tx, statements, p); err != nil {
				return fmt.Errorf("%s: %w", p.row.Email, err)
			}
			after = p.key
		}
		if len(batch) < page {
			return nil
		}
	}
}

// match is a row, the subscriber with its address, and what the file said about them last
// time.
type match struct {
	key      string
	row      Row
	known    *Subscriber
	previous Row // its Status is "" where the file did not have the address
}

// readMatches reads the matches after a key. From a file, it skips rows that are the same
// as last time, which in a long list are nearly all.
func (i *importer) readMatches(ctx context.Context, tx *sql.Tx, after string) ([]match, error) {
	which := "1 = 1"
	if i.Origin == FromFile {
		which = `(s.file_status IS NULL OR s.file_status <> r.status OR s.file_name <> r.name
			OR s.file_cadence <> r.cadence OR s.file_tags <> r.tags OR s.file_language <> r.language OR s.status = 'removed'
			OR s.confirmed_at IS NULL AND r.confirmed_at IS NOT NULL)`
	}
	rows, err := tx.QueryContext(ctx, `
		SELECT r.email_key, r.email, r.name, r.status, r.cadence, r.tags, r.language, r.created_at, r.confirmed_at,
			COALESCE(s.id, 0), COALESCE(s.email, ''), COALESCE(s.name, ''), COALESCE(s.status, ''),
			COALESCE(s.cadence, ''), COALESCE(s.tags, ''), COALESCE(s.language, ''), s.created_at, s.confirmed_at,
			COALESCE(s.cursor_seq, 0), COALESCE(s.owed, ''), COALESCE(s.from_file, FALSE),
			s.status_at, COALESCE(s.undo_to, ''),
			COALESCE(s.file_name, ''), COALESCE(s.file_cadence, ''), COALESCE(s.file_tags, ''),
			COALESCE(s.file_language, ''), COALESCE(s.file_status, '')
		FROM import_row r LEFT JOIN subscriber s ON s.email_key = r.email_key
		WHERE r.email_key > $1 AND `+which+` ORDER BY r.email_key LIMIT $2`, after, page)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var pairs []match
	for rows.Next() {
		var p match
		var s Subscriber
		targets := []any{&p.key, &p.row.Email, &p.row.Name, &p.row.Status, &p.row.Cadence, (*sqlutil.Strings)(&p.row.Tags), &p.row.Language,
			(*sqlutil.Time)(&p.row.Created), (*sqlutil.Time)(&p.row.Confirmed)}
		targets = append(targets, s.fields()...)
		targets = append(targets, &p.previous.Name, &p.previous.Cadence, (*sqlutil.Strings)(&p.previous.Tags), &p.previous.Language, &p.previous.Status)
		if err := rows.Scan(targets...); err != nil {
			return nil, err
		}
		if s.ID != 0 {
			p.known = &s
		}
		pairs = append(pairs, p)
	}
	return pairs, rows.Err()
}

// mergeStatements are the statements that change one subscriber.
type mergeStatements struct{ insert, update, remember, note *sql.Stmt }

func prepareMerge(ctx context.Context, tx *sql.Tx) (s mergeStatements, err error) {
	err = sqlutil.Prepare(ctx, tx,
		sqlutil.Prepared{To: &s.insert, Text: `
			INSERT INTO subscriber (email, email_key, name, status, status_at, cadence, tags, language,
				created_at, confirmed_at, cursor_seq, from_file, file_name, file_cadence, file_tags, file_language, file_status)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`},
		sqlutil.Prepared{To: &s.update, Text: updateSubscriber},
		sqlutil.Prepared{To: &s.remember, Text: `
			UPDATE subscriber SET file_name = $2, file_cadence = $3, file_tags = $4, file_language = $5, file_status = $6
			WHERE email_key = $1`},
		sqlutil.Prepared{To: &s.note, Text: "UPDATE import_row SET was = $2 WHERE email_key = $1"})
	return s, err
}

func (i *importer) mergeMatch(ctx context.Context, tx *sql.Tx, do mergeStatements, p match) error {
	if p.known == nil {
		i.counts.Added++
		if err := i.noteChange(ctx, do, p.key, ""); err != nil {
			return err
		}
		return i.insert(ctx, do, p)
	}
	if err := i.remember(ctx, do, p); err != nil {
		return err
	}
	if p.known.Status.final() && p.row.Status.ongoing() {
		return nil // counted as Kept
	}
	changed := i.changed(p)
	switch {
	case changed.Status == Active && p.known.Status != Active:
		returned := *p.known
		if err := activate(ctx, tx, &returned, i.DefaultCadence, i.Now); err != nil {
			return err
		}
		changed.Due = returned.Due
	case !sameChoice(*p.known, changed):
		var err error
		if changed.Due, err = chosenSoFar(ctx, tx, *p.known, i.DefaultCadence); err != nil {
			return err
		}
	}
	if sameSubscriber(*p.known, changed) {
		return nil
	}
	i.counts.Updated++
	if err := i.noteChange(ctx, do, p.key, p.known.Status); err != nil {
		return err
	}
	_, err := do.update.ExecContext(ctx, changed.updates(i.Now)...)
	return err
}

// noteChange notes the status before a change for reportResults.
func (i *importer) noteChange(ctx context.Context, do mergeStatements, key string, was Status) error {
	if i.Report == nil {
		return nil
	}
	_, err := do.note.ExecContext(ctx, key, was)
	return err
}

func (i *importer) insert(ctx context.Context, do mergeStatements, p match) error {
	r, said, saidStatus := p.row, Row{}, sql.NullString{}
	if i.Origin == FromFile {
		said, saidStatus = r, sql.NullString{String: string(r.Status), Valid: true}
	}
	_, err := do.insert.ExecContext(ctx, r.Email, p.key, r.Name, r.Status, sqlutil.Time(i.Now), r.Cadence, sqlutil.Strings(r.Tags), r.Language,
		sqlutil.Time(r.Created), sqlutil.Time(r.Confirmed), i.newest, i.Origin == FromFile,
		said.Name, said.Cadence, sqlutil.Strings(said.Tags), said.Language, saidStatus)
	return err
}

func sameSubscriber(a, b Subscriber) bool {
	return sameChoice(a, b) && a.Name == b.Name && a.Status == b.Status &&
		a.Confirmed.Equal(b.Confirmed) && a.FromFile == b.FromFile
}

// changed returns the known subscriber with the changes that the row makes.
func (i *importer) changed(p match) Subscriber {
	s, row, said := *p.known, p.row, Row{}
	if i.Origin == FromFile {
		said = p.previous
	}
	if row.Name != said.Name {
		s.Name = row.Name
	}
	if row.Cadence != said.Cadence {
		s.Cadence = row.Cadence
	}
	if sqlutil.Strings(row.Tags).String() != sqlutil.Strings(said.Tags).String() {
		s.Tags = row.Tags
	}
	if row.Language != said.Language {
		s.Language = row.Language
	}
	if s.Confirmed.IsZero() {
		s.Confirmed = row.Confirmed
	}
	switch {
	case s.Status == Removed && row.Status.ongoing():
		s.Status, s.FromFile = row.Status, i.Origin == FromFile
	case row.Status == said.Status:
	case s.Status == Pending && row.Status == Active:
		s.Status, s.FromFile = Active, s.FromFile || i.Origin == FromFile
	case s.Status.ongoing() && !row.Status.ongoing():
		s.Status = row.Status
	}
	return s
}

// remember stores what the file says about the subscriber.
func (i *importer) remember(ctx context.Context, do mergeStatements, p match) error {
	if i.Origin != FromFile {
		return nil
	}
	_, err := do.remember.ExecContext(ctx, p.key, p.row.Name, p.row.Cadence, sqlutil.Strings(p.row.Tags), p.row.Language, p.row.Status)
	return err
}

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
		SELECT COUNT(*), COUNT(CASE WHEN s.from_file AND s.status`+isOngoing+` THEN 1 END)
		FROM subscriber s WHERE `+gone).Scan(&lost, &i.counts.Missing)
	if err != nil || lost == 0 {
		return err
	}
	if i.counts.Missing > 0 && (i.MayRemove == nil || !i.MayRemove(i.counts.Missing, before)) {
		return nil
	}
	_, err = tx.ExecContext(ctx, `
		UPDATE subscriber AS s SET
			status = CASE WHEN s.from_file AND s.status`+isOngoing+` THEN 'removed' ELSE s.status END,
			status_at = CASE WHEN s.from_file AND s.status`+isOngoing+` THEN $1 ELSE s.status_at END,
			undo_to = CASE WHEN s.from_file AND s.undo_to <> '' THEN 'removed' ELSE s.undo_to END,
			file_name = '', file_cadence = '', file_tags = '', file_language = '', file_status = NULL
		WHERE `+gone, sqlutil.Time(i.Now))
	if err == nil {
		i.counts.Removed = i.counts.Missing
	}
	return err
}
