package ledger

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// Action is what somebody asks for or reports, with a token as the only proof.
type Action int

const (
	Leave      Action = iota // unsubscribe
	Undo                     // take that back
	Choose                   // cadence, tags, language
	HardBounce               // the mailbox does not exist any more
	SoftBounce               // as many mails in a row came back as inARow asks for
	Complain                 // reported as junk mail
)

// effect is what becomes of the subscription.
type effect int

const (
	nothing     effect = iota
	unsubscribe        // Unsubscribed; the link takes it back for undoTime
	goBack             // to what it was before it was unsubscribed
	choose             // it stands, and its choice changes
	endBounced         // Bounced or Complained: only the owner takes it back
	endComplained
)

// rights says what each token can do. Links stand in the body, and a Message-ID in every
// copy and answer of a mail, so whoever a digest was forwarded to has them: they may do
// nothing for good. A return path proves that the mail was delivered or refused with it.
// What is not in the table does nothing.
var rights = map[Purpose]map[Action]effect{
	Unsubscribe: {Leave: unsubscribe, Undo: goBack, HardBounce: unsubscribe, SoftBounce: unsubscribe, Complain: unsubscribe},
	Preferences: {Choose: choose},
	MessageID:   {HardBounce: unsubscribe, SoftBounce: unsubscribe, Complain: unsubscribe},
	ReturnPath:  {HardBounce: endBounced, SoftBounce: endBounced, Complain: endComplained},
}

const (
	// undoTime is how long an unsubscribing can be taken back by the link.
	undoTime = awayMost
	// bounceTime is how long after a mail reports that it bounced count.
	bounceTime = 30 * 24 * time.Hour
)

// may returns what the act does to a subscription with that status. mailed is when the
// mail went out that a bounce is about; zero: unknown.
func (s *Subscriber) may(with Purpose, act Action, mailed, now time.Time) effect {
	e := rights[with][act]
	if bounce := act == HardBounce || act == SoftBounce; bounce && !countsAt(mailed, now) {
		return nothing
	}
	allowed := false
	switch e {
	case choose, endBounced, endComplained:
		allowed = s.Status.standing()
	case unsubscribe:
		allowed = s.Status.standing() || s.Status == Removed // that the file may revive
	case goBack:
		allowed = s.CanUndo(now)
	}
	if !allowed {
		return nothing
	}
	return e
}

// countsAt reports whether a bounce that is reported now counts; mailed is zero where
// nobody knows when the mail went out.
func countsAt(mailed, now time.Time) bool {
	return !mailed.IsZero() && now.Sub(mailed) <= bounceTime
}

// CanUndo reports whether the subscriber can take the unsubscribing back: their own link
// ended it, not the owner, and not long ago.
func (s *Subscriber) CanUndo(now time.Time) bool {
	return s.Status == Unsubscribed && s.UndoTo != "" && now.Sub(s.StatusAt) <= undoTime
}

// May reports whether the act would change the subscription.
func (s *Subscriber) May(with Purpose, act Action, now time.Time) bool {
	return s.may(with, act, time.Time{}, now) != nothing
}

// Request is an act whose token is valid.
type Request struct {
	Subscriber     int64
	Proof          Purpose
	Action         Action // not a bounce: see RecordBounce
	DefaultCadence string
	At             time.Time
}

// Do does what is asked for, as far as the token may. It returns the subscriber as they
// are then, nil where there is none, and whether something changed.
func (l *Ledger) Do(ctx context.Context, r Request) (s *Subscriber, changed bool, err error) {
	err = l.change(ctx, "change a subscription", func(tx *sql.Tx) error {
		s, err = subscriberBy(ctx, tx, "s.id = $1", r.Subscriber)
		if err != nil || s == nil {
			return err
		}
		changed, err = s.apply(ctx, tx, s.may(r.Proof, r.Action, time.Time{}, r.At), r.DefaultCadence, r.At)
		return err
	})
	if err != nil {
		return nil, false, err
	}
	return s, changed, nil
}

// apply gives the subscription the status that the effect leads to.
func (s *Subscriber) apply(ctx context.Context, tx *sql.Tx, e effect, defaultCadence string, now time.Time) (changed bool, err error) {
	switch e {
	case unsubscribe:
		s.UndoTo, s.Status = s.Status, Unsubscribed
	case endBounced:
		s.UndoTo, s.Status = "", Bounced
	case endComplained:
		s.UndoTo, s.Status = "", Complained
	case goBack:
		if s.UndoTo == Active {
			if err := activate(ctx, tx, s, defaultCadence, now); err != nil {
				return false, err
			}
		} else {
			s.Status, s.UndoTo = s.UndoTo, ""
		}
	default:
		return false, nil
	}
	s.StatusAt = now
	return true, saveSubscriber(ctx, tx, s, now)
}

// mailedAt returns when an edition last went out to the subscriber, or, where it is 0, when
// the newest one did. It is zero where the ledger does not know of any.
func mailedAt(ctx context.Context, tx *sql.Tx, subscriber, edition int64) (time.Time, error) {
	var at instant
	err := tx.QueryRowContext(ctx, `
		SELECT COALESCE(d.last_at, d.first_at) FROM edition e JOIN delivery d ON d.edition = e.number AND d.subscriber = $1
		WHERE $2 = 0 OR e.number = $2 ORDER BY e.number DESC LIMIT 1`, subscriber, edition).Scan(&at)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, nil
	}
	return time.Time(at), err
}
