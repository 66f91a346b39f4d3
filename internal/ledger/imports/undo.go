package imports

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/sqlutil"
)

// ErrNoImport is the error of Undo for a number that no import has.
var ErrNoImport = errors.New("there is no such import")

// UndoOptions control Undo.
type UndoOptions struct {
	DefaultCadence string
	Now            time.Time
	// Left, unless nil, is called for each subscriber that is left as it is. If it returns an
	// error, nothing is changed. It may not use the ledger.
	Left func(LeftSubscriber) error
}

// LeftSubscriber is a subscriber that undoing an import leaves as it is.
type LeftSubscriber struct {
	Email string
	By    int64 // the later import that changed it; 0 if something else did
}

// Undone is what undoing an import did.
type Undone struct {
	Deleted  int       // subscribers that the import had added
	Ended    int       // of those, the ones that have had mail: they are removed, so that the links in it work
	Restored int       // subscribers that the import had changed
	Left     int       // subscribers that something has changed since
	Erased   int       // subscribers that do not exist any more
	Already  time.Time // when the import was undone before, and nothing else was done; zero: it was not
}

// Undo takes back what the import with a number added or changed and nothing has
// touched since: see importer.begin. Mail is no such touch.
func Undo(ctx context.Context, l *ledger.Ledger, number int64, o UndoOptions) (got Undone, err error) {
	err = l.Change(ctx, fmt.Sprintf("undo import %d", number), func(tx *sql.Tx) error {
		record, stored, err := scanImport(tx.QueryRowContext(ctx, "SELECT "+importColumns+" FROM import WHERE number = $1", number))
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return ErrNoImport
		case err != nil:
			return err
		case !record.Undone.IsZero():
			got = Undone{Already: record.Undone}
			return nil
		}
		u := undoing{UndoOptions: o, Record: record, stored: stored}
		for _, step := range []func(context.Context, *sql.Tx) error{u.findLeft, u.restore, u.endMailed, u.deleteAdded, u.finish} {
			if err := step(ctx, tx); err != nil {
				return err
			}
		}
		got = u.done
		return nil
	})
	return got, err
}

// undoing is an import that is being undone.
type undoing struct {
	UndoOptions
	Record
	stored storedCounts
	done   Undone
}

// findLeft reports who was touched since the import.
func (u *undoing) findLeft(ctx context.Context, tx *sql.Tx) error {
	rows, err := tx.QueryContext(ctx, `
		SELECT s.email, COALESCE(s.import, 0) FROM subscriber s
		WHERE (s.id > $2 AND s.id <= $3 OR s.id IN (SELECT c.subscriber FROM import_change c WHERE c.import = $1))
			AND (s.import IS NULL OR s.import <> $1) ORDER BY s.id`, u.Number, u.stored.After, u.stored.Last)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var left LeftSubscriber
		if err := rows.Scan(&left.Email, &left.By); err != nil {
			return err
		}
		u.done.Left++
		if u.Left == nil {
			continue
		}
		if err := u.Left(left); err != nil {
			return err
		}
	}
	return rows.Err()
}

// restore takes back the changes of subscribers who were there before.
func (u *undoing) restore(ctx context.Context, tx *sql.Tx) error {
	type change struct {
		ledger.Subscriber
		before string
	}
	for after := int64(0); ; {
		batch, err := sqlutil.Collect(ctx, tx, func(row sqlutil.Scanner) (c change, err error) {
			err = row.Scan(append(c.Fields(), &c.before)...)
			return c, err
		}, "SELECT "+ledger.SubscriberColumns+`, c.before FROM import_change c JOIN subscriber s ON s.id = c.subscriber
			WHERE c.import = $1 AND s.import = $1 AND c.subscriber > $2 ORDER BY c.subscriber LIMIT $3`, u.Number, after, ledger.BatchSize)
		if err != nil {
			return err
		}
		for _, c := range batch {
			if err := u.restoreOne(ctx, tx, c.Subscriber, c.before); err != nil {
				return fmt.Errorf("%s: %w", c.Email, err)
			}
			after = c.ID
		}
		if len(batch) < ledger.BatchSize {
			return nil
		}
	}
}

func (u *undoing) restoreOne(ctx context.Context, tx *sql.Tx, s ledger.Subscriber, text string) error {
	var was before
	if err := json.Unmarshal([]byte(text), &was); err != nil {
		return err
	}
	old := s
	old.Name, old.Status, old.UndoTo, old.Cadence, old.Tags, old.Language, old.FromFile = was.Name, was.Status, was.UndoTo, was.Cadence, was.Tags, was.Language, was.FromFile
	old.Confirmed = time.Time{}
	if was.Confirmed != 0 {
		old.Confirmed = time.UnixMicro(was.Confirmed).UTC()
	}
	if err := settleChange(ctx, tx, s, &old, u.DefaultCadence, u.Now); err != nil {
		return err
	}
	if err := ledger.SaveSubscriber(ctx, tx, &old, u.Now); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "UPDATE subscriber SET import = $2 WHERE id = $1", s.ID, sqlutil.Number(was.Import)); err != nil {
		return err
	}
	u.done.Restored++
	_, err := tx.ExecContext(ctx, "DELETE FROM consent WHERE subscriber = $1 AND how = 'import' AND page = $2", s.ID, importPage(u.Number, u.Service))
	return err
}

// endMailed ends the added subscriptions that have had mail. Their deliveries are for
// posts newer than the import, because new subscribers get no others.
func (u *undoing) endMailed(ctx context.Context, tx *sql.Tx) error {
	result, err := tx.ExecContext(ctx, `
		UPDATE subscriber AS s SET status = 'removed', status_at = $5, undo_to = '', import = NULL
		WHERE s.import = $1 AND s.id > $2 AND s.id <= $3
			AND (EXISTS (SELECT 1 FROM edition e JOIN delivery d ON d.edition = e.number WHERE e.through_seq > $4 AND d.subscriber = s.id)
				OR s.id IN (SELECT n.subscriber FROM notice n WHERE n.subscriber IS NOT NULL))`,
		u.Number, u.stored.After, u.stored.Last, u.stored.Newest, sqlutil.Time(u.Now))
	if err != nil {
		return err
	}
	ended, err := result.RowsAffected()
	u.done.Ended = int(ended)
	return err
}

// deleteAdded deletes the other subscribers that the import added, and all about them.
func (u *undoing) deleteAdded(ctx context.Context, tx *sql.Tx) error {
	const added = " IN (SELECT s.id FROM subscriber s WHERE s.import = $1 AND s.id > $2 AND s.id <= $3)"
	for _, table := range []string{"consent", "token", "event"} {
		if _, err := tx.ExecContext(ctx, "DELETE FROM "+table+" WHERE subscriber"+added, u.Number, u.stored.After, u.stored.Last); err != nil {
			return err
		}
	}
	result, err := tx.ExecContext(ctx, "DELETE FROM subscriber WHERE import = $1 AND id > $2 AND id <= $3", u.Number, u.stored.After, u.stored.Last)
	if err != nil {
		return err
	}
	deleted, err := result.RowsAffected()
	u.done.Deleted = int(deleted)
	return err
}

// finish forgets what the import did, so that it is undone only once.
func (u *undoing) finish(ctx context.Context, tx *sql.Tx) error {
	u.done.Erased = u.Counts.Added + u.Counts.Updated - u.done.Deleted - u.done.Ended - u.done.Restored - u.done.Left
	if _, err := tx.ExecContext(ctx, "DELETE FROM import_change WHERE import = $1", u.Number); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "DELETE FROM event WHERE kind = $1 AND data = $2", importEvent, importData(u.Number)); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, "UPDATE import SET undone_at = $2 WHERE number = $1", u.Number, sqlutil.Time(u.Now))
	return err
}
