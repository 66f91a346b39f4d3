package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"publisher/internal/ledger/sqlutil"
)

// SetDigestLanguages stores which languages have digests of their own from now on, the
// site's first; none if all posts are in one digest. A change does not apply to the past:
// what was due by the previous languages stays due (Due.AfterChoice). Unfinished editions
// end, and their cadences close again at once, so that subscribers they have not reached
// get the posts by the new languages.
func (l *Ledger) SetDigestLanguages(ctx context.Context, languages []string, cadences []Audience, now time.Time) error {
	last, err := digestLanguages(ctx, l.read)
	if err != nil || slices.Equal(last, languages) {
		return l.Fail("read the languages of digests", err)
	}
	return l.Change(ctx, "change the languages of digests", func(tx *sql.Tx) error {
		for _, a := range cadences {
			closed, err := closedThrough(ctx, tx, a.Cadence)
			if err != nil {
				return err
			}
			where, args := a.hasCadence(nil)
			err = changeDue(ctx, tx, "s.status = 'active' AND "+where, args, func(posts []NumberedPost, g dueGroup) Due {
				return g.AfterChoice(posts, g.Selection, closed)
			})
			if err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM cadence WHERE name IN (SELECT e.cadence FROM edition e WHERE e.done_at IS NULL)"); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "UPDATE edition SET done_at = $1 WHERE done_at IS NULL", sqlutil.Time(now)); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "UPDATE pass_state SET digest_languages = $1", strings.Join(languages, " "))
		return err
	})
}

// dueGroup is the subscribers with the same posts due and the same selection.
type dueGroup struct {
	Due
	Selection
	language string // as it is stored
}

// changeDue changes what is due to the subscribers s that a condition selects.
func changeDue(ctx context.Context, tx *sql.Tx, where string, args []any, change func([]NumberedPost, dueGroup) Due) error {
	languages, err := digestLanguages(ctx, tx)
	if err != nil {
		return err
	}
	scan := func(row sqlutil.Scanner) (g dueGroup, err error) {
		err = row.Scan(&g.Cursor, &g.Owed, (*sqlutil.Strings)(&g.Tags), &g.language)
		g.Language = digestLanguage(g.language, languages)
		return g, err
	}
	groups, err := sqlutil.Collect(ctx, tx, scan, "SELECT DISTINCT s.cursor_seq, s.owed, s.tags, s.language FROM subscriber s WHERE "+where, args...)
	if err != nil || len(groups) == 0 {
		return err
	}
	posts, err := numberedPosts(ctx, tx, 0)
	if err != nil {
		return err
	}
	n := len(args)
	for _, g := range groups {
		due := change(posts, g)
		if due.Cursor == g.Cursor && due.Owed.String() == g.Owed.String() {
			continue
		}
		_, err := tx.ExecContext(ctx, "UPDATE subscriber AS s SET cursor_seq = "+param(n+1)+", owed = "+param(n+2)+" WHERE "+where+
			" AND s.cursor_seq = "+param(n+3)+" AND s.owed = "+param(n+4)+" AND s.tags = "+param(n+5)+" AND s.language = "+param(n+6),
			append(args[:n:n], due.Cursor, due.Owed, g.Cursor, g.Owed, sqlutil.Strings(g.Tags), g.language)...)
		if err != nil {
			return err
		}
	}
	return nil
}

// param returns the n-th parameter of a query.
func param(n int) string { return fmt.Sprintf("$%d", n) }
