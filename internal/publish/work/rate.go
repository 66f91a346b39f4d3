package work

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"publisher/internal/config"
	"publisher/internal/ledger/places"
	"publisher/internal/ledger/postgres"
	"publisher/internal/publish/delivery"
	"publisher/mailer/smtp"
)

// sharedRate is what a sender has of mail.smtp.rate, which all processes share.
type sharedRate struct {
	rates   []places.Rate
	limiter *places.Limiter // nil without a rate
}

// share has a sender keep within mail.smtp.rate together with those of other processes. Until serve, it
// sends nothing.
func share(cfg *config.Config, sender *delivery.Sender) *sharedRate {
	s := new(sharedRate)
	for _, rate := range cfg.Mail.SMTP.Rate {
		s.rates = append(s.rates, places.Rate{Count: rate.Count, Kept: smtp.Reserved(rate), Per: rate.Per})
	}
	if len(s.rates) == 0 {
		sender.Share(nil)
		return s
	}
	s.limiter = places.NewLimiter(s.rates)
	sender.Share(s.limiter)
	return s
}

// serve takes places for a life until stop is called, which has to be before the life ends.
func (s *sharedRate) serve(w *postgres.Worker) (stop func()) {
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

// Share is what a process needs that sends something else than batches.
type Share struct {
	Config  *config.Config
	Batches *postgres.Batches
	Version string // of the program
	Log     *slog.Logger
	Now     func() time.Time
}

// Keep has a sender that is not Run's keep within mail.smtp.rate together with all that send, until stop
// is called.
func (s Share) Keep(sender *delivery.Sender) (stop func()) {
	rate := share(s.Config, sender)
	if rate.limiter == nil {
		return func() {}
	}
	ctx, end := context.WithCancel(context.Background())
	var kept sync.WaitGroup
	kept.Go(func() {
		for ctx.Err() == nil {
			if err := s.live(ctx, rate); err != nil && ctx.Err() == nil {
				s.Log.Error("keeping within mail.smtp.rate", "error", err)
				pause(ctx, nextLife)
			}
		}
	})
	return func() {
		end()
		kept.Wait()
	}
}

// live is a life that holds places, until ctx ends or it was declared dead.
func (s Share) live(ctx context.Context, rate *sharedRate) error {
	w, err := s.Batches.BeginSending(ctx, s.Version)
	if err != nil {
		return err
	}
	stop := rate.serve(w)
	// If nobody else does, this process has to find out who is dead: they may hold all places.
	w.Watch(ctx, s.Config.Mail.Uncertain == "hold", s.Now, note(s.Log))
	stop()
	if err := w.Close(); err != nil && ctx.Err() == nil {
		return err
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
