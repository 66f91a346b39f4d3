package imports

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/sqlutil"
)

// Record is an import that has a number.
type Record struct {
	Number  int64
	At      time.Time
	Name    string // of the files
	Service string
	Counts  Counts
	Undone  time.Time // zero: it was not
}

// storedCounts are Counts as the table import has them.
type storedCounts struct {
	Rows       int `json:"rows"`
	Added      int `json:"added"`
	Updated    int `json:"updated"`
	Unchanged  int `json:"unchanged"`
	Kept       int `json:"kept"`
	Duplicates int `json:"duplicates"`
	Refused    int `json:"refused"`
	LeftOut    int `json:"left_out"`
	// Newest is the newest sequence number at that time.
	Newest int64 `json:"newest"`
	// The subscribers that it added have ids above After and up to Last.
	After int64 `json:"after"`
	Last  int64 `json:"last"`
}

// idRange are ids above after and up to last.
type idRange struct{ after, last int64 }

// A subscriber's column import is the number of the import that touched the subscriber
// last. It becomes NULL as soon as anything else changes what an import can set: the
// status, a choice, the name, the address, a confirmation, a pause, or what
// subscribers.file says. What is due does not count, because every delivery changes it. The
// trigger subscriber_touched of the schema sees to that, so that no statement can forget it.

// begin gives the import its number.
func (i *importer) begin(ctx context.Context, tx *sql.Tx) error {
	if i.Source == nil {
		return nil
	}
	if err := tx.QueryRowContext(ctx, "SELECT COALESCE(MAX(number), 0) + 1 FROM import").Scan(&i.counts.Number); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, "INSERT INTO import (number, at, name, service, counts) VALUES ($1, $2, $3, $4, '')",
		i.counts.Number, sqlutil.Time(i.Now), i.Source.Name, i.Source.Service)
	return err
}

// end stores what the import did. One that changed nothing has no number.
func (i *importer) end(ctx context.Context, tx *sql.Tx) error {
	c := &i.counts
	c.Unchanged = c.Rows - c.Added - c.Updated - c.Kept
	if i.Source == nil {
		return nil
	}
	number := c.Number
	if c.Added+c.Updated == 0 {
		c.Number = 0
		_, err := tx.ExecContext(ctx, "DELETE FROM import WHERE number = $1", number)
		return err
	}
	if err := i.noteConsents(ctx, tx); err != nil {
		return err
	}
	counts, err := json.Marshal(storedCounts{c.Rows, c.Added, c.Updated, c.Unchanged, c.Kept, c.Duplicates, c.Refused, c.LeftOut, i.newest, i.added.after, i.added.last})
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "UPDATE import SET counts = $2 WHERE number = $1", number, string(counts)); err != nil {
		return err
	}
	return ledger.AddEvent(ctx, tx, ledger.Event{At: i.Now, Kind: importEvent, Data: importData(number)})
}

// importEvent is the kind of the events of imports.
const importEvent = "import"

// importData is what the event of an import says.
func importData(number int64) sqlutil.Texts {
	return sqlutil.Texts{"import": strconv.FormatInt(number, 10)}
}

// noteConsents stores the consents of the subscribers that the import added: the list's
// dates are what there is to show for them.
func (i *importer) noteConsents(ctx context.Context, tx *sql.Tx) error {
	if i.counts.Added == 0 {
		return nil
	}
	_, err := tx.ExecContext(ctx, `
		INSERT INTO consent (subscriber, at, what, how, page, ip)
		SELECT s.id, COALESCE(s.confirmed_at, s.created_at), 'subscribe', 'import', $3, '' FROM subscriber s
		WHERE s.id > $2 AND s.import = $1 AND (s.confirmed_at IS NOT NULL OR s.created_at <> $4 AND s.status <> 'pending') ORDER BY s.id`,
		i.counts.Number, i.added.after, importPage(i.counts.Number, i.Source.Service), sqlutil.Time(i.Now))
	return err
}

// importPage is what consents of an import have as their page.
func importPage(number int64, service string) string {
	return fmt.Sprintf("import %d: %s", number, service)
}

// before is what an import changed of a subscriber, as it was.
type before struct {
	Name      string        `json:"name"`
	Status    ledger.Status `json:"status"`
	UndoTo    ledger.Status `json:"undo_to,omitempty"`
	Cadence   string        `json:"cadence"`
	Tags      []string      `json:"tags,omitempty"`
	Language  string        `json:"language,omitempty"`
	Confirmed int64         `json:"confirmed,omitempty"` // microseconds since 1970; 0: never
	FromFile  bool          `json:"from_file,omitempty"`
	Import    int64         `json:"import,omitempty"` // the import that had touched the subscriber last
}

// noteChanged stores what the import changed of a subscriber.
func (i *importer) noteChanged(ctx context.Context, tx *sql.Tx, p match, changed ledger.Subscriber) error {
	if i.Source == nil {
		return nil
	}
	was := before{Name: p.known.Name, Status: p.known.Status, UndoTo: p.known.UndoTo, Cadence: p.known.Cadence, Tags: p.known.Tags,
		Language: p.known.Language, FromFile: p.known.FromFile, Import: p.touchedLast}
	if !p.known.Confirmed.IsZero() {
		was.Confirmed = p.known.Confirmed.UnixMicro()
	}
	text, err := json.Marshal(was)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "INSERT INTO import_change (import, subscriber, before) VALUES ($1, $2, $3)", i.counts.Number, p.known.ID, string(text)); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "UPDATE subscriber SET import = $2 WHERE id = $1", p.known.ID, i.counts.Number); err != nil {
		return err
	}
	if changed.Confirmed.Equal(p.known.Confirmed) {
		return nil
	}
	return ledger.AddConsent(ctx, tx, ledger.Consent{Subscriber: p.known.ID, At: changed.Confirmed, What: "subscribe", How: "import",
		Page: importPage(i.counts.Number, i.Source.Service)}, nil)
}

const importColumns = "number, at, name, service, counts, undone_at"

func scanImport(row sqlutil.Scanner) (r Record, c storedCounts, err error) {
	var counts string
	if err := row.Scan(&r.Number, (*sqlutil.Time)(&r.At), &r.Name, &r.Service, &counts, (*sqlutil.Time)(&r.Undone)); err != nil {
		return r, c, err
	}
	err = json.Unmarshal([]byte(counts), &c)
	r.Counts = Counts{Rows: c.Rows, Added: c.Added, Updated: c.Updated, Unchanged: c.Unchanged, Kept: c.Kept,
		Duplicates: c.Duplicates, Refused: c.Refused, LeftOut: c.LeftOut, Number: r.Number}
	return r, c, err
}

// All returns the imports that have numbers, the newest first.
func All(ctx context.Context, l *ledger.Ledger) ([]Record, error) {
	all, err := sqlutil.Collect(ctx, l.Reader(), func(row sqlutil.Scanner) (Record, error) {
		r, _, err := scanImport(row)
		return r, err
	}, "SELECT "+importColumns+" FROM import ORDER BY number DESC")
	return all, l.Fail("read the imports", err)
}
