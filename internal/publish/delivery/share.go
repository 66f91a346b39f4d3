package delivery

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"publisher/internal/ledger"
	"publisher/internal/publish/catalog"
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
}

// shareOf returns what a recipient gets of an edition; nil for nothing.
func (q *Queue) shareOf(ctx context.Context, a *attempt) (*share, error) {
	if a.earlier.Edition != 0 {
		return q.shareAgain(ctx, a)
	}
	run, to := a.run, a.subscriber
	key := shareKey(to)
	if s, known := run.shares[key]; known {
		return s, nil
	}
	due := to.UpTo(q.catalog().Numbers(), ledger.Selection{Tags: to.Tags, Language: run.Language}, run.Through)
	s, err := q.makeShare(ctx, run, due, nil, to.Cursor)
	if err == nil {
		run.shares[key] = s
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
func (q *Queue) makeShare(ctx context.Context, run *openEdition, due, kept ledger.Numbers, cursor int64) (*share, error) {
	s := new(share)
	var withheld ledger.Numbers
	var waits bool
	s.posts, withheld, waits = ledger.SplitDue(due, run.own, q.catalog().Visibility)
	if waits {
		s.hidden = q.catalog().WhyAnyHidden(s.posts)
	}
	lacking := s.posts.Minus(run.bundle.Numbers())
	if err := q.complete(ctx, run, s, lacking); err != nil {
		return nil, err
	}
	// What turned out not to be showable when it was taken in.
	failed := lacking.Minus(run.bundle.Numbers()).Minus(run.own)
	s.posts, withheld = s.posts.Minus(failed), withheld.Union(failed).Union(kept)
	if len(s.posts) == 0 {
		return nil, nil
	}
	var err error
	s.digest, err = q.Ledger.FindDigest(ctx, run.Number, s.posts, withheld.Above(cursor))
	return s, err
}

// complete adds posts to an edition that it lacks, and excerpts that no digest had yet.
func (q *Queue) complete(ctx context.Context, run *openEdition, s *share, missing ledger.Numbers) error {
	before := len(run.bundle.Posts)
	if err := q.composer.Add(ctx, run.bundle, q.catalog().Showable(missing), func(catalog.Entry) bool { return false }); err != nil {
		return err
	}
	more := len(run.bundle.Posts) > before
	full, err := q.completeExcerpts(ctx, run, s)
	if err != nil || !more && !full {
		return err
	}
	return q.extend(ctx, run, more)
}

// completeExcerpts reports whether it rendered any.
func (q *Queue) completeExcerpts(ctx context.Context, run *openEdition, s *share) (changed bool, err error) {
	shown := 0
	for i := range run.bundle.Posts {
		p := &run.bundle.Posts[i]
		if !s.posts.Contains(p.Seq) {
			continue
		}
		if shown++; shown > run.bundle.MaxPosts {
			break
		}
		if p.Full || q.catalog().WhyHidden(p.Seq) != "" {
			continue
		}
		e := q.catalog().ByNumber(p.Seq)
		post, err := q.composer.Post(ctx, e, true)
		if err != nil && !q.catalog().Unrenderable(e) {
			return changed, err
		}
		if err != nil {
			s.hidden = fmt.Sprintf("post %d (%s): %s", p.Seq, p.Path, catalog.Unrenderable)
			continue
		}
		p.Post, p.Full, changed = post, true, true
	}
	return changed, nil
}

// extend stores an edition that has grown; its subject and its web version cover all its
// posts.
func (q *Queue) extend(ctx context.Context, run *openEdition, more bool) (err error) {
	if more {
		run.Posts = run.bundle.IDs()
		if run.Subject, err = q.composer.Subject(run.bundle, run.Number); err != nil {
			return err
		}
		run.report.Posts, run.report.Subject = run.Posts, run.Subject
		run.own = run.own.Union(run.bundle.Numbers())
		for _, p := range run.bundle.Posts {
			run.After = min(run.After, p.Seq-1)
		}
	}
	return q.composer.Extend(ctx, run.bundle, &run.Edition, more)
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
	s, err := q.makeShare(ctx, a.run, still, withheld, a.subscriber.Cursor)
	if s != nil && d.Digest != 0 && s.posts.String() == posts.String() {
		s.digest = d.Digest
	}
	return s, err
}

// postsOf returns the posts of a deferred delivery, and what was withheld from it. An earlier
// version stored only the range that it covers.
func (q *Queue) postsOf(ctx context.Context, a *attempt) (posts, withheld ledger.Numbers, err error) {
	run, d, to := a.run, a.earlier, a.subscriber
	if d.Digest == 0 {
		due := ledger.Due{Cursor: d.After}.UpTo(q.catalog().Numbers(), ledger.Selection{Tags: to.Tags, Language: run.Language}, d.Through)
		return due.Intersect(run.own), due.Minus(run.own), nil
	}
	if _, known := run.digests[d.Digest]; !known {
		all, err := q.Ledger.Digests(ctx, run.Number)
		if err != nil {
			return nil, nil, err
		}
		run.digests = map[int64]ledger.Digest{}
		for _, one := range all {
			run.digests[one.Number] = one
		}
	}
	held := run.digests[d.Digest]
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
	a.intent.Digest = s.digest
	if s.hidden != "" {
		return nil, q.wait(ctx, a, s)
	}
	m, err := q.messages.get(messageKey{a.run.Number, s.digest}, func() (*message.Message, error) {
		return q.composer.Message(a.run.bundle, &a.run.Edition, s.posts)
	})
	if err != nil {
		return nil, err
	}
	a.run.handed++
	a.run.report.Bytes = max(a.run.report.Bytes, m.HTMLSize)
	to := a.subscriber
	r := q.links.Recipient(&a.run.Edition, to)
	return &smtp.Job{ReturnPath: q.links.ReturnPath(to.ID, a.run.Number), To: a.subscriber.Email, Ref: a, Stuffed: true, Size: m.Size(r),
		Append: func(dst []byte) []byte { return m.Append(dst, r) }}, nil
}

// drop ends a retry that has no posts left.
func (q *Queue) drop(ctx context.Context, a *attempt) error {
	if a.earlier.Edition == 0 {
		return nil
	}
	delete(q.trying, retryKey{a.intent.Edition, a.intent.Subscriber})
	_, err := q.Ledger.Record(ctx, &ledger.Result{Edition: a.intent.Edition, Subscriber: a.intent.Subscriber,
		Status: ledger.Failed, Reply: "not tried again: its posts have expired, or were sent otherwise", At: q.Now()}, nil)
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
		Digest: a.intent.Digest, Reply: "waits for " + s.hidden, PostHidden: true, At: q.Now()}
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
			w.attempt.run.report.Deferred++
		} else {
			w.attempt.run.report.Failed++
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
