package ledger

import (
	"context"
	"database/sql"
	"errors"
	"iter"
	"time"

	"publisher/internal/ledger/sqlutil"
	"publisher/mailer/address"
)

// Subscriber is an address on the list.
type Subscriber struct {
	ID        int64
	Email     string // as given; unique by its address.Normalize
	Name      string
	Status    Status
	Cadence   string // "": digest.default
	Tags      []string
	Language  string // BCP 47; "": the site's own
	Created   time.Time
	Confirmed time.Time // zero: never
	Due
	FromFile bool      // the subscription came from subscribers.file
	StatusAt time.Time // since when the status holds; zero: unknown
	// PausedUntil is when mail goes on after a pause; zero if there was none.
	PausedUntil time.Time
	UndoTo      Status // what the subscriber's link takes an unsubscribing back to; "": only the owner does
}

// SubscriberColumns are the columns of table subscriber s that Subscriber.Fields reads.
const SubscriberColumns = "s.id, s.email, s.name, s.status, s.cadence, s.tags, s.language, s.created_at, s.confirmed_at, s.cursor_seq, s.owed, s.from_file, s.status_at, s.undo_to, s.paused_until"

// Fields returns what to scan SubscriberColumns into.
func (s *Subscriber) Fields() []any {
	return []any{&s.ID, &s.Email, &s.Name, &s.Status, &s.Cadence, (*sqlutil.Strings)(&s.Tags), &s.Language,
		(*sqlutil.Time)(&s.Created), (*sqlutil.Time)(&s.Confirmed), &s.Cursor, &s.Owed, &s.FromFile, (*sqlutil.Time)(&s.StatusAt), &s.UndoTo, (*sqlutil.Time)(&s.PausedUntil)}
}

func scanSubscriber(row sqlutil.Scanner) (s Subscriber, err error) {
	err = row.Scan(s.Fields()...)
	return s, err
}

// Subscriber returns the subscriber with an address; nil if there is none.
func (l *Ledger) Subscriber(ctx context.Context, email string) (*Subscriber, error) {
	key, err := address.Normalize(email)
	if err != nil {
		return nil, nil // what is no address is nobody's
	}
	s, err := SubscriberWhere(ctx, l.read, "s.email_key = $1", key)
	if err == nil && s != nil {
		s, err = l.subscriberByID(ctx, s.ID)
	}
	return s, l.Fail("find "+email, err)
}

// SubscriberByID returns the subscriber with an id; nil if there is none.
func (l *Ledger) SubscriberByID(ctx context.Context, id int64) (*Subscriber, error) {
	s, err := l.subscriberByID(ctx, id)
	return s, l.Fail("find a subscriber", err)
}

func (l *Ledger) subscriberByID(ctx context.Context, id int64) (*Subscriber, error) {
	db, err := l.SettledFor(ctx, id)
	if err != nil {
		return nil, err
	}
	return SubscriberWhere(ctx, db, "s.id = $1", id)
}

// SubscriberWhere returns the subscriber s that a condition on $1 selects; nil if there is none.
func SubscriberWhere(ctx context.Context, q sqlutil.RowQuerier, where string, arg any) (*Subscriber, error) {
	s, err := scanSubscriber(q.QueryRowContext(ctx, "SELECT "+SubscriberColumns+" FROM subscriber s WHERE "+where, arg))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &s, nil
}

// CountSubscribers returns the number of subscribers with that status.
func (l *Ledger) CountSubscribers(ctx context.Context, status Status) (n int, err error) {
	db, err := l.Settled(ctx)
	if err == nil {
		err = db.QueryRowContext(ctx, "SELECT COUNT(*) FROM subscriber WHERE status = $1", status).Scan(&n)
	}
	return n, l.Fail("count the subscribers", err)
}

// BatchSize is how many rows a stream reads at a time, so that no query stays open while the
// caller works on them.
const BatchSize = 500

// Subscribers streams all subscribers, by address.
func (l *Ledger) Subscribers(ctx context.Context) iter.Seq2[Subscriber, error] {
	return func(yield func(Subscriber, error) bool) {
		type keyed struct {
			Subscriber
			key string
		}
		scan := func(row sqlutil.Scanner) (k keyed, err error) {
			err = row.Scan(append(k.Fields(), &k.key)...)
			return k, err
		}
		for after := ""; ; {
			batch, err := collectSettled(ctx, l, scan, "SELECT "+SubscriberColumns+
				", s.email_key FROM subscriber s WHERE s.email_key > $1 ORDER BY s.email_key LIMIT $2", after, BatchSize)
			if err != nil {
				yield(Subscriber{}, l.Fail("read the subscribers", err))
				return
			}
			for _, k := range batch {
				if !yield(k.Subscriber, nil) {
					return
				}
				after = k.key
			}
			if len(batch) < BatchSize {
				return
			}
		}
	}
}

// SetStatus changes a subscriber's status on behalf of the owner; no link can undo it. It
// reports false if there is no such subscriber. A subscription that had ended continues as
// Due.AfterReturn says, and no longer belongs to subscribers.file. A pending one is
// confirmed, and starts with newer posts.
func (l *Ledger) SetStatus(ctx context.Context, email string, status Status, defaultCadence string, now time.Time) (bool, error) {
	return l.ChangeSubscriber(ctx, "set "+email+" to "+string(status), email, func(tx *sql.Tx, s *Subscriber) error {
		if s.Status == status && s.UndoTo == "" {
			return nil
		}
		if status == Active && s.Status != Active {
			if err := Activate(ctx, tx, s, defaultCadence, now); err != nil {
				return err
			}
			s.FromFile = false
		}
		s.Status, s.UndoTo = status, ""
		return SaveSubscriber(ctx, tx, s, now)
	})
}

// ChangeSubscriber runs do for the subscriber with an address in one transaction. It
// reports false if there is no such subscriber.
func (l *Ledger) ChangeSubscriber(ctx context.Context, doing, email string, do func(*sql.Tx, *Subscriber) error) (found bool, err error) {
	key, err := address.Normalize(email)
	if err != nil {
		return false, nil
	}
	err = l.ChangeAddress(ctx, doing, key, func(tx *sql.Tx, s *Subscriber) error {
		if found = s != nil; !found {
			return nil
		}
		return do(tx, s)
	})
	return found && err == nil, err
}

// ChangeAddress runs do in one transaction for the subscriber with a normalized address, nil
// if there is none. do may insert that subscriber, and touch nobody else; it may run more than
// once, and only its last run counts.
func (l *Ledger) ChangeAddress(ctx context.Context, doing, key string, do func(*sql.Tx, *Subscriber) error) error {
	for {
		known, err := SubscriberWhere(ctx, l.read, "s.email_key = $1", key)
		if err != nil {
			return l.Fail(doing, err)
		}
		touched := Only()
		if known != nil {
			touched = Only(known.ID)
		}
		var another bool // somebody else has the address since
		err = l.engine.Change(ctx, touched, func(tx *sql.Tx) error {
			s, err := SubscriberWhere(ctx, tx, "s.email_key = $1", key)
			if err != nil {
				return err
			}
			if another = s != nil && (known == nil || s.ID != known.ID); another {
				return nil
			}
			return do(tx, s)
		})
		if err != nil || !another {
			return l.Fail(doing, err)
		}
	}
}

// Choice is what a subscriber can choose; nil leaves it unchanged.
type Choice struct {
	Cadence, Language *string
	Tags              *[]string
}

// SetPreferences changes a subscriber's choice. It reports false if there is no such
// subscriber. A change does not apply to the past: see Due.AfterChoice. defaultCadence is
// the cadence of subscribers without one of their own.
func (l *Ledger) SetPreferences(ctx context.Context, email string, c Choice, defaultCadence string, now time.Time) (bool, error) {
	return l.ChangeSubscriber(ctx, "set the preferences of "+email, email, func(tx *sql.Tx, s *Subscriber) (err error) {
		chosen := *s
		if c.Cadence != nil {
			chosen.Cadence = *c.Cadence
		}
		if c.Language != nil {
			chosen.Language = *c.Language
		}
		if c.Tags != nil {
			chosen.Tags = NormalTags(*c.Tags)
		}
		if SameChoice(*s, chosen) {
			return nil
		}
		if chosen.Due, err = ChosenSoFar(ctx, tx, *s, defaultCadence); err != nil {
			return err
		}
		return SaveSubscriber(ctx, tx, &chosen, now)
	})
}

// SameChoice reports whether two subscribers chose the same.
func SameChoice(a, b Subscriber) bool {
	return a.Cadence == b.Cadence && a.Language == b.Language && sqlutil.Strings(a.Tags).String() == sqlutil.Strings(b.Tags).String()
}

// UpdateSubscriber stores what Subscriber.Updates returns.
const UpdateSubscriber = `
	UPDATE subscriber SET name = $2, cadence = $3, tags = $4, confirmed_at = $5, cursor_seq = $6, from_file = $7,
		status_at = CASE WHEN status = $8 THEN status_at ELSE $9 END, status = $8, language = $10, owed = $11, undo_to = $12,
		moved_to = CASE WHEN $8 = 'active' THEN NULL ELSE moved_to END
	WHERE id = $1`

// SaveSubscriber stores a subscriber who exists, without the address and the pause.
func SaveSubscriber(ctx context.Context, tx *sql.Tx, s *Subscriber, now time.Time) error {
	_, err := tx.ExecContext(ctx, UpdateSubscriber, s.Updates(now)...)
	return err
}

// Updates returns the arguments of UpdateSubscriber.
func (s *Subscriber) Updates(now time.Time) []any {
	return []any{s.ID, s.Name, s.Cadence, sqlutil.Strings(s.Tags), sqlutil.Time(s.Confirmed), s.Cursor, s.FromFile, s.Status, sqlutil.Time(now), s.Language, s.Owed, s.UndoTo}
}

// MayHaveFeed reports whether a subscriber can read a feed of their own: who left the mail, or
// cannot receive it, still can.
func (s *Subscriber) MayHaveFeed() bool {
	switch s.Status {
	case Active, Unsubscribed, Bounced, Complained:
		return true
	}
	return false
}
