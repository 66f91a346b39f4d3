package ledger

import (
	"cmp"
	"context"
	"database/sql"
	"strings"
	"time"

	"publisher/internal/ledger/sqlutil"
)

// maxAbsence is how long a subscription may have ended before the posts that were due at
// that time are not sent any more.
const maxAbsence = 7 * 24 * time.Hour

// ChosenSoFar returns what is due to the subscriber by the current choice, before it
// changes.
func ChosenSoFar(ctx context.Context, tx *sql.Tx, s Subscriber, defaultCadence string) (Due, error) {
	if s.Status != Active {
		return s.Due, nil
	}
	closed, err := closedThrough(ctx, tx, cmp.Or(s.Cadence, defaultCadence))
	if err != nil || closed <= s.Cursor {
		return s.Due, err
	}
	posts, selection, err := postsAndSelection(ctx, tx, s)
	if err != nil {
		return s.Due, err
	}
	return s.AfterChoice(posts, selection, closed), nil
}

// Activate makes the subscriber active: see Due.AfterReturn.
func Activate(ctx context.Context, tx *sql.Tx, s *Subscriber, defaultCadence string, now time.Time) (err error) {
	s.UndoTo = ""
	if s.Status == Pending {
		s.Status = Active
		if s.Confirmed.IsZero() {
			s.Confirmed = now
		}
		s.Owed = nil
		s.Cursor, err = NewestNumber(ctx, tx)
		return err
	}
	var since sqlutil.Time
	if err := tx.QueryRowContext(ctx, "SELECT status_at FROM subscriber WHERE id = $1", s.ID).Scan(&since); err != nil {
		return err
	}
	closedNow, err := closedThrough(ctx, tx, cmp.Or(s.Cadence, defaultCadence))
	if err != nil {
		return err
	}
	s.Status = Active
	if now.Sub(time.Time(since)) > maxAbsence {
		s.Due = Due{Cursor: max(s.Cursor, closedNow)}
		return nil
	}
	var closedThen int64
	if err := tx.QueryRowContext(ctx, "SELECT COALESCE(MAX(through_seq), 0) FROM edition WHERE cadence = $1 AND closed_at <= $2",
		cmp.Or(s.Cadence, defaultCadence), since).Scan(&closedThen); err != nil {
		return err
	}
	posts, selection, err := postsAndSelection(ctx, tx, *s)
	if err == nil {
		s.Due = s.AfterReturn(posts, selection, closedThen, closedNow)
	}
	return err
}

// closedThrough returns the number through which the cadence has closed editions,
// including empty ones; 0 if it never has.
func closedThrough(ctx context.Context, tx *sql.Tx, cadence string) (through int64, err error) {
	_, err = sqlutil.Row(ctx, tx, "SELECT through_seq FROM cadence WHERE name = $1", []any{cadence}, &through)
	return through, err
}

// postsAndSelection returns the posts above the subscriber's cursor, and the subscriber's
// selection.
func postsAndSelection(ctx context.Context, tx *sql.Tx, s Subscriber) ([]NumberedPost, Selection, error) {
	posts, err := numberedPosts(ctx, tx, s.Cursor)
	if err != nil {
		return nil, Selection{}, err
	}
	languages, err := digestLanguages(ctx, tx)
	return posts, Selection{Tags: s.Tags, Language: digestLanguage(s.Language, languages)}, err
}

// numberedPosts returns the posts with a number above after, by number.
func numberedPosts(ctx context.Context, db sqlutil.Querier, after int64) ([]NumberedPost, error) {
	return sqlutil.Collect(ctx, db, func(row sqlutil.Scanner) (p NumberedPost, err error) {
		var tags sql.NullString
		if err := row.Scan(&p.Seq, &p.ID, &tags, &p.Language); err != nil {
			return p, err
		}
		p.Unread = !tags.Valid
		return p, (*sqlutil.Strings)(&p.Tags).Scan(tags.String)
	}, "SELECT seq, id, tags, language FROM post WHERE seq > $1 ORDER BY seq", after)
}

// NumberedPosts returns every post that has a number, by number.
func (l *Ledger) NumberedPosts(ctx context.Context) ([]NumberedPost, error) {
	posts, err := numberedPosts(ctx, l.read, 0)
	return posts, l.Fail("read the numbered posts", err)
}

// digestLanguages returns the languages that had digests of their own last, the site's
// first; none if all posts are in one digest.
func digestLanguages(ctx context.Context, q sqlutil.RowQuerier) ([]string, error) {
	var value string
	err := q.QueryRowContext(ctx, "SELECT digest_languages FROM pass_state").Scan(&value)
	return strings.Fields(value), err
}

// undoTime is how long an unsubscribing can be taken back by the link.
const undoTime = maxAbsence

// CanUndo reports whether the subscriber can undo the unsubscribing: their own link ended
// the subscription, not the owner, and not long ago.
func (s *Subscriber) CanUndo(now time.Time) bool {
	return s.Status == Unsubscribed && s.UndoTo != "" && now.Sub(s.StatusAt) <= undoTime
}
