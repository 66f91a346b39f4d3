package events

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strconv"
	"strings"
	"time"

	"publisher/mailer/bounce"
)

// postmark reads the webhooks of Postmark, which log in with a user and a password.
type postmark struct{ user, password [sha256.Size]byte }

func newPostmark(user, password string) *postmark {
	return &postmark{sha256.Sum256([]byte(user)), sha256.Sum256([]byte(password))}
}

type postmarkEvent struct {
	RecordType  string
	ID          int64
	Type        string
	Description string
	Details     string
	Email       string
	Content     string // the bounce as it came, if the webhook is set to include it
}

func (p *postmark) early(h http.Header) error {
	r := http.Request{Header: h}
	user, password, ok := r.BasicAuth()
	if !ok {
		return refused("it has no user and password")
	}
	// Hashes have one length, which says nothing of the password's.
	u, w := sha256.Sum256([]byte(user)), sha256.Sum256([]byte(password))
	if subtle.ConstantTimeCompare(u[:], p.user[:])&subtle.ConstantTimeCompare(w[:], p.password[:]) != 1 {
		return refused("its user or password is wrong")
	}
	return nil
}

func (p *postmark) read(_ context.Context, _ http.Header, body []byte, _ time.Time) (*Post, error) {
	var e postmarkEvent
	if err := decode(body, &e); err != nil {
		return nil, err
	}
	post := &Post{Once: once("postmark", e.RecordType, strconv.FormatInt(e.ID, 10))}
	if e.ID == 0 {
		post.Once = once("postmark", string(body))
	}
	r := e.report()
	if r == nil {
		return post, nil
	}
	// Its own MessageID is not ours, which only the bounce itself quotes.
	if returned, err := bounce.Read(strings.NewReader(e.Content)); err == nil {
		r.MessageIDs, r.Addresses = returned.MessageIDs, returned.Addresses
		post.Reports = []*bounce.Report{r}
	}
	return post, nil
}

// postmarkVerdicts are the types of bounces that say something of the address.
var postmarkVerdicts = map[string]verdict{
	"HardBounce": permanent, "BadEmailAddress": permanent, "ManuallyDeactivated": permanent,
	"SoftBounce": passing, "DnsError": passing, "Undeliverable": passing,
	"Unknown": unknown, "Blocked": passing, "SpamNotification": passing, "DMARCPolicy": passing, "VirusNotification": passing,
}

func (e *postmarkEvent) report() *bounce.Report {
	switch {
	case e.RecordType == "SpamComplaint", e.RecordType == "Bounce" && e.Type == "SpamComplaint":
		return complaint("Postmark")
	case e.RecordType != "Bounce":
		return nil
	}
	verdict, known := postmarkVerdicts[e.Type]
	if !known { // an auto-reply, a delay and the like
		return nil
	}
	f := failure{verdict: verdict, words: e.Details, recipient: e.Email}
	if f.words == "" {
		f.words = e.Description
	}
	r := f.report()
	if e.Type == "SpamNotification" || e.Type == "DMARCPolicy" || e.Type == "VirusNotification" {
		r.Kind = bounce.Refused
	}
	return r
}
