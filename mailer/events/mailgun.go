package events

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"strings"
	"time"

	"publisher/mailer/bounce"
)

// mailgun reads the webhooks of Mailgun, which sign a time and a random token.
type mailgun struct{ key []byte }

type mailgunPost struct {
	Signature struct {
		Timestamp, Token, Signature string
	} `json:"signature"`
	Event struct {
		Event, Severity, Reason, Recipient string
		Status                             struct {
			Code         int
			EnhancedCode string `json:"enhanced-code"`
			Message      string
			Description  string
		} `json:"delivery-status"`
		Message struct {
			Headers struct {
				ID string `json:"message-id"`
			}
		}
		Envelope struct{ Sender string }
	} `json:"event-data"`
}

func (m *mailgun) early(http.Header) error { return nil }

func (m *mailgun) read(_ context.Context, _ http.Header, body []byte, now time.Time) (*Post, error) {
	var p mailgunPost
	if decode(body, &p) != nil {
		return nil, refused("it has no signature")
	}
	at, err := unixTime(p.Signature.Timestamp)
	if err != nil {
		return nil, err
	}
	given, err := hex.DecodeString(p.Signature.Signature)
	if err != nil {
		return nil, refused("its signature is malformed")
	}
	mac := hmac.New(sha256.New, m.key)
	mac.Write([]byte(p.Signature.Timestamp + p.Signature.Token))
	if subtle.ConstantTimeCompare(given, mac.Sum(nil)) != 1 {
		return nil, refused("its signature is wrong")
	}
	if err := inTime(at, now); err != nil {
		return nil, err
	}
	return &Post{Once: once("mailgun", p.Signature.Token), Reports: p.reports()}, nil
}

func (p *mailgunPost) reports() []*bounce.Report {
	e := &p.Event
	var r *bounce.Report
	switch strings.ToLower(e.Event) {
	case "complained":
		r = complaint("Mailgun")
	case "failed":
		if r = p.failed(); r == nil {
			return nil
		}
	default:
		return nil
	}
	r.Addresses = messageID(e.Envelope.Sender)
	r.MessageIDs = messageID(e.Message.Headers.ID)
	return []*bounce.Report{r}
}

// failed returns nil if Mailgun tries again.
func (p *mailgunPost) failed() *bounce.Report {
	e := &p.Event
	f := failure{verdict: permanent, code: e.Status.Code, status: e.Status.EnhancedCode, words: e.Status.Message, sender: e.Envelope.Sender, recipient: e.Recipient}
	if f.words == "" {
		f.words = e.Status.Description
	}
	if f.code >= 600 { // of Mailgun's own: it did not even try
		f.code = 0
	}
	if strings.EqualFold(e.Severity, "temporary") {
		return nil
	}
	switch strings.ToLower(e.Reason) {
	case "old": // tried in vain for hours
		f.verdict = passing
	case "suppress-bounce":
		return &bounce.Report{Kind: bounce.HardBounce, Reason: "it bounced before, says Mailgun"}
	case "suppress-complaint":
		return complaint("Mailgun")
	case "suppress-unsubscribe":
		return nil
	}
	return f.report()
}
