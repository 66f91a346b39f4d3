package delivery

import (
	"context"
	"net/mail"
	"net/url"
	"strings"

	"publisher/internal/config"
	"publisher/internal/ledger"
	"publisher/internal/ledger/mailtoken"
	"publisher/internal/publish/editions"
	"publisher/mailer/message"
)

// Links makes the parts of a message that are a recipient's own.
type Links struct {
	cfg    *config.Config
	tokens *mailtoken.Codec
	// What precedes a token in links; "" without a web server.
	unsubscribe, preferences string
}

// NewLinks returns the links of a ledger's subscribers.
func NewLinks(ctx context.Context, cfg *config.Config, l *ledger.Ledger) (Links, error) {
	tokens, err := l.Tokens(ctx)
	if err != nil {
		return Links{}, err
	}
	links := Links{cfg: cfg, tokens: tokens}
	if server := cfg.Server.URL; server != nil {
		links.unsubscribe, links.preferences = server.JoinPath("unsubscribe").String()+"/", server.JoinPath("preferences").String()+"/"
	}
	return links, nil
}

// Recipient returns the parts of an edition's message that are a subscriber's own. The
// subscriber 0 is nobody: links with it unsubscribe no one.
func (l Links) Recipient(e *ledger.Edition, to ledger.Recipient) message.Recipient {
	domain := e.Domain // which mail.from does not change once the edition is closed
	if domain == "" {
		domain = editions.Domain(l.cfg.Mail.From.Address)
	}
	r := l.Own(to.ID)
	r.Name, r.Address, r.MessageID = to.Name, to.Email, l.tokens.MessageID(e.Number, to.ID)+"@"+domain
	return r
}

// Own returns a subscriber's own links.
func (l Links) Own(subscriber int64) message.Recipient {
	token := l.tokens.Link(mailtoken.Unsubscribe, subscriber)
	r := message.Recipient{UnsubscribeMailto: l.unsubscribeMailto(token)}
	if l.cfg.Server.URL != nil {
		r.UnsubscribeURL = l.unsubscribe + token
		r.PreferencesURL = l.preferences + l.tokens.Link(mailtoken.Preferences, subscriber)
	} else {
		r.UnsubscribeURL = r.UnsubscribeMailto
	}
	return r
}

// NoticeID returns the Message-ID of a notice, without the domain.
func (l Links) NoticeID(notice int64) string { return l.tokens.NoticeMessageID(notice) }

// unsubscribeMailto returns the address of a mail that ends a subscription; "" if there is
// only one-click unsubscribing.
func (l Links) unsubscribeMailto(token string) string {
	to := l.cfg.Mail.BounceTo
	if to == nil {
		to = l.cfg.Mail.ReplyTo
	}
	if to == nil {
		if l.cfg.Server.URL != nil && l.cfg.Server.URL.Scheme == "https" {
			return ""
		}
		to = l.cfg.Mail.From
	}
	return "mailto:" + url.PathEscape(to.Address) + "?subject=" + url.PathEscape("unsubscribe "+token)
}

// NoticeReturnPath returns where bounces of notices go. It names nobody: a confirmation goes to
// an address that may be anybody's, and what comes back says nothing about a subscriber.
func (l Links) NoticeReturnPath() string {
	if to := l.cfg.Mail.BounceTo; to != nil {
		return to.Address
	}
	return l.cfg.Mail.From.Address
}

// ReplyTo returns the address at mail.bounce_to whose mail the word in front of the @ decides
// about; nil without mail.bounce_to.
func (l Links) ReplyTo(word string) *mail.Address {
	to := l.cfg.Mail.BounceTo
	if to == nil {
		return nil
	}
	local, domain, _ := strings.Cut(to.Address, "@")
	return &mail.Address{Address: local + "+" + word + "@" + domain}
}

// ReturnPath returns where bounces go: with mail.bounce_to, an address that tells whose
// delivery of which edition came back (VERP).
func (l Links) ReturnPath(subscriber, edition int64) string {
	to := l.cfg.Mail.BounceTo
	if to == nil {
		return l.cfg.Mail.From.Address
	}
	local, domain, _ := strings.Cut(to.Address, "@")
	return local + "+" + l.tokens.ReturnPath(subscriber, edition) + "@" + domain
}
