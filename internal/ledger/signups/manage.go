package signups

import (
	"context"
	"database/sql"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/noticequeue"
	"publisher/internal/ledger/sqlutil"
	"publisher/mailer/address"
)

// Digests are forwarded, so the links that stay in them do nothing that a reader could not
// undo. What is more is behind a fresh link, which is mailed to the address on file.

// noticesOfDay is how many fresh links go to one address in a day, and how many questions
// whether an address is somebody's new one.
const noticesOfDay = 3

// PlanManage plans a mail with a fresh link to everything about a subscriber. It reports false
// if there were enough in the last day, or if there is no such subscriber.
func PlanManage(ctx context.Context, l *ledger.Ledger, subscriber int64, now time.Time) (planned bool, err error) {
	err = l.Store(ctx, "plan a fresh link", func(tx *sql.Tx) error {
		planned = false
		s, err := ledger.SubscriberWhere(ctx, tx, "s.id = $1", subscriber)
		if err != nil || s == nil {
			return err
		}
		planned, err = planFew(ctx, tx, noticequeue.Notice{Kind: noticequeue.Manage, Email: s.Email, Subscriber: s.ID, Language: s.Language, Created: now})
		return err
	})
	return planned && err == nil, err
}

// planFew plans a notice unless its address has had enough of its kind in the last day.
func planFew(ctx context.Context, tx *sql.Tx, n noticequeue.Notice) (bool, error) {
	key, err := address.Normalize(n.Email)
	if err != nil {
		return false, err
	}
	var lately int
	err = tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM notice WHERE email_key = $1 AND kind = $2 AND created_at > $3",
		key, n.Kind, sqlutil.Time(n.Created.Add(-24*time.Hour))).Scan(&lately)
	if err != nil || lately >= noticesOfDay {
		return false, err
	}
	return true, noticequeue.PlanIn(ctx, tx, n)
}

// Managed returns the subscriber of a fresh link; nil if it is unknown, used or too old.
func Managed(ctx context.Context, l *ledger.Ledger, secret string, now time.Time) (*ledger.Subscriber, error) {
	s, err := subscriberOf(ctx, l.Reader(), ledger.TokenManage, secret, now)
	return s, l.Fail("look up a fresh link", err)
}

func subscriberOf(ctx context.Context, db sqlutil.RowQuerier, p ledger.TokenPurpose, secret string, now time.Time) (*ledger.Subscriber, error) {
	t, err := ledger.FindToken(ctx, db, p, secret, now)
	if err != nil || t == nil {
		return nil, err
	}
	return ledger.SubscriberWhere(ctx, db, "s.id = $1", t.Subscriber)
}

// UseManaged is Managed, and uses the link up.
func UseManaged(ctx context.Context, l *ledger.Ledger, secret string, now time.Time) (s *ledger.Subscriber, err error) {
	err = l.Store(ctx, "use a fresh link", func(tx *sql.Tx) error {
		if s, err = subscriberOf(ctx, tx, ledger.TokenManage, secret, now); err != nil || s == nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "DELETE FROM token WHERE hash = $1", ledger.TokenHash(ledger.TokenManage, secret))
		return err
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}
