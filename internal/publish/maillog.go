package publish

import (
	"context"
	"io"
	"strings"

	"publisher/internal/ledger"
	"publisher/mailer/bounce"
)

// Reconciled counts what a mail log settled.
type Reconciled struct {
	Sent  int `json:"sent"`  // the server took them
	Again int `json:"again"` // it did not; they are sent again
	Left  int `json:"left"`  // the log does not tell
}

// ReconcileMailLog settles uncertain deliveries from the mail server's log. With
// complete it covers the time when they were sent: what it does not name was not
// taken. It fails with a *ledger.LockedError while a pass is underway.
func (p *Publisher) ReconcileMailLog(ctx context.Context, log io.Reader, complete bool, command string) (counts Reconciled, err error) {
	_, err = p.locked(ctx, command, func(s *pass) error {
		counts, err = s.reconcileMailLog(ctx, log, complete)
		return err
	})
	return counts, err
}

func (s *pass) reconcileMailLog(ctx context.Context, log io.Reader, complete bool) (Reconciled, error) {
	var counts Reconciled
	if err := s.recordLate(ctx); err != nil {
		return counts, err
	}
	tokens, err := s.ledger.Tokens(ctx)
	if err != nil {
		return counts, err
	}
	open, err := s.ledger.Unresolved(ctx)
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
	if err := bounce.ReadMailLog(log, wanted, func(id string) { taken[left(id)] = true }); err != nil {
		return counts, err
	}
	for id, d := range byID {
		r := ledger.Result{Edition: d.Edition, Subscriber: d.Subscriber, At: s.now()}
		switch {
		case taken[id]:
			counts.Sent++
			r.Status, r.Reply = ledger.Sent, "the mail server's log names it"
		case complete && d.Status == ledger.Uncertain:
			counts.Again++
			continue
		case complete:
			counts.Again++
			r.Status, r.Next, r.Reply = ledger.Deferred, s.now(), "the mail server's log does not name it"
		default:
			counts.Left++
			continue
		}
		if _, err := s.ledger.Record(ctx, &r, nil); err != nil {
			return counts, err
		}
	}
	if complete {
		return counts, s.retryUncertain(ctx, open)
	}
	return counts, nil
}

// retryUncertain has the editions' deliveries that are uncertain still sent again.
func (s *pass) retryUncertain(ctx context.Context, open []ledger.Delivery) error {
	done := map[int64]bool{}
	for _, d := range open {
		if done[d.Edition] {
			continue
		}
		done[d.Edition] = true
		if _, err := s.ledger.RetryUncertain(ctx, d.Edition, s.now()); err != nil {
			return err
		}
	}
	return nil
}
