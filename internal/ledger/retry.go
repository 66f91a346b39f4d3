package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"publisher/internal/ledger/sqlutil"
)

// Retry makes an edition's failed and uncertain deliveries due again at next, whatever
// their code, except those last tried before since. It returns their number. It skips
// subscribers who are not active or have another delivery open, and deliveries whose posts
// have meanwhile arrived with another edition.
func (l *Ledger) Retry(ctx context.Context, number int64, since, next time.Time) (int, error) {
	return l.retry(ctx, number, `d.progress IN ('failed', 'uncertain')
		AND EXISTS (SELECT 1 FROM edition e WHERE e.number = d.edition AND e.canceled_at IS NULL)`, since, next)
}

// RetryUncertain is like Retry for uncertain deliveries only, and works for canceled
// editions too.
func (l *Ledger) RetryUncertain(ctx context.Context, number int64, next time.Time) (int, error) {
	return l.retry(ctx, number, "d.progress = 'uncertain'", time.UnixMicro(0), next)
}

func (l *Ledger) retry(ctx context.Context, number int64, which string, since, next time.Time) (tried int, err error) {
	err = l.Change(ctx, fmt.Sprintf("retry edition %d", number), func(tx *sql.Tx) error {
		posts, err := editionNumbers(ctx, tx, number)
		if err != nil {
			return err
		}
		for after := int64(0); ; {
			page, err := retryable(ctx, tx, number, which, since, after, next)
			if err != nil || len(page) == 0 {
				return err
			}
			for _, d := range page {
				after = d.subscriber
				// What was passed only this delivery can bring. What was kept may have
				// come with a later edition.
				if d.kept != NotDue && !d.stillDue(posts) {
					continue
				}
				if _, err := tx.ExecContext(ctx, `
					UPDATE delivery SET progress = 'deferred', next_at = $3, first_at = $3, attempts = 0, again = $4, kept = 0
					WHERE edition = $1 AND subscriber = $2`, number, d.subscriber, sqlutil.Time(next), d.kept == NotDue); err != nil {
					return err
				}
				tried++
			}
		}
	})
	return tried, err
}

// endedDelivery is a delivery that can be retried.
type endedDelivery struct {
	subscriber     int64
	kept           DueReason
	after, through int64
	digest         sql.Null[Numbers] // NULL for an earlier version's
	due            Due
}

func (d endedDelivery) stillDue(edition Numbers) bool {
	posts := d.digest.V
	if !d.digest.Valid {
		posts = edition.only(func(seq int64) bool { return seq > d.after && seq <= d.through })
	}
	for _, seq := range posts {
		if d.due.Contains(seq) {
			return true
		}
	}
	return false
}

func retryable(ctx context.Context, tx *sql.Tx, number int64, which string, since time.Time, after int64, now time.Time) ([]endedDelivery, error) {
	return sqlutil.Collect(ctx, tx, func(row sqlutil.Scanner) (d endedDelivery, err error) {
		var posts sql.NullString
		if err := row.Scan(&d.subscriber, &d.kept, &d.after, &d.through, &posts, &d.due.Cursor, &d.due.Owed); err != nil {
			return d, err
		}
		d.digest.Valid = posts.Valid
		return d, d.digest.V.Scan(posts.String)
	}, `
		SELECT d.subscriber, d.kept, d.after_seq, d.through_seq, g.posts, s.cursor_seq, s.owed
		FROM delivery d JOIN subscriber s ON s.id = d.subscriber AND s.status = 'active' AND `+notPaused("$5")+`
			LEFT JOIN digest g ON g.edition = d.edition AND g.number = d.digest
		WHERE d.edition = $1 AND d.subscriber > $3 AND COALESCE(d.last_at, 0) >= $2 AND `+noneOpen+` AND `+which+`
		ORDER BY d.subscriber LIMIT $4`, number, since.UnixMicro(), after, BatchSize, sqlutil.Time(now))
}

// editionNumbers returns the sequence numbers of an edition's posts.
func editionNumbers(ctx context.Context, tx *sql.Tx, number int64) (Numbers, error) {
	var ids sqlutil.Strings
	if err := tx.QueryRowContext(ctx, "SELECT posts FROM edition WHERE number = $1", number).Scan(&ids); err != nil {
		if err == sql.ErrNoRows {
			return nil, nil
		}
		return nil, err
	}
	all, err := numberedPosts(ctx, tx, 0)
	if err != nil {
		return nil, err
	}
	in := make(map[string]bool, len(ids))
	for _, id := range ids {
		in[id] = true
	}
	var seqs []int64
	for _, p := range all {
		if in[p.ID] {
			seqs = append(seqs, p.Seq)
		}
	}
	return NewNumbers(seqs...), nil
}

// CancelEdition ends an edition: no further recipients get it, and no later edition
// includes its posts. It reports false if the edition had ended already. The audience is
// that of its cadence. Deliveries under way are ended when their result comes.
func (l *Ledger) CancelEdition(ctx context.Context, number int64, a Audience, now time.Time) (bool, error) {
	canceled := false
	err := l.Change(ctx, fmt.Sprintf("cancel edition %d", number), func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `
			UPDATE edition SET canceled_at = $2, done_at = COALESCE(done_at, $2)
			WHERE number = $1 AND canceled_at IS NULL AND (done_at IS NULL
				OR EXISTS (SELECT 1 FROM delivery d WHERE d.edition = $1 AND d.progress IN ('sending', 'deferred')))`, number, sqlutil.Time(now))
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return err
		}
		canceled = true
		return cancel(ctx, tx, number, a, now)
	})
	return canceled && err == nil, err
}

func cancel(ctx context.Context, tx *sql.Tx, number int64, a Audience, now time.Time) error {
	posts, err := editionNumbers(ctx, tx, number)
	if err != nil {
		return err
	}
	var last int64
	if err := tx.QueryRowContext(ctx, "SELECT through_seq FROM edition WHERE number = $1", number).Scan(&last); err != nil {
		return err
	}
	// Those of the audience, and who was to get it and has chosen another cadence since.
	where, args := a.where([]any{number})
	where = "(" + where + " OR s.id IN (SELECT d.subscriber FROM delivery d WHERE d.edition = $1 AND d.progress = 'deferred'))"
	if err := makeWithheldDue(ctx, tx, posts, "NOT "+where, args); err != nil {
		return err
	}
	through := "(SELECT e.through_seq FROM edition e WHERE e.number = $1)"
	err = changeDue(ctx, tx, behind(through)+" AND "+where, args, func(all []NumberedPost, g dueGroup) Due {
		return g.AfterCancel(all, g.Selection, last, posts)
	})
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		UPDATE delivery SET progress = 'failed', kept = 0, next_at = NULL, last_at = $2, code = 0, reply = $3
		WHERE edition = $1 AND progress = 'deferred'`, number, sqlutil.Time(now), canceledReply)
	return err
}
