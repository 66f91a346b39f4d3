package ledger

import (
	"context"
	"fmt"
	"iter"
	"time"

	"publisher/internal/ledger/sqlutil"
)

// DeliveryStatus is the state of a delivery.
type DeliveryStatus string

const (
	Sending   DeliveryStatus = "sending" // intent committed, no result yet
	Sent      DeliveryStatus = "sent"
	Deferred  DeliveryStatus = "deferred"
	Failed    DeliveryStatus = "failed"
	Uncertain DeliveryStatus = "uncertain" // the process or the connection died between
)

// Delivery is one edition to one subscriber.
type Delivery struct {
	Edition     int64
	Subscriber  int64
	After       int64 // the range of sequence numbers (After, Through] that it covers
	Through     int64
	Digest      int64 // the set of posts that it holds; 0 where an earlier version made it
	Status      DeliveryStatus
	DueReason   DueReason
	ManualRetry bool // tried again after the cursor had passed it, mostly because a person asked for that
	Resent      int  // how often it was sent again though the server may have taken it
	Attempts    int
	FirstTried  time.Time // when it was first tried
	LastTried   time.Time // when it was last tried, or ended
	NextTry     time.Time // Deferred: not before
	Code        int       // SMTP reply code; 0 for a connection fault
	Reply       string    // the server's own words, or the fault's
}

// DueReason says why the posts of a delivery are still due although it failed or was not
// tried.
type DueReason int

const (
	NotDue            DueReason = iota // they are not, once it has failed: the mailbox is gone (see MarkRefused), or a person canceled it
	GaveUp                             // failed: retry_for ran out, or the server refused it, and they come with what is newer
	SubscriptionEnded                  // failed: the subscription had ended, and they come if it goes on
	PostHidden                         // deferred: one of them could not be shown
)

// DeliveryColumns are the columns of table delivery d that Delivery.Fields reads.
const DeliveryColumns = "d.edition, d.subscriber, d.after_seq, d.through_seq, d.digest, d.progress, d.kept, d.again, d.resent, d.attempts, d.first_at, d.last_at, d.next_at, d.code, d.reply"

func scanDelivery(row sqlutil.Scanner) (d Delivery, err error) {
	err = row.Scan(d.Fields()...)
	return d, err
}

// Fields returns what to scan DeliveryColumns into.
func (d *Delivery) Fields() []any {
	return []any{&d.Edition, &d.Subscriber, &d.After, &d.Through, &d.Digest, &d.Status, &d.DueReason, &d.ManualRetry, &d.Resent, &d.Attempts,
		(*sqlutil.Time)(&d.FirstTried), (*sqlutil.Time)(&d.LastTried), (*sqlutil.Time)(&d.NextTry), &d.Code, &d.Reply}
}

const canceledReply = "the edition was canceled"

// EndCanceled fails a delivery that is deferred, or whose posts would come with a later
// edition, because its edition was canceled. It reports false if the delivery is neither.
func (d *Delivery) EndCanceled() bool {
	if d.Status != Deferred && d.DueReason != GaveUp {
		return false
	}
	d.Status, d.DueReason, d.NextTry, d.Code, d.Reply = Failed, NotDue, time.Time{}, 0, canceledReply
	return true
}

// deliveries returns the deliveries that a query, from the words after "FROM" on, selects.
func (l *Ledger) deliveries(ctx context.Context, from string, args ...any) ([]Delivery, error) {
	return collectSettled(ctx, l, scanDelivery, "SELECT "+DeliveryColumns+" FROM "+from, args...)
}

// Interrupted returns the deliveries left in Sending by a process that died, by
// subscriber. A Result ends each of them: Uncertain holds it, Deferred has it sent again.
func (l *Ledger) Interrupted(ctx context.Context) ([]Delivery, error) {
	found, err := l.deliveries(ctx, `delivery d
		WHERE d.progress IN ('sending', 'deferred') AND d.progress <> 'deferred'
		ORDER BY d.subscriber`) // so that the index delivery_open serves
	return found, l.Fail("read the interrupted deliveries", err)
}

// MaxClockSkew is how far in the future a time in the ledger may be. If one is later than
// that, the clock was wrong then and has been set back since.
const MaxClockSkew = time.Hour

// Deferred returns up to limit deferred deliveries due at or before now, with an (edition,
// subscriber) greater than the given one. Deliveries last tried by a clock that has been
// set back since are due at once.
func (l *Ledger) Deferred(ctx context.Context, now time.Time, edition, subscriber int64, limit int) ([]Delivery, error) {
	found, err := l.deliveries(ctx, `delivery d
		WHERE d.progress = 'deferred' AND (d.next_at IS NULL OR d.next_at <= $1 OR d.last_at > $5) AND (d.edition, d.subscriber) > ($2, $3)
		ORDER BY d.edition, d.subscriber LIMIT $4`, sqlutil.Time(now), edition, subscriber, limit, sqlutil.Time(now.Add(MaxClockSkew)))
	return found, l.Fail("read the deferred deliveries", err)
}

// NextRetry returns the time at which the next deferred delivery is due; zero if there is
// none.
func (l *Ledger) NextRetry(ctx context.Context) (next time.Time, err error) {
	db, err := l.Settled(ctx)
	if err == nil {
		err = db.QueryRowContext(ctx, "SELECT MIN(next_at) FROM delivery WHERE progress = 'deferred'").Scan((*sqlutil.Time)(&next))
	}
	return next, l.Fail("read the next retry", err)
}

// Deliveries streams an edition's deliveries with that progress ("" for all),
// by subscriber.
func (l *Ledger) Deliveries(ctx context.Context, edition int64, p DeliveryStatus) iter.Seq2[Delivery, error] {
	return func(yield func(Delivery, error) bool) {
		for after := int64(0); ; {
			batch, err := l.deliveries(ctx, `delivery d
				WHERE d.edition = $1 AND d.subscriber > $2 AND ($3 = '' OR d.progress = $3)
				ORDER BY d.subscriber LIMIT $4`, edition, after, p, BatchSize)
			if err != nil {
				yield(Delivery{}, l.Fail(fmt.Sprintf("read the deliveries of edition %d", edition), err))
				return
			}
			for _, d := range batch {
				if !yield(d, nil) {
					return
				}
				after = d.Subscriber
			}
			if len(batch) < BatchSize {
				return
			}
		}
	}
}

// DeliveriesTo returns a subscriber's deliveries, newest first.
func (l *Ledger) DeliveriesTo(ctx context.Context, subscriber int64) ([]Delivery, error) {
	const doing = "read a subscriber's deliveries"
	db, err := l.SettledFor(ctx, subscriber)
	if err != nil {
		return nil, l.Fail(doing, err)
	}
	// By way of the editions, which are few: deliveries are not indexed by subscriber.
	found, err := sqlutil.Collect(ctx, db, scanDelivery, "SELECT "+DeliveryColumns+` FROM edition e
		JOIN delivery d ON d.edition = e.number AND d.subscriber = $1 ORDER BY e.number DESC`, subscriber)
	return found, l.Fail(doing, err)
}

// Unresolved returns the deliveries that the server may or may not have accepted: held as
// uncertain, or left in Sending. No pass may be running.
func (l *Ledger) Unresolved(ctx context.Context) ([]Delivery, error) {
	found, err := l.deliveries(ctx, "delivery d WHERE d.progress IN ('sending', 'uncertain') ORDER BY d.edition, d.subscriber")
	return found, l.Fail("read the uncertain deliveries", err)
}
