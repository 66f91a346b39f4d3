package work

import (
	"context"
	"sync"

	"publisher/internal/config"
	"publisher/internal/ledger/places"
	"publisher/internal/ledger/postgres"
	"publisher/internal/publish/delivery"
	"publisher/mailer/smtp"
)

// sharing is what a sender has in common with those of other processes: mail.smtp.rate.
type sharing struct {
	sender  *delivery.Sender
	rates   []places.Rate
	limiter *places.Limiter // nil without a rate
}

func newSharing(cfg *config.Config, sender *delivery.Sender) *sharing {
	s := &sharing{sender: sender}
	for _, rate := range cfg.Mail.SMTP.Rate {
		s.rates = append(s.rates, places.Rate{Count: rate.Count, Kept: smtp.Reserved(rate), Per: rate.Per})
	}
	if len(s.rates) > 0 {
		s.limiter = places.NewLimiter(s.rates)
	}
	return s
}

// join has the sender use the ledger's limits. While there is a rate, it sends nothing before serve.
func (s *sharing) join(b *postgres.Batches) {
	if s.limiter == nil {
		s.sender.Share(nil, b)
		return
	}
	s.sender.Share(s.limiter, b)
}

// serve takes places for a life until stop is called, which has to be before the life ends.
func (s *sharing) serve(w *postgres.Worker) (stop func()) {
	if s.limiter == nil {
		return func() {}
	}
	serving, end := context.WithCancel(context.Background())
	var served sync.WaitGroup
	served.Go(func() { s.limiter.Serve(serving, w.Places(s.rates)) })
	return func() {
		end()
		served.Wait()
	}
}
