package delivery

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"publisher/internal/config"
	"publisher/internal/ledger"
	"publisher/internal/ledger/mailtoken"
	"publisher/internal/ledger/subscription"
	"publisher/mailer/bounce"
)

// Bounced is what became of one mail that came back.
type Bounced struct {
	bounce.Report
	Subscriber int64  // 0 if no valid token says whose it is
	Email      string // of the subscriber; "" likewise
	// Ended is the status with which the subscription ended; "" if it did not end.
	Ended ledger.Status
	// Stale says that it bounced too late to count, or that it is not known when it was sent.
	Stale bool
	// Answer is what came of a mail that a person wrote.
	Answer Answer
}

// Bounces handles mail that comes back: bounces, complaints, mails that unsubscribe, and those
// that people write to subscribe and to confirm.
type Bounces struct {
	cfg    *config.Config
	ledger *ledger.Ledger
	log    *slog.Logger
	now    func() time.Time
}

// NewBounces returns what handles mail that comes back.
func NewBounces(cfg *config.Config, l *ledger.Ledger, log *slog.Logger, now func() time.Time) *Bounces {
	return &Bounces{cfg: cfg, ledger: l, log: log, now: now}
}

// Take handles one mail that came back. A mail without a valid token, or with those of
// several subscribers, changes nothing.
func (h *Bounces) Take(ctx context.Context, returned *bounce.Report) (*Bounced, error) {
	b := &Bounced{Report: *returned}
	switch b.Kind {
	case bounce.Ignored:
		return b, nil
	case bounce.Written:
		return b, h.answer(ctx, b)
	}
	return b, h.record(ctx, b, false)
}

// TakeEvent handles what a mail service reports, whose word was verified. As no stranger can
// forge it, a Message-ID proves as much as a return path.
func (h *Bounces) TakeEvent(ctx context.Context, event *bounce.Report) (*Bounced, error) {
	b := &Bounced{Report: *event}
	if b.Kind == bounce.Ignored {
		return b, nil
	}
	return b, h.record(ctx, b, true)
}

// record does what a report asks for, with the strongest token in it as the proof.
func (h *Bounces) record(ctx context.Context, b *Bounced, vouched bool) error {
	tokens, err := h.ledger.Tokens(ctx)
	if err != nil {
		return err
	}
	about := whose(tokens, &b.Report)
	if about.subscriber == 0 {
		return nil
	}
	if vouched && about.proof == mailtoken.MessageID {
		about.proof = mailtoken.ReturnPath
	}
	who, err := h.ledger.SubscriberByID(ctx, about.subscriber)
	if err != nil || who == nil {
		return err
	}
	b.Subscriber, b.Email = who.ID, who.Email
	switch b.Kind {
	case bounce.HardBounce, bounce.SoftBounce:
		b.Ended, b.Stale, err = subscription.RecordBounce(ctx, h.ledger, subscription.Bounce{Subscriber: who.ID, Edition: about.edition, Proof: about.proof,
			Hard: b.Kind == bounce.HardBounce, Reason: b.Reason, At: h.now()})
	case bounce.Complaint, bounce.OptOut:
		act := subscription.Leave
		if b.Kind == bounce.Complaint {
			act = subscription.Complain
		}
		// Without a web server, only a mail can say that it worked.
		goodbye := act == subscription.Leave && h.cfg.Server.URL == nil
		after, changed, doErr := subscription.Do(ctx, h.ledger, subscription.Request{Subscriber: who.ID, Proof: about.proof, Action: act,
			DefaultCadence: h.cfg.Digest.Default, At: h.now(), Goodbye: goodbye})
		if err = doErr; changed {
			b.Ended = after.Status
		}
	}
	return err
}

// proved is what valid tokens say that a report is about.
type proved struct {
	subscriber, edition int64 // edition is 0 if only a link says whose mail it is
	proof               mailtoken.Purpose
}

// whose returns the one subscriber whom valid tokens name, with the strongest of them; the
// subscriber 0 if there is none, or more than one. The edition is that of the strongest token;
// weaker ones do not count.
func whose(tokens *mailtoken.Codec, r *bounce.Report) (best proved) {
	several := false
	found := func(proof mailtoken.Purpose, who, which int64, ok bool) {
		if !ok {
			return
		}
		several = several || best.subscriber != 0 && best.subscriber != who
		if best.subscriber == 0 || best.proof == proof {
			best = proved{who, max(best.edition, which), proof}
		}
	}
	if r.Kind == bounce.OptOut {
		who, ok := tokens.OpenLink(mailtoken.Unsubscribe, r.Token)
		found(mailtoken.Unsubscribe, who, 0, ok)
		return best
	}
	for _, text := range r.Addresses { // strongest first
		for _, word := range words(text) {
			who, which, ok := tokens.OpenReturnPath(word)
			found(mailtoken.ReturnPath, who, which, ok)
		}
	}
	for _, text := range r.MessageIDs {
		left, _, _ := strings.Cut(strings.Trim(text, "<> \t"), "@")
		which, who, ok := tokens.OpenMessageID(left)
		found(mailtoken.MessageID, who, which, ok)
	}
	for _, text := range r.Links {
		for _, word := range words(text) {
			who, ok := tokens.OpenLink(mailtoken.Unsubscribe, word)
			found(mailtoken.Unsubscribe, who, 0, ok)
		}
	}
	if several {
		return proved{}
	}
	return best
}

// words returns the runs of characters that may be tokens.
func words(text string) []string {
	text = strings.ReplaceAll(text, "%20", " ")
	return strings.FieldsFunc(text, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9')
	})
}
