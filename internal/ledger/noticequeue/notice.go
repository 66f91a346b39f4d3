// Package noticequeue holds the mails to one person that are not digests, and how sending them
// goes.
package noticequeue

import (
	"context"
	"database/sql"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/sqlutil"
	"publisher/mailer/address"
)

// Kind is what a notice says.
type Kind string

// The kinds of notices.
const (
	Confirm Kind = "confirm" // asks to confirm a sign-up
	Already Kind = "already" // the address is subscribed already
	Welcome Kind = "welcome" // after confirming
	Goodbye Kind = "goodbye" // the subscription has ended
	Manage  Kind = "manage"  // a fresh link to everything about the subscriber
	Address Kind = "address" // to a new address: confirm the change
	Moved   Kind = "moved"   // to the old address: it was changed
	Alarm   Kind = "alarm"   // to the owner
)

// Status is the state of a notice.
type Status string

// The states of a notice.
const (
	Waiting   Status = "waiting"
	Sending   Status = "sending"
	Deferred  Status = "deferred"
	Sent      Status = "sent"
	Failed    Status = "failed"
	Uncertain Status = "uncertain"
)

// Notice is a mail to one person that is not a digest.
type Notice struct {
	ID         int64
	Kind       Kind
	Email      string
	Subscriber int64 // 0: none
	Pending    int64 // 0: none
	Language   string
	Data       map[string]string // what the mail says besides
	Status     Status
	Attempts   int
	Created    time.Time
	Last       time.Time // of the attempts; zero: none
	Next       time.Time // zero: no further attempt
	Code       int       // of the server's last reply
	Reply      string
}

const noticeColumns = "n.id, n.kind, n.email, COALESCE(n.subscriber, 0), COALESCE(n.pending, 0), n.language, n.data, n.progress, n.attempts, n.created_at, n.last_at, n.next_at, n.code, n.reply"

func scanNotice(row sqlutil.Scanner) (n Notice, err error) {
	err = row.Scan(&n.ID, &n.Kind, &n.Email, &n.Subscriber, &n.Pending, &n.Language, (*sqlutil.Texts)(&n.Data), &n.Status, &n.Attempts,
		(*sqlutil.Time)(&n.Created), (*sqlutil.Time)(&n.Last), (*sqlutil.Time)(&n.Next), &n.Code, &n.Reply)
	return n, err
}

// Plan stores a notice to be sent from n.Created on.
func Plan(ctx context.Context, l *ledger.Ledger, n Notice) error {
	return l.Store(ctx, "plan a notice", func(tx *sql.Tx) error { return PlanIn(ctx, tx, n) })
}

// PlanIn is Plan in a transaction.
func PlanIn(ctx context.Context, tx *sql.Tx, n Notice) error {
	key, err := address.Normalize(n.Email)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO notice (kind, email, email_key, subscriber, pending, language, data, progress, created_at, next_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 'waiting', $8, $8)`,
		n.Kind, n.Email, key, sqlutil.Number(n.Subscriber), sqlutil.Number(n.Pending), n.Language, sqlutil.Texts(n.Data), sqlutil.Time(n.Created))
	return err
}

// Due returns up to limit notices that are due by now, the longest due first.
func Due(ctx context.Context, l *ledger.Ledger, now time.Time, limit int) ([]Notice, error) {
	all, err := sqlutil.Collect(ctx, l.Reader(), scanNotice, "SELECT "+noticeColumns+` FROM notice n
		WHERE n.progress IN ('waiting', 'deferred') AND n.next_at <= $1 ORDER BY n.next_at, n.id LIMIT $2`, sqlutil.Time(now), limit)
	return all, l.Fail("read the notices", err)
}

// CountDue returns the number of notices that are due by now.
func CountDue(ctx context.Context, l *ledger.Ledger, now time.Time) (n int, err error) {
	err = l.Reader().QueryRowContext(ctx, "SELECT COUNT(*) FROM notice WHERE progress IN ('waiting', 'deferred') AND next_at <= $1", sqlutil.Time(now)).Scan(&n)
	return n, l.Fail("count the notices", err)
}

// Begin commits the intent to send a notice, and the tokens of this attempt. It reports
// false if the notice must not be sent (any more).
func Begin(ctx context.Context, l *ledger.Ledger, id int64, tokens []ledger.Token, now time.Time) (begun bool, err error) {
	err = l.Store(ctx, "begin a notice", func(tx *sql.Tx) error {
		begun, err = beginNotice(ctx, tx, id, now)
		if err != nil || !begun {
			return err
		}
		for _, t := range tokens {
			if _, err := ledger.AddToken(ctx, tx, t, now); err != nil {
				return err
			}
		}
		return nil
	})
	return begun && err == nil, err
}

// wanted is the condition that the reason for a notice has not gone.
const wanted = `(n.kind <> 'confirm' OR EXISTS (SELECT 1 FROM pending p WHERE p.id = n.pending AND p.expires_at > $2))
	AND (n.subscriber IS NULL OR EXISTS (SELECT 1 FROM subscriber s WHERE s.id = n.subscriber
		AND (n.kind NOT IN ('already', 'welcome') OR s.status = 'active') AND (n.kind <> 'goodbye' OR s.status <> 'active')))`

func beginNotice(ctx context.Context, tx *sql.Tx, id int64, now time.Time) (bool, error) {
	done, err := tx.ExecContext(ctx, `
		UPDATE notice AS n SET progress = 'sending', attempts = attempts + 1, last_at = $2, next_at = NULL
		WHERE n.id = $1 AND n.progress IN ('waiting', 'deferred') AND `+wanted, id, sqlutil.Time(now))
	if err != nil {
		return false, err
	}
	if n, err := done.RowsAffected(); n == 1 || err != nil {
		return n == 1, err
	}
	_, err = tx.ExecContext(ctx, `
		UPDATE notice SET progress = 'failed', next_at = NULL, reply = 'not sent: the reason for it has gone'
		WHERE id = $1 AND progress IN ('waiting', 'deferred')`, id)
	return false, err
}

// Result is how an attempt to send a notice ended.
type Result struct {
	ID     int64
	Status Status
	Code   int
	Reply  string
	Next   time.Time // of Deferred
	At     time.Time
}

// End stores the result of an attempt, which counts for mail.smtp.rate. If the server
// refused the envelope, Begin was not called.
func End(ctx context.Context, l *ledger.Ledger, r Result) error {
	return l.Store(ctx, "end a notice", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `
			UPDATE notice SET progress = $2, code = $3, reply = $4, next_at = $5, last_at = $6,
				attempts = attempts + CASE WHEN progress = 'sending' THEN 0 ELSE 1 END WHERE id = $1`,
			r.ID, r.Status, r.Code, ledger.Storable(r.Reply), sqlutil.Time(r.Next), sqlutil.Time(r.At))
		if err != nil {
			return err
		}
		return ledger.LogSends(ctx, tx, r.At, 1)
	})
}

// Interrupted is the reply of a notice whose process died.
const Interrupted = "the program ended before the server answered"

// Settle settles the notices that a process which died was sending: they are due again,
// or uncertain for good. It returns their number.
func Settle(ctx context.Context, l *ledger.Ledger, resend bool, now time.Time) (n int, err error) {
	status, next := Uncertain, time.Time{}
	if resend {
		status, next = Deferred, now
	}
	err = l.Store(ctx, "settle interrupted notices", func(tx *sql.Tx) error {
		done, err := tx.ExecContext(ctx, `
			UPDATE notice SET progress = $1, next_at = $2, reply = $3
			WHERE progress = 'sending'`, status, sqlutil.Time(next), Interrupted)
		if err != nil {
			return err
		}
		settled, err := done.RowsAffected()
		n = int(settled)
		return err
	})
	return n, err
}
