package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"publisher/internal/ledger/sqlutil"
)

// ArchivedPage returns the web version of an edition, compressed by gzip; nil if it has
// none.
func (l *Ledger) ArchivedPage(ctx context.Context, edition int64) (html []byte, err error) {
	_, err = sqlutil.Row(ctx, l.read, "SELECT html_gzip FROM archived_page WHERE edition = $1", []any{edition}, &html)
	return html, l.Fail(fmt.Sprintf("read the web version of edition %d", edition), err)
}

// HasArchivedPage reports whether an edition has a web version.
func (l *Ledger) HasArchivedPage(ctx context.Context, edition int64) (has bool, err error) {
	err = l.read.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM archived_page WHERE edition = $1)", edition).Scan(&has)
	return has, l.Fail(fmt.Sprintf("look for the web version of edition %d", edition), err)
}

// SaveArchivedPage stores the web version of an edition, compressed by gzip.
func (l *Ledger) SaveArchivedPage(ctx context.Context, edition int64, html []byte) error {
	return l.StoreRow(ctx, fmt.Sprintf("save the web version of edition %d", edition), `
		INSERT INTO archived_page (edition, html_gzip) VALUES ($1, $2)
		ON CONFLICT (edition) DO UPDATE SET html_gzip = excluded.html_gzip`, edition, html)
}

// ArchivedEdition is what the archive tells of an edition.
type ArchivedEdition struct {
	Number            int64
	Cadence, Language string
	Subject           string
	Closed            time.Time
	Posts             []string // ids, newest first
}

// archived selects the editions with a web version, but not those that were canceled before
// anybody received them.
const archived = `EXISTS (SELECT 1 FROM archived_page p WHERE p.edition = e.number)
	AND (e.canceled_at IS NULL OR EXISTS (SELECT 1 FROM delivery d WHERE d.edition = e.number AND d.progress = 'sent')
		OR EXISTS (SELECT 1 FROM delivery_count c WHERE c.edition = e.number AND c.progress = 'sent'))`

// ArchivedEditions returns the editions of the archive, newest first: at most so many, or all
// if most is 0.
func (l *Ledger) ArchivedEditions(ctx context.Context, most int) ([]ArchivedEdition, error) {
	query, args := "SELECT e.number, e.cadence, e.language, e.subject, e.closed_at, e.posts FROM edition e WHERE "+archived+" ORDER BY e.number DESC", []any(nil)
	if most > 0 {
		query, args = query+" LIMIT $1", []any{most}
	}
	all, err := collectSettled(ctx, l, func(row sqlutil.Scanner) (e ArchivedEdition, err error) {
		err = row.Scan(&e.Number, &e.Cadence, &e.Language, &e.Subject, (*sqlutil.Time)(&e.Closed), (*sqlutil.Strings)(&e.Posts))
		return e, err
	}, query, args...)
	return all, l.Fail("read the archive", err)
}

// EditionNeighbors are the editions of the archive around one of its editions, of the same
// cadence and language.
type EditionNeighbors struct {
	Language     string // of all three
	Older, Newer int64  // 0: none
}

// EditionNeighbors returns the neighbors of an edition.
func (l *Ledger) EditionNeighbors(ctx context.Context, number int64) (n EditionNeighbors, err error) {
	var older, newer sql.NullInt64
	db, err := l.Settled(ctx)
	if err == nil {
		_, err = sqlutil.Row(ctx, db, `
			SELECT i.language,
				(SELECT MAX(e.number) FROM edition e WHERE e.cadence = i.cadence AND e.language = i.language AND e.number < i.number AND `+archived+`),
				(SELECT MIN(e.number) FROM edition e WHERE e.cadence = i.cadence AND e.language = i.language AND e.number > i.number AND `+archived+`)
			FROM edition i WHERE i.number = $1`, []any{number}, &n.Language, &older, &newer)
	}
	n.Older, n.Newer = older.Int64, newer.Int64
	return n, l.Fail(fmt.Sprintf("read what comes before and after edition %d", number), err)
}

// PostTitles returns the titles of those posts that have one, by id.
func (l *Ledger) PostTitles(ctx context.Context, ids []string) (map[string]string, error) {
	titles := map[string]string{}
	for len(ids) > 0 {
		some := ids[:min(len(ids), 500)] // databases limit the number of parameters
		ids = ids[len(some):]
		args := make([]any, len(some))
		places := make([]string, len(some))
		for i, id := range some {
			args[i], places[i] = id, fmt.Sprintf("$%d", i+1)
		}
		_, err := sqlutil.Collect(ctx, l.read, func(row sqlutil.Scanner) (_ struct{}, err error) {
			var id, title string
			err = row.Scan(&id, &title)
			titles[id] = title
			return struct{}{}, err
		}, "SELECT id, title FROM post WHERE title <> '' AND id IN ("+strings.Join(places, ", ")+")", args...)
		if err != nil {
			return nil, l.Fail("read the titles of posts", err)
		}
	}
	return titles, nil
}
