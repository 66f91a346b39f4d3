package delivery

import (
	"context"
	"io"
	"log/slog"
	"strings"
	"time"

	"publisher/internal/ledger"
	"publisher/mailer/bounce"
)

// Reconciled counts the uncertain deliveries that a mail log settled.
type Reconciled struct {
	Sent  int `json:"sent"`  // accepted by the server
	Again int `json:"again"` // not accepted, and sent again
	Left  int `json:"left"`  // the log does not say
}

// ReconcileMailLog settles uncertain deliveries from the mail server's log. With complete,
// the log covers the time when they were sent: what it does not name was not accepted. The
// caller holds the lock of the ledger.
func ReconcileMailLog(ctx context.Context, l *ledger.Ledger, mailLog io.Reader, complete bool, log *slog.Logger, now time.Time) (Reconciled, error) {
	var counts Reconciled
	if _, err := RecordSpooled(ctx, l, log); err != nil {
		return counts, err
	}
	tokens, err := l.Tokens(ctx)
	if err != nil {
		return counts, err
	}
	open, err := l.Unresolved(ctx)
	if err != nil {
		return counts, err
	}
	byID := map[string]ledger.Delivery{}
	for _, d := range open {
		byID[tokens.MessageID(d.Edition, d.Subscriber)] = d
	}
	left := func(id string) string { before, _, _ := strings.Cut(id, "@"); return before }
	wanted := func(id string) bool { _, ok := byID[left(id)]; return ok }
	taken := map[string]bool{}
	if err := bounce.ReadMailLog(mailLog, wanted, func(id string) { taken[left(id)] = true }); err != nil {
		return counts, err
	}
	for id, d := range byID {
		r := ledger.Result{Edition: d.Edition, Subscriber: d.Subscriber, At: now}
		switch {
		case taken[id]:
			counts.Sent++
			r.Status, r.Reply = ledger.Sent, "the mail server's log names it"
		case complete && d.Status == ledger.Uncertain:
			counts.Again++
			continue
		case complete:
			counts.Again++
			r.Status, r.Next, r.Reply = ledger.Deferred, now, "the mail server's log does not name it"
		default:
			counts.Left++
			continue
		}
		if _, err := l.Record(ctx, &r, nil); err != nil {
			return counts, err
		}
	}
	if complete {
		return counts, retryUncertain(ctx, l, open, now)
	}
	return counts, nil
}

// retryUncertain sends the editions' deliveries again that are still uncertain.
func retryUncertain(ctx context.Context, l *ledger.Ledger, open []ledger.Delivery, now time.Time) error {
	done := map[int64]bool{}
	for _, d := range open {
		if done[d.Edition] {
			continue
		}
		done[d.Edition] = true
		if _, err := l.RetryUncertain(ctx, d.Edition, now); err != nil {
			return err
		}
	}
	return nil
}
