package signups

import (
	"cmp"
	"context"
	"database/sql"
	"iter"
	"strconv"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/erasure"
	"publisher/internal/ledger/mailtoken"
	"publisher/internal/ledger/noticequeue"
	"publisher/internal/ledger/sqlutil"
)

// Pending is an address that was asked to confirm.
type Pending struct {
	ID               int64
	Email, Name      string
	Cadence          string
	Tags             []string
	Language         string
	Page, How, IP    string
	Created, Expires time.Time

	key     string
	wording []byte
}

const pendingColumns = "p.id, p.email, p.email_key, p.name, p.cadence, p.tags, p.language, p.page, p.how, p.ip, p.created_at, p.expires_at, p.wording"

func scanPending(row sqlutil.Scanner) (p Pending, err error) {
	err = row.Scan(&p.ID, &p.Email, &p.key, &p.Name, &p.Cadence, (*sqlutil.Strings)(&p.Tags), &p.Language, &p.Page, &p.How, &p.IP,
		(*sqlutil.Time)(&p.Created), (*sqlutil.Time)(&p.Expires), &p.wording)
	return p, err
}

func pendingBy(ctx context.Context, db sqlutil.RowQuerier, where string, args ...any) (*Pending, error) {
	p, err := scanPending(db.QueryRowContext(ctx, "SELECT "+pendingColumns+" FROM pending p WHERE "+where, args...))
	if err == sql.ErrNoRows {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &p, nil
}

// FindPending returns an address that has not confirmed yet; nil if there is none.
func FindPending(ctx context.Context, l *ledger.Ledger, id int64, now time.Time) (*Pending, error) {
	p, err := pendingBy(ctx, l.Reader(), "p.id = $1 AND p.expires_at > $2", id, sqlutil.Time(now))
	return p, l.Fail("read a pending sign-up", err)
}

// AllPending streams the addresses that have not confirmed yet and are no subscriber's, by
// address.
func AllPending(ctx context.Context, l *ledger.Ledger, now time.Time) iter.Seq2[Pending, error] {
	return func(yield func(Pending, error) bool) {
		for after := ""; ; {
			batch, err := sqlutil.Collect(ctx, l.Reader(), scanPending, "SELECT "+pendingColumns+
				` FROM pending p WHERE p.email_key > $1 AND p.expires_at > $2
					AND NOT EXISTS (SELECT 1 FROM subscriber s WHERE s.email_key = p.email_key) ORDER BY p.email_key LIMIT $3`, after, sqlutil.Time(now), ledger.BatchSize)
			if err != nil {
				yield(Pending{}, l.Fail("read the pending sign-ups", err))
				return
			}
			for _, p := range batch {
				if !yield(p, nil) {
					return
				}
				after = p.key
			}
			if len(batch) < ledger.BatchSize {
				return
			}
		}
	}
}

// Subscriber returns the subscriber that the address would be, with the status Pending.
func (p *Pending) Subscriber() ledger.Subscriber {
	return ledger.Subscriber{Email: p.Email, Name: p.Name, Status: ledger.Pending, Cadence: p.Cadence, Tags: p.Tags, Language: p.Language, Created: p.Created}
}

// Confirmable is what a confirmation's link leads to: an address that can be confirmed, or the
// subscriber that it already made.
type Confirmable struct {
	Pending    *Pending
	Subscriber *ledger.Subscriber
}

// FindConfirmable returns what the token of a confirmation's link leads to; nil if it is unknown or
// has expired.
func FindConfirmable(ctx context.Context, l *ledger.Ledger, secret string, now time.Time) (*Confirmable, error) {
	c, err := confirmable(ctx, l.Reader(), secret, now)
	return c, l.Fail("look up a confirmation", err)
}

func confirmable(ctx context.Context, db sqlutil.RowQuerier, secret string, now time.Time) (*Confirmable, error) {
	t, err := ledger.FindToken(ctx, db, ledger.TokenConfirm, secret, now)
	if err != nil || t == nil {
		return nil, err
	}
	c := &Confirmable{}
	if t.Subscriber != 0 {
		c.Subscriber, err = ledger.SubscriberWhere(ctx, db, "s.id = $1", t.Subscriber)
	} else {
		c.Pending, err = pendingBy(ctx, db, "p.id = $1 AND p.expires_at > $2", t.Data, sqlutil.Time(now))
	}
	if err != nil || c.Subscriber == nil && c.Pending == nil {
		return nil, err
	}
	return c, nil
}

// StartedBy reports whether the browser with that cookie asked for the address to be
// subscribed.
func StartedBy(ctx context.Context, l *ledger.Ledger, browser string, p *Pending) (started bool, err error) {
	if browser == "" {
		return false, nil
	}
	err = l.Reader().QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM signup WHERE email_key = $1 AND browser = $2)", p.key, mailtoken.SecretHash(browser)).Scan(&started)
	return started, l.Fail("look up a sign-up", err)
}

// ConfirmTokens returns the tokens of one attempt to send a noticequeue.Confirm: of its link and of
// its code.
func ConfirmTokens(pending int64, link, code string, now time.Time) []ledger.Token {
	id, expires := strconv.FormatInt(pending, 10), now.Add(pendingTime)
	return []ledger.Token{
		{Secret: link, Purpose: ledger.TokenConfirm, Data: id, Expires: expires},
		{Secret: ledger.CodeSecret(pending, code), Purpose: ledger.TokenCode, Data: id, Expires: expires},
	}
}

// ConfirmOptions control a confirmation.
type ConfirmOptions struct {
	DefaultCadence string // of subscribers without one of their own
	Welcome        bool   // plan a noticequeue.Welcome
	Now            time.Time
}

// ConfirmToken confirms with the token of a link or a reply ("link", "reply"), any number of
// times. It returns the subscriber; nil if the token is unknown or has expired.
func ConfirmToken(ctx context.Context, l *ledger.Ledger, secret, how string, o ConfirmOptions) (s *ledger.Subscriber, err error) {
	c, err := FindConfirmable(ctx, l, secret, o.Now)
	if err != nil || c == nil {
		return nil, err
	}
	if c.Pending == nil {
		return l.SubscriberByID(ctx, c.Subscriber.ID)
	}
	err = l.ChangeAddress(ctx, "confirm a sign-up", c.Pending.key, func(tx *sql.Tx, _ *ledger.Subscriber) error {
		s = nil
		c, err := confirmable(ctx, tx, secret, o.Now)
		if err != nil || c == nil {
			return err
		}
		if s = c.Subscriber; s != nil {
			return nil
		}
		s, err = c.Pending.confirm(ctx, tx, how, o)
		return err
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// CodeResult is what came of a code.
type CodeResult int

// The results of a code.
const (
	CodeRight CodeResult = iota
	CodeWrong
	CodeTooMany // tries: the link still works
	CodeUnknown // there is no such request (any more)
)

// ConfirmCode confirms with a code that was typed on the page that answered a request. It says
// the same for addresses that got no code. Each request has 5 tries, and each address 20 a day.
func ConfirmCode(ctx context.Context, l *ledger.Ledger, request, code string, o ConfirmOptions) (result CodeResult, s *ledger.Subscriber, err error) {
	var pending *Pending
	err = l.Store(ctx, "check a code", func(tx *sql.Tx) error {
		pending, result, err = checkCode(ctx, tx, request, code, o.Now)
		return err
	})
	if err != nil || result != CodeRight {
		return result, nil, err
	}
	err = l.ChangeAddress(ctx, "confirm a sign-up", pending.key, func(tx *sql.Tx, known *ledger.Subscriber) error {
		// It may have been confirmed meanwhile.
		p, err := pendingBy(ctx, tx, "p.id = $1", pending.ID)
		if s = known; err == nil && p != nil {
			s, err = p.confirm(ctx, tx, "code", o)
		}
		return err
	})
	if err != nil || s == nil {
		return CodeUnknown, nil, err
	}
	return CodeRight, s, nil
}

// checkCode counts a try, and returns the pending address if the code is right.
func checkCode(ctx context.Context, tx *sql.Tx, request, code string, now time.Time) (*Pending, CodeResult, error) {
	var id int64
	var key string
	var tries, ofDay int
	found, err := sqlutil.Row(ctx, tx, "SELECT id, email_key, tries FROM signup WHERE request = $1 AND created_at > $2",
		[]any{mailtoken.SecretHash(request), sqlutil.Time(now.Add(-pendingTime))}, &id, &key, &tries)
	if err != nil || !found {
		return nil, CodeUnknown, err
	}
	err = tx.QueryRowContext(ctx, "SELECT COALESCE(SUM(tries), 0) FROM signup WHERE email_key = $1 AND created_at > $2", key, sqlutil.Time(now.Add(-24*time.Hour))).Scan(&ofDay)
	if err != nil {
		return nil, CodeUnknown, err
	}
	if tries >= maxTries || ofDay >= maxTriesOfDay {
		return nil, CodeTooMany, nil
	}
	if _, err := tx.ExecContext(ctx, "UPDATE signup SET tries = tries + 1 WHERE id = $1", id); err != nil {
		return nil, CodeUnknown, err
	}
	p, err := pendingBy(ctx, tx, "p.email_key = $1 AND p.expires_at > $2", key, sqlutil.Time(now))
	if err != nil || p == nil {
		return nil, CodeWrong, err
	}
	t, err := ledger.FindToken(ctx, tx, ledger.TokenCode, ledger.CodeSecret(p.ID, code), now)
	if err != nil || t == nil {
		return nil, CodeWrong, err
	}
	return p, CodeRight, nil
}

// confirm makes the address an active subscriber whose mail begins with newer posts. Whatever
// ended an earlier subscription is over; an active one stays as it is.
func (p *Pending) confirm(ctx context.Context, tx *sql.Tx, how string, o ConfirmOptions) (*ledger.Subscriber, error) {
	s, err := ledger.SubscriberWhere(ctx, tx, "s.email_key = $1", p.key)
	if err != nil {
		return nil, err
	}
	known := s != nil
	if !known {
		s = &ledger.Subscriber{Created: p.Created}
	}
	if s.Status != ledger.Active {
		if s.Cursor, err = ledger.NewestNumber(ctx, tx); err != nil {
			return nil, err
		}
		s.Name, s.Cadence, s.Tags, s.Language, s.Owed = cmp.Or(p.Name, s.Name), p.Cadence, p.Tags, p.Language, nil
		s.Status, s.StatusAt, s.FromFile, s.UndoTo = ledger.Active, o.Now, false, ""
	}
	s.Confirmed = o.Now
	if err := erasure.End(ctx, tx, p.key); err != nil {
		return nil, err
	}
	if known {
		err = ledger.SaveSubscriber(ctx, tx, s, o.Now)
	} else {
		s.Email = p.Email
		err = insertSubscriber(ctx, tx, s, p.key)
	}
	if err != nil {
		return nil, err
	}
	return s, p.settle(ctx, tx, s, how, o)
}

// insertSubscriber adds a subscriber, whose address has that key, and sets the id.
func insertSubscriber(ctx context.Context, tx *sql.Tx, s *ledger.Subscriber, key string) error {
	return tx.QueryRowContext(ctx, `
		INSERT INTO subscriber (email, email_key, name, status, status_at, cadence, tags, language, created_at, confirmed_at, cursor_seq, from_file)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, FALSE) RETURNING id`,
		s.Email, key, s.Name, s.Status, sqlutil.Time(s.StatusAt), s.Cadence, sqlutil.Strings(s.Tags), s.Language,
		sqlutil.Time(s.Created), sqlutil.Time(s.Confirmed), s.Cursor).Scan(&s.ID)
}

// settle records the consent, and that the address is no longer pending.
func (p *Pending) settle(ctx context.Context, tx *sql.Tx, s *ledger.Subscriber, how string, o ConfirmOptions) error {
	err := ledger.AddConsent(ctx, tx, ledger.Consent{Subscriber: s.ID, At: o.Now, What: "subscribe", How: how, Page: p.Page, IP: p.IP}, p.wording)
	if err == nil {
		err = ledger.AddEvent(ctx, tx, ledger.Event{At: o.Now, Kind: "confirmed", Subscriber: s.ID, Data: map[string]string{"how": how, "page": p.Page}})
	}
	if err == nil && o.Welcome {
		err = noticequeue.PlanIn(ctx, tx, noticequeue.Notice{Kind: noticequeue.Welcome, Email: s.Email, Subscriber: s.ID, Language: s.Language, Created: o.Now})
	}
	id := strconv.FormatInt(p.ID, 10)
	for _, change := range []struct {
		query string
		args  []any
	}{
		{"DELETE FROM pending WHERE id = $1", []any{p.ID}},
		// The link goes on to work.
		{"UPDATE token SET subscriber = $1 WHERE purpose = 'confirm' AND data = $2", []any{s.ID, id}},
		{"DELETE FROM token WHERE purpose = 'code' AND data = $1", []any{id}},
		{"UPDATE notice SET pending = NULL, subscriber = $1 WHERE pending = $2 AND progress NOT IN ('waiting', 'deferred')", []any{s.ID, p.ID}},
		{"UPDATE notice SET pending = NULL, progress = 'failed', next_at = NULL, reply = 'not sent: confirmed meanwhile' WHERE pending = $1", []any{p.ID}},
	} {
		if err == nil {
			_, err = tx.ExecContext(ctx, change.query, change.args...)
		}
	}
	return err
}
