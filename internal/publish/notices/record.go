package notices

import (
	"context"
	"log/slog"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/noticequeue"
	"publisher/mailer/smtp"
)

const (
	// retryFor is how long a notice is tried.
	retryFor = 24 * time.Hour
	// firstPause is how long to wait after the first attempt that failed; it doubles each time,
	// up to lastPause.
	firstPause, lastPause = time.Minute, time.Hour
	// crowdedPause is how long to wait if the server was only sent too much at once.
	crowdedPause = 5 * time.Second
)

// attempt is what a job of a notice is about.
type attempt struct {
	notice *noticequeue.Notice
	tokens []ledger.Token
}

// begin commits the intent to send a notice. It reports whether it may be sent.
func (q *Queue) begin(ctx context.Context, a *attempt) (bool, error) {
	begun, err := noticequeue.Begin(ctx, q.Ledger, a.notice.ID, a.tokens, q.Now())
	if err == nil && !begun {
		q.release(a.notice.ID)
	}
	return begun, err
}

// ended records an outcome. A refusal marks nobody: whether the address works is known only once
// its reader has confirmed.
func (q *Queue) ended(ctx context.Context, a *attempt, o *smtp.Outcome) error {
	var r noticequeue.Result
	switch o.Verdict {
	case smtp.Sent:
		r.Status = noticequeue.Sent
	case smtp.Permanent:
		r.Status = noticequeue.Failed
	case smtp.Uncertain:
		if r = q.retried(a.notice, 0, ""); q.Config.Mail.HoldsUncertain() {
			r = noticequeue.Result{Status: noticequeue.Uncertain}
		}
	default:
		switch {
		case o.Stopped: // not an attempt
			r = noticequeue.Result{Status: noticequeue.Deferred, Next: q.Now()}
		case o.Again:
			r = q.retried(a.notice, crowdedPause, "")
		default:
			r = q.retried(a.notice, 0, "")
		}
	}
	r.Code, r.Reply = o.Code, o.Reply
	return q.end(ctx, a.notice, r)
}

// retried returns the result of an attempt that can be repeated, unless that has been tried long
// enough. A pause of 0 is one that grows.
func (q *Queue) retried(n *noticequeue.Notice, pause time.Duration, reply string) noticequeue.Result {
	if pause == 0 {
		pause = min(lastPause, firstPause<<min(n.Attempts, 6))
	}
	next := q.Now().Add(pause)
	if next.Sub(n.Created) > retryFor {
		return noticequeue.Result{Status: noticequeue.Failed, Reply: reply}
	}
	return noticequeue.Result{Status: noticequeue.Deferred, Next: next, Reply: reply}
}

// end records a result.
func (q *Queue) end(ctx context.Context, n *noticequeue.Notice, r noticequeue.Result) error {
	r.ID, r.At = n.ID, q.Now()
	if err := noticequeue.End(ctx, q.Ledger, r); err != nil {
		return err
	}
	q.Metrics.NoticeEnded(n.Kind, r.Status)
	level := slog.LevelInfo
	if r.Status != noticequeue.Sent {
		level = slog.LevelWarn
	}
	q.Log.Log(ctx, level, "notice", "notice", n.ID, "kind", string(n.Kind), "result", string(r.Status), "code", r.Code)
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.taken, n.ID)
	switch r.Status {
	case noticequeue.Sent:
		q.counts.Sent++
	case noticequeue.Deferred:
		q.counts.Deferred++
	case noticequeue.Failed:
		q.counts.Failed++
	case noticequeue.Uncertain:
		q.counts.Uncertain++
	}
	return nil
}
