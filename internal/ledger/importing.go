package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"publisher/mailer/address"
	"time"
)

// Row is one line of an imported list.
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

// Origin is where imported rows come from.
type Origin int

const (
	FromCommand Origin = iota // subscribers add, subscribers import
	FromFile                  // subscribers.file, read by each pass
)

// ImportCounts counts what an import did.
type ImportCounts struct {
	Rows, Added, Updated, Unchanged int // Rows counts each address once
	Duplicates                      int // rows whose address another row has too
	Kept                            int // rows that would have brought back who unsubscribed, bounced or complained
	Missing                         int // FromFile: subscriptions from the file that it no longer has
	Removed                         int // of these, ended
}

// ImportOptions say how rows are imported.
type ImportOptions struct {
	Origin         Origin
	DefaultCadence string // of subscribers without one of their own
	Now            time.Time
	// MayRemove reports whether FromFile may end the subscriptions that are missing; it is
	// called after the last row, with the number of rows that the file had before. nil: no.
	MayRemove func(missing, before int) bool
	// Report is called with the result of each row, in the order of their lines; nil: nobody
	// asks. An error that it returns ends the import, and nothing is changed.
	Report func(RowResult) error
}

// Import adds and updates subscribers in one transaction, streaming. It never brings back
// subscribers who unsubscribed, bounced or complained (a row that came back revives
// Removed alone).
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
	i := &importer{ImportOptions: o, writer: l.write, journal: l.journal}
	err := l.write.hold(ctx, func(conn *sql.Conn) error {
		i.conn = conn
		if err := i.stage(ctx, rows); err != nil {
			return err
		}
		return i.merge(ctx)
	})
	if err != nil {
		return ImportCounts{}, l.fail("import", err)
	}
	return i.counts, nil
}

// importer holds one import. The rows go into a temporary table first, so that
// a slow reader locks nobody out, and memory stays flat.
type importer struct {
	ImportOptions
	writer  *writer
	conn    *sql.Conn
	journal *journal
	newest  int64
	counts  ImportCounts
	staged  int // rows, each address as often as it occurs
}

func (i *importer) stage(ctx context.Context, rows iter.Seq2[Row, error]) error {
	for _, query := range append([]string{"DROP TABLE IF EXISTS import_row", createImportRow}, i.resultTables()...) {
		if _, err := i.conn.ExecContext(ctx, query); err != nil {
			return err
		}
	}
	// Read-only, since temporary tables do not count: the ledger is not locked.
	tx, err := i.conn.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer tx.Rollback()
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
		if err := i.stageRow(ctx, insert, row); err != nil {
			return fmt.Errorf("line %d: %w", row.Line, err)
		}
	}
	// Who says nothing of it subscribes now.
	if _, err := tx.ExecContext(ctx, "UPDATE import_row SET created_at = $1 WHERE created_at IS NULL", instant(i.Now)); err != nil {
		return err
	}
	return tx.Commit()
}

func (i *importer) stageRow(ctx context.Context, insert *sql.Stmt, r Row) error {
	if r.Refused != "" {
		return i.noteRow(ctx, r, "")
	}
	key, err := address.Normalize(r.Email)
	if err != nil {
		return err
	}
	switch r.Status {
	case "":
		r.Status = Active
	case Active, Pending, Unsubscribed, Removed, Bounced, Complained:
	default:
		return fmt.Errorf("%q is not a status; want active, pending, unsubscribed, removed, bounced or complained", r.Status)
	}
	i.staged++
	_, err = insert.ExecContext(ctx, key, r.Email, r.Name, r.Status, r.Cadence, normalTags(r.Tags), r.Language, instant(r.Created), instant(r.Confirmed), r.Status.strictness())
	if err != nil {
		return err
	}
	return i.noteRow(ctx, r, key)
}

func (i *importer) merge(ctx context.Context) error {
	return i.writer.transaction(ctx, i.conn, func(tx *sql.Tx) error { return i.mergeIn(ctx, tx) })
}

func (i *importer) mergeIn(ctx context.Context, tx *sql.Tx) (err error) {
	if err := i.journal.fold(ctx, tx); err != nil {
		return err
	}
	if i.newest, err = newest(ctx, tx); err != nil {
		return err
	}
	if i.Origin == FromFile {
		if err := i.removeMissing(ctx, tx); err != nil {
			return err
		}
	}
	if err := i.count(ctx, tx); err != nil {
		return err
	}
	if err := i.rememberBefore(ctx, tx); err != nil {
		return err
	}
	if err := i.mergeRows(ctx, tx); err != nil {
		return err
	}
	if err := i.reportResults(ctx, tx); err != nil {
		return err
	}
	i.counts.Unchanged = i.counts.Rows - i.counts.Added - i.counts.Updated - i.counts.Kept
	return nil
}

// count counts what is known before the rows are gone through.
func (i *importer) count(ctx context.Context, tx *sql.Tx) error {
	err := tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM import_row").Scan(&i.counts.Rows)
	if err != nil {
		return err
	}
	i.counts.Duplicates = i.staged - i.counts.Rows
	return tx.QueryRowContext(ctx, `
		SELECT COUNT(*) FROM subscriber s JOIN import_row r ON r.email_key = s.email_key
		WHERE s.status IN ('unsubscribed', 'bounced', 'complained') AND r.status IN ('active', 'pending')`).Scan(&i.counts.Kept)
}

func (i *importer) mergeRows(ctx context.Context, tx *sql.Tx) error {
	statements, err := prepareMerge(ctx, tx)
	if err != nil {
		return err
	}
	defer statements.close()
	for after := ""; ; {
		batch, err := i.readPairs(ctx, tx, after)
		if err != nil {
			return err
		}
		for _, p := range batch {
			if err := i.mergePair(ctx, tx, statements, p); err != nil {
				return fmt.Errorf("%s: %w", p.row.Email, err)
			}
			after = p.key
		}
		if len(batch) < page {
			return nil
		}
	}
}

// pair is a row and the subscriber whom it names, with what the file said last.
type pair struct {
	key   string
	row   Row
	known *Subscriber
	said  Row // its Status is "" where the file did not have the address
}

// readPairs reads those behind a key. From a file, rows that say what they said
// last time are left out, which of a long list are nearly all.
func (i *importer) readPairs(ctx context.Context, tx *sql.Tx, after string) ([]pair, error) {
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
	var pairs []pair
	for rows.Next() {
		var p pair
		var s Subscriber
		targets := []any{&p.key, &p.row.Email, &p.row.Name, &p.row.Status, &p.row.Cadence, (*list)(&p.row.Tags), &p.row.Language,
			(*instant)(&p.row.Created), (*instant)(&p.row.Confirmed)}
		targets = append(targets, s.fields()...)
		targets = append(targets, &p.said.Name, &p.said.Cadence, (*list)(&p.said.Tags), &p.said.Language, &p.said.Status)
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

// mergeStatements are what an import does to one subscriber.
type mergeStatements struct{ insert, update, remember *sql.Stmt }

func prepareMerge(ctx context.Context, tx *sql.Tx) (s mergeStatements, err error) {
	for _, p := range []struct {
		to   **sql.Stmt
		text string
	}{
		{&s.insert, `INSERT INTO subscriber (email, email_key, name, status, status_at, cadence, tags, language,
				created_at, confirmed_at, cursor_seq, from_file, file_name, file_cadence, file_tags, file_language, file_status)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`},
		{&s.update, updateSubscriber},
		{&s.remember, `UPDATE subscriber SET file_name = $2, file_cadence = $3, file_tags = $4, file_language = $5, file_status = $6
			WHERE email_key = $1`},
	} {
		if *p.to, err = tx.PrepareContext(ctx, p.text); err != nil {
			s.close()
			return s, err
		}
	}
	return s, nil
}

func (s mergeStatements) close() {
	for _, statement := range []*sql.Stmt{s.insert, s.update, s.remember} {
		if statement != nil {
			statement.Close()
		}
	}
}

func (i *importer) mergePair(ctx context.Context, tx *sql.Tx, do mergeStatements, p pair) error {
	if p.known == nil {
		i.counts.Added++
		return i.insert(ctx, do, p)
	}
	if err := i.remember(ctx, do, p); err != nil {
		return err
	}
	if p.known.Status.final() && p.row.Status.standing() {
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
	_, err := do.update.ExecContext(ctx, changed.updates(i.Now)...)
	return err
}

func (i *importer) insert(ctx context.Context, do mergeStatements, p pair) error {
	r, said, saidStatus := p.row, Row{}, sql.NullString{}
	if i.Origin == FromFile {
		said, saidStatus = r, sql.NullString{String: string(r.Status), Valid: true}
	}
	_, err := do.insert.ExecContext(ctx, r.Email, p.key, r.Name, r.Status, instant(i.Now), r.Cadence, list(r.Tags), r.Language,
		instant(r.Created), instant(r.Confirmed), i.newest, i.Origin == FromFile,
		said.Name, said.Cadence, list(said.Tags), said.Language, saidStatus)
	return err
}

func sameSubscriber(a, b Subscriber) bool {
	return sameChoice(a, b) && a.Name == b.Name && a.Status == b.Status &&
		a.Confirmed.Equal(b.Confirmed) && a.FromFile == b.FromFile
}

// changed is the known subscriber with what the row changes.
func (i *importer) changed(p pair) Subscriber {
	s, row, said := *p.known, p.row, Row{}
	if i.Origin == FromFile {
		said = p.said
	}
	if row.Name != said.Name {
		s.Name = row.Name
	}
	if row.Cadence != said.Cadence {
		s.Cadence = row.Cadence
	}
	if list(row.Tags).String() != list(said.Tags).String() {
		s.Tags = row.Tags
	}
	if row.Language != said.Language {
		s.Language = row.Language
	}
	if s.Confirmed.IsZero() {
		s.Confirmed = row.Confirmed
	}
	switch {
	case s.Status == Removed && row.Status.standing():
		s.Status, s.FromFile = row.Status, i.Origin == FromFile
	case row.Status == said.Status:
	case s.Status == Pending && row.Status == Active:
		s.Status, s.FromFile = Active, s.FromFile || i.Origin == FromFile
	case s.Status.standing() && !row.Status.standing():
		s.Status = row.Status
	}
	return s
}

// remember stores what the file says.
func (i *importer) remember(ctx context.Context, do mergeStatements, p pair) error {
	if i.Origin != FromFile {
		return nil
	}
	_, err := do.remember.ExecContext(ctx, p.key, p.row.Name, p.row.Cadence, list(p.row.Tags), p.row.Language, p.row.Status)
	return err
}

// removeMissing ends the subscriptions from the file that it no longer has. If
// it may not, they count as the file's still, so that the next reading, too, is
// held against what the file once had.
func (i *importer) removeMissing(ctx context.Context, tx *sql.Tx) error {
	const gone = "s.file_status IS NOT NULL AND NOT EXISTS (SELECT 1 FROM import_row r WHERE r.email_key = s.email_key)"
	var before, lost int
	err := tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM subscriber s WHERE s.file_status IS NOT NULL").Scan(&before)
	if err != nil {
		return err
	}
	err = tx.QueryRowContext(ctx, `
		SELECT COUNT(*), COUNT(CASE WHEN s.from_file AND s.status IN ('active', 'pending') THEN 1 END)
		FROM subscriber s WHERE `+gone).Scan(&lost, &i.counts.Missing)
	if err != nil || lost == 0 {
		return err
	}
	if i.counts.Missing > 0 && (i.MayRemove == nil || !i.MayRemove(i.counts.Missing, before)) {
		return nil
	}
	_, err = tx.ExecContext(ctx, `
		UPDATE subscriber AS s SET
			status = CASE WHEN s.from_file AND s.status IN ('active', 'pending') THEN 'removed' ELSE s.status END,
			status_at = CASE WHEN s.from_file AND s.status IN ('active', 'pending') THEN $1 ELSE s.status_at END,
			undo_to = CASE WHEN s.from_file AND s.undo_to <> '' THEN 'removed' ELSE s.undo_to END,
			file_name = '', file_cadence = '', file_tags = '', file_language = '', file_status = NULL
		WHERE `+gone, instant(i.Now))
	if err == nil {
		i.counts.Removed = i.counts.Missing
	}
	return err
}
