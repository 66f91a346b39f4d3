package publish

import (
	"context"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"publisher/ledger"
	"publisher/mailer"
)

// queue is the ledger seen as a mailer.Queue: first the retries that are due,
// then the recipients of each open edition, streamed by id; between their pages,
// and at the end, retries that have come due meanwhile.
type queue struct {
	s      *pass
	tokens *ledger.Tokens
	// What stands before a token in links; "" without a web server.
	unsubscribe, preferences string

	mu       sync.Mutex
	editions []*running
	byNumber map[int64]*running
	retries  []ledger.Delivery
	retried  retryKey // up to where retries were read
	trying   map[retryKey]bool
	retryAt  time.Time // when the next deferred delivery is due, as far as this pass knows; zero for none
	current  int       // the edition whose recipients are streamed now

	crowded map[retryKey]int // how often each was refused because too much was sent at once
}

// retryKey tells one delivery from another.
type retryKey struct{ edition, subscriber int64 }

// running is an edition underway and what became of it in this pass.
type running struct {
	ledger.Edition
	posts     []entry // newest first
	untried   recipients
	report    EditionReport
	exhausted bool // every recipient was handed out
	begun     bool // some recipient, or a retry, was
	refusals  refusals
	stopped   bool // for too many of them
}

// attempt is what a job is about.
type attempt struct {
	run        *running
	subscriber ledger.Recipient
	intent     ledger.Intent
	earlier    ledger.Delivery // zero for a first attempt
}

// work makes the queue of these editions and of the retries that are due; nil
// where there is nothing to do.
func (s *pass) work(ctx context.Context, editions []ledger.Edition) (*queue, error) {
	tokens, err := s.ledger.Tokens(ctx)
	if err != nil {
		return nil, err
	}
	q := newQueue(s, tokens)
	for i := range editions {
		q.add(editions[i])
	}
	if err := q.loadRetries(ctx); err != nil {
		return nil, err
	}
	if len(q.editions) == 0 && len(q.retries) == 0 {
		return nil, nil
	}
	return q, nil
}

func newQueue(s *pass, tokens *ledger.Tokens) *queue {
	q := &queue{s: s, tokens: tokens, byNumber: map[int64]*running{}, trying: map[retryKey]bool{}}
	if url := s.cfg.Server.URL; url != nil {
		q.unsubscribe, q.preferences = url.JoinPath("unsubscribe").String()+"/", url.JoinPath("preferences").String()+"/"
	}
	return q
}

func (q *queue) add(e ledger.Edition) *running {
	run := &running{Edition: e, posts: q.s.postsOf(&e), report: q.s.editionReport(&e)}
	run.untried.read = func(ctx context.Context, after int64) ([]ledger.Recipient, error) {
		return q.s.ledger.Recipients(ctx, e.Number, q.s.audience(e.Cadence, e.Language), after, pageSize)
	}
	q.editions = append(q.editions, run)
	q.byNumber[e.Number] = run
	return run
}

// loadRetries reads the next deferred deliveries that are due by now, save those
// that are being tried.
func (q *queue) loadRetries(ctx context.Context) error {
	for len(q.retries) == 0 {
		page, err := q.s.ledger.Deferred(ctx, q.s.now(), q.retried.edition, q.retried.subscriber, pageSize)
		if err != nil {
			return err
		}
		if len(page) == 0 {
			q.retried = retryKey{} // the next look begins anew
			q.retryAt, err = q.s.ledger.NextRetry(ctx)
			return err
		}
		last := page[len(page)-1]
		q.retried = retryKey{last.Edition, last.Subscriber}
		q.retries = slices.DeleteFunc(page, func(d ledger.Delivery) bool { return q.trying[retryKey{d.Edition, d.Subscriber}] })
	}
	return nil
}

// Next implements mailer.Queue.
func (q *queue) Next(ctx context.Context) (*mailer.Job, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for {
		a, err := q.nextAttempt(ctx)
		if err != nil {
			return nil, err
		}
		job, err := q.job(ctx, a)
		if err != nil || job != nil {
			return job, err
		}
	}
}

func (q *queue) nextAttempt(ctx context.Context) (*attempt, error) {
	a, err := q.nextRetry(ctx)
	if err != nil || a != nil {
		return a, err
	}
	for ; q.current < len(q.editions); q.current++ {
		run := q.editions[q.current]
		if run.exhausted || run.stopped {
			continue
		}
		if len(run.untried.page) == 0 {
			if err := run.untried.fill(ctx); err != nil {
				return nil, err
			}
			// What has come due meanwhile is tried before the next page.
			if !q.retryAt.IsZero() && !q.s.now().Before(q.retryAt) {
				if err := q.loadRetries(ctx); err != nil {
					return nil, err
				}
			}
		}
		if len(run.untried.page) == 0 {
			run.exhausted = true
			continue
		}
		sub := run.untried.take(ctx)
		return &attempt{run: run, subscriber: sub, intent: ledger.Intent{Edition: run.Number, Subscriber: sub.ID,
			After: sub.Cursor, Through: run.Through, At: q.s.now()}}, nil
	}
	if err := q.loadRetries(ctx); err != nil {
		return nil, err
	}
	if a, err := q.nextRetry(ctx); err != nil || a != nil {
		return a, err
	}
	return nil, io.EOF
}

// nextRetry takes up the retries that were read; nil where there is none left.
func (q *queue) nextRetry(ctx context.Context) (*attempt, error) {
	for len(q.retries) > 0 {
		d := q.retries[0]
		q.retries = q.retries[1:]
		if len(q.retries) == 0 && q.retried != (retryKey{}) {
			if err := q.loadRetries(ctx); err != nil {
				return nil, err
			}
		}
		a, err := q.retry(ctx, d)
		if err != nil {
			return nil, err
		}
		if a != nil {
			q.trying[retryKey{d.Edition, d.Subscriber}] = true
			return a, nil
		}
	}
	return nil, nil
}

// retry takes up a deferred delivery; nil where its subscriber is gone.
func (q *queue) retry(ctx context.Context, d ledger.Delivery) (*attempt, error) {
	run := q.byNumber[d.Edition]
	if run == nil {
		e, err := q.s.ledger.Edition(ctx, d.Edition)
		if err != nil || e == nil {
			return nil, err
		}
		run = q.add(*e)
		run.exhausted = !e.Done.IsZero()
	}
	if run.stopped {
		return nil, nil
	}
	sub, err := q.s.ledger.SubscriberByID(ctx, d.Subscriber)
	if err != nil || sub == nil {
		return nil, err
	}
	to := ledger.Recipient{ID: sub.ID, Email: sub.Email, Name: sub.Name, Tags: sub.Tags, Cursor: sub.Cursor}
	return &attempt{run: run, subscriber: to, earlier: d, intent: ledger.Intent{Edition: d.Edition, Subscriber: d.Subscriber,
		After: d.After, Through: d.Through, At: q.s.now()}}, nil
}

// job makes the message of an attempt; nil where the subscriber is due nothing of it.
func (q *queue) job(ctx context.Context, a *attempt) (*mailer.Job, error) {
	posts := within(a.run.posts, a.intent.After, a.intent.Through, a.subscriber.Tags)
	if len(posts) == 0 {
		return nil, q.drop(ctx, a)
	}
	m, err := q.s.composed(ctx, &a.run.Edition, posts)
	if err != nil {
		return nil, err
	}
	a.run.begun = true
	a.run.report.Bytes = max(a.run.report.Bytes, m.HTMLSize)
	r := q.recipient(a)
	return &mailer.Job{ReturnPath: q.returnPath(a), To: a.subscriber.Email, Ref: a, Stuffed: true,
		Append: func(dst []byte) []byte { return m.Append(dst, r) }}, nil
}

// drop ends a retry that has nothing left to say: its posts are gone.
func (q *queue) drop(ctx context.Context, a *attempt) error {
	if a.earlier.Edition == 0 {
		return nil
	}
	_, err := q.s.ledger.Record(ctx, &ledger.Result{Edition: a.intent.Edition, Subscriber: a.intent.Subscriber,
		Progress: ledger.Failed, Reply: "its posts were taken back before it could be sent", At: q.s.now()}, nil)
	return err
}

func (q *queue) recipient(a *attempt) mailer.Recipient {
	cfg, id := q.s.cfg, a.subscriber.ID
	token := q.tokens.Link(ledger.Unsubscribe, id)
	r := mailer.Recipient{Name: a.subscriber.Name, Address: a.subscriber.Email,
		MessageID:         q.tokens.MessageID(a.run.Number, id) + "@" + domainOf(cfg.Mail.From.Address),
		UnsubscribeMailto: q.s.unsubscribeMailto(token)}
	if cfg.Server.URL != nil {
		r.UnsubscribeURL = q.unsubscribe + token
		r.PreferencesURL = q.preferences + q.tokens.Link(ledger.Preferences, id)
	} else {
		r.UnsubscribeURL = r.UnsubscribeMailto
	}
	return r
}

// returnPath is where bounces go: with mail.bounce_to an address that tells whose
// and of which edition (VERP).
func (q *queue) returnPath(a *attempt) string {
	to := q.s.cfg.Mail.BounceTo
	if to == nil {
		return q.s.cfg.Mail.From.Address
	}
	local, domain, _ := strings.Cut(to.Address, "@")
	return local + "+" + q.tokens.ReturnPath(a.subscriber.ID, a.run.Number) + "@" + domain
}

// stoppedPause is how long an edition rests that the server refuses.
const stoppedPause = 10 * time.Minute

// stop waits for pages that are being read ahead.
func (q *queue) stop() {
	for _, run := range q.editions {
		run.untried.stop()
	}
}

// finish marks the editions whose every recipient was tried, and reports all
// that this pass worked on. cut tells that some were handed out and not tried.
func (q *queue) finish(ctx context.Context, cut bool) error {
	for _, run := range q.editions {
		if run.stopped {
			// The refused get it with the others, once the message is mended.
			n, err := q.s.ledger.Retry(ctx, run.Number, q.s.start, q.s.now().Add(stoppedPause))
			if err != nil {
				return err
			}
			run.report.Failed -= n
		}
		stored, err := q.s.ledger.Edition(ctx, run.Number)
		if err != nil {
			return err
		}
		untried := 0
		if !run.exhausted || cut && run.Done.IsZero() {
			if untried, err = q.countUntried(ctx, run); err != nil {
				return err
			}
		}
		if untried == 0 && !run.stopped && run.Done.IsZero() {
			if err := q.s.ledger.FinishEdition(ctx, run.Number, q.s.now()); err != nil {
				return err
			}
			run.exhausted = true
		}
		run.report.Deferred = stored.Deferred + untried
		q.s.report.Editions = append(q.s.report.Editions, run.report)
	}
	return nil
}

// countUntried counts the recipients whom nothing was sent to yet.
func (q *queue) countUntried(ctx context.Context, run *running) (int, error) {
	n, untried := 0, recipients{read: run.untried.read}
	for {
		err := untried.fill(ctx)
		if err != nil || len(untried.page) == 0 {
			return n, err
		}
		for len(untried.page) > 0 {
			sub := untried.take(ctx)
			if len(within(run.posts, sub.Cursor, run.Through, sub.Tags)) > 0 {
				n++
			}
		}
	}
}

// unfinished are the editions that still have recipients nobody tried.
func (q *queue) unfinished() []ledger.Edition {
	var open []ledger.Edition
	for _, run := range q.editions {
		if !run.exhausted {
			open = append(open, run.Edition)
		}
	}
	return open
}

func domainOf(address string) string {
	return address[strings.LastIndexByte(address, '@')+1:]
}
