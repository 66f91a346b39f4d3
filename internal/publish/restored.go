package publish

import (
	"context"

	"publisher/internal/ledger"
)

// Restored is what became of those who were to be active again.
type Restored struct {
	Restored []string `json:"restored"`
	Active   []string `json:"active"`  // they were
	Refused  []string `json:"refused"` // they left by themselves, or never confirmed
	Unknown  []string `json:"unknown"`
	// Editions are those whose refusals or bounces had marked them, in the order of the addresses.
	Editions []int64 `json:"editions"`
}

// Restore makes subscribers active again. Whoever unsubscribed or complained, or has not
// confirmed, is only with asked: they have said themselves that they want to be.
func (p *Publisher) Restore(ctx context.Context, l *ledger.Ledger, emails []string, asked bool) (Restored, error) {
	got := Restored{Restored: []string{}, Active: []string{}, Refused: []string{}, Unknown: []string{}, Editions: []int64{}}
	seen := map[int64]bool{}
	for _, email := range emails {
		s, err := l.Subscriber(ctx, email)
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
		marks, err := l.Marks(ctx, s)
		if err != nil {
			return got, err
		}
		if _, err := l.Restore(ctx, email, p.cfg.Digest.Default, p.now()); err != nil {
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
