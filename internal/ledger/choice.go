package ledger

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"
)

// awayMost is how long a subscription may have ended before what was due when it did
// is not sent any more.
const awayMost = 7 * 24 * time.Hour

// chosenSoFar is what is due to the subscriber when they choose anew.
func chosenSoFar(ctx context.Context, tx *sql.Tx, s Subscriber, defaultCadence string) (Due, error) {
	if s.Status != Active {
		return s.Due, nil
	}
	closed, err := closedThrough(ctx, tx, cmp.Or(s.Cadence, defaultCadence))
	if err != nil || closed <= s.Cursor {
		return s.Due, err
	}
	posts, selection, err := held(ctx, tx, s)
	if err != nil {
		return s.Due, err
	}
	return s.AfterChoice(posts, selection, closed), nil
}

// activate makes the subscriber an active one: see Due.AfterReturn.
func activate(ctx context.Context, tx *sql.Tx, s *Subscriber, defaultCadence string, now time.Time) (err error) {
	s.UndoTo = ""
	if s.Status == Pending {
		s.Status = Active
		if s.Confirmed.IsZero() {
			s.Confirmed = now
		}
		s.Owed = nil
		s.Cursor, err = newest(ctx, tx)
		return err
	}
	var since instant
	if err := tx.QueryRowContext(ctx, "SELECT status_at FROM subscriber WHERE id = $1", s.ID).Scan(&since); err != nil {
		return err
	}
	closedNow, err := closedThrough(ctx, tx, cmp.Or(s.Cadence, defaultCadence))
	if err != nil {
		return err
	}
	s.Status = Active
	if now.Sub(time.Time(since)) > awayMost {
		s.Due = Due{Cursor: max(s.Cursor, closedNow)}
		return nil
	}
	var closedThen int64
	if err := tx.QueryRowContext(ctx, "SELECT COALESCE(MAX(through_seq), 0) FROM edition WHERE cadence = $1 AND closed_at <= $2",
		cmp.Or(s.Cadence, defaultCadence), since).Scan(&closedThen); err != nil {
		return err
	}
	posts, selection, err := held(ctx, tx, *s)
	if err == nil {
		s.Due = s.AfterReturn(posts, selection, closedThen, closedNow)
	}
	return err
}

// closedThrough is the number up to which the cadence has closed editions, empty ones
// included; 0 where it never has.
func closedThrough(ctx context.Context, tx *sql.Tx, cadence string) (through int64, err error) {
	err = tx.QueryRowContext(ctx, "SELECT through_seq FROM cadence WHERE name = $1", cadence).Scan(&through)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return through, err
}

// held are the posts above the subscriber's cursor, and what they are held against.
func held(ctx context.Context, tx *sql.Tx, s Subscriber) ([]NumberedPost, Selection, error) {
	posts, err := numberedPosts(ctx, tx, s.Cursor)
	if err != nil {
		return nil, Selection{}, err
	}
	languages, err := digestLanguages(ctx, tx)
	return posts, Selection{Tags: s.Tags, Language: digestLanguage(s.Language, languages)}, err
}

// numberedPosts are those with a number above after, by number.
func numberedPosts(ctx context.Context, db rowsQuerier, after int64) ([]NumberedPost, error) {
	return collect(ctx, db, func(row scanner) (p NumberedPost, err error) {
		var tags sql.NullString
		if err := row.Scan(&p.Seq, &p.ID, &tags, &p.Language); err != nil {
			return p, err
		}
		p.Unread = !tags.Valid
		return p, (*list)(&p.Tags).Scan(tags.String)
	}, "SELECT seq, id, tags, language FROM post WHERE seq > $1 ORDER BY seq", after)
}

// NumberedPosts returns every post that has a number, by number.
func (l *Ledger) NumberedPosts(ctx context.Context) ([]NumberedPost, error) {
	posts, err := numberedPosts(ctx, l.read, 0)
	return posts, l.fail("read the numbered posts", err)
}

// digestLanguages are those that digests were last made in, the site's first; none
// where all is in one.
func digestLanguages(ctx context.Context, q querier) ([]string, error) {
	var value string
	err := q.QueryRowContext(ctx, "SELECT digest_languages FROM pass_state").Scan(&value)
	return strings.Fields(value), err
}
