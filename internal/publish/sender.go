package publish

import (
	"context"
	"errors"
	"sync"
	"time"

	"publisher/internal/config"
	"publisher/internal/ledger"
	"publisher/mailer/dkim"
	"publisher/mailer/smtp"
)

// newSender makes the one that signs with the keys of mail.dkim.
func (p *Publisher) newSender(server config.SMTP) (*smtp.Sender, error) {
	signer, err := p.signer()
	if err != nil {
		return nil, err
	}
	sender, err := smtp.NewSender(server, hello(p.cfg))
	if err != nil {
		return nil, err
	}
	sender.Sign(signer)
	return sender, nil
}

// slowed delivers over as many connections as the server accepted when it last asked for
// fewer.
func (s *pass) slowed(ctx context.Context, sender *smtp.Sender, deliver func() error) error {
	last, err := s.ledger.ConnectionLimit(ctx)
	if err != nil {
		return err
	}
	if last.Connections > 0 && last.Server == sender.Server() {
		sender.Restrict(last.Connections)
	}
	err = s.paced(ctx, sender, deliver)
	var now ledger.ConnectionLimit
	if n := sender.Connections(); n < s.cfg.Mail.SMTP.Connections {
		now = ledger.ConnectionLimit{Server: sender.Server(), Connections: n}
	}
	if last != now {
		err = errors.Join(err, s.ledger.SetConnectionLimit(context.WithoutCancel(ctx), now))
	}
	return err
}

// paced delivers. What a rate allows is reckoned with all that earlier
// passes sent, and those that died: each connection may then have had one envelope
// out that nothing was recorded of.
func (s *pass) paced(ctx context.Context, sender *smtp.Sender, deliver func() error) error {
	rates := s.cfg.Mail.SMTP.Rate
	if len(rates) == 0 {
		return deliver()
	}
	unbroken := context.WithoutCancel(ctx)
	if died, err := s.ledger.Sending(ctx); err != nil {
		return err
	} else if died {
		if err := s.ledger.LogSends(ctx, s.now(), s.cfg.Mail.SMTP.Connections); err != nil {
			return err
		}
	}
	var longest time.Duration
	for _, rate := range rates {
		longest = max(longest, rate.Per)
	}
	paces, err := s.ledger.SendLog(ctx, s.now().Add(-longest))
	if err != nil {
		return err
	}
	var ended []time.Time
	for _, pace := range paces {
		for range pace.Count {
			ended = append(ended, pace.At)
		}
	}
	sender.RateLimiter().Restore(ended)
	if err := s.ledger.SetSending(ctx, true); err != nil {
		return err
	}
	err = deliver()
	return errors.Join(err, s.ledger.SetSending(unbroken, false))
}

// markEvery is how often the mark beside the ledger changes while mail goes out.
const markEvery = time.Second

// marking delivers while the mark beside the ledger moves on: a backup that was made
// meanwhile is known for one, even where this process dies.
func (s *pass) marking(ctx context.Context, deliver func(context.Context) error) error {
	// What is under way when ctx ends is recorded too, and may take long.
	delivering, delivered := context.WithCancel(context.WithoutCancel(ctx))
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var marker sync.WaitGroup
	marker.Go(func() {
		tick := time.NewTicker(markEvery)
		defer tick.Stop()
		for {
			select {
			case <-delivering.Done():
				return
			case <-tick.C:
			}
			if err := s.ledger.AdvanceCloneMark(delivering); err != nil && delivering.Err() == nil {
				stop(err)
			}
		}
	})
	defer marker.Wait()
	defer delivered()
	return deliver(ctx)
}

// signer loads the keys of mail.dkim; nil where there is none.
func (p *Publisher) signer() (*dkim.Signer, error) {
	keys := p.cfg.Mail.DKIM
	if len(keys) == 0 {
		return nil, nil
	}
	signer, err := dkim.LoadSigner(keys, p.cfg.Path)
	if err != nil {
		return nil, p.cfg.Fault("mail.dkim", err.Error())
	}
	for _, key := range keys {
		if file := p.cfg.Path(key.KeyFile); dkim.Readable(file) {
			p.log.Warn("every user of this machine can read the DKIM key; `chmod 600` it", "file", file)
		}
	}
	return signer, nil
}
