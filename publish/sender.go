package publish

import (
	"publisher/config"
	"publisher/mailer"
)

// newSender makes the one that signs with the keys of mail.dkim.
func (p *Publisher) newSender(smtp config.SMTP) (*mailer.Sender, error) {
	signer, err := p.signer()
	if err != nil {
		return nil, err
	}
	sender, err := mailer.NewSender(smtp, hello(p.cfg))
	if err != nil {
		return nil, err
	}
	sender.Sign(signer)
	return sender, nil
}

// signer loads the keys of mail.dkim; nil where there is none.
func (p *Publisher) signer() (*mailer.Signer, error) {
	keys := p.cfg.Mail.DKIM
	if len(keys) == 0 {
		return nil, nil
	}
	signer, err := mailer.LoadSigner(keys, p.cfg.Path)
	if err != nil {
		return nil, p.cfg.Fault("mail.dkim", err.Error())
	}
	for _, key := range keys {
		if file := p.cfg.Path(key.KeyFile); mailer.Readable(file) {
			p.log.Warn("every user of this machine can read the DKIM key; `chmod 600` it", "file", file)
		}
	}
	return signer, nil
}
