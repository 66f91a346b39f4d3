package passstate

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/sqlutil"
)

// UnchangedNote lets a pass over an unchanged tree skip reading the posts. The caller that
// saves it defines its version, scan and settings.
type UnchangedNote struct {
	Version  int
	Scan     string
	Settings string
	Since    time.Time // the note holds from here
	Until    time.Time // to here
	Mail     bool      // no post waits for more than its date or an edit
	Problems []Problem // found beyond the files themselves
}

func (n *UnchangedNote) equal(other *UnchangedNote) bool {
	return n.Version == other.Version && n.Scan == other.Scan && n.Settings == other.Settings && n.Mail == other.Mail &&
		n.Since.Equal(other.Since) && n.Until.Equal(other.Until) && slices.Equal(n.Problems, other.Problems)
}

// LoadUnchangedNote returns the note that was saved last; nil if none was.
func LoadUnchangedNote(ctx context.Context, l *ledger.Ledger) (*UnchangedNote, error) {
	const doing = "read the note of the last pass"
	n := new(UnchangedNote)
	found, err := sqlutil.Row(ctx, l.Reader(), "SELECT version, scan, settings, since_at, until_at, mail FROM unchanged_note", nil,
		&n.Version, &n.Scan, &n.Settings, (*sqlutil.Time)(&n.Since), (*sqlutil.Time)(&n.Until), &n.Mail)
	if err != nil || !found {
		return nil, l.Fail(doing, err)
	}
	n.Problems, err = problems(ctx, l.Reader(), ofPosts)
	return n, l.Fail(doing, err)
}

// SaveUnchangedNote replaces the note if it differs.
func SaveUnchangedNote(ctx context.Context, l *ledger.Ledger, n UnchangedNote) error {
	n.Since, n.Until = sqlutil.Stored(n.Since), sqlutil.Stored(n.Until)
	if last, err := LoadUnchangedNote(ctx, l); err != nil || last != nil && last.equal(&n) {
		return err
	}
	return l.Store(ctx, "save the note of this pass", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO unchanged_note (id, version, scan, settings, since_at, until_at, mail) VALUES (1, $1, $2, $3, $4, $5, $6)
			ON CONFLICT (id) DO UPDATE SET version = excluded.version, scan = excluded.scan, settings = excluded.settings,
				since_at = excluded.since_at, until_at = excluded.until_at, mail = excluded.mail`,
			n.Version, n.Scan, n.Settings, sqlutil.Time(n.Since), sqlutil.Time(n.Until), n.Mail)
		if err != nil {
			return err
		}
		return saveProblems(ctx, tx, ofPosts, n.Problems)
	})
}
