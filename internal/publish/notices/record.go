package notices

import (
	"context"
	"log/slog"
	"time"

	"publisher/internal/ledger"
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
	notice *ledger.Notice
	tokens []ledger.Token
}

// begin commits the intent to send a notice. It reports whether it may be sent.
func (q *Queue) begin(ctx context.Context, a *attempt) (bool, error) {
	begun, err := q.Ledger.BeginNotice(ctx, a.notice.ID, a.tokens, q.Now())
	if err == nil && !begun {
		q.release(a.notice.ID)
	}
	return begun, err
}

// ended records an outcome. A refusal marks nobody: whether the address works is known only once
// its reader has confirmed.
func (q *Queue) ended(ctx context.Context, a *attempt, o *smtp.Outcome) error {
	var r ledger.NoticeResult
	switch o.Verdict {
	case smtp.Sent:
		r.Status = ledger.NoticeSent
	case smtp.Permanent:
		r.Status = ledger.NoticeFailed
	case smtp.Uncertain:
		if r = q.retried(a.notice, 0, ""); !q.resends() {
			r = ledger.NoticeResult{Status: ledger.NoticeUncertain}
		}
	default:
		switch {
		case o.Stopped: // not an attempt
			r = ledger.NoticeResult{Status: ledger.NoticeDeferred, Next: q.Now()}
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
func (q *Queue) retried(n *ledger.Notice, pause time.Duration, reply string) ledger.NoticeResult {
	if pause == 0 {
		pause = min(lastPause, firstPause<<min(n.Attempts, 6))
	}
	next := q.Now().Add(pause)
	if next.Sub(n.Created) > retryFor {
		return ledger.NoticeResult{Status: ledger.NoticeFailed, Reply: reply}
	}
	return ledger.NoticeResult{Status: ledger.NoticeDeferred, Next: next, Reply: reply}
}

// end records a result.
func (q *Queue) end(ctx context.Context, n *ledger.Notice, r ledger.NoticeResult) error {
	r.ID, r.At = n.ID, q.Now()
	if err := q.Ledger.EndNotice(ctx, r); err != nil {
		return err
	}
	level := slog.LevelInfo
	if r.Status != ledger.NoticeSent {
		level = slog.LevelWarn
	}
	q.Log.Log(ctx, level, "notice", "notice", n.ID, "kind", string(n.Kind), "result", string(r.Status), "code", r.Code)
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.taken, n.ID)
	switch r.Status {
	case ledger.NoticeSent:
		q.counts.Sent++
	case ledger.NoticeDeferred:
		q.counts.Deferred++
	case ledger.NoticeFailed:
		q.counts.Failed++
	case ledger.NoticeUncertain:
		q.counts.Uncertain++
	}
	return nil
}
