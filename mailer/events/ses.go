package events

import (
	"strings"

	"publisher/mailer/bounce"
)

// sesEvent is what Amazon SES says through SNS, as a notification of a domain or as an event of
// a configuration set.
type sesEvent struct {
	NotificationType string
	EventType        string
	Bounce           struct {
		BounceType, BounceSubType string
		BouncedRecipients         []struct {
			EmailAddress, Status, DiagnosticCode string
		}
	}
	Mail struct {
		Source  string // the return path
		Headers []struct{ Name, Value string }
		Common  struct {
			ReturnPath, MessageID string
		} `json:"commonHeaders"`
	}
}

func sesReports(message string) []*bounce.Report {
	var e sesEvent
	if decode([]byte(message), &e) != nil {
		return nil // what SES writes to a new topic is a sentence
	}
	kind := e.NotificationType
	if kind == "" {
		kind = e.EventType
	}
	var r *bounce.Report
	switch strings.ToLower(kind) {
	case "complaint":
		r = complaint("Amazon SES")
	case "bounce":
		r = e.bounced()
	default:
		return nil
	}
	r.Addresses = messageID(e.Mail.Source, e.Mail.Common.ReturnPath)
	r.MessageIDs = messageID(e.Mail.Common.MessageID)
	for _, h := range e.Mail.Headers[:min(len(e.Mail.Headers), 200)] {
		if strings.EqualFold(h.Name, "Message-ID") {
			r.MessageIDs = append(r.MessageIDs, h.Value)
		}
	}
	return []*bounce.Report{r}
}

func (e *sesEvent) bounced() *bounce.Report {
	f := failure{sender: e.Mail.Source}
	switch strings.ToLower(e.Bounce.BounceType) {
	case "permanent":
		f.verdict = permanent
	case "transient":
		f.verdict = passing
	}
	if len(e.Bounce.BouncedRecipients) > 0 { // our mails have one
		who := e.Bounce.BouncedRecipients[0]
		f.status, f.recipient = strings.TrimSpace(who.Status), who.EmailAddress
		f.words = strings.TrimSpace(strings.TrimPrefix(who.DiagnosticCode, "smtp;"))
	}
	if sub := e.Bounce.BounceSubType; strings.EqualFold(sub, "Suppressed") || strings.EqualFold(sub, "OnAccountSuppressionList") {
		return &bounce.Report{Kind: bounce.HardBounce, Status: f.status, Reason: "it bounced before, says Amazon SES"}
	}
	return f.report()
}
