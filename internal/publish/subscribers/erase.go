package subscribers

import (
	"context"
	"errors"
	"time"

	"publisher/internal/config"
	"publisher/internal/ledger"
	"publisher/internal/ledger/erasure"
	"publisher/mailer/outbox"
)

// Erased is what an erasure did, as programs read it.
type Erased struct {
	Erased  []string `json:"erased"`
	Before  []string `json:"before"`  // had been erased before
	Unknown []string `json:"unknown"` // nothing is known of them
}

// Erase removes everything about addresses from the ledger, the files beside it and the outbox.
func Erase(ctx context.Context, cfg *config.Config, l *ledger.Ledger, emails []string, now func() time.Time) (Erased, error) {
	got := Erased{Erased: []string{}, Before: []string{}, Unknown: []string{}}
	dir := cfg.Path(cfg.Mail.Outbox)
	others, err := erasure.OtherAddresses(ctx, l, emails)
	if err != nil {
		return got, err
	}
	mailed := append(others, emails...)
	// The outbox comes first: once the ledger has forgotten an address, nobody could find it there.
	if err := outbox.Forget(dir, mailed); err != nil {
		return got, err
	}
	all, err := erasure.Erase(ctx, l, emails, now())
	for _, e := range all {
		switch {
		case e.Known:
			got.Erased = append(got.Erased, e.Email)
		case e.Before:
			got.Before = append(got.Before, e.Email)
		default:
			got.Unknown = append(got.Unknown, e.Email)
		}
	}
	// A message may have been under way.
	return got, errors.Join(err, outbox.Forget(dir, mailed))
}
