// Package subscription changes one subscription on behalf of somebody else than the owner: as far
// as a token permits, or because mail is refused or comes back. It tells the owner why a
// subscription ended, and restores it.
package subscription

import (
	"cmp"
	"context"
	"database/sql"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/mailtoken"
	"publisher/internal/ledger/noticequeue"
	"publisher/internal/ledger/sqlutil"
)

// Action is what somebody requests or reports, with a token as the only proof.
type Action int

const (
	Leave      Action = iota // unsubscribe
	Undo                     // take that back
	Choose                   // cadence, tags, language
	HardBounce               // the mailbox does not exist any more
	SoftBounce               // too many mails in a row came back
	Complain                 // reported as junk mail
	Pause                    // no mail for a while, or mail again
)

// effect is what happens to the subscription.
type effect int

const (
	nothing     effect = iota
	unsubscribe        // Unsubscribed; the link takes it back for undoTime
	goBack             // to what it was before it was unsubscribed
	choose             // it stands, and its choice changes
	pause              // it stands, and mail waits
	endBounced         // Bounced or Complained: only the owner takes it back
	endComplained
)

// rights defines what each token permits. Links are in the body, and a Message-ID is in
// every copy of a mail and every answer to it, so anyone to whom a digest was forwarded
// has them: they may do nothing permanent. A return path proves that the mail was
// delivered or refused with it. What is not in the table has no effect.
var rights = map[mailtoken.Purpose]map[Action]effect{
	mailtoken.Unsubscribe: {Leave: unsubscribe, Undo: goBack, HardBounce: unsubscribe, SoftBounce: unsubscribe, Complain: unsubscribe},
	mailtoken.Preferences: {Choose: choose, Pause: pause},
	mailtoken.MessageID:   {HardBounce: unsubscribe, SoftBounce: unsubscribe, Complain: unsubscribe},
	mailtoken.ReturnPath:  {HardBounce: endBounced, SoftBounce: endBounced, Complain: endComplained},
}

// bounceTime is how long after a mail reports that it bounced count.
const bounceTime = 30 * 24 * time.Hour

// effectOf returns the effect of an action on a subscription with that status. mailed is when
// the mail that a bounce is about was sent; zero if unknown.
func effectOf(s *ledger.Subscriber, with mailtoken.Purpose, act Action, mailed, now time.Time) effect {
	e := rights[with][act]
	if bounce := act == HardBounce || act == SoftBounce; bounce && !countsAt(mailed, now) {
		return nothing
	}
	allowed := false
	switch e {
	case choose, pause, endBounced, endComplained:
		allowed = s.Status.Ongoing()
	case unsubscribe:
		allowed = s.Status.Ongoing() || s.Status == ledger.Removed // that the file may revive
	case goBack:
		allowed = s.CanUndo(now)
	}
	if !allowed {
		return nothing
	}
	return e
}

// countsAt reports whether a bounce reported now counts; mailed is zero if nobody knows
// when the mail was sent.
func countsAt(mailed, now time.Time) bool {
	return !mailed.IsZero() && now.Sub(mailed) <= bounceTime
}

// May reports whether the action would change the subscription.
func May(s *ledger.Subscriber, with mailtoken.Purpose, act Action, now time.Time) bool {
	return effectOf(s, with, act, time.Time{}, now) != nothing
}

// Request is an action with a valid token.
type Request struct {
	Subscriber     int64
	Proof          mailtoken.Purpose
	Action         Action // not a bounce: see RecordBounce
	DefaultCadence string
	At             time.Time
	// Until is when the pause ends; zero if mail goes on at once. An Undo may come with a pause,
	// and with another Cadence.
	Until   time.Time
	Cadence string // "": as it was
	// Goodbye plans a mail that says so if a Leave ends an active subscription.
	Goodbye bool
	// Reason is a line for the owner from somebody who has left, with or after Leave. The newest
	// one since then counts.
	Reason string
}

// Do performs a request as far as the token permits. It returns the subscriber's new
// state, nil if there is no such subscriber, and whether anything changed. Its errors do not
// contain the address.
func Do(ctx context.Context, l *ledger.Ledger, r Request) (s *ledger.Subscriber, changed bool, err error) {
	err = l.ChangeOf(ctx, "change a subscription", r.Subscriber, func(tx *sql.Tx) error {
		changed = false
		s, err = ledger.SubscriberWhere(ctx, tx, "s.id = $1", r.Subscriber)
		if err != nil || s == nil {
			return err
		}
		effect := effectOf(s, r.Proof, r.Action, time.Time{}, r.At)
		if effect == pause {
			changed, err = setPause(ctx, tx, s, r.Until, r.At)
			return err
		}
		changed, err = apply(ctx, tx, s, effect, r.DefaultCadence, r.At)
		if err == nil && r.Action == Leave && r.Reason != "" && s.Status == ledger.Unsubscribed {
			err = giveReason(ctx, tx, s, r)
		}
		if err == nil && changed && effect == goBack && s.Status == ledger.Active {
			err = goBackTo(ctx, tx, s, r)
		}
		if err == nil && changed && effect == unsubscribe && s.UndoTo == ledger.Active && r.Goodbye {
			err = noticequeue.PlanIn(ctx, tx, noticequeue.Notice{Kind: noticequeue.Goodbye, Email: s.Email, Subscriber: s.ID, Language: s.Language, Created: r.At})
		}
		return err
	})
	if err != nil {
		return nil, false, err
	}
	return s, changed, nil
}

// apply gives the subscription the status that the effect leads to.
func apply(ctx context.Context, tx *sql.Tx, s *ledger.Subscriber, e effect, defaultCadence string, now time.Time) (changed bool, err error) {
	switch e {
	case unsubscribe:
		s.UndoTo, s.Status = s.Status, ledger.Unsubscribed
	case endBounced:
		s.UndoTo, s.Status = "", ledger.Bounced
	case endComplained:
		s.UndoTo, s.Status = "", ledger.Complained
	case goBack:
		if s.UndoTo == ledger.Active {
			if err := ledger.Activate(ctx, tx, s, defaultCadence, now); err != nil {
				return false, err
			}
		} else {
			s.Status, s.UndoTo = s.UndoTo, ""
		}
	default:
		return false, nil
	}
	s.StatusAt = now
	if err := ledger.SaveSubscriber(ctx, tx, s, now); err != nil {
		return false, err
	}
	return true, ledger.AddEvent(ctx, tx, ledger.Event{At: now, Kind: string(s.Status), Subscriber: s.ID})
}

// GoBack gives a subscription the status back that it had before it was unsubscribed.
func GoBack(ctx context.Context, tx *sql.Tx, s *ledger.Subscriber, defaultCadence string, now time.Time) (changed bool, err error) {
	return apply(ctx, tx, s, goBack, defaultCadence, now)
}

// giveReason stores why somebody has left.
func giveReason(ctx context.Context, tx *sql.Tx, s *ledger.Subscriber, r Request) error {
	if _, err := tx.ExecContext(ctx, "DELETE FROM event WHERE subscriber = $1 AND kind = 'reason' AND at >= $2", s.ID, sqlutil.Time(s.StatusAt)); err != nil {
		return err
	}
	return ledger.AddEvent(ctx, tx, ledger.Event{At: r.At, Kind: "reason", Subscriber: s.ID, Data: map[string]string{"text": r.Reason}})
}

// goBackTo gives an unsubscribing that is taken back the cadence and the pause that came with
// it.
func goBackTo(ctx context.Context, tx *sql.Tx, s *ledger.Subscriber, r Request) error {
	if r.Cadence != "" && r.Cadence != cmp.Or(s.Cadence, r.DefaultCadence) {
		due, err := ledger.ChosenSoFar(ctx, tx, *s, r.DefaultCadence)
		if err != nil {
			return err
		}
		s.Cadence, s.Due = r.Cadence, due
		if err := ledger.SaveSubscriber(ctx, tx, s, r.At); err != nil {
			return err
		}
	}
	if r.Until.IsZero() {
		return nil
	}
	_, err := setPause(ctx, tx, s, r.Until, r.At)
	return err
}

// mailedAt returns when an edition, or the newest one if it is 0, was last sent to the
// subscriber; zero if the ledger knows of none.
func mailedAt(ctx context.Context, tx *sql.Tx, subscriber, edition int64) (time.Time, error) {
	var at sqlutil.Time
	_, err := sqlutil.Row(ctx, tx, `
		SELECT COALESCE(d.last_at, d.first_at) FROM edition e JOIN delivery d ON d.edition = e.number AND d.subscriber = $1
		WHERE CAST($2 AS BIGINT) = 0 OR e.number = $2 ORDER BY e.number DESC LIMIT 1`, []any{subscriber, edition}, &at)
	return time.Time(at), err
}

// setPause starts a pause, or ends it where until is not after now.
func setPause(ctx context.Context, tx *sql.Tx, s *ledger.Subscriber, until, now time.Time) (changed bool, err error) {
	if latest := now.Add(ledger.MaxPause); until.After(latest) {
		until = latest
	}
	kind := "paused"
	data := map[string]string{"until": until.UTC().Format(time.RFC3339)}
	if !until.After(now) {
		if !s.Paused(now) {
			return false, nil
		}
		kind, data, until = "resumed", nil, time.Time{}
	}
	if s.PausedUntil.Equal(until) {
		return false, nil
	}
	s.PausedUntil = until
	if _, err := tx.ExecContext(ctx, "UPDATE subscriber SET paused_until = $2 WHERE id = $1", s.ID, sqlutil.Time(until)); err != nil {
		return false, err
	}
	return true, ledger.AddEvent(ctx, tx, ledger.Event{At: now, Kind: kind, Subscriber: s.ID, Data: data})
}
