package delivery

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"publisher/internal/ledger"
	"publisher/mailer/smtp"
)

// Commit implements smtp.Queue. The two may be of different queues of one ledger.
func (q *Queue) Commit(ctx context.Context, done *smtp.Outcome, next *smtp.Job) (bool, error) {
	var result *ledger.Result
	var intent *ledger.Intent
	if done != nil {
		result = done.Job.Ref.(*attempt).queue.result(done)
	}
	if next != nil {
		intent = &next.Ref.(*attempt).intent
	}
	// That a mail may come twice is logged before it is recorded: this process may die between
	// the two.
	if result != nil && result.Resend {
		q.logResult(result)
	}
	began := time.Now()
	ok, err := q.Ledger.Record(ctx, result, intent)
	q.Metrics.Committed(time.Since(began))
	if err != nil {
		attemptOf(done, next).queue.unclear.Store(true)
		if next != nil {
			next.Ref.(*attempt).queue.unclear.Store(true)
		}
	}
	if err == nil && done != nil {
		a := done.Job.Ref.(*attempt)
		a.queue.count(a, result, done)
	}
	if err == nil && next != nil {
		a := next.Ref.(*attempt)
		if a.begun = ok; !ok {
			a.queue.forget(a)
		}
	}
	return ok, err
}

// attemptOf returns the attempt that has ended, or else the one that begins.
func attemptOf(done *smtp.Outcome, next *smtp.Job) *attempt {
	if done != nil {
		return done.Job.Ref.(*attempt)
	}
	return next.Ref.(*attempt)
}

// result returns what the ledger records of an outcome.
func (q *Queue) result(o *smtp.Outcome) *ledger.Result {
	a := o.Job.Ref.(*attempt)
	now := q.Now()
	r := &ledger.Result{Edition: a.intent.Edition, Subscriber: a.intent.Subscriber, After: a.intent.After, Through: a.intent.Through,
		Digest: a.intent.Digest, Code: o.Code, Reply: o.Reply, NoIntent: !a.begun, At: now}
	if a.begun {
		r.Attempt = a.earlier.Attempts + 1
	}
	switch o.Verdict {
	case smtp.Sent:
		r.Status = ledger.Sent
	case smtp.Permanent:
		// Whether it counts depends on the answers around it: see refusals. Until then its posts are
		// due.
		r.Status, r.KeepCursor = ledger.Failed, true
	case smtp.Uncertain:
		if q.Config.Mail.HoldsUncertain() {
			r.Status = ledger.Uncertain
			return r
		}
		r.Reply += "; the server may have accepted it, and it is sent again with the same Message-ID"
		r.Resend = true
		fallthrough
	default:
		q.deferred(a, r, o.Again && q.retryNow(a))
		if o.Stopped { // not an attempt, whatever the server did before
			r.Status, r.KeepCursor, r.Next = ledger.Deferred, false, r.At
		}
	}
	return r
}

// deferred plans the next attempt, which may be at once, or gives up when mail.retry_for has
// run out: then the cursor stays, and the next edition has those posts.
func (q *Queue) deferred(a *attempt, r *ledger.Result, atOnce bool) {
	first := a.earlier.FirstTried
	if first.IsZero() {
		first = a.intent.At
	}
	r.Status = ledger.Deferred
	if atOnce {
		r.Next = r.At
		return
	}
	r.Next = r.At.Add(retryPause(a.earlier.Attempts+1, r.Edition, r.Subscriber))
	if r.Next.Sub(first) > q.Config.Mail.RetryFor {
		r.Status, r.KeepCursor = ledger.Failed, true
	}
}

// maxCongested is how often one pass repeats a delivery that was refused only because too
// much was sent to the server at once.
const maxCongested = 6

// retryNow reports whether this pass may repeat the delivery right away.
func (q *Queue) retryNow(a *attempt) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	key := retryKey{a.intent.Edition, a.intent.Subscriber}
	if q.congested == nil {
		q.congested = map[retryKey]int{}
	}
	q.congested[key]++
	return q.congested[key] <= maxCongested
}

// forget lets a delivery that is no longer in flight be read again.
func (q *Queue) forget(a *attempt) {
	q.mu.Lock()
	defer q.mu.Unlock()
	a.edition.handed--
	a.edition.missed = a.edition.missed || a.earlier.Edition == 0
	a.edition.readAgain()
	q.missed++
	delete(q.trying, retryKey{a.intent.Edition, a.intent.Subscriber})
	q.settled()
}

func (q *Queue) count(a *attempt, r *ledger.Result, o *smtp.Outcome) {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.trying, retryKey{r.Edition, r.Subscriber})
	q.replied(a.edition, o, r.Subscriber, r.At)
	a.edition.handed--
	q.settled()
	if o.TooLarge && !a.edition.tooLarge {
		a.edition.tooLarge = true
		q.fail(fmt.Errorf("edition %d: %s; trying again later", r.Edition, o.Reply))
	}
	q.Metrics.Delivered(r.Status)
	report := &a.edition.report
	switch r.Status {
	case ledger.Sent:
		report.Sent++
	case ledger.Deferred:
		report.Deferred++
		if r.Resend {
			report.Resent++
		}
		if q.retryAt.IsZero() || r.Next.Before(q.retryAt) {
			q.retryAt = r.Next
		}
	case ledger.Failed:
		report.Failed++
	case ledger.Uncertain:
		report.Uncertain++
	}
	if !r.Resend {
		q.logResult(r)
	}
	q.Progress(Progress{Edition: int(report.Number), Recipients: report.Recipients,
		Sent: a.edition.Sent + report.Sent, Deferred: report.Deferred, Failed: a.edition.Failed + report.Failed,
		Uncertain: a.edition.Uncertain + report.Uncertain, Before: a.edition.Sent + a.edition.Failed + a.edition.Uncertain})
}

func (q *Queue) logResult(r *ledger.Result) {
	level := slog.LevelInfo
	if r.Status != ledger.Sent {
		level = slog.LevelWarn
	}
	if ctx := context.Background(); q.Log.Enabled(ctx, level) {
		q.Log.Log(ctx, level, "delivery", "edition", r.Edition, "subscriber", r.Subscriber, "result", string(r.Status), "code", r.Code)
	}
}

// fail adds an error that does not end the pass. The caller holds mu.
func (q *Queue) fail(err error) { q.errors = append(q.errors, err) }

// retryPause returns how long to wait before the next attempt: a minute, doubled each time
// up to an hour, spread by a fifth either way so that a full queue does not come back all at
// once.
func retryPause(attempts int, edition, subscriber int64) time.Duration {
	pause := time.Hour
	if attempts < 7 {
		pause = min(pause, time.Minute<<max(0, attempts-1))
	}
	// A hash spreads as well as a random number, and can be tested.
	h := uint64(edition)*0x9E3779B97F4A7C15 ^ uint64(subscriber)*0xBF58476D1CE4E5B9 ^ uint64(attempts)*0x94D049BB133111EB
	h ^= h >> 31
	share := float64(h%4001)/10000 - 0.2
	return pause + time.Duration(share*float64(pause))
}
