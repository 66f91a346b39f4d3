package web_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/subscription"
)

// Each service's report does what the same report does as a mail.
func TestHooks(t *testing.T) {
	for name, c := range map[string]struct {
		post func(w *hookWorld) response
		want ledger.Status
	}{
		"SES, version 2": {func(w *hookWorld) response {
			return w.do("POST", "/hooks/ses", w.notification(w.sesBounce("Permanent"), nil, nil))
		}, ledger.Bounced},
		"SES, version 1": {func(w *hookWorld) response {
			return w.do("POST", "/hooks/ses", w.notification(w.sesBounce("Permanent"), map[string]string{"SignatureVersion": "1", "Subject": "Amazon SES"}, nil))
		}, ledger.Bounced},
		"SES, another topic of ours": {func(w *hookWorld) response {
			return w.do("POST", "/hooks/ses", w.notification(w.sesBounce("Permanent"), map[string]string{"TopicArn": strings.Replace(topic, "bounces", "complaints", 1)}, nil))
		}, ledger.Bounced},
		"SES, transient": {func(w *hookWorld) response {
			return w.do("POST", "/hooks/ses", w.notification(w.sesBounce("Transient"), nil, nil))
		}, ledger.Active},
		"SES, complaint": {func(w *hookWorld) response {
			return w.do("POST", "/hooks/ses", w.notification(fmt.Sprintf(`{"eventType":"Complaint","mail":{"commonHeaders":{"messageId":%q}}}`, w.messageID()), nil, nil))
		}, ledger.Complained},
		"SES, by an address alone": {func(w *hookWorld) response {
			return w.do("POST", "/hooks/ses", w.notification(strings.ReplaceAll(w.sesBounce("Permanent"), w.returnPath(), "news@blog.example"), nil, nil))
		}, ledger.Active},
		"SES, a delivery": {func(w *hookWorld) response {
			return w.do("POST", "/hooks/ses", w.notification(`{"eventType":"Delivery"}`, nil, nil))
		}, ledger.Active},
		"SES, a sentence": {func(w *hookWorld) response { return w.do("POST", "/hooks/ses", w.notification("Hello.", nil, nil)) }, ledger.Active},
		"Mailgun":         {func(w *hookWorld) response { return w.do("POST", "/hooks/mailgun", w.mailgun("t", w.mailgunFailed())) }, ledger.Bounced},
		"Mailgun, about us": {func(w *hookWorld) response {
			return w.do("POST", "/hooks/mailgun", w.mailgun("t", strings.Replace(w.mailgunFailed(), "5.1.1 no such user", "5.7.1 relaying denied", 1)))
		}, ledger.Active},
		"Mailgun, for now": {func(w *hookWorld) response {
			return w.do("POST", "/hooks/mailgun", w.mailgun("t", strings.Replace(w.mailgunFailed(), `"permanent"`, `"temporary"`, 1)))
		}, ledger.Active},
		"Mailgun, complaint by path": {func(w *hookWorld) response {
			return w.do("POST", "/hooks/mailgun", w.mailgun("t", fmt.Sprintf(`{"event":"complained","envelope":{"sender":%q}}`, w.returnPath())))
		}, ledger.Complained},
		"SendGrid": {func(w *hookWorld) response {
			return w.do("POST", "/hooks/sendgrid", w.sendGridBounce(), w.signedBySendGrid(w.sendGridBounce(), w.now)...)
		}, ledger.Bounced},
		"SendGrid, spam": {func(w *hookWorld) response {
			body := fmt.Sprintf(`[{"event":"spamreport","smtp-id":%q}]`, w.messageID())
			return w.do("POST", "/hooks/sendgrid", body, w.signedBySendGrid(body, w.now)...)
		}, ledger.Complained},
		"SendGrid, blocked": {func(w *hookWorld) response {
			body := strings.Replace(w.sendGridBounce(), `"type":"bounce"`, `"type":"blocked"`, 1)
			return w.do("POST", "/hooks/sendgrid", body, w.signedBySendGrid(body, w.now)...)
		}, ledger.Active},
		"Postmark": {func(w *hookWorld) response {
			return w.do("POST", "/hooks/postmark", w.postmark("HardBounce"), basic("hook", "correct-horse")...)
		}, ledger.Bounced},
		"Postmark, spam": {func(w *hookWorld) response {
			return w.do("POST", "/hooks/postmark", w.postmark("SpamComplaint"), basic("hook", "correct-horse")...)
		}, ledger.Complained},
		"Postmark, an auto-reply": {func(w *hookWorld) response {
			return w.do("POST", "/hooks/postmark", w.postmark("AutoResponder"), basic("hook", "correct-horse")...)
		}, ledger.Active},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := startHooks(t)
			wantStatus(t, c.post(w), http.StatusOK)
			if got := w.subscriber("ann@example.net").Status; got != c.want {
				t.Errorf("the subscriber is %s, want %s", got, c.want)
			}
		})
	}
}

// What is not from the service, or not now, is refused, and changes nothing.
func TestHooksRefuse(t *testing.T) {
	w := startHooks(t)
	ses := func(change, forge map[string]string, headers ...string) func() response {
		return func() response {
			return w.do("POST", "/hooks/ses", w.notification(w.sesBounce("Permanent"), change, forge), headers...)
		}
	}
	off := func(by time.Duration) string { return w.now.Add(by).Format(time.RFC3339) }
	cert := func(url string) func() response { return ses(map[string]string{"SigningCertURL": url}, nil) }
	gun := func(old, with string) func() response {
		return func() response {
			return w.do("POST", "/hooks/mailgun", strings.Replace(w.mailgun("t", w.mailgunFailed()), old, with, 1))
		}
	}
	grid := func(body string, at time.Time) func() response {
		return func() response {
			return w.do("POST", "/hooks/sendgrid", w.sendGridBounce(), w.signedBySendGrid(body, at)...)
		}
	}
	for name, c := range map[string]struct {
		post func() response
		want int
	}{
		"unknown service":    {func() response { return w.do("POST", "/hooks/mandrill", "{}") }, 404},
		"no service":         {func() response { return w.do("POST", "/hooks/", "{}") }, 405},
		"looking":            {func() response { return w.get("/hooks/ses") }, 404},
		"SNS, a stranger's":  {ses(map[string]string{"TopicArn": "arn:aws:sns:eu-west-1:999999999999:bounces"}, nil), 403},
		"SNS, by its header": {ses(nil, nil, "X-Amz-Sns-Topic-Arn", "arn:aws:sns:eu-west-1:999999999999:bounces"), 403},
		"SNS, forged text":   {ses(nil, map[string]string{"Message": w.sesBounce("Permanent") + " "}), 403},
		"SNS, forged topic":  {ses(map[string]string{"TopicArn": "arn:aws:sns:eu-west-1:999999999999:x"}, map[string]string{"TopicArn": topic}), 403},
		"SNS, no signature":  {ses(nil, map[string]string{"Signature": ""}), 403},
		"SNS, version 3":     {ses(nil, map[string]string{"SignatureVersion": "3"}), 403},
		"SNS, other version": {ses(nil, map[string]string{"SignatureVersion": "1"}), 403},
		"SNS, other type":    {ses(map[string]string{"Type": "Other"}, nil), 403},
		"SNS, 20 minutes":    {ses(map[string]string{"Timestamp": off(-20 * time.Minute)}, nil), 403},
		"SNS, in 20 minutes": {ses(map[string]string{"Timestamp": off(20 * time.Minute)}, nil), 403},
		"SNS, no time":       {ses(map[string]string{"Timestamp": "now"}, nil), 403},
		"cert, http":         {cert("http://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0a1b.pem"), 403},
		"cert, elsewhere":    {cert("https://sns.eu-west-1.amazonaws.com.evil.example/SimpleNotificationService-0a1b.pem"), 403},
		"cert, user":         {cert("https://sns.eu-west-1.amazonaws.com@evil.example/SimpleNotificationService-0a1b.pem"), 403},
		"cert, port":         {cert("https://sns.eu-west-1.amazonaws.com:8443/SimpleNotificationService-0a1b.pem"), 403},
		"cert, bucket":       {cert("https://s3.amazonaws.com/SimpleNotificationService-0a1b.pem"), 403},
		"cert, region":       {cert("https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0a1b.pem"), 403},
		"cert, path":         {cert(snsHost + "/../x.pem"), 403},
		"cert, query":        {cert(snsHost + "/SimpleNotificationService-0a1b.pem?Action=x"), 403},
		"cert, redirect":     {cert(snsHost + "/SimpleNotificationService-moved.pem"), 503},
		"cert, long":         {cert(snsHost + "/SimpleNotificationService-long.pem"), 503},
		"cert, missing":      {cert(snsHost + "/SimpleNotificationService-none.pem"), 503},
		"SNS, confirm elsewhere": {func() response {
			return w.do("POST", "/hooks/ses", w.notification("x", map[string]string{"Type": "SubscriptionConfirmation", "Token": "t", "SubscribeURL": "https://evil.example/?Action=ConfirmSubscription&TopicArn=" + topic}, nil))
		}, 403},
		"SNS, confirm another topic": {func() response {
			return w.do("POST", "/hooks/ses", w.notification("x", map[string]string{"Type": "SubscriptionConfirmation", "Token": "t", "SubscribeURL": snsHost + "/?Action=ConfirmSubscription&TopicArn=" + topic + "x"}, nil))
		}, 403},
		"SNS, no JSON":         {func() response { return w.do("POST", "/hooks/ses", "{") }, 403},
		"Mailgun, signature":   {gun(`"signature":"`, `"signature":"00`), 403},
		"Mailgun, token":       {gun(`"token":"t"`, `"token":"u"`), 403},
		"Mailgun, no JSON":     {func() response { return w.do("POST", "/hooks/mailgun", "Message-Id=x") }, 403},
		"Mailgun, other types": {func() response { return w.do("POST", "/hooks/mailgun", `{"signature":[]}`) }, 403},
		"SendGrid, none":       {func() response { return w.do("POST", "/hooks/sendgrid", w.sendGridBounce()) }, 403},
		"SendGrid, other body": {grid("[]", w.now), 403},
		"SendGrid, 20 minutes": {grid(w.sendGridBounce(), w.now.Add(-20*time.Minute)), 403},
		"SendGrid, no JSON":    {func() response { return w.do("POST", "/hooks/sendgrid", "{", w.signedBySendGrid("{", w.now)...) }, 400},
		"Postmark, none":       {func() response { return w.do("POST", "/hooks/postmark", w.postmark("HardBounce")) }, 403},
		"Postmark, user": {func() response {
			return w.do("POST", "/hooks/postmark", w.postmark("HardBounce"), basic("hooks", "correct-horse")...)
		}, 403},
		"Postmark, password": {func() response {
			return w.do("POST", "/hooks/postmark", w.postmark("HardBounce"), basic("hook", "correct")...)
		}, 403},
		"Postmark, no JSON": {func() response { return w.do("POST", "/hooks/postmark", "[", basic("hook", "correct-horse")...) }, 400},
		"gzip":              {func() response { return w.do("POST", "/hooks/mailgun", "\x1f\x8b\x08", "Content-Encoding", "gzip") }, 415},
		// The client waits for permission, since one that is cut off while it sends may miss the answer.
		"too long": {func() response {
			return w.do("POST", "/hooks/mailgun", strings.Repeat("x", 300<<10), "Expect", "100-continue")
		}, 413},
		"far too long": {func() response {
			return w.do("POST", "/hooks/sendgrid", strings.Repeat("x", 3<<20), "X-Twilio-Email-Event-Webhook-Signature", "x", "X-Twilio-Email-Event-Webhook-Timestamp", "1", "Expect", "100-continue")
		}, 413},
	} {
		if got := c.post(); got.StatusCode != c.want {
			t.Errorf("%s: status %d, want %d", name, got.StatusCode, c.want)
		}
		if got := w.subscriber("ann@example.net").Status; got != ledger.Active {
			t.Fatalf("%s: the subscriber is %s", name, got)
		}
	}
	w.now = w.now.Add(-20 * time.Minute)
	old := w.mailgun("t", w.mailgunFailed())
	w.now = w.now.Add(20 * time.Minute)
	wantStatus(t, w.do("POST", "/hooks/mailgun", old), http.StatusForbidden)
	log := w.log.String()
	for _, secret := range []string{mailgunKey, "correct-horse", "ann@example.net", w.returnPath(), w.messageID()} {
		if strings.Contains(log, secret) {
			t.Errorf("the log has %q", secret)
		}
	}
	if n := strings.Count(log, "refused a post to a hook"); n == 0 || n > 4 {
		t.Errorf("%d refusals are in the log", n)
	}
}

// A replay has no effect, even if the subscriber came back meanwhile.
func TestHooksOnce(t *testing.T) {
	w := startHooks(t)
	grid := w.signedBySendGrid(w.sendGridBounce(), w.now)
	sns := w.notification(w.sesBounce("Permanent"), nil, nil)
	gun := w.mailgun("token-of-mailgun", w.mailgunFailed())
	for name, post := range map[string]func() response{
		"ses":      func() response { return w.do("POST", "/hooks/ses", sns) },
		"mailgun":  func() response { return w.do("POST", "/hooks/mailgun", gun) },
		"sendgrid": func() response { return w.do("POST", "/hooks/sendgrid", w.sendGridBounce(), grid...) },
		"postmark": func() response {
			return w.do("POST", "/hooks/postmark", w.postmark("HardBounce"), basic("hook", "correct-horse")...)
		},
	} {
		wantStatus(t, post(), http.StatusOK)
		if got := w.subscriber("ann@example.net").Status; got != ledger.Bounced {
			t.Fatalf("%s: the subscriber is %s", name, got)
		}
		if _, err := subscription.Restore(t.Context(), w.ledger, "ann@example.net", "weekly", w.now); err != nil {
			t.Fatal(err)
		}
		wantStatus(t, post(), http.StatusOK)
		if name == "mailgun" { // whose signature does not cover the event
			wantStatus(t, w.do("POST", "/hooks/mailgun", strings.Replace(gun, `"generic"`, `"bounce"`, 1)), http.StatusOK)
		}
		if got := w.subscriber("ann@example.net").Status; got != ledger.Active {
			t.Fatalf("%s: after a replay the subscriber is %s", name, got)
		}
	}
	if n := w.fetched.Load(); n != 1 {
		t.Errorf("the certificate was fetched %d times", n)
	}
}

// A report that cannot be handled now may come again.
func TestHooksLater(t *testing.T) {
	w := startHooks(t)
	gun := w.mailgun("t", w.mailgunFailed())
	w.fail = errors.New("the ledger is locked")
	res := w.do("POST", "/hooks/mailgun", gun)
	wantStatus(t, res, http.StatusServiceUnavailable)
	if res.Header.Get("Retry-After") == "" {
		t.Error("it does not say when to come again")
	}
	w.fail = nil
	wantStatus(t, w.do("POST", "/hooks/mailgun", gun), http.StatusOK)
	if got := w.subscriber("ann@example.net").Status; got != ledger.Bounced {
		t.Errorf("the subscriber is %s", got)
	}
}

// Only the configured topic is subscribed to, at Amazon.
func TestHooksConfirmTheTopic(t *testing.T) {
	w := startHooks(t)
	body := w.notification("You have chosen to subscribe", map[string]string{"Type": "SubscriptionConfirmation", "Token": "token-of-sns",
		"SubscribeURL": snsHost + "/?Action=ConfirmSubscription&TopicArn=" + topic + "&Token=token-of-sns"}, nil)
	wantStatus(t, w.do("POST", "/hooks/ses", body), http.StatusOK)
	if n := w.confirmed.Load(); n != 1 {
		t.Errorf("confirmed %d times", n)
	}
	wantStatus(t, w.do("POST", "/hooks/ses", w.notification("x", map[string]string{"Type": "SubscriptionConfirmation", "Token": "wrong", "MessageId": "m-2",
		"SubscribeURL": snsHost + "/?Action=ConfirmSubscription&TopicArn=" + topic + "&Token=wrong"}, nil)), http.StatusServiceUnavailable)
	if strings.Contains(w.log.String(), "Token=wrong") {
		t.Error("the log has the token")
	}
}

// A body without end is cut off.
func TestHooksEndlessBody(t *testing.T) {
	w := startHooks(t)
	r, err := http.NewRequest("POST", w.url+"/hooks/mailgun", io.LimitReader(zeros{}, 1<<30))
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return // the server closed the connection
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("status %d", res.StatusCode)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }
