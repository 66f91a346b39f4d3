package delivery

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"

	"publisher/internal/ledger"
	"publisher/mailer/message"
	"publisher/mailer/smtp"
)

// share is what recipients who are due the same posts get of an edition.
type share struct {
	digest int64
	posts  ledger.Numbers
	// hidden says why it has to wait: one of its posts cannot be shown for now. A digest
	// without it would be half of what is due.
	hidden string
	// lacks says that the bundle has not all of it, and that this process cannot complete it.
	lacks bool
}

// shareOf returns what a recipient gets of an edition; nil for nothing.
func (q *Queue) shareOf(ctx context.Context, a *attempt) (*share, error) {
	if a.earlier.Edition != 0 {
		return q.shareAgain(ctx, a)
	}
	edition, to := a.edition, a.subscriber
	key := shareKey(to)
	if s, known := edition.shares[key]; known {
		return s, nil
	}
	due := to.UpTo(q.from.Numbers(), ledger.Selection{Tags: to.Tags, Language: edition.Language}, edition.Through)
	s, err := q.makeShare(ctx, edition, due, nil, to.Cursor)
	if err == nil {
		edition.shares[key] = s
	}
	return s, err
}

func shareKey(to ledger.Recipient) string {
	if len(to.Owed)+len(to.Tags) == 0 {
		return strconv.FormatInt(to.Cursor, 10)
	}
	return strconv.FormatInt(to.Cursor, 10) + "\n" + to.Owed.String() + "\n" + strings.Join(to.Tags, "\n")
}

// makeShare returns a recipient's share of what is due, by ledger.SplitDue. The digest
// records what it withholds above the cursor, which will pass it; what is owed stays owed.
func (q *Queue) makeShare(ctx context.Context, edition *openEdition, due, kept ledger.Numbers, cursor int64) (*share, error) {
	s := new(share)
	var withheld ledger.Numbers
	var waits bool
	s.posts, withheld, waits = ledger.SplitDue(due, edition.own, q.from.Visibility)
	if waits {
		s.hidden = q.from.WhyAnyHidden(s.posts)
	}
	lacking := s.posts.Minus(edition.bundle.Numbers())
	if err := q.from.complete(ctx, edition, s, lacking); err != nil {
		return nil, err
	}
	if s.lacks {
		return s, nil
	}
	// What turned out not to be showable when it was taken in.
	failed := lacking.Minus(edition.bundle.Numbers()).Minus(edition.own)
	s.posts, withheld = s.posts.Minus(failed), withheld.Union(failed).Union(kept)
	if len(s.posts) == 0 {
		return nil, nil
	}
	var err error
	s.digest, err = q.Ledger.FindDigest(ctx, edition.Number, s.posts, withheld.Above(cursor))
	return s, err
}

// shareAgain returns the share of a delivery that was deferred: the same posts, as far as
// they are still due.
func (q *Queue) shareAgain(ctx context.Context, a *attempt) (*share, error) {
	d := a.earlier
	posts, withheld, err := q.postsOf(ctx, a)
	if err != nil {
		return nil, err
	}
	still := posts
	if !d.ManualRetry {
		still = a.subscriber.Filter(posts)
	}
	s, err := q.makeShare(ctx, a.edition, still, withheld, a.subscriber.Cursor)
	if s != nil && d.Digest != 0 && s.posts.String() == posts.String() {
		s.digest = d.Digest
	}
	return s, err
}

// postsOf returns the posts of a deferred delivery, and what was withheld from it. An earlier
// version stored only the range that it covers.
func (q *Queue) postsOf(ctx context.Context, a *attempt) (posts, withheld ledger.Numbers, err error) {
	edition, d, to := a.edition, a.earlier, a.subscriber
	if d.Digest == 0 {
		due := ledger.Due{Cursor: d.After}.UpTo(q.from.Numbers(), ledger.Selection{Tags: to.Tags, Language: edition.Language}, d.Through)
		return due.Intersect(edition.own), due.Minus(edition.own), nil
	}
	if _, known := edition.digests[d.Digest]; !known {
		all, err := q.Ledger.Digests(ctx, edition.Number)
		if err != nil {
			return nil, nil, err
		}
		edition.digests = map[int64]ledger.Digest{}
		for _, one := range all {
			edition.digests[one.Number] = one
		}
	}
	held := edition.digests[d.Digest]
	return held.Posts, held.Withheld, nil
}

// job returns the message of an attempt; nil if there is nothing to send, or not yet.
func (q *Queue) job(ctx context.Context, a *attempt) (*smtp.Job, error) {
	s, err := q.shareOf(ctx, a)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return nil, q.drop(ctx, a)
	}
	if s.lacks {
		q.leave(a)
		return nil, nil
	}
	a.intent.Digest = s.digest
	if s.hidden != "" {
		return nil, q.wait(ctx, a, s)
	}
	m, err := q.messages.get(messageKey{a.edition.Number, s.digest}, func() (*message.Message, error) {
		return q.from.Message(a.edition.bundle, &a.edition.Edition, s.posts)
	})
	if err != nil {
		return nil, err
	}
	a.edition.handed++
	a.queue = q
	a.edition.report.Bytes = max(a.edition.report.Bytes, m.HTMLSize)
	to := a.subscriber
	r := q.links.Recipient(&a.edition.Edition, to)
	return &smtp.Job{ReturnPath: q.links.ReturnPath(to.ID, a.edition.Number), To: a.subscriber.Email, Ref: a, Stuffed: true, Size: m.Size(r),
		Append: func(dst []byte) []byte { return m.Append(dst, r) }}, nil
}

// drop ends a retry that has no posts left.
func (q *Queue) drop(ctx context.Context, a *attempt) error {
	if a.earlier.Edition == 0 {
		return nil
	}
	delete(q.trying, retryKey{a.intent.Edition, a.intent.Subscriber})
	_, err := q.Ledger.Record(ctx, &ledger.Result{Edition: a.intent.Edition, Subscriber: a.intent.Subscriber,
		Status: ledger.Failed, Reply: "not tried again: its posts have expired, or were sent otherwise", NoIntent: true, At: q.Now()}, nil)
	return err
}

// waiting is a delivery that is deferred without an attempt.
type waiting struct {
	attempt *attempt
	result  *ledger.Result
}

// maxWaiting is how many of them are recorded together.
const maxWaiting = 200

// wait defers a delivery of which a post cannot be shown for now.
func (q *Queue) wait(ctx context.Context, a *attempt, s *share) error {
	r := &ledger.Result{Edition: a.intent.Edition, Subscriber: a.intent.Subscriber, After: a.intent.After, Through: a.intent.Through,
		Digest: a.intent.Digest, Reply: "waits for " + s.hidden, PostHidden: true, NoIntent: true, At: q.Now()}
	q.deferred(a, r, false)
	q.waiting = append(q.waiting, waiting{a, r})
	if len(q.waiting) < maxWaiting {
		return nil
	}
	return q.recordWaiting(ctx)
}

// recordWaiting records them side by side, so that they share a commit.
func (q *Queue) recordWaiting(ctx context.Context) error {
	all := q.waiting
	q.waiting = nil
	errs := make([]error, len(all))
	var recorders sync.WaitGroup
	for i, w := range all {
		recorders.Go(func() { _, errs[i] = q.Ledger.Record(ctx, w.result, nil) })
	}
	recorders.Wait()
	for _, w := range all {
		delete(q.trying, retryKey{w.result.Edition, w.result.Subscriber})
		if w.result.Status == ledger.Deferred {
			w.attempt.edition.report.Deferred++
		} else {
			w.attempt.edition.report.Failed++
		}
	}
	return errors.Join(errs...)
}

const maxMessages = 32

// messageCache keeps the last few digests composed, since most subscribers of an edition are
// due the same posts.
type messageCache struct {
	order []messageKey
	byKey map[messageKey]*message.Message
}

type messageKey struct{ edition, digest int64 }

func (c *messageCache) get(key messageKey, compose func() (*message.Message, error)) (*message.Message, error) {
	if m, ok := c.byKey[key]; ok {
		return m, nil
	}
	m, err := compose()
	if err != nil {
		return nil, err
	}
	if c.byKey == nil {
		c.byKey = map[messageKey]*message.Message{}
	}
	if len(c.order) == maxMessages {
		delete(c.byKey, c.order[0])
		c.order = c.order[1:]
	}
	c.order = append(c.order, key)
	c.byKey[key] = m
	return m, nil
}
