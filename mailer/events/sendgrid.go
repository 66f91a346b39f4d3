package events

import (
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"time"

	"publisher/mailer/bounce"
)

// sendGrid reads the signed event webhook of SendGrid.
type sendGrid struct{ key *ecdsa.PublicKey }

const (
	sendGridSignature = "X-Twilio-Email-Event-Webhook-Signature"
	sendGridTime      = "X-Twilio-Email-Event-Webhook-Timestamp"
)

type sendGridEvent struct {
	Event, Type, Reason, Status, Email string
	ID                                 string `json:"smtp-id"` // our Message-ID
}

func (g *sendGrid) early(h http.Header) error {
	if h.Get(sendGridSignature) == "" || h.Get(sendGridTime) == "" {
		return refused("it has no signature")
	}
	return nil
}

func (g *sendGrid) read(_ context.Context, h http.Header, body []byte, now time.Time) (*Post, error) {
	signature, err := base64.StdEncoding.DecodeString(h.Get(sendGridSignature))
	if err != nil || len(signature) > 256 {
		return nil, refused("its signature is malformed")
	}
	hash := sha256.New()
	hash.Write([]byte(h.Get(sendGridTime)))
	hash.Write(body)
	if !ecdsa.VerifyASN1(g.key, hash.Sum(nil), signature) {
		return nil, refused("its signature is wrong")
	}
	at, err := unixTime(h.Get(sendGridTime))
	if err != nil {
		return nil, err
	}
	if err := inTime(at, now); err != nil {
		return nil, err
	}
	var all []sendGridEvent
	if err := decode(body, &all); err != nil {
		return nil, err
	}
	// Not by the signature, of which there may be another for the same post.
	p := &Post{Once: once("sendgrid", h.Get(sendGridTime), string(body))}
	for i := range all[:min(len(all), maxEvents)] {
		if r := all[i].report(); r != nil && all[i].ID != "" {
			r.MessageIDs = messageID(all[i].ID)
			p.Reports = append(p.Reports, r)
		}
	}
	return p, nil
}

// report returns nil for events that are neither a bounce nor a complaint.
func (e *sendGridEvent) report() *bounce.Report {
	f := failure{verdict: permanent, status: e.Status, words: e.Reason, recipient: e.Email}
	switch strings.ToLower(e.Event) {
	case "spamreport":
		return complaint("SendGrid")
	case "bounce":
		if strings.EqualFold(e.Type, "blocked") {
			f.verdict = passing
		}
		return f.report()
	case "dropped":
		switch reason := strings.ToLower(e.Reason); {
		case strings.HasPrefix(reason, "bounced address"), reason == "invalid":
			return &bounce.Report{Kind: bounce.HardBounce, Reason: "it bounced before, says SendGrid"}
		case strings.HasPrefix(reason, "spam reporting address"):
			return complaint("SendGrid")
		}
	}
	return nil
}
