package subscribers

import (
	"context"

	"publisher/internal/ledger"
	"publisher/internal/ledger/subscription"
)

// Restored is what a restore did, as programs read it.
type Restored struct {
	Restored []string `json:"restored"`
	Active   []string `json:"active"`  // already were
	Refused  []string `json:"refused"` // unsubscribed or complained themselves, or never confirmed
	Unknown  []string `json:"unknown"`
	// Editions are those whose refusals or bounces had ended the subscriptions, in the order of
	// the addresses.
	Editions []int64 `json:"editions"`
}

// Restore makes subscribers active again. Those who unsubscribed or complained, or have not
// confirmed, are restored only with asked: they have asked for it themselves.
func (l *List) Restore(ctx context.Context, emails []string, asked bool) (Restored, error) {
	got := Restored{Restored: []string{}, Active: []string{}, Refused: []string{}, Unknown: []string{}, Editions: []int64{}}
	seen := map[int64]bool{}
	for _, email := range emails {
		s, err := l.ledger.Subscriber(ctx, email)
		if err != nil {
			return got, err
		}
		switch {
		case s == nil:
			got.Unknown = append(got.Unknown, email)
			continue
		case s.Status == ledger.Active:
			got.Active = append(got.Active, s.Email)
			continue
		case s.Status != ledger.Bounced && s.Status != ledger.Removed && !asked:
			got.Refused = append(got.Refused, s.Email)
			continue
		}
		marks, err := subscription.Marks(ctx, l.ledger, s)
		if err != nil {
			return got, err
		}
		if _, err := subscription.Restore(ctx, l.ledger, email, l.cfg.Digest.Default, l.now()); err != nil {
			return got, err
		}
		got.Restored = append(got.Restored, s.Email)
		if len(marks) > 0 && marks[0].Edition > 0 && !seen[marks[0].Edition] {
			seen[marks[0].Edition] = true
			got.Editions = append(got.Editions, marks[0].Edition)
		}
	}
	return got, nil
}
