package delivery

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"publisher/internal/config"
	"publisher/internal/ledger"
	"publisher/internal/ledger/passstate"
	"publisher/internal/publish/editions"
	"publisher/mailer/dkim"
	"publisher/mailer/outbox"
	"publisher/mailer/smtp"
)

// Sender sends mail to the configured server or, without one, into the outbox. One can send the
// mail of many sessions, one after the other, which then have their limits in common.
type Sender struct {
	*smtp.Sender
	cfg     *config.Config
	catcher *outbox.Catcher // nil with a server

	// What earlier processes left in the ledger is read in the first session.
	limitRead, historyRead bool

	limits ConnectionLimits // nil if this process is the only one that sends
	forgot time.Time        // when the send log was last shortened
}

// ConnectionLimits remembers how many connections a mail server accepted.
type ConnectionLimits interface {
	// ConnectionLimit returns how many; 0 if it did not ask for fewer.
	ConnectionLimit(ctx context.Context, server string) (int, error)
	SaveConnectionLimit(ctx context.Context, server string, connections int) error
}

// Share has the sender keep within mail.smtp.rate by a limiter of all processes that send at the same
// time; nil if there is no rate. What earlier ones have sent does not count beside that, and the limit of
// connections is not that of all. It must not be called during a session.
func (s *Sender) Share(rate smtp.Limiter, limits ConnectionLimits) {
	s.limits = limits
	if rate != nil {
		s.Limit(rate)
	}
}

// NewSender returns a sender, which the caller has to close.
func NewSender(cfg *config.Config, signer *dkim.Signer) (*Sender, error) {
	s := &Sender{cfg: cfg}
	server := cfg.Mail.SMTP
	if cfg.Catches() {
		catcher, err := outbox.Start(cfg.Path(cfg.Mail.Outbox))
		if err != nil {
			return nil, fmt.Errorf("starting the built-in mail catcher: %w", err)
		}
		s.catcher, server = catcher, catcher.SMTP(server)
	}
	var err error
	if s.Sender, err = smtp.NewSender(server, helloName(cfg)); err != nil {
		s.Close()
		return nil, err
	}
	s.Sign(signer)
	return s, nil
}

// Close ends the sender.
func (s *Sender) Close() {
	if s.catcher != nil {
		s.catcher.Close()
	}
}

// Outbox reports whether mail goes into the outbox.
func (s *Sender) Outbox() bool { return s.catcher != nil }

// LogIn logs in to the configured server and sends nothing.
func LogIn(ctx context.Context, cfg *config.Config) error {
	sender, err := smtp.NewSender(cfg.Mail.SMTP, helloName(cfg))
	if err != nil {
		return err
	}
	return sender.Check(ctx)
}

// helloName returns the name for EHLO (RFC 5321 §4.1.1.1).
func helloName(cfg *config.Config) string {
	if cfg.Catches() {
		return "localhost"
	}
	return editions.Domain(cfg.Mail.From.Address)
}

// LoadSigner loads the keys of mail.dkim; nil if there are none.
func LoadSigner(cfg *config.Config, log *slog.Logger) (*dkim.Signer, error) {
	keys := cfg.Mail.DKIM
	if len(keys) == 0 {
		return nil, nil
	}
	signer, err := dkim.LoadSigner(keys, cfg.Path)
	if err != nil {
		return nil, cfg.Fault("mail.dkim", err.Error())
	}
	for _, key := range keys {
		if file := cfg.Path(key.KeyFile); dkim.Readable(file) {
			log.Warn("every user of this machine can read the DKIM key; run `chmod 600` on it", "file", file)
		}
	}
	return signer, nil
}

// Session calls deliver, which sends with the sender, with what the ledger records across
// passes: the server's limits, and a clone mark that moves on.
func (s *Sender) Session(ctx context.Context, o Options, deliver func(context.Context) error) error {
	if err := o.Ledger.AdvanceCloneMark(ctx); err != nil {
		return err
	}
	return withCloneMark(ctx, o.Ledger, func(ctx context.Context) error {
		if s.limits != nil {
			return s.sharedSession(ctx, o, func() error { return deliver(ctx) })
		}
		return s.withConnectionLimit(ctx, o, func() error {
			return s.withRateHistory(ctx, o, func() error { return deliver(ctx) })
		})
	})
}

// withConnectionLimit delivers over as many connections as the server accepted when it last
// refused more.
func (s *Sender) withConnectionLimit(ctx context.Context, o Options, deliver func() error) error {
	last, err := passstate.LoadConnectionLimit(ctx, o.Ledger)
	if err != nil {
		return err
	}
	if last.Connections > 0 && last.Server == s.Server() && !s.limitRead {
		s.Restrict(last.Connections)
	}
	s.limitRead = true
	err = deliver()
	var now passstate.ConnectionLimit
	if n := s.Connections(); n < s.cfg.Mail.SMTP.Connections {
		now = passstate.ConnectionLimit{Server: s.Server(), Connections: n}
	}
	if last != now {
		err = errors.Join(err, passstate.SaveConnectionLimit(context.WithoutCancel(ctx), o.Ledger, now))
	}
	return err
}

// sharedSession delivers beside other processes.
func (s *Sender) sharedSession(ctx context.Context, o Options, deliver func() error) error {
	last, err := s.limits.ConnectionLimit(ctx, s.Server())
	if err != nil {
		return err
	}
	if last > 0 && !s.limitRead {
		s.Restrict(last)
	}
	s.limitRead = true
	if err := s.shortenSendLog(ctx, o); err != nil {
		return err
	}
	err = deliver()
	now := s.Connections()
	if now >= s.cfg.Mail.SMTP.Connections {
		now = 0
	}
	if last == now {
		return err
	}
	unbroken := context.WithoutCancel(ctx)
	shown := passstate.ConnectionLimit{Server: s.Server(), Connections: now}
	if now == 0 {
		shown = passstate.ConnectionLimit{}
	}
	return errors.Join(err, s.limits.SaveConnectionLimit(unbroken, s.Server(), now), passstate.SaveConnectionLimit(unbroken, o.Ledger, shown))
}

// shortenSendLog drops from the send log what no rate counts any more.
func (s *Sender) shortenSendLog(ctx context.Context, o Options) error {
	const every = time.Hour
	now := o.Now()
	if now.Sub(s.forgot) < every {
		return nil
	}
	s.forgot = now
	longest := every
	for _, rate := range s.cfg.Mail.SMTP.Rate {
		longest = max(longest, rate.Per)
	}
	return o.Ledger.ForgetSends(ctx, now.Add(-longest))
}

// withRateHistory delivers within the configured rates, to which everything counts that
// earlier processes sent. Of one that died, each connection may have sent one message that
// was not recorded.
func (s *Sender) withRateHistory(ctx context.Context, o Options, deliver func() error) error {
	rates := s.cfg.Mail.SMTP.Rate
	if len(rates) == 0 {
		return deliver()
	}
	if !s.historyRead {
		if err := s.readHistory(ctx, o, rates); err != nil {
			return err
		}
		s.historyRead = true
	}
	if err := passstate.SetSending(ctx, o.Ledger, true); err != nil {
		return err
	}
	err := deliver()
	return errors.Join(err, passstate.SetSending(context.WithoutCancel(ctx), o.Ledger, false))
}

// readHistory gives the limiter what was sent within the longest of the rates.
func (s *Sender) readHistory(ctx context.Context, o Options, rates []config.Rate) error {
	if died, err := passstate.Sending(ctx, o.Ledger); err != nil {
		return err
	} else if died {
		if err := o.Ledger.LogSends(ctx, o.Now(), s.cfg.Mail.SMTP.Connections); err != nil {
			return err
		}
	}
	var longest time.Duration
	for _, rate := range rates {
		longest = max(longest, rate.Per)
	}
	history, err := o.Ledger.SendLog(ctx, o.Now().Add(-longest))
	if err != nil {
		return err
	}
	var sent []time.Time
	for _, sends := range history {
		for range sends.Count {
			sent = append(sent, sends.At)
		}
	}
	s.RateLimiter().Restore(sent)
	return nil
}

// cloneMarkInterval is how often the clone mark changes while mail goes out.
const cloneMarkInterval = time.Second

// withCloneMark delivers while the clone mark beside the ledger moves on: a backup made meanwhile is recognized as one even if this process dies.
func withCloneMark(ctx context.Context, l *ledger.Ledger, deliver func(context.Context) error) error {
	// Deliveries in flight when ctx ends are recorded too, and may take long.
	delivering, delivered := context.WithCancel(context.WithoutCancel(ctx))
	moving, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var marker sync.WaitGroup
	marker.Go(func() {
		tick := time.NewTicker(cloneMarkInterval)
		defer tick.Stop()
		for {
			select {
			case <-delivering.Done():
				return
			case <-tick.C:
			}
			if err := l.AdvanceCloneMark(delivering); err != nil && delivering.Err() == nil {
				stop(err)
			}
		}
	})
	defer marker.Wait()
	defer delivered()
	return deliver(moving)
}
