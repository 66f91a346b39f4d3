package delivery

import (
	"context"
	"net/mail"
	"strings"
	"unicode"

	"publisher/internal/ledger/mailtoken"
	"publisher/internal/ledger/signups"
	"publisher/mailer/address"
	"publisher/mailer/bounce"
)

// The extensions of mail.bounce_to that people write to: bounces+subscribe@… and, in answer to
// a confirmation, bounces+c.SECRET@….
const (
	subscribeExtension = "subscribe"
	confirmExtension   = "c."
)

// Answer is what came of a mail that a person wrote.
type Answer int

const (
	Unanswered   Answer = iota // it is not for us
	AskedToJoin                // a request to subscribe was stored
	Confirmed                  // a sign-up was confirmed
	BadReply                   // in answer to a confirmation that is unknown, or too old
	RefusedJoin                // the address may not subscribe
	WaitsToJoin                // likewise, and the confirmation waits: see signup.mails_per_hour
	TooManyJoins               // more requests wait than can be answered in a day
)

func (a Answer) String() string {
	return [...]string{"none", "asks to subscribe", "confirmed", "unknown confirmation", "refused", "waits to subscribe", "too many sign-ups"}[a]
}

// answer does what the author of a mail asks for. That an author's address is forged is
// assumed: the confirmation goes to it, and only an answer to that subscribes it.
func (h *Bounces) answer(ctx context.Context, b *Bounced) error {
	secret, joins := h.asked(&b.Report)
	switch {
	case secret != "":
		return h.confirm(ctx, b, secret)
	case joins:
		return h.signUp(ctx, b)
	}
	return nil
}

// Concerns reports whether a mail may be a report, or is from a person who asks for something.
func (h *Bounces) Concerns(r *bounce.Report) bool {
	if r.Kind != bounce.Written {
		return r.Kind != bounce.Ignored
	}
	secret, joins := h.asked(r)
	return secret != "" || joins
}

// asked returns what the addresses of a mail that a person wrote ask for: the secret of a
// confirmation, or to subscribe.
func (h *Bounces) asked(r *bounce.Report) (secret string, joins bool) {
	for _, to := range r.To {
		for _, extension := range h.extensions(to) {
			if s, ok := strings.CutPrefix(extension, confirmExtension); ok {
				secret = s
			}
			joins = joins || extension == subscribeExtension
		}
	}
	return secret, joins
}

// extensions returns what is behind the + in those addresses of a field that belong to
// mail.bounce_to, in lower case.
func (h *Bounces) extensions(field string) (found []string) {
	ours := h.cfg.Mail.BounceTo
	if ours == nil {
		return nil
	}
	at := strings.LastIndexByte(ours.Address, '@')
	prefix, domain := strings.ToLower(ours.Address[:at])+"+", strings.ToLower(ours.Address[at:])
	list, err := mail.ParseAddressList(field)
	if err != nil {
		list = []*mail.Address{{Address: strings.Trim(field, "<> \t")}} // as some servers write Delivered-To
	}
	for _, a := range list {
		local, ok := strings.CutSuffix(strings.ToLower(a.Address), domain)
		if extension, is := strings.CutPrefix(local, prefix); ok && is {
			found = append(found, extension)
		}
	}
	return found
}

func (h *Bounces) confirm(ctx context.Context, b *Bounced, secret string) error {
	s, err := signups.ConfirmToken(ctx, h.ledger, secret, "reply", signups.ConfirmOptions{DefaultCadence: h.cfg.Digest.Default, Welcome: h.cfg.Signup.Welcome, Now: h.now()})
	if err != nil {
		return err
	}
	if b.Answer = BadReply; s != nil {
		b.Answer, b.Subscriber, b.Email = Confirmed, s.ID, s.Email
	}
	return nil
}

func (h *Bounces) signUp(ctx context.Context, b *Bounced) error {
	email := b.Author.Address
	if h.isOurs(email) || !h.mayJoin(email) {
		b.Answer = RefusedJoin
		return nil
	}
	now := h.now()
	signup := signups.Signup{Email: email, How: signups.ByMail, At: now, Request: mailtoken.NewSecret()}
	if h.cfg.Signup.AskName {
		signup.Name = shortName(b.Author.Name)
	}
	became, err := signups.AddByMail(ctx, h.ledger, signup, h.cfg.Signup.MailsPerHour)
	if err != nil {
		return err
	}
	b.Email = email
	switch became {
	case signups.Taken:
		b.Answer = AskedToJoin
	case signups.Waits:
		b.Answer = WaitsToJoin
	default:
		b.Answer, b.Email = TooManyJoins, ""
		_, err = signups.ReportFlood(ctx, h.ledger, h.cfg.Owner(), h.cfg.Signup.MailsPerHour, now)
	}
	return err
}

// isOurs reports whether the address is one that we send from, or that mail comes back to.
func (h *Bounces) isOurs(email string) bool {
	if len(h.extensions(email)) > 0 {
		return true
	}
	for _, ours := range []*mail.Address{h.cfg.Mail.From, h.cfg.Mail.ReplyTo, h.cfg.Mail.BounceTo} {
		if ours != nil && strings.EqualFold(ours.Address, email) {
			return true
		}
	}
	return false
}

// mayJoin reports whether mail can be sent to the address, and its domain may subscribe.
func (h *Bounces) mayJoin(email string) bool {
	key, err := address.Normalize(email)
	if err != nil {
		return false
	}
	domain := "." + key[strings.LastIndexByte(key, '@')+1:]
	for _, refused := range h.cfg.Signup.RefuseDomains {
		if strings.HasSuffix(domain, "."+refused) {
			return false
		}
	}
	return true
}

// shortName returns a name that fits a list.
func shortName(name string) string {
	const longest = 200
	name = strings.Join(strings.FieldsFunc(name, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }), " ")
	return strings.ToValidUTF8(name[:min(len(name), longest)], "")
}
