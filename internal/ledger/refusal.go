package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Refusal is a delivery that the server refused for good, and that ended as Failed with
// KeepCursor.
type Refusal struct {
	Subscriber int64
	// Unclear says that the refusal proves nothing about the mailbox, and Passing that the
	// mailbox is full or the like. Either counts as a bounce that is not hard.
	Unclear, Passing bool
}

// MarkRefused takes refusals of an edition at their word: a clear one settles the delivery
// and marks the subscriber bounced, another is remembered, and marks after several
// editions. It returns how many it marked. Whoever is not refused any more is left out.
func (l *Ledger) MarkRefused(ctx context.Context, edition int64, all []Refusal) (marked int, err error) {
	for some := range slices.Chunk(all, page) {
		err := l.change(ctx, fmt.Sprintf("mark who is refused edition %d", edition), func(tx *sql.Tx) error {
			n, err := l.markRefused(ctx, tx, edition, some)
			marked += n
			return err
		})
		if err != nil {
			return marked, err
		}
	}
	return marked, nil
}

func (l *Ledger) markRefused(ctx context.Context, tx *sql.Tx, edition int64, all []Refusal) (marked int, err error) {
	var settled []Delivery
	for _, r := range all {
		d, err := scanDelivery(tx.QueryRowContext(ctx, "SELECT "+deliveryColumns+
			" FROM delivery d WHERE d.edition = $1 AND d.subscriber = $2 AND d.progress = 'failed'", edition, r.Subscriber))
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return 0, err
		}
		gone := false
		if r.Unclear || r.Passing {
			b := Bounce{Subscriber: r.Subscriber, Edition: edition, Reason: withCode(d.Code, d.Reply), At: d.LastTried, refused: refusedForNow}
			if r.Unclear {
				b.refused = refusedUnclear
			}
			if gone, err = recordBounce(ctx, tx, b); gone && err == nil {
				gone, err = end(ctx, tx, r.Subscriber, Bounced, b.At)
			}
		} else {
			gone, err = end(ctx, tx, r.Subscriber, Bounced, d.LastTried)
			if d.DueReason == GaveUp {
				settled = append(settled, d)
			}
		}
		if err != nil {
			return 0, err
		}
		if gone {
			marked++
		}
	}
	for _, d := range settled {
		if _, err := tx.ExecContext(ctx, "UPDATE delivery SET kept = 0 WHERE edition = $1 AND subscriber = $2", edition, d.Subscriber); err != nil {
			return 0, err
		}
	}
	return marked, l.journal.settle(tx, settled)
}

// withCode is a server's reply with its code before it.
func withCode(code int, reply string) string {
	if code == 0 || strings.HasPrefix(reply, fmt.Sprint(code)) {
		return reply
	}
	return strings.TrimSpace(fmt.Sprintf("%d %s", code, reply))
}

// AcceptRefusals has an edition go on however many of its recipients are refused.
func (l *Ledger) AcceptRefusals(ctx context.Context, number int64) error {
	return l.change(ctx, fmt.Sprintf("accept the refusals of edition %d", number), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE edition SET accepted = TRUE WHERE number = $1", number)
		return err
	})
}

// RetryStopped has what waits of an edition that was stopped be tried from now on, and
// returns how many deliveries that is; 0 for one that was not stopped.
func (l *Ledger) RetryStopped(ctx context.Context, number int64, now time.Time) (waiting int, err error) {
	err = l.change(ctx, fmt.Sprintf("retry edition %d", number), func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `
			UPDATE delivery SET next_at = $2 WHERE edition = $1 AND progress = 'deferred'
				AND EXISTS (SELECT 1 FROM edition e WHERE e.number = $1 AND e.stopped_on <> '')`, number, instant(now))
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		waiting = int(n)
		return err
	})
	return waiting, err
}

// manyMark stands before the days on which an edition was stopped after many answers.
const manyMark = "+"

// RecordStop notes that an edition was stopped on that day; few says that there were
// only few answers, all of them refusals. It returns on how many days that was so by now,
// and whether the edition was stopped on this day before.
func (l *Ledger) RecordStop(ctx context.Context, number int64, day string, few bool) (days int, before bool, err error) {
	note := day
	if !few {
		note = manyMark + day
	}
	err = l.change(ctx, fmt.Sprintf("note that edition %d is stopped", number), func(tx *sql.Tx) error {
		var text string
		if err := tx.QueryRowContext(ctx, "SELECT stopped_on FROM edition WHERE number = $1", number).Scan(&text); err != nil {
			return err
		}
		noted := strings.Fields(text)
		before = slices.Contains(noted, day) || slices.Contains(noted, manyMark+day)
		if !slices.Contains(noted, note) {
			noted = append(noted, note)
		}
		days = 0
		for _, one := range noted {
			if !strings.HasPrefix(one, manyMark) {
				days++
			}
		}
		_, err := tx.ExecContext(ctx, "UPDATE edition SET stopped_on = $2 WHERE number = $1", number, strings.Join(noted, " "))
		return err
	})
	return days, before, err
}
