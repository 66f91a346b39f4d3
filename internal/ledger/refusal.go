package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"publisher/internal/ledger/sqlutil"
)

// Refusal is a delivery that the server refused for good, and that ended as Failed with
// KeepCursor.
type Refusal struct {
	Subscriber int64
	// Unclear says that the refusal proves nothing about the mailbox; Passing that the
	// mailbox is full or the like. Both count as soft bounces.
	Unclear, Passing bool
}

// MarkRefused accepts refusals of an edition: a clear one settles the delivery and marks
// the subscriber bounced; another is recorded, and marks the subscriber after several
// editions. It returns the number of subscribers marked. Deliveries that are no longer
// failed are skipped.
func (l *Ledger) MarkRefused(ctx context.Context, edition int64, all []Refusal) (marked int, err error) {
	for some := range slices.Chunk(all, page) {
		err := l.change(ctx, fmt.Sprintf("mark the refused recipients of edition %d", edition), func(tx *sql.Tx) error {
			n, err := markRefused(ctx, tx, edition, some)
			marked += n
			return err
		})
		if err != nil {
			return marked, err
		}
	}
	return marked, nil
}

func markRefused(ctx context.Context, tx *sql.Tx, edition int64, all []Refusal) (marked int, err error) {
	var settled []Delivery
	for _, r := range all {
		d, err := scanDelivery(tx.QueryRowContext(ctx, "SELECT "+DeliveryColumns+
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
	if len(settled) == 0 {
		return marked, nil
	}
	settler, err := PrepareSettler(ctx, tx)
	if err != nil {
		return 0, err
	}
	return marked, settler.Settle(tx, settled)
}

// withCode returns a server's reply with its code in front.
func withCode(code int, reply string) string {
	if code == 0 || strings.HasPrefix(reply, fmt.Sprint(code)) {
		return reply
	}
	return strings.TrimSpace(fmt.Sprintf("%d %s", code, reply))
}

// AcceptRefusals lets an edition continue no matter how many of its recipients are
// refused.
func (l *Ledger) AcceptRefusals(ctx context.Context, number int64) error {
	return l.changeRow(ctx, fmt.Sprintf("accept the refusals of edition %d", number),
		"UPDATE edition SET accepted = TRUE WHERE number = $1", number)
}

// RetryStopped makes the deferred deliveries of a stopped edition due now, and returns
// their number; 0 if the edition was not stopped.
func (l *Ledger) RetryStopped(ctx context.Context, number int64, now time.Time) (waiting int, err error) {
	err = l.change(ctx, fmt.Sprintf("retry edition %d", number), func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `
			UPDATE delivery SET next_at = $2 WHERE edition = $1 AND progress = 'deferred'
				AND EXISTS (SELECT 1 FROM edition e WHERE e.number = $1 AND e.stopped_on <> '')`, number, sqlutil.Time(now))
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		waiting = int(n)
		return err
	})
	return waiting, err
}

// manyAnswers precedes the days on which an edition was stopped after many answers.
const manyAnswers = "+"

// RecordStop records that an edition was stopped on that day; few says that there were
// only few answers, all of them refusals. It returns on how many days that has happened,
// and whether the edition was already stopped on this day.
func (l *Ledger) RecordStop(ctx context.Context, number int64, day string, few bool) (days int, before bool, err error) {
	note := day
	if !few {
		note = manyAnswers + day
	}
	err = l.change(ctx, fmt.Sprintf("record that edition %d was stopped", number), func(tx *sql.Tx) error {
		var text string
		if err := tx.QueryRowContext(ctx, "SELECT stopped_on FROM edition WHERE number = $1", number).Scan(&text); err != nil {
			return err
		}
		noted := strings.Fields(text)
		before = slices.Contains(noted, day) || slices.Contains(noted, manyAnswers+day)
		if !slices.Contains(noted, note) {
			noted = append(noted, note)
		}
		days = 0
		for _, one := range noted {
			if !strings.HasPrefix(one, manyAnswers) {
				days++
			}
		}
		_, err := tx.ExecContext(ctx, "UPDATE edition SET stopped_on = $2 WHERE number = $1", number, strings.Join(noted, " "))
		return err
	})
	return days, before, err
}
