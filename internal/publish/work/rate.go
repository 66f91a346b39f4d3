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

// serve has the sender send as a worker, and takes places for it, until stop is called, which has to be
// before the worker's life ends.
func (s *sharing) serve(w *postgres.Worker) (stop func()) {
	if s.limiter == nil {
		s.sender.Share(unlimited{s.sender.RateLimiter(), w}, w.Batches)
		return func() {}
	}
	s.sender.Share(s.limiter, w.Batches)
	serving, end := context.WithCancel(context.Background())
	var served sync.WaitGroup
	served.Go(func() { s.limiter.Serve(serving, w.Places(s.rates)) })
	return func() {
		end()
		served.Wait()
	}
}

// unlimited is the limiter of a worker without a rate.
type unlimited struct {
	*smtp.RateLimiter
	worker *postgres.Worker
}

// Holds implements [smtp.Limiter]: what a worker that may be dead had begun is sent by others.
func (u unlimited) Holds() bool { return u.worker.Alive() }
