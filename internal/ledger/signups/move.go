package signups

import (
	"context"
	"database/sql"
	"strconv"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/erasure"
	"publisher/internal/ledger/noticequeue"
	"publisher/internal/ledger/sqlutil"
	"publisher/internal/ledger/subscription"
	"publisher/mailer/address"
)

// A change of address keeps the subscriber's id, so that the links in mails that went to the
// old address go on to work. A row for the old address stays, unsubscribed, so that no list
// brings it back: it has moved_to.

// AskAddress uses a fresh link up and asks the reader of another address whether it is the
// subscriber's new one. It returns the subscriber; nil if the link is unknown, used or too old.
// It says nothing of the other address, which may be anybody's.
func AskAddress(ctx context.Context, l *ledger.Ledger, secret, email string, now time.Time) (s *ledger.Subscriber, err error) {
	err = l.Store(ctx, "ask for a new address", func(tx *sql.Tx) error {
		if s, err = subscriberOf(ctx, tx, ledger.TokenManage, secret, now); err != nil || s == nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM token WHERE hash = $1", ledger.TokenHash(ledger.TokenManage, secret)); err != nil {
			return err
		}
		_, err = planFew(ctx, tx, noticequeue.Notice{Kind: noticequeue.Address, Email: email, Subscriber: s.ID, Language: s.Language, Created: now})
		return err
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// FindMove returns the subscriber of a link that confirms a change of address or takes it back,
// and the address that it leads to; nil if it is unknown or too old.
func FindMove(ctx context.Context, l *ledger.Ledger, p ledger.TokenPurpose, secret string, now time.Time) (s *ledger.Subscriber, to string, err error) {
	t, err := ledger.FindToken(ctx, l.Reader(), p, secret, now)
	if err == nil && t != nil {
		s, err = ledger.SubscriberWhere(ctx, l.Reader(), "s.id = $1", t.Subscriber)
		to = t.Data
	}
	return s, to, l.Fail("look up a change of address", err)
}

// MoveOptions control a change of address.
type MoveOptions struct {
	DefaultCadence string
	Now            time.Time
	// Masked returns an address as the mail to the old one shows it.
	Masked func(email string) string
}

// Move makes the address of a noticequeue.Address the subscriber's, any number of times, and
// plans a noticequeue.Moved to the old one. If the new address is on the list already, that subscription goes
// on, with the choices of this one unless it was active, and this one ends. It returns who gets
// the mail from now on; nil if the link is unknown or too old.
func Move(ctx context.Context, l *ledger.Ledger, secret string, o MoveOptions) (s *ledger.Subscriber, err error) {
	err = l.Change(ctx, "change an address", func(tx *sql.Tx) error {
		t, err := ledger.FindToken(ctx, tx, ledger.TokenAddress, secret, o.Now)
		if err != nil || t == nil {
			s = nil
			return err
		}
		if s, err = ledger.SubscriberWhere(ctx, tx, "s.id = $1", t.Subscriber); err != nil || s == nil {
			return err
		}
		key, err := address.Normalize(t.Data)
		if err != nil {
			return err
		}
		left, err := leftRow(ctx, tx, s, key)
		if err != nil {
			return err
		}
		other, err := ledger.SubscriberWhere(ctx, tx, "s.email_key = $1 AND s.id <> "+strconv.FormatInt(left, 10), key)
		switch {
		case err != nil:
			return err
		case other != nil && other.ID == s.ID:
			return nil // done before
		case other != nil && s.Status == ledger.Unsubscribed && other.Status == ledger.Active:
			s = other // likewise
			return nil
		case !s.Status.Ongoing():
			s = nil
			return nil
		}
		old := s.Email
		if other == nil {
			err = moveTo(ctx, tx, s, t.Data, key, left, o)
		} else {
			err = joinWith(ctx, tx, s, other, o)
			s = other
		}
		if err != nil {
			return err
		}
		return settleMove(ctx, tx, t, secret, old, s, o)
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// settleMove records a change of address and tells the old one.
func settleMove(ctx context.Context, tx *sql.Tx, t *ledger.Token, secret, old string, now *ledger.Subscriber, o MoveOptions) error {
	key, err := address.Normalize(now.Email)
	if err == nil {
		err = erasure.End(ctx, tx, key)
	}
	if err == nil {
		err = ledger.AddConsent(ctx, tx, ledger.Consent{Subscriber: now.ID, At: o.Now, What: "address", How: "link"}, nil)
	}
	if err == nil {
		err = ledger.AddEvent(ctx, tx, ledger.Event{At: o.Now, Kind: "moved", Subscriber: now.ID})
	}
	if err == nil {
		_, err = tx.ExecContext(ctx, "DELETE FROM token WHERE subscriber = $1 AND purpose IN ('manage', 'address') AND hash <> $2", t.Subscriber, ledger.TokenHash(ledger.TokenAddress, secret))
	}
	if err == nil {
		err = noticequeue.PlanIn(ctx, tx, noticequeue.Notice{Kind: noticequeue.Moved, Email: old, Subscriber: t.Subscriber, Language: now.Language,
			Data: map[string]string{"address": o.Masked(now.Email)}, Created: o.Now})
	}
	return err
}

// moveTo gives the subscriber an address that nobody has, and the old one a row that has left.
// left is the row that an earlier change left for the new address.
func moveTo(ctx context.Context, tx *sql.Tx, s *ledger.Subscriber, email, key string, left int64, o MoveOptions) error {
	oldKey, err := address.Normalize(s.Email)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "UPDATE subscriber SET email_key = '' WHERE id = $1", s.ID); err != nil { // keys are unique
		return err
	}
	if _, err := tx.ExecContext(ctx, `
		INSERT INTO subscriber (email, email_key, name, status, status_at, cadence, tags, created_at, cursor_seq, from_file,
			file_name, file_cadence, file_tags, file_language, file_status, moved_to)
		SELECT $2, $3, '', 'unsubscribed', $4, '', '', created_at, cursor_seq, FALSE,
			file_name, file_cadence, file_tags, file_language, file_status, id
		FROM subscriber WHERE id = $1`, s.ID, s.Email, oldKey, sqlutil.Time(o.Now)); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `
		UPDATE subscriber SET confirmed_at = $2, from_file = FALSE,
			file_name = '', file_cadence = '', file_tags = '', file_language = '', file_status = NULL WHERE id = $1`, s.ID, sqlutil.Time(o.Now)); err != nil {
		return err
	}
	s.Confirmed = o.Now
	return takeAddress(ctx, tx, s, email, key, left)
}

// leftRow returns the id of the row that a change of the subscriber's address left; 0 if there
// is none.
func leftRow(ctx context.Context, tx *sql.Tx, s *ledger.Subscriber, key string) (id int64, err error) {
	_, err = sqlutil.Row(ctx, tx, "SELECT id FROM subscriber WHERE email_key = $1 AND moved_to = $2", []any{key, s.ID}, &id)
	return id, err
}

// takeAddress gives the subscriber an address, which only the row left may have. What the row
// knows of subscribers.file comes with it.
func takeAddress(ctx context.Context, tx *sql.Tx, s *ledger.Subscriber, email, key string, left int64) error {
	if left != 0 {
		if _, err := tx.ExecContext(ctx, `
			UPDATE subscriber SET file_name = h.file_name, file_cadence = h.file_cadence, file_tags = h.file_tags,
				file_language = h.file_language, file_status = h.file_status, from_file = h.file_status IS NOT NULL
			FROM subscriber h WHERE subscriber.id = $1 AND h.id = $2`, s.ID, left); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM subscriber WHERE id = $1", left); err != nil {
			return err
		}
	}
	s.Email = email
	_, err := tx.ExecContext(ctx, "UPDATE subscriber SET email = $2, email_key = $3 WHERE id = $1", s.ID, email, key)
	return err
}

// joinWith ends the subscription in favor of another one, whose reader has confirmed.
func joinWith(ctx context.Context, tx *sql.Tx, s *ledger.Subscriber, other *ledger.Subscriber, o MoveOptions) error {
	if other.Status != ledger.Active {
		other.Cadence, other.Tags, other.Language, other.Due = s.Cadence, s.Tags, s.Language, s.Due
		other.Status, other.StatusAt, other.UndoTo, other.FromFile, other.Confirmed = ledger.Active, o.Now, "", false, o.Now
		if err := ledger.SaveSubscriber(ctx, tx, other, o.Now); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "UPDATE subscriber SET paused_until = $2, moved_to = NULL WHERE id = $1", other.ID, sqlutil.Time(s.PausedUntil)); err != nil {
			return err
		}
	}
	if !s.Status.Ongoing() {
		return nil
	}
	s.UndoTo, s.Status, s.StatusAt = s.Status, ledger.Unsubscribed, o.Now
	return ledger.SaveSubscriber(ctx, tx, s, o.Now)
}

// TakeBack undoes a change of address for the reader of the old one. It returns the subscriber;
// nil if the link is unknown or too old. If the old address has a subscription of its own by
// now, the one that moved away only ends.
func TakeBack(ctx context.Context, l *ledger.Ledger, secret string, o MoveOptions) (s *ledger.Subscriber, err error) {
	err = l.Change(ctx, "take a change of address back", func(tx *sql.Tx) error {
		t, err := ledger.FindToken(ctx, tx, ledger.TokenTakeBack, secret, o.Now)
		if err != nil || t == nil {
			s = nil
			return err
		}
		if s, err = ledger.SubscriberWhere(ctx, tx, "s.id = $1", t.Subscriber); err != nil || s == nil {
			return err
		}
		if s, err = takeBack(ctx, tx, s, t.Data, o); err != nil {
			return err
		}
		return revokeMoves(ctx, tx, t.Subscriber, secret)
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// revokeMoves ends all that somebody else may have begun.
func revokeMoves(ctx context.Context, tx *sql.Tx, subscriber int64, keep string) error {
	_, err := tx.ExecContext(ctx, "DELETE FROM token WHERE subscriber = $1 AND purpose IN ('manage', 'address', 'take-back') AND hash <> $2",
		subscriber, ledger.TokenHash(ledger.TokenTakeBack, keep))
	if err == nil {
		_, err = tx.ExecContext(ctx, "DELETE FROM notice WHERE subscriber = $1 AND kind IN ('manage', 'address') AND progress IN ('waiting', 'deferred')", subscriber)
	}
	return err
}

// takeBack returns who gets the mail at the old address.
func takeBack(ctx context.Context, tx *sql.Tx, s *ledger.Subscriber, old string, o MoveOptions) (*ledger.Subscriber, error) {
	key, err := address.Normalize(old)
	if err != nil {
		return nil, err
	}
	holder, err := ledger.SubscriberWhere(ctx, tx, "s.email_key = $1", key)
	if err != nil {
		return nil, err
	}
	if holder != nil && holder.ID == s.ID {
		if !s.CanUndo(o.Now) { // done before
			return s, nil
		}
		_, err := subscription.GoBack(ctx, tx, s, o.DefaultCadence, o.Now) // it had joined with another one
		return s, err
	}
	left, err := leftRow(ctx, tx, s, key)
	if err != nil {
		return nil, err
	}
	if holder != nil && left == 0 {
		_, err := subscription.EndAs(ctx, tx, s.ID, ledger.Unsubscribed, o.Now)
		return holder, err
	}
	if err := takeAddress(ctx, tx, s, old, key, left); err != nil {
		return nil, err
	}
	return s, ledger.AddEvent(ctx, tx, ledger.Event{At: o.Now, Kind: "moved back", Subscriber: s.ID})
}
