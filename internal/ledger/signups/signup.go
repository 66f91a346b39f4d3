// Package signups turns requests to subscribe into subscribers who have confirmed, and does what
// they confirm later: a change of address, a feed of their own.
package signups

import (
	"context"
	"database/sql"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/mailtoken"
	"publisher/internal/ledger/noticequeue"
	"publisher/internal/ledger/sqlutil"
	"publisher/mailer/address"
)

// How somebody asked to subscribe.
const (
	ByForm = "form"
	ByJSON = "json"
	ByMail = "mail"
)

// Signup is a request to subscribe, as it came.
type Signup struct {
	Email, Name string
	Cadence     string // "": digest.default
	Tags        []string
	Language    string // BCP 47; "": the site's own
	Page        string // where the form was
	How         string // ByForm, ByJSON or ByMail
	Wording     ledger.Wording
	IP          string // "" unless signup.record_ip
	At          time.Time
	Request     string // the secret in the answer; see ConfirmCode
	Browser     string // the secret in the cookie; "" for none
}

const (
	// pendingTime is how long a sign-up can be confirmed.
	pendingTime = 7 * 24 * time.Hour
	// noticeMemory is how long notices are kept, which limits how many of them go to an address.
	noticeMemory = 30 * 24 * time.Hour
	// At most one confirmation an hour and three in noticeMemory go to an address until it
	// confirms, and one noticequeue.Already a day.
	confirmPause  = time.Hour
	mostConfirms  = 3
	alreadyPause  = 24 * time.Hour
	maxTries      = 5 // codes typed for one request
	maxTriesOfDay = 20
)

// Add stores requests to subscribe, all or none. It does not look at what is known of
// their addresses: Handle does that.
func Add(ctx context.Context, l *ledger.Ledger, all ...Signup) error {
	return l.Store(ctx, "store a sign-up", func(tx *sql.Tx) error {
		for _, s := range all {
			if err := addSignup(ctx, tx, s); err != nil {
				return err
			}
		}
		return nil
	})
}

func addSignup(ctx context.Context, tx *sql.Tx, s Signup) error {
	key, err := address.Normalize(s.Email)
	if err != nil {
		return err
	}
	wording, err := ledger.AddWording(ctx, tx, s.Wording)
	if err != nil {
		return err
	}
	var browser []byte
	if s.Browser != "" {
		browser = mailtoken.SecretHash(s.Browser)
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO signup (request, browser, email, email_key, name, cadence, tags, language, page, how, wording, ip, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		mailtoken.SecretHash(s.Request), browser, s.Email, key, s.Name, s.Cadence, sqlutil.Strings(ledger.NormalTags(s.Tags)), s.Language, s.Page, s.How, wording, s.IP, sqlutil.Time(s.At))
	return err
}

// openSignup is a request that nobody has looked at yet.
type openSignup struct {
	id, subscriber int64
	status         ledger.Status // "": not subscribed
	email, key     string
	language       string
	at             time.Time
}

// Handle decides who of those that asked to subscribe gets which notice, and returns the
// number of requests. An active subscriber is told so. Everybody else is asked to confirm,
// whatever became of an earlier subscription, which stays as it is until then. Requests that
// came by mail wait while perHour of all were handled in the last hour.
func Handle(ctx context.Context, l *ledger.Ledger, perHour int, now time.Time) (handled int, err error) {
	for {
		var forms, mails bool
		err := l.Reader().QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM signup WHERE handled_at IS NULL AND how <> 'mail'),
			EXISTS (SELECT 1 FROM signup WHERE handled_at IS NULL AND how = 'mail')`).Scan(&forms, &mails)
		if err == nil && mails && !forms {
			var room int
			room, err = roomForMail(ctx, l.Reader(), now, perHour)
			mails = room > 0
		}
		if err != nil || !forms && !mails {
			return handled, l.Fail("read the sign-ups", err)
		}
		var n int
		err = l.Store(ctx, "handle sign-ups", func(tx *sql.Tx) error {
			batch, err := openSignups(ctx, tx, perHour, now)
			n = len(batch)
			for i := range batch {
				if err == nil {
					err = batch[i].handle(ctx, tx, now)
				}
			}
			return err
		})
		if err != nil || n == 0 {
			return handled, err
		}
		handled += n
	}
}

// openSignups returns the next requests to decide about: forms, and then mails as far as there
// is room.
func openSignups(ctx context.Context, tx *sql.Tx, perHour int, now time.Time) ([]openSignup, error) {
	read := func(which string, limit int) ([]openSignup, error) {
		return sqlutil.Collect(ctx, tx, scanOpenSignup, `
			SELECT u.id, COALESCE(s.id, 0), COALESCE(s.status, ''), COALESCE(s.email, u.email), u.email_key, u.language, u.created_at
			FROM signup u LEFT JOIN subscriber s ON s.email_key = u.email_key
			WHERE u.handled_at IS NULL AND u.how `+which+` 'mail' ORDER BY u.id LIMIT $1`, limit)
	}
	forms, err := read("<>", ledger.BatchSize)
	if err != nil || len(forms) > 0 {
		return forms, err
	}
	room, err := roomForMail(ctx, tx, now, perHour)
	if err != nil || room == 0 {
		return nil, err
	}
	return read("=", min(room, ledger.BatchSize))
}

func scanOpenSignup(row sqlutil.Scanner) (u openSignup, err error) {
	err = row.Scan(&u.id, &u.subscriber, &u.status, &u.email, &u.key, &u.language, (*sqlutil.Time)(&u.at))
	return u, err
}

func (u *openSignup) handle(ctx context.Context, tx *sql.Tx, now time.Time) error {
	if _, err := tx.ExecContext(ctx, "UPDATE signup SET handled_at = $2 WHERE id = $1", u.id, sqlutil.Time(now)); err != nil {
		return err
	}
	if u.status == ledger.Active {
		told, err := u.count(ctx, tx, noticequeue.Already, now.Add(-alreadyPause))
		if err != nil || told > 0 {
			return err
		}
		return noticequeue.PlanIn(ctx, tx, noticequeue.Notice{Kind: noticequeue.Already, Email: u.email, Subscriber: u.subscriber, Language: u.language, Created: now})
	}
	pending, err := u.makePending(ctx, tx, now)
	if err != nil {
		return err
	}
	lately, err := u.count(ctx, tx, noticequeue.Confirm, now.Add(-confirmPause))
	if err != nil || lately > 0 {
		return err
	}
	all, err := u.count(ctx, tx, noticequeue.Confirm, now.Add(-noticeMemory))
	if err != nil || all >= mostConfirms {
		return err
	}
	return noticequeue.PlanIn(ctx, tx, noticequeue.Notice{Kind: noticequeue.Confirm, Email: u.email, Pending: pending, Language: u.language, Created: now})
}

// count counts the notices to the address, without confirmations that led to a subscription.
func (u *openSignup) count(ctx context.Context, tx *sql.Tx, kind noticequeue.Kind, since time.Time) (n int, err error) {
	err = tx.QueryRowContext(ctx, `
		SELECT COUNT(*) FROM notice WHERE email_key = $1 AND kind = $2 AND created_at > $3 AND (kind <> 'confirm' OR pending IS NOT NULL)`,
		u.key, kind, sqlutil.Time(since)).Scan(&n)
	return n, err
}

// makePending makes the address pending with what it asked for last.
func (u *openSignup) makePending(ctx context.Context, tx *sql.Tx, now time.Time) (id int64, err error) {
	err = tx.QueryRowContext(ctx, `
		INSERT INTO pending (email, email_key, name, cadence, tags, language, page, how, wording, ip, created_at, expires_at)
		SELECT email, email_key, name, cadence, tags, language, page, how, wording, ip, created_at, $2 FROM signup WHERE id = $1
		ON CONFLICT (email_key) DO UPDATE SET email = excluded.email, name = excluded.name, cadence = excluded.cadence, tags = excluded.tags,
			language = excluded.language, page = excluded.page, how = excluded.how, wording = excluded.wording, ip = excluded.ip,
			expires_at = excluded.expires_at
		RETURNING id`, u.id, sqlutil.Time(now.Add(pendingTime))).Scan(&id)
	return id, err
}

// Expire deletes what is no longer needed: addresses that never confirmed, requests,
// expired tokens and old notices. It returns how many requests have waited too long, and are
// deleted without a confirmation.
func Expire(ctx context.Context, l *ledger.Ledger, now time.Time) (givenUp int, err error) {
	old := []struct {
		which string
		at    time.Time
	}{
		{"signup WHERE created_at <= $1 AND handled_at IS NULL AND how = 'mail'", now.Add(-longestWait)},
		{"pending WHERE expires_at <= $1", now},
		{"signup WHERE created_at <= $1 AND handled_at IS NOT NULL", now.Add(-pendingTime)},
		{"token WHERE expires_at <= $1", now},
		{"notice WHERE created_at <= $1 AND progress IN ('sent', 'failed', 'uncertain')", now.Add(-noticeMemory)},
	}
	// Mostly there is nothing, and then nothing is written.
	var any bool
	for _, o := range old {
		var some bool
		if err := l.Reader().QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM "+o.which+")", sqlutil.Time(o.at)).Scan(&some); err != nil {
			return 0, l.Fail("look for expired sign-ups", err)
		}
		any = any || some
	}
	if !any {
		return 0, nil
	}
	err = l.Store(ctx, "delete expired sign-ups", func(tx *sql.Tx) error {
		for i, o := range old {
			done, err := tx.ExecContext(ctx, "DELETE FROM "+o.which, sqlutil.Time(o.at))
			if err != nil {
				return err
			}
			if i > 0 {
				continue
			}
			n, err := done.RowsAffected()
			if givenUp = int(n); err != nil {
				return err
			}
		}
		return nil
	})
	return givenUp, err
}
