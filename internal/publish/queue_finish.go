package publish

import (
	"context"
	"strings"

	"publisher/internal/ledger"
	"publisher/mailer/message"
)

func (q *queue) recipient(a *attempt) message.Recipient {
	cfg, id := q.cfg, a.subscriber.ID
	token := q.tokens.Link(ledger.Unsubscribe, id)
	r := message.Recipient{Name: a.subscriber.Name, Address: a.subscriber.Email,
		MessageID:         q.tokens.MessageID(a.run.Number, id) + "@" + a.run.domain(cfg.Mail.From.Address),
		UnsubscribeMailto: q.s.unsubscribeMailto(token)}
	if cfg.Server.URL != nil {
		r.UnsubscribeURL = q.unsubscribe + token
		r.PreferencesURL = q.preferences + q.tokens.Link(ledger.Preferences, id)
	} else {
		r.UnsubscribeURL = r.UnsubscribeMailto
	}
	return r
}

// domain is that of the edition's Message-IDs, which mail.from does not change once it
// is closed.
func (r *running) domain(from string) string {
	if r.Domain != "" {
		return r.Domain
	}
	return domainOf(from)
}

// returnPath is where bounces go: with mail.bounce_to an address that tells whose
// and of which edition (VERP).
func (q *queue) returnPath(a *attempt) string {
	to := q.cfg.Mail.BounceTo
	if to == nil {
		return q.cfg.Mail.From.Address
	}
	local, domain, _ := strings.Cut(to.Address, "@")
	return local + "+" + q.tokens.ReturnPath(a.subscriber.ID, a.run.Number) + "@" + domain
}

// stop waits for pages that are being read ahead.
func (q *queue) stop() {
	for _, run := range q.editions {
		run.untried.stop()
	}
}

// over reports whether every recipient of the edition was tried.
func (r *running) over() bool { return r.exhausted && r.handed == 0 }

// finishDone marks the editions whose every recipient was tried. One with few answers,
// all refusals, waits for the end of the pass, and for more of them.
func (q *queue) finishDone(ctx context.Context) error {
	for _, run := range q.editions {
		if !run.over() || run.finished || run.stopped || run.refusals.fewRefused() {
			continue
		}
		if err := q.mark(ctx, run); err != nil {
			return err
		}
		if err := q.ledger.FinishEdition(ctx, run.Number, q.now()); err != nil {
			return err
		}
		run.finished = true
	}
	return nil
}

// finish marks the editions whose every recipient was tried, and reports all
// that this pass worked on.
func (q *queue) finish(ctx context.Context) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if err := q.recordWaiting(ctx); err != nil {
		return err
	}
	for _, run := range q.editions {
		if err := q.judge(ctx, run); err != nil {
			return err
		}
		run.refusals = refusals{accepted: run.refusals.accepted}
	}
	if err := q.finishDone(ctx); err != nil {
		return err
	}
	for _, run := range q.editions {
		stored, err := q.ledger.Edition(ctx, run.Number)
		if err != nil {
			return err
		}
		untried := 0
		if !run.finished {
			if untried, err = q.countUntried(ctx, run); err != nil {
				return err
			}
		}
		run.report.Recipients = stored.Recipients
		run.report.Deferred = stored.Deferred + untried
		q.report.Editions = append(q.report.Editions, run.report)
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
			if len(sub.UpTo(q.s.numbers, ledger.Selection{Tags: sub.Tags, Language: run.Language}, run.Through).Intersect(run.own)) > 0 {
				n++
			}
		}
	}
}

// unfinished are the editions that still have recipients nobody tried.
func (q *queue) unfinished() []ledger.Edition {
	q.mu.Lock()
	defer q.mu.Unlock()
	var open []ledger.Edition
	for _, run := range q.editions {
		if !run.finished && (!run.exhausted || run.stopped) {
			open = append(open, run.Edition)
		}
	}
	return open
}

func domainOf(address string) string {
	return address[strings.LastIndexByte(address, '@')+1:]
}
