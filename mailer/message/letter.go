package message

import (
	"net/mail"
	"time"

	"publisher/internal/config"
	"publisher/templates"
)

// Letter is a mail to one person that is not a digest.
type Letter struct {
	*templates.Mail
	Site      templates.Site // as it is called in the mail's language
	To        string
	MessageID string        // see Recipient
	ReplyTo   *mail.Address // nil for mail.reply_to
	Date      time.Time
	// List says that the recipient subscribes, so that the mail can have List-Unsubscribe:
	// UnsubscribeURL where that is https, and UnsubscribeMailto.
	List                              bool
	UnsubscribeURL, UnsubscribeMailto string
}

// Compose returns the whole message, as Message.Append does.
func (l *Letter) Compose(cfg *config.Config) ([]byte, error) {
	m := &Message{Subject: headerText(l.Subject), oneClick: oneClick(cfg)}
	replyTo := l.ReplyTo
	if replyTo == nil {
		replyTo = cfg.Mail.ReplyTo
	}
	if err := m.header(cfg, fields{site: l.Site, replyTo: replyTo, date: l.Date, list: l.List}); err != nil {
		return nil, err
	}
	whole := newBody(split(l.Text, placeholders()), split(l.HTML, placeholders()))
	for have := range m.bodies {
		m.bodies[have] = whole
	}
	r := Recipient{Address: l.To, MessageID: l.MessageID}
	if l.List {
		r.UnsubscribeURL, r.UnsubscribeMailto = l.UnsubscribeURL, l.UnsubscribeMailto
	}
	return m.Append(nil, r), nil
}
