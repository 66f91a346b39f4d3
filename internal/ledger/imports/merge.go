package imports

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/sqlutil"
)

func (i *importer) merge(ctx context.Context, tx *sql.Tx) (err error) {
	if i.newest, err = ledger.NewestNumber(ctx, tx); err != nil {
		return err
	}
	for _, step := range []func(context.Context, *sql.Tx) error{i.dropErased, i.removeMissing, i.count, i.begin, i.mergeKnown, i.addNew, i.end, i.reportResults} {
		if err := step(ctx, tx); err != nil {
			return err
		}
	}
	return nil
}

// count counts what is known before the rows are merged.
func (i *importer) count(ctx context.Context, tx *sql.Tx) error {
	i.counts.Rows = i.staged - i.counts.Duplicates
	return tx.QueryRowContext(ctx, `
		SELECT COUNT(*), COUNT(CASE WHEN s.status`+ledger.FinalSQL+` AND r.status`+ledger.OngoingSQL+` THEN 1 END), COUNT(CASE WHEN `+i.changes()+` THEN 1 END)
		FROM import_row r CROSS JOIN subscriber s WHERE s.email_key = r.email_key`).Scan(&i.known, &i.counts.Kept, &i.differing)
}

// mergeKnown merges the rows whose addresses have subscribers. Rows that change nothing, in
// a long list nearly all, are not even read.
func (i *importer) mergeKnown(ctx context.Context, tx *sql.Tx) error {
	if i.differing == 0 {
		return nil
	}
	statements, err := prepareMerge(ctx, tx)
	if err != nil {
		return err
	}
	for after := 0; ; {
		batch, err := i.readMatches(ctx, tx, after)
		if err != nil {
			return err
		}
		for _, p := range batch {
			if err := i.mergeMatch(ctx, tx, statements, p); err != nil {
				return fmt.Errorf("%s: %w", p.row.Email, err)
			}
			after = p.n
		}
		if len(batch) < ledger.BatchSize {
			return nil
		}
	}
}

// match is a row, the subscriber with its address, and what the file said about them last
// time.
type match struct {
	n           int
	row         Row
	known       ledger.Subscriber
	previous    Row   // its Status is "" where the file did not have the address
	touchedLast int64 // the import that did; 0 if something else did
}

// What may change a subscriber, of all rows with known addresses. changed decides; it finds
// nothing in other rows.
const (
	// changesFromFile: the row is not the same as last time.
	changesFromFile = `(s.file_status IS NULL OR s.file_status <> r.status OR s.file_name <> r.name
		OR s.file_cadence <> r.cadence OR s.file_tags <> r.tags OR s.file_language <> r.language OR s.status = 'removed'
		OR s.confirmed_at IS NULL AND r.confirmed_at IS NOT NULL)`
	// changesFromCommand: the row has a value that the subscriber has not.
	changesFromCommand = `(r.name NOT IN ('', s.name) OR r.cadence NOT IN ('', s.cadence) OR r.tags NOT IN ('', s.tags)
		OR r.language NOT IN ('', s.language) OR s.confirmed_at IS NULL AND r.confirmed_at IS NOT NULL
		OR s.status = 'removed' AND r.status` + ledger.OngoingSQL + ` OR s.status = 'pending' AND r.status = 'active'
		OR s.status` + ledger.OngoingSQL + ` AND NOT r.status` + ledger.OngoingSQL + `)`
)

// changes returns the condition for rows that may change something.
func (i *importer) changes() string {
	if i.Origin == FromFile {
		return changesFromFile
	}
	return changesFromCommand
}

// readMatches reads the matches after a row that may change something.
func (i *importer) readMatches(ctx context.Context, tx *sql.Tx, after int) ([]match, error) {
	return sqlutil.Collect(ctx, tx, func(row sqlutil.Scanner) (p match, err error) {
		targets := []any{&p.n, &p.row.Email, &p.row.Name, &p.row.Status, &p.row.Cadence, (*sqlutil.Strings)(&p.row.Tags), &p.row.Language,
			(*sqlutil.Time)(&p.row.Created), (*sqlutil.Time)(&p.row.Confirmed)}
		targets = append(targets, p.known.Fields()...)
		targets = append(targets, &p.previous.Name, &p.previous.Cadence, (*sqlutil.Strings)(&p.previous.Tags), &p.previous.Language, &p.previous.Status, &p.touchedLast)
		err = row.Scan(targets...)
		return p, err
	}, `SELECT r.n, r.email, r.name, r.status, r.cadence, r.tags, r.language, r.created_at, r.confirmed_at, `+ledger.SubscriberColumns+`,
			s.file_name, s.file_cadence, s.file_tags, s.file_language, COALESCE(s.file_status, ''), COALESCE(s.import, 0)
		FROM import_row r CROSS JOIN subscriber s
		WHERE s.email_key = r.email_key AND r.n > $1 AND `+i.changes()+` ORDER BY r.n LIMIT $2`, after, ledger.BatchSize)
}

// mergeStatements are the statements that change one subscriber.
type mergeStatements struct{ update, remember, note *sql.Stmt }

func prepareMerge(ctx context.Context, tx *sql.Tx) (s mergeStatements, err error) {
	err = sqlutil.Prepare(ctx, tx,
		sqlutil.Prepared{To: &s.update, Text: ledger.UpdateSubscriber},
		sqlutil.Prepared{To: &s.remember, Text: `
			UPDATE subscriber SET file_name = $2, file_cadence = $3, file_tags = $4, file_language = $5, file_status = $6
			WHERE id = $1`},
		sqlutil.Prepared{To: &s.note, Text: "UPDATE import_row SET was = $2 WHERE n = $1"})
	return s, err
}

func (i *importer) mergeMatch(ctx context.Context, tx *sql.Tx, do mergeStatements, p match) error {
	if err := i.remember(ctx, do, p); err != nil {
		return err
	}
	if p.known.Status.Final() && p.row.Status.Ongoing() {
		return nil // counted as Kept
	}
	changed := i.changed(p)
	if sameSubscriber(p.known, changed) {
		return nil
	}
	if err := settleChange(ctx, tx, p.known, &changed, i.DefaultCadence, i.Now); err != nil {
		return err
	}
	i.counts.Updated++
	if i.Report != nil {
		if _, err := do.note.ExecContext(ctx, p.n, p.known.Status); err != nil {
			return err
		}
	}
	if _, err := do.update.ExecContext(ctx, changed.Updates(i.Now)...); err != nil {
		return err
	}
	return i.noteChanged(ctx, tx, p, changed)
}

// settleChange sets what is due to a subscriber when a list, or undoing one, changes the
// status or the choice.
func settleChange(ctx context.Context, tx *sql.Tx, was ledger.Subscriber, changed *ledger.Subscriber, defaultCadence string, now time.Time) (err error) {
	switch {
	case changed.Status == ledger.Active && was.Status != ledger.Active:
		returned := was
		err = ledger.Activate(ctx, tx, &returned, defaultCadence, now)
		changed.Due = returned.Due
	case !ledger.SameChoice(was, *changed):
		changed.Due, err = ledger.ChosenSoFar(ctx, tx, was, defaultCadence)
	}
	return err
}

func sameSubscriber(a, b ledger.Subscriber) bool {
	return ledger.SameChoice(a, b) && a.Name == b.Name && a.Status == b.Status &&
		a.Confirmed.Equal(b.Confirmed) && a.FromFile == b.FromFile
}

// changed returns the known subscriber with the changes that the row makes.
func (i *importer) changed(p match) ledger.Subscriber {
	s, row, said := p.known, p.row, Row{}
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
	case s.Status == ledger.Removed && row.Status.Ongoing():
		s.Status, s.FromFile = row.Status, i.Origin == FromFile
	case row.Status == said.Status:
	case s.Status == ledger.Pending && row.Status == ledger.Active:
		s.Status, s.FromFile = ledger.Active, s.FromFile || i.Origin == FromFile
	case s.Status.Ongoing() && !row.Status.Ongoing():
		s.Status = row.Status
	}
	return s
}

// remember stores what the file says about the subscriber.
func (i *importer) remember(ctx context.Context, do mergeStatements, p match) error {
	if i.Origin != FromFile {
		return nil
	}
	_, err := do.remember.ExecContext(ctx, p.known.ID, p.row.Name, p.row.Cadence, sqlutil.Strings(p.row.Tags), p.row.Language, p.row.Status)
	return err
}

// addNew adds subscribers for the rows whose addresses have none, in the order of the
// addresses, which the index of addresses takes fastest.
func (i *importer) addNew(ctx context.Context, tx *sql.Tx) error {
	which := ""
	if i.known > 0 {
		which = "WHERE NOT EXISTS (SELECT 1 FROM subscriber s WHERE s.email_key = r.email_key)"
	}
	if i.Report != nil {
		if _, err := tx.ExecContext(ctx, "UPDATE import_row AS r SET was = '' "+which); err != nil {
			return err
		}
	}
	said := "'', '', '', '', NULL"
	if i.Origin == FromFile {
		said = "r.name, r.cadence, r.tags, r.language, r.status"
	}
	if err := tx.QueryRowContext(ctx, "SELECT COALESCE(MAX(id), 0) FROM subscriber").Scan(&i.added.after); err != nil {
		return err
	}
	result, err := tx.ExecContext(ctx, `
		INSERT INTO subscriber (email, email_key, name, status, status_at, cadence, tags, language, created_at, confirmed_at,
			cursor_seq, from_file, import, file_name, file_cadence, file_tags, file_language, file_status)
		SELECT r.email, r.email_key, r.name, r.status, $1, r.cadence, r.tags, r.language, COALESCE(r.created_at, $1), r.confirmed_at,
			$2, $3, $4, `+said+`
		FROM import_row r `+which+` ORDER BY r.email_key`,
		sqlutil.Time(i.Now), i.newest, i.Origin == FromFile, sqlutil.Number(i.counts.Number))
	if err != nil {
		return err
	}
	added, err := result.RowsAffected()
	i.counts.Added = int(added)
	if err != nil || added == 0 || i.Source == nil {
		return err
	}
	return tx.QueryRowContext(ctx, "SELECT MAX(id) FROM subscriber WHERE import = $1 AND id > $2", i.counts.Number, i.added.after).Scan(&i.added.last)
}
