package delivery

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync"

	"publisher/internal/ledger"
	"publisher/internal/publish/catalog"
	"publisher/internal/publish/editions"
	"publisher/mailer/smtp"
)

// Stored is what a process without a content tree makes digests of: the bundles of the ledger, and
// what the last pass has stored of the posts.
type Stored struct {
	*editions.Stored
	Posts  []ledger.NumberedPost
	Hidden map[int64]HiddenPost // by number
}

// HiddenPost is a post that cannot be shown in mail now.
type HiddenPost struct {
	Name, Reason string // in messages
	Expired      bool
}

// HiddenPosts returns the posts of a catalog that have a number and cannot be shown now.
func HiddenPosts(c *catalog.Catalog) map[int64]HiddenPost {
	all := map[int64]HiddenPost{}
	for _, p := range c.Numbers() {
		if why := c.WhyHidden(p.Seq); why != "" {
			all[p.Seq] = HiddenPost{c.NameOf(p.Seq), why, why == catalog.Expired}
		}
	}
	return all
}

// Numbers returns all posts that have numbers.
func (s *Stored) Numbers() []ledger.NumberedPost { return s.Posts }

// NumbersOf returns the numbers of the posts with those ids.
func (s *Stored) NumbersOf(ids []string) ledger.Numbers { return catalog.NumbersOf(s.Posts, ids) }

// Visibility returns whether the post with a number can be shown.
func (s *Stored) Visibility(seq int64) ledger.Visibility {
	switch p, hidden := s.Hidden[seq]; {
	case !hidden:
		return ledger.Shown
	case p.Expired:
		return ledger.Expired
	}
	return ledger.Hidden
}

// WhyAnyHidden returns which of the posts cannot be shown and why, for the first of them; "" if
// all can be shown.
func (s *Stored) WhyAnyHidden(posts ledger.Numbers) string {
	for _, seq := range posts {
		if p, hidden := s.Hidden[seq]; hidden {
			return catalog.WhyHidden(seq, p.Name, p.Reason)
		}
	}
	return ""
}

// Bundle returns the bundle of an edition, which has to be stored.
func (s *Stored) Bundle(ctx context.Context, e *ledger.Edition) (*editions.Bundle, error) {
	b, err := s.Stored.Bundle(ctx, e)
	if err == nil && b == nil {
		err = fmt.Errorf("edition %d: the ledger has nothing to compose it from", e.Number)
	}
	return b, err
}

// Archive does nothing: whoever hands an edition out has stored its web version.
func (s *Stored) Archive(context.Context, *editions.Bundle, *ledger.Edition) error { return nil }

// complete leaves a recipient whose posts the bundle lacks to whoever hands the edition out.
func (s *Stored) complete(_ context.Context, edition *openEdition, sh *share, missing ledger.Numbers) error {
	shown := 0
	sh.lacks = len(missing) > 0
	for _, p := range edition.bundle.Posts {
		if !sh.posts.Contains(p.Seq) {
			continue
		}
		if shown++; shown > edition.bundle.MaxPosts {
			break
		}
		sh.lacks = sh.lacks || !p.Full
	}
	return nil
}

// Part is some of an edition's deliveries: those to recipients whose ids are greater than After, up
// to Upto, to whom nothing was sent yet, or else those that are due again.
type Part struct {
	Edition     ledger.Edition
	After, Upto int64
	Retries     []ledger.Delivery
}

// Batch is a Part as an smtp.Queue.
type Batch struct {
	*Queue
	edition *openEdition
	part    Part

	closed  bool  // nothing more is handed out
	left    bool  // something was handed out and not tried
	drained bool  // nothing was left to hand out, or the batch is closed
	last    int64 // recipient that was handed out
	ended   chan struct{}
}

// NewBatch returns the queue of a part, without the recipients who have left it meanwhile. tell takes
// the servers' answers, by which somebody else decides whether the edition goes on.
func NewBatch(ctx context.Context, o Options, from *Stored, p Part, tell func(edition int64, a Reply)) (*Batch, error) {
	links, err := NewLinks(ctx, o.Config, o.Ledger)
	if err != nil {
		return nil, err
	}
	q := &Queue{Options: o, links: links, began: o.Now(), from: from, byNumber: map[int64]*openEdition{}, trying: map[retryKey]bool{}, retries: p.Retries, tell: tell}
	b := &Batch{Queue: q, part: p, last: p.After, ended: make(chan struct{})}
	if b.edition, err = q.add(ctx, p.Edition); err != nil {
		return nil, err
	}
	b.edition.rounds = maxRounds // whoever hands the edition out reads its recipients again
	b.edition.untried.last = p.After
	audience := catalog.Audience(o.Config, p.Edition.Cadence, p.Edition.Language)
	b.edition.untried.read = func(ctx context.Context, after int64) ([]ledger.Recipient, error) {
		if after >= p.Upto {
			return nil, nil
		}
		return o.Ledger.RecipientsUpTo(ctx, p.Edition.Number, audience, after, p.Upto, pageSize, o.Now())
	}
	q.settled = b.look
	return b, nil
}

// Ended is closed once nothing is left to hand out and nothing is under way.
func (b *Batch) Ended() <-chan struct{} { return b.ended }

// look ends the batch if it is over. The caller holds mu.
func (b *Batch) look() {
	if !b.drained || b.edition.handed > 0 {
		return
	}
	select {
	case <-b.ended:
	default:
		close(b.ended)
	}
}

// Close has the batch hand out nothing more.
func (b *Batch) Close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed, b.drained = true, true
	b.look()
}

// stop is Close because the edition is stopped: the batch has no rest.
func (b *Batch) stop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.edition.stopped, b.closed, b.drained = true, true, true
	b.look()
}

// Abandon is called when nothing is under way any more, whatever was handed out: what was not tried
// is part of the rest.
func (b *Batch) Abandon() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.left = b.left || b.edition.handed > 0
	b.edition.handed = 0
	b.look()
}

// Next implements smtp.Queue.
func (b *Batch) Next(ctx context.Context) (*smtp.Job, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for !b.closed && !b.edition.stopped {
		a, err := b.take(ctx)
		if err != nil {
			return nil, err
		}
		if a == nil {
			break
		}
		job, err := b.job(ctx, a)
		if err != nil {
			b.missed++ // last is beyond the recipient already
		}
		if err != nil || job != nil {
			return job, err
		}
	}
	if err := b.recordWaiting(ctx); err != nil {
		b.missed++
		return nil, err
	}
	b.drained = true
	b.look()
	return nil, io.EOF
}

// take returns the next attempt; nil if there is none.
func (b *Batch) take(ctx context.Context) (*attempt, error) {
	for len(b.retries) > 0 {
		d := b.retries[0]
		b.retries = b.retries[1:]
		if a, err := b.retry(ctx, d); err != nil || a != nil {
			return a, err
		}
	}
	if b.edition.exhausted || b.part.Upto == 0 {
		return nil, nil
	}
	a, err := b.nextOf(ctx, b.edition)
	if a != nil {
		b.last = a.subscriber.ID
	}
	return a, err
}

// Finish returns what was not handed out, unless the edition is stopped; ok is false if nothing is
// left. Nothing may be under way.
func (b *Batch) Finish(ctx context.Context) (rest Part, ok bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.edition.untried.stop()
	if err := b.recordWaiting(ctx); err != nil {
		return Part{}, false, err
	}
	if b.edition.stopped || !b.closed && !b.left {
		return Part{}, false, nil
	}
	rest = Part{Edition: b.part.Edition, After: b.last, Upto: b.part.Upto, Retries: b.retries}
	if b.left { // who of them was tried is not handed out again; what is due again will be anyway
		rest.After = b.part.After
	}
	return rest, rest.After < rest.Upto || len(rest.Retries) > 0, nil
}

// Missed returns how many recipients have to be looked at again: they had changed since they were read, or the
// bundle lacks some of their posts. lacking is how many the latter were.
func (b *Batch) Missed() (all, lacking int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.missed, b.lacking
}

// Unclear reports whether the ledger did not take a result or an intent, so that it is not known here
// what it has.
func (b *Batch) Unclear() bool { return b.unclear.Load() }

// Stopped reports whether the edition is stopped, because of too many refusals.
func (b *Batch) Stopped() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.edition.stopped
}

// leave leaves a recipient to whoever hands the edition out. The caller holds mu.
func (q *Queue) leave(a *attempt) {
	q.missed++
	q.lacking++
	delete(q.trying, retryKey{a.intent.Edition, a.intent.Subscriber})
}

// Join is the batches that are worked at the same time, as one smtp.Queue.
type Join struct {
	mu      sync.Mutex
	batches []*Batch // the next one to be asked first
	refill  chan struct{}
}

// NewJoin returns a queue without batches.
func NewJoin() *Join { return &Join{refill: make(chan struct{}, 1)} }

// Add adds a batch.
func (j *Join) Add(b *Batch) {
	j.mu.Lock()
	j.batches = append(j.batches, b)
	j.mu.Unlock()
	select {
	case j.refill <- struct{}{}:
	default:
	}
}

// Remove removes a batch.
func (j *Join) Remove(b *Batch) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for i, other := range j.batches {
		if other == b {
			j.batches = append(j.batches[:i:i], j.batches[i+1:]...)
			return
		}
	}
}

// Stop ends the batches of an edition that is stopped.
func (j *Join) Stop(edition int64) {
	for _, b := range j.turn() {
		if b.part.Edition.Number == edition {
			b.stop()
		}
	}
}

// Unclear reports whether one of the batches is: see [Batch.Unclear].
func (j *Join) Unclear() bool { return slices.ContainsFunc(j.turn(), (*Batch).Unclear) }

// Abandon abandons all batches: see [Batch.Abandon].
func (j *Join) Abandon() {
	for _, b := range j.turn() {
		b.Abandon()
	}
}

// turn returns the batches, each time another one first.
func (j *Join) turn() []*Batch {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.batches) == 0 {
		return nil
	}
	j.batches = append(j.batches[1:len(j.batches):len(j.batches)], j.batches[0])
	return j.batches
}

// Next implements smtp.Queue.
func (j *Join) Next(ctx context.Context) (*smtp.Job, error) {
	for _, b := range j.turn() {
		if job, err := b.Next(ctx); err != io.EOF {
			return job, err
		}
	}
	return nil, io.EOF
}

// Commit implements smtp.Queue. What concerns two batches stays one step of the ledger.
func (j *Join) Commit(ctx context.Context, done *smtp.Outcome, next *smtp.Job) (bool, error) {
	a := attemptOf(done, next)
	return a.queue.Commit(ctx, done, next)
}

// Urgent implements smtp.UrgentQueue.
func (j *Join) Urgent(context.Context) (*smtp.Job, error) { return nil, nil }

// Pending implements smtp.UrgentQueue.
func (j *Join) Pending() bool { return false }

// Refilled implements smtp.UrgentQueue.
func (j *Join) Refilled() <-chan struct{} { return j.refill }
