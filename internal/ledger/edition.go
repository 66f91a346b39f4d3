package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"publisher/internal/ledger/sqlutil"
)

// Edition is one digest of one cadence, in one language, closed at one moment.
type Edition struct {
	Number     int64
	Cadence    string
	Language   string // of those with digests of their own; "": the site's
	Subject    string
	Closed     time.Time
	After      int64     // the sequence number its oldest post stands behind
	Through    int64     // the newest sequence number in it
	Posts      []string  // ids, newest first
	Recipients int       // how many it was due to when it was closed, and who joined them since
	Domain     string    // of its Message-IDs; "" where an earlier version closed it
	Intro      []byte    // hash of the owner's words above it; nil for none
	Bundle     []byte    // what its messages are composed from, when it is stored; Ledger.Bundle reads it
	Done       time.Time // zero while recipients remain who were not tried
	Canceled   bool
	Accepted   bool // the owner takes its refusals at their word: see AcceptRefusals
	// Counted from its deliveries when read. Uncertain are also those under way.
	Sent, Deferred, Failed, Uncertain int
	Resent                            int // of these, sent again though the server may have taken them
}

// LastClosed returns when the cadence last closed an edition, including empty ones, and
// through which number; zero if never.
func (l *Ledger) LastClosed(ctx context.Context, cadence string) (at time.Time, through int64, err error) {
	_, err = sqlutil.Row(ctx, l.read, "SELECT closed_at, through_seq FROM cadence WHERE name = $1", []any{cadence},
		(*sqlutil.Time)(&at), &through)
	return at, through, l.Fail("read when "+cadence+" last closed", err)
}

// CloseEditions stores editions of one cadence that close at the same time, assigns the
// next numbers to them, and records for LastClosed that the cadence closed.
func (l *Ledger) CloseEditions(ctx context.Context, editions ...*Edition) error {
	if len(editions) == 0 {
		return nil
	}
	numbers := make([]int64, len(editions))
	first := editions[0]
	err := l.Change(ctx, "close an edition of "+first.Cadence, func(tx *sql.Tx) error {
		for i, e := range editions {
			var err error
			if numbers[i], err = NextEdition(ctx, tx); err != nil {
				return err
			}
			_, err = tx.ExecContext(ctx, `
				INSERT INTO edition (number, cadence, language, subject, closed_at, after_seq, through_seq, posts, recipients, domain)
				VALUES ($10, $1, $2, $3, $4, $5, $6, $7, $8, $9)`,
				e.Cadence, e.Language, e.Subject, sqlutil.Time(e.Closed), e.After, e.Through, sqlutil.Strings(e.Posts), e.Recipients, e.Domain, numbers[i])
			if err != nil {
				return err
			}
			if err := storeBundle(ctx, tx, numbers[i], e.Bundle); err != nil {
				return err
			}
			if err := noteIntro(ctx, tx, e, numbers[i]); err != nil {
				return err
			}
		}
		return noteClosed(ctx, tx, first.Cadence, first.Closed, first.Through)
	})
	if err != nil {
		return err
	}
	for i, number := range numbers {
		editions[i].Number = number
	}
	return nil
}

// CloseEmpty records for LastClosed that a cadence's schedule fired but nothing was due.
func (l *Ledger) CloseEmpty(ctx context.Context, cadence string, at time.Time, through int64) error {
	return l.Change(ctx, "close "+cadence, func(tx *sql.Tx) error {
		return noteClosed(ctx, tx, cadence, at, through)
	})
}

func noteClosed(ctx context.Context, tx *sql.Tx, cadence string, at time.Time, through int64) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO cadence (name, closed_at, through_seq) VALUES ($1, $2, $3)
		ON CONFLICT (name) DO UPDATE SET closed_at = excluded.closed_at, through_seq = excluded.through_seq`,
		cadence, sqlutil.Time(at), through)
	return err
}

// prunedFrom is how many deliveries of an edition e have no row any more; all of them were sent.
const prunedFrom = "(SELECT CAST(COALESCE(SUM(c.count), 0) AS BIGINT) FROM delivery_count c WHERE c.edition = e.number)"

// editions returns the editions that a condition selects, with their counts.
func (l *Ledger) editions(ctx context.Context, where string, args ...any) ([]Edition, error) {
	return collectSettled(ctx, l, scanEdition, `
		SELECT e.number, e.cadence, e.language, e.subject, e.closed_at, e.after_seq, e.through_seq, e.posts,
			e.recipients, COUNT(d.edition) + `+prunedFrom+`, e.domain, e.done_at, e.canceled_at IS NOT NULL, e.accepted,
			(SELECT i.hash FROM digest_intro i WHERE i.edition = e.number),
			COUNT(CASE d.progress WHEN 'sent' THEN 1 END) + `+prunedFrom+`, COUNT(CASE d.progress WHEN 'deferred' THEN 1 END),
			COUNT(CASE d.progress WHEN 'failed' THEN 1 END), COUNT(CASE WHEN d.progress IN ('sending', 'uncertain') THEN 1 END),
			COUNT(CASE WHEN d.resent > 0 THEN 1 END)
		FROM edition e LEFT JOIN delivery d ON d.edition = e.number
		WHERE `+where+` GROUP BY e.number ORDER BY e.number DESC`, args...)
}

func scanEdition(row sqlutil.Scanner) (e Edition, err error) {
	var deliveries int
	err = row.Scan(&e.Number, &e.Cadence, &e.Language, &e.Subject, (*sqlutil.Time)(&e.Closed), &e.After, &e.Through,
		(*sqlutil.Strings)(&e.Posts), &e.Recipients, &deliveries, &e.Domain, (*sqlutil.Time)(&e.Done), &e.Canceled, &e.Accepted, &e.Intro,
		&e.Sent, &e.Deferred, &e.Failed, &e.Uncertain, &e.Resent)
	e.Recipients = max(e.Recipients, deliveries)
	return e, err
}

// Editions returns all editions, newest first.
func (l *Ledger) Editions(ctx context.Context) ([]Edition, error) {
	all, err := l.editions(ctx, "1 = 1")
	return all, l.Fail("read the editions", err)
}

// unfinished is the condition that an edition e has recipients that were not tried, or deferred
// deliveries.
const unfinished = `e.canceled_at IS NULL AND (e.done_at IS NULL
	OR e.number IN (SELECT w.edition FROM delivery w WHERE w.progress = 'deferred'))`

// UnfinishedEditions returns the editions with recipients that were not tried and those
// with deferred deliveries, newest first. It does not count the others, so that its cost
// depends on what is unfinished and not on what was ever sent.
func (l *Ledger) UnfinishedEditions(ctx context.Context) ([]Edition, error) {
	open, err := l.editions(ctx, unfinished)
	return open, l.Fail("read the unfinished editions", err)
}

// Edition returns one edition; nil if there is none with that number.
func (l *Ledger) Edition(ctx context.Context, number int64) (*Edition, error) {
	found, err := l.editions(ctx, "e.number = $1", number)
	if err != nil || len(found) == 0 {
		return nil, l.Fail(fmt.Sprintf("read edition %d", number), err)
	}
	return &found[0], nil
}

// uncounted returns the editions that a condition selects, oldest first, without what is counted from
// their deliveries.
func (l *Ledger) uncounted(ctx context.Context, db *sql.DB, where string, args ...any) ([]Edition, error) {
	return sqlutil.Collect(ctx, db, scanEdition, `
		SELECT e.number, e.cadence, e.language, e.subject, e.closed_at, e.after_seq, e.through_seq, e.posts, e.recipients, 0, e.domain, e.done_at,
			e.canceled_at IS NOT NULL, e.accepted, (SELECT i.hash FROM digest_intro i WHERE i.edition = e.number), 0, 0, 0, 0, 0
		FROM edition e WHERE `+where+` ORDER BY e.number`, args...)
}

// EditionToSend returns an edition without what is counted from its deliveries; nil if there is none
// with that number.
func (l *Ledger) EditionToSend(ctx context.Context, number int64) (*Edition, error) {
	found, err := l.uncounted(ctx, l.read, "e.number = $1", number)
	if err != nil || len(found) == 0 {
		return nil, l.Fail(fmt.Sprintf("read edition %d", number), err)
	}
	return &found[0], nil
}

// EditionsToSend returns the UnfinishedEditions without what is counted from their deliveries, newest
// first. To count a million takes a second.
func (l *Ledger) EditionsToSend(ctx context.Context) ([]Edition, error) {
	db, err := l.Settled(ctx)
	if err != nil {
		return nil, l.Fail("read the editions to send", err)
	}
	open, err := l.uncounted(ctx, db, unfinished)
	slices.Reverse(open)
	return open, l.Fail("read the editions to send", err)
}

// LatestArchived returns the newest edition in a language that has a web version; nil if there
// is none.
func (l *Ledger) LatestArchived(ctx context.Context, language string) (*Edition, error) {
	found, err := l.editions(ctx, `e.number = (SELECT MAX(x.number) FROM edition x JOIN archived_page a ON a.edition = x.number
		WHERE x.language = $1 AND x.canceled_at IS NULL)`, language)
	if err != nil || len(found) == 0 {
		return nil, l.Fail("read the latest edition", err)
	}
	return &found[0], nil
}

// FinishEdition records that every recipient was tried. Only the first call counts.
func (l *Ledger) FinishEdition(ctx context.Context, number int64, at time.Time) error {
	return l.changeRow(ctx, fmt.Sprintf("finish edition %d", number),
		"UPDATE edition SET done_at = $2 WHERE number = $1 AND done_at IS NULL", number, sqlutil.Time(at))
}

// maxFirst limits how many editions FirstEdition looks at.
const maxFirst = 1000

// FirstEdition returns the number of the first edition with the post that has an id and a
// sequence number, canceled ones aside; 0 for none.
func (l *Ledger) FirstEdition(ctx context.Context, post string, seq int64) (int64, error) {
	type row struct {
		number int64
		posts  sqlutil.Strings
	}
	rows, err := sqlutil.Collect(ctx, l.read, func(s sqlutil.Scanner) (r row, err error) {
		err = s.Scan(&r.number, &r.posts)
		return r, err
	}, "SELECT number, posts FROM edition WHERE canceled_at IS NULL AND through_seq >= $1 ORDER BY number LIMIT $2", seq, maxFirst)
	for _, r := range rows {
		if slices.Contains(r.posts, post) {
			return r.number, nil
		}
	}
	return 0, l.Fail("find the first edition with a post", err)
}
