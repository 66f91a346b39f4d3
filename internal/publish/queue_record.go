package publish

import (
	"context"
	"fmt"
	"log/slog"

	"publisher/internal/ledger"
	"publisher/mailer/smtp"
)

// Commit implements smtp.Queue.
func (q *queue) Commit(ctx context.Context, done *smtp.Outcome, next *smtp.Job) (bool, error) {
	var result *ledger.Result
	var intent *ledger.Intent
	if done != nil {
		result = q.result(done)
	}
	if next != nil {
		intent = &next.Ref.(*attempt).intent
	}
	// That a mail may come twice is told before it is recorded: this process may die
	// between the two.
	if result != nil && result.Resend {
		q.logResult(result)
	}
	ok, err := q.ledger.Record(ctx, result, intent)
	if err == nil && done != nil {
		q.count(done.Job.Ref.(*attempt), result, done)
	}
	if err == nil && next != nil && !ok {
		q.forget(next.Ref.(*attempt))
	}
	return ok, err
}

// result says what the ledger is to remember of an outcome.
func (q *queue) result(o *smtp.Outcome) *ledger.Result {
	a := o.Job.Ref.(*attempt)
	now := q.now()
	r := &ledger.Result{Edition: a.intent.Edition, Subscriber: a.intent.Subscriber, After: a.intent.After, Through: a.intent.Through,
		Digest: a.intent.Digest, Code: o.Code, Reply: o.Reply, At: now}
	switch o.Verdict {
	case smtp.Sent:
		r.Status = ledger.Sent
	case smtp.Permanent:
		// Whether that counts the answers around it say: see refusals. Until then its posts are due.
		r.Status, r.KeepCursor = ledger.Failed, true
	case smtp.Uncertain:
		if q.cfg.Mail.Uncertain == "hold" {
			r.Status = ledger.Uncertain
			return r
		}
		r.Reply += "; the server may have taken it, and it is sent again with the same Message-ID"
		r.Resend = true
		fallthrough
	default:
		q.deferred(a, r, o.Again && q.again(a))
		if o.Stopped { // whatever the server did before, this was no attempt
			r.Status, r.KeepCursor, r.Next = ledger.Deferred, false, r.At
		}
	}
	return r
}

// deferred plans the next attempt, which may be at once, or gives up when retry_for has run out: then
// the cursor stays, and the next edition brings those posts.
func (q *queue) deferred(a *attempt, r *ledger.Result, atOnce bool) {
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
	if r.Next.Sub(first) > q.cfg.Mail.RetryFor {
		r.Status, r.KeepCursor = ledger.Failed, true
	}
}

// maxAgain is how often one pass repeats a delivery that was refused only because the
// server was sent too much at once.
const maxAgain = 6

// again reports whether this pass may repeat the delivery right away.
func (q *queue) again(a *attempt) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	key := retryKey{a.intent.Edition, a.intent.Subscriber}
	if q.crowded == nil {
		q.crowded = map[retryKey]int{}
	}
	q.crowded[key]++
	return q.crowded[key] <= maxAgain
}

// forget lets a delivery that is not under way any more be read again.
func (q *queue) forget(a *attempt) {
	q.mu.Lock()
	defer q.mu.Unlock()
	a.run.handed--
	a.run.missed = a.run.missed || a.earlier.Edition == 0
	a.run.lookAgain()
	delete(q.trying, retryKey{a.intent.Edition, a.intent.Subscriber})
}

func (q *queue) count(a *attempt, r *ledger.Result, o *smtp.Outcome) {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.trying, retryKey{r.Edition, r.Subscriber})
	a.run.handed--
	if stop := a.run.refusals.add(o, r.Subscriber); stop && !a.run.stopped {
		a.run.stopped = true
		q.report.Fail(a.run.refusals.stopped(r.Edition))
	}
	if o.TooLarge && !a.run.tooLarge {
		a.run.tooLarge = true
		q.report.Fail(fmt.Errorf("edition %d: %s; it is tried again later", r.Edition, o.Reply))
	}
	report := &a.run.report
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
	q.progress(Progress{Edition: int(report.Number), Recipients: report.Recipients,
		Sent: a.run.Sent + report.Sent, Deferred: report.Deferred, Failed: a.run.Failed + report.Failed,
		Uncertain: a.run.Uncertain + report.Uncertain, Before: a.run.Sent + a.run.Failed + a.run.Uncertain})
}

func (q *queue) logResult(r *ledger.Result) {
	level := slog.LevelInfo
	if r.Status != ledger.Sent {
		level = slog.LevelWarn
	}
	if ctx := context.Background(); q.log.Enabled(ctx, level) {
		q.log.Log(ctx, level, "delivery", "edition", r.Edition, "subscriber", r.Subscriber, "result", string(r.Status), "code", r.Code)
	}
}
