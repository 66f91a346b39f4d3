package ledger

import (
	"fmt"
	"slices"
	"time"
)

// Step is the state that some calls of Record touch, while they are decided one after the
// other. The engine fills in what the tables contain, has each call decided, and stores
// the changes in one transaction.
type Step struct {
	Editions    map[int64]bool // those of intents, unless canceled
	Subscribers map[int64]*SubscriberState
	Deliveries  map[DeliveryKey]*StepDelivery // of all calls; Status is "" before there is one
	Changed     []*StepDelivery

	Ended   int       // attempts
	LastEnd time.Time // of these
}

// DeliveryKey names a delivery.
type DeliveryKey struct{ Edition, Subscriber int64 }

// SubscriberState is what an intent depends on of an active subscriber who does not pause.
type SubscriberState struct {
	Due  Due
	Open int // deliveries
}

// StepDelivery is a delivery that a call is about.
type StepDelivery struct {
	Delivery
	Changed bool
	Settled bool // the subscriber's Due is to change: see Settler
}

// Key returns the delivery's key.
func (d *Delivery) Key() DeliveryKey { return DeliveryKey{d.Edition, d.Subscriber} }

func (d *Delivery) open() bool { return d.Status == Sending || d.Status == Deferred }

// NewStep returns an empty Step.
func NewStep() *Step {
	return &Step{Editions: map[int64]bool{}, Subscribers: map[int64]*SubscriberState{}, Deliveries: map[DeliveryKey]*StepDelivery{}}
}

// Add adds a delivery that does not exist yet.
func (s *Step) Add(key DeliveryKey) {
	s.Deliveries[key] = &StepDelivery{Delivery: Delivery{Edition: key.Edition, Subscriber: key.Subscriber}}
}

// Decide applies a call of Record, and reports whether its intent is accepted. An error
// concerns this call alone, and leaves the step unchanged.
func (s *Step) Decide(done *Result, next *Intent) (begun bool, err error) {
	if done != nil && !s.end(done) {
		return false, fmt.Errorf("edition %d to subscriber %d is %w", done.Edition, done.Subscriber, errNotOpen)
	}
	return next != nil && s.begin(next), nil
}

// end applies a result. It changes nothing if the delivery is not open, and reports false if it
// has to be.
func (s *Step) end(done *Result) bool {
	d := s.Deliveries[DeliveryKey{done.Edition, done.Subscriber}]
	switch {
	case done.Late && d.Status != "":
		if !d.awaits(done) {
			return false
		}
	case d.Status == "" && done.Through > 0: // its envelope was refused
		d.After, d.Through, d.Digest, d.FirstTried, d.Attempts = done.After, done.Through, done.Digest, done.At, 1
	case d.Status == Deferred: // likewise
		d.Attempts++
		d.renew(done.Digest)
	case d.Status != Sending && d.Status != Uncertain:
		return done.NoIntent // it ended meanwhile, and has no attempt more
	}
	if done.Late && d.Status == Uncertain && (done.Status == Deferred || done.KeepCursor) {
		// The server did not take it, and the cursor has passed its posts: only this delivery brings them.
		d.ManualRetry, done = true, done.again()
	}
	s.turn(d, done.Status, done.At)
	d.Code, d.Reply = done.Code, done.Reply
	if done.Resend {
		d.Resent++
	}
	switch {
	case done.Status == Deferred:
		d.NextTry = done.Next
		if done.PostHidden {
			d.DueReason = PostHidden
		}
	case done.KeepCursor && !d.ManualRetry:
		d.DueReason = GaveUp
	default:
		d.Settled = true
		// Whoever goes on with this subscriber has to read them again.
		if subscriber := s.Subscribers[d.Subscriber]; subscriber != nil {
			subscriber.Due.Cursor = max(subscriber.Due.Cursor, d.Through)
		}
	}
	s.Ended++
	if done.At.After(s.LastEnd) {
		s.LastEnd = done.At
	}
	return true
}

// awaits reports whether a late result is that of the last attempt, and still unknown.
func (d *StepDelivery) awaits(late *Result) bool {
	switch d.Status {
	case Sending:
		return d.Attempts == late.Attempt
	case Deferred, Uncertain:
		return late.Attempt == 0 || d.Attempts == late.Attempt
	}
	return false
}

// again returns a result by which the delivery is tried once more.
func (r *Result) again() *Result {
	next := *r
	next.Status, next.KeepCursor = Deferred, false
	if next.Next.IsZero() {
		next.Next = r.At
	}
	return &next
}

// begin reports whether the delivery may be tried. A deferred delivery that may not is
// ended.
func (s *Step) begin(next *Intent) bool {
	d := s.Deliveries[DeliveryKey{next.Edition, next.Subscriber}]
	if !s.mayBegin(d, next) {
		if d.Status == Deferred {
			s.turn(d, Failed, next.At)
			d.Code, d.Reply = 0, "not tried again: the subscription ended or is paused"
			if !d.ManualRetry {
				d.DueReason = SubscriptionEnded
			}
		}
		return false
	}
	if d.Status == "" {
		d.After, d.Through, d.FirstTried = next.After, next.Through, next.At
	}
	d.renew(next.Digest)
	d.Attempts++
	s.turn(d, Sending, next.At)
	return true
}

func (s *Step) mayBegin(d *StepDelivery, next *Intent) bool {
	subscriber := s.Subscribers[next.Subscriber]
	if subscriber == nil || !s.Editions[next.Edition] {
		return false
	}
	switch d.Status {
	case "":
		return subscriber.Due.Cursor == next.After && slices.Equal(subscriber.Due.Owed, next.Owed) && subscriber.Open == 0
	case Deferred:
		return subscriber.Open == 1
	}
	return false
}

// renew sets another set of posts; 0 leaves it as it is.
func (d *StepDelivery) renew(digest int64) {
	if digest != 0 {
		d.Digest = digest
	}
}

// turn changes a delivery's status.
func (s *Step) turn(d *StepDelivery, to DeliveryStatus, at time.Time) {
	was := d.open()
	d.Status, d.LastTried, d.NextTry, d.DueReason = to, at, time.Time{}, NotDue
	if subscriber := s.Subscribers[d.Subscriber]; subscriber != nil && was != d.open() {
		if was {
			subscriber.Open--
		} else {
			subscriber.Open++
		}
	}
	if !d.Changed {
		d.Changed = true
		s.Changed = append(s.Changed, d)
	}
}
