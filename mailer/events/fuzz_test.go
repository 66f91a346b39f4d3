package events

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"testing"
	"time"

	"publisher/internal/config"
	"publisher/mailer/bounce"
	"publisher/mailer/refusal"
)

var now = time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)

func hook(t testing.TB, e config.Events) *Hook {
	t.Helper()
	hooks, err := New([]config.Events{e}, &http.Client{Transport: nowhere{}})
	if err != nil {
		t.Fatal(err)
	}
	return hooks[e.From]
}

// nowhere is a network that nothing may be fetched from.
type nowhere struct{}

func (nowhere) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme != "https" || r.URL.Host != "sns.eu-west-1.amazonaws.com" {
		panic("a request to " + r.URL.Host)
	}
	return nil, errors.New("there is no network")
}

// FuzzSNS lets anybody post anything: it is never taken, and nothing is fetched from elsewhere.
func FuzzSNS(f *testing.F) {
	f.Add([]byte(`{"Type":"Notification","MessageId":"1","TopicArn":"arn:aws:sns:eu-west-1:123456789012:b","Message":"{}","Timestamp":"2026-11-22T08:00:00.000Z","SignatureVersion":"1","Signature":"AAAA","SigningCertURL":"https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0.pem"}`))
	f.Add([]byte(`{"Type":"SubscriptionConfirmation","TopicArn":"arn:aws:sns:eu-west-1:123456789012:b","Timestamp":"2026-11-22T08:00:00Z","SignatureVersion":"2","Signature":"AA==","SigningCertURL":"https://sns.eu-west-1.amazonaws.com@evil.example/a.pem","SubscribeURL":"http://evil.example/"}`))
	f.Add([]byte(`[{"Type":1}]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		h := hook(t, config.Events{From: "ses", Topic: "arn:aws:sns:eu-west-1:123456789012:b"})
		if post, err := h.Read(t.Context(), http.Header{}, body, now); err == nil {
			t.Errorf("taken: %+v", post)
		}
	})
}

// FuzzSES reads what a signed message says.
func FuzzSES(f *testing.F) {
	f.Add(`{"notificationType":"Bounce","bounce":{"bounceType":"Permanent","bouncedRecipients":[{"emailAddress":"a@b.example","status":"5.1.1","diagnosticCode":"smtp; 550 5.1.1"}]},"mail":{"source":"bounces+x@b.example","headers":[{"name":"Message-ID","value":"<1.2.x@y>"}]}}`)
	f.Add(`{"eventType":"Complaint","mail":{"commonHeaders":{"messageId":"x","returnPath":"y"}}}`)
	f.Add(`{"eventType":"Bounce","bounce":{"bouncedRecipients":[{"status":"9.9.9","diagnosticCode":"\u0000\u202e"}]}}`)
	f.Fuzz(func(t *testing.T, message string) { checkReports(t, sesReports(message)) })
}

// FuzzMailgun reads events that are signed, as the signature does not cover them.
func FuzzMailgun(f *testing.F) {
	const key = "key"
	f.Add(`{"event":"failed","severity":"permanent","reason":"bounce","recipient":"a@b.example","delivery-status":{"code":550,"message":"no such user","enhanced-code":"5.1.1"},"message":{"headers":{"message-id":"1.2.x@y"}},"envelope":{"sender":"z"}}`)
	f.Add(`{"event":"complained"}`)
	f.Add(`{"event":"failed","delivery-status":{"code":-1,"message":"\ud800"}},"signature":{"token":"other"}`)
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte("1795334400t"))
	signature := hex.EncodeToString(mac.Sum(nil))
	f.Fuzz(func(t *testing.T, event string) {
		body := `{"signature":{"timestamp":"1795334400","token":"t","signature":"` + signature + `"},"event-data":` + event + `}`
		post, err := hook(t, config.Events{From: "mailgun", Key: key}).Read(t.Context(), http.Header{}, []byte(body), time.Unix(1795334400, 0))
		if err == nil {
			checkReports(t, post.Reports)
		}
	})
}

func checkReports(t *testing.T, all []*bounce.Report) {
	t.Helper()
	for _, r := range all {
		if len(r.Reason) > 2*maxReason || refusal.OneLine(r.Reason) != r.Reason {
			t.Errorf("the reason is %q", r.Reason)
		}
		if r.Kind == bounce.Ignored || r.Kind == bounce.OptOut || r.Kind == bounce.Written || len(r.Links) > 0 {
			t.Errorf("a report of the kind %v with links %q", r.Kind, r.Links)
		}
	}
}
