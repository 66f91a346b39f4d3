package subscription

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"publisher/internal/ledger"
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
func MarkRefused(ctx context.Context, l *ledger.Ledger, edition int64, all []Refusal) (marked int, err error) {
	for some := range slices.Chunk(all, ledger.BatchSize) {
		err := l.Change(ctx, fmt.Sprintf("mark the refused recipients of edition %d", edition), func(tx *sql.Tx) error {
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
	var settled []ledger.Delivery
	for _, r := range all {
		var d ledger.Delivery
		err := tx.QueryRowContext(ctx, "SELECT "+ledger.DeliveryColumns+
			" FROM delivery d WHERE d.edition = $1 AND d.subscriber = $2 AND d.progress = 'failed'", edition, r.Subscriber).Scan(d.Fields()...)
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
				gone, err = EndAs(ctx, tx, r.Subscriber, ledger.Bounced, b.At)
			}
		} else {
			gone, err = EndAs(ctx, tx, r.Subscriber, ledger.Bounced, d.LastTried)
			if d.DueReason == ledger.GaveUp {
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
	settler, err := ledger.PrepareSettler(ctx, tx)
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
