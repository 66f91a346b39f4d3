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
	common := newSharing(s.Config, sender)
	common.join(s.Batches)
	if common.limiter == nil {
		return func() {}
	}
	ctx, end := context.WithCancel(context.Background())
	var kept sync.WaitGroup
	kept.Go(func() {
		for ctx.Err() == nil {
			if err := s.live(ctx, common); err != nil && ctx.Err() == nil {
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
func (s Share) live(ctx context.Context, common *sharing) error {
	w, err := s.Batches.BeginSending(ctx, s.Version)
	if err != nil {
		return err
	}
	stop := common.serve(w)
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
