package web_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"publisher/internal/config"
	"publisher/internal/ledger"
	"publisher/internal/ledger/imports"
	"publisher/internal/ledger/subscription"
	"publisher/internal/publish/delivery"
	"publisher/internal/web"
	"publisher/mailer/bounce"
	"publisher/mailer/events"
)

const (
	topic      = "arn:aws:sns:eu-west-1:123456789012:bounces"
	snsHost    = "https://sns.eu-west-1.amazonaws.com"
	mailgunKey = "key-of-mailgun"
)

// hookWorld is a server with hooks of all services, whose keys it has, and a subscriber who
// got an edition.
type hookWorld struct {
	*world
	sns       *rsa.PrivateKey
	sendgrid  *ecdsa.PrivateKey
	fetched   *atomic.Int64 // requests to Amazon
	confirmed *atomic.Int64
	fail      error // of handling a report
	id        int64
}

// snsKey makes the key of SNS once, since that takes long.
var snsKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

func startHooks(t *testing.T) *hookWorld {
	t.Helper()
	w := &hookWorld{fetched: new(atomic.Int64), confirmed: new(atomic.Int64)}
	var err error
	if w.sns, err = snsKey(); err != nil {
		t.Fatal(err)
	}
	if w.sendgrid, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(w.sendgrid.Public())
	if err != nil {
		t.Fatal(err)
	}
	hooks, err := events.New([]config.Events{
		{From: "ses", Topic: topic}, {From: "ses", Topic: strings.Replace(topic, "bounces", "complaints", 1)},
		{From: "postmark", Username: "hook", Password: "correct-horse"},
		{From: "mailgun", Key: mailgunKey},
		{From: "sendgrid", Key: base64.StdEncoding.EncodeToString(der)},
	}, w.amazon(t))
	if err != nil {
		t.Fatal(err)
	}
	w.world = start(t, settings, func(o *web.Options) {
		log := o.Log
		o.Hooks = hooks
		o.Returned = func(ctx context.Context, r *bounce.Report) error {
			if w.fail != nil {
				return w.fail
			}
			_, err := delivery.NewBounces(o.Config, o.Ledger, log, o.Now).TakeEvent(ctx, r)
			return err
		}
	})
	w.id = w.subscribe(imports.Row{Email: "ann@example.net"})
	e := ledger.Edition{Cadence: "weekly", Closed: day, Through: 1}
	if err := w.ledger.CloseEditions(t.Context(), &e); err != nil {
		t.Fatal(err)
	}
	if _, err := w.ledger.Record(t.Context(), nil, &ledger.Intent{Edition: 1, Subscriber: w.id, Through: 1, At: day}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.ledger.Record(t.Context(), &ledger.Result{Edition: 1, Subscriber: w.id, Status: ledger.Sent, At: day}, nil); err != nil {
		t.Fatal(err)
	}
	return w
}

// amazon returns a client for which a server of the test is sns.eu-west-1.amazonaws.com.
func (w *hookWorld) amazon(t *testing.T) *http.Client {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "sns.amazonaws.com"}, DNSNames: []string{"sns.eu-west-1.amazonaws.com"},
		NotBefore: day.Add(-time.Hour), NotAfter: time.Now().Add(10 * 365 * 24 * time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, w.sns.Public(), w.sns)
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		w.fetched.Add(1)
		switch {
		case r.URL.Path == "/SimpleNotificationService-0a1b.pem":
			out.Write(text)
		case r.URL.Path == "/SimpleNotificationService-moved.pem":
			http.Redirect(out, r, "/SimpleNotificationService-0a1b.pem", http.StatusFound)
		case r.URL.Path == "/SimpleNotificationService-long.pem":
			out.Write([]byte(strings.Repeat("x", 1<<20)))
		case r.URL.Query().Get("Action") == "ConfirmSubscription" && r.URL.Query().Get("Token") == "token-of-sns":
			w.confirmed.Add(1)
		default:
			http.NotFound(out, r)
		}
	}))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: w.sns}}}
	server.StartTLS()
	t.Cleanup(server.Close)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(text)
	return &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots, Time: func() time.Time { return day }},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, server.Listener.Addr().String())
		},
	}}
}

func (w *hookWorld) returnPath() string {
	return "bounces+" + w.tokens.ReturnPath(w.id, 1) + "@blog.example"
}

func (w *hookWorld) messageID() string { return "<" + w.tokens.MessageID(1, w.id) + "@blog.example>" }

// notification returns a signed message of SNS; change may alter it before, forge after.
func (w *hookWorld) notification(message string, change, forge map[string]string) string {
	w.t.Helper()
	m := map[string]string{"Type": "Notification", "MessageId": "m-1", "TopicArn": topic, "Message": message, "Timestamp": w.now.Format("2006-01-02T15:04:05.000Z"),
		"SignatureVersion": "2", "SigningCertURL": snsHost + "/SimpleNotificationService-0a1b.pem"}
	for name, value := range change {
		m[name] = value
	}
	names := []string{"Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"}
	if m["Type"] != "Notification" {
		names = []string{"Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"}
	}
	var text strings.Builder
	for _, name := range names {
		if value, ok := m[name]; ok {
			fmt.Fprintf(&text, "%s\n%s\n", name, value)
		}
	}
	kind, digest := crypto.SHA256, sha256.New()
	if m["SignatureVersion"] == "1" {
		kind, digest = crypto.SHA1, sha1.New()
	}
	digest.Write([]byte(text.String()))
	signature, err := rsa.SignPKCS1v15(rand.Reader, w.sns, kind, digest.Sum(nil))
	if err != nil {
		w.t.Fatal(err)
	}
	m["Signature"] = base64.StdEncoding.EncodeToString(signature)
	for name, value := range forge {
		m[name] = value
	}
	body, err := json.Marshal(m)
	if err != nil {
		w.t.Fatal(err)
	}
	return string(body)
}

func (w *hookWorld) sesBounce(kind string) string {
	return fmt.Sprintf(`{"notificationType":"Bounce","bounce":{"bounceType":%q,"bounceSubType":"General","bouncedRecipients":[{"emailAddress":"ann@example.net","status":"5.1.1","diagnosticCode":"smtp; 550 5.1.1 user unknown"}]},"mail":{"source":%q,"messageId":"ses"}}`,
		kind, w.returnPath())
}

// mailgun returns a signed post of Mailgun.
func (w *hookWorld) mailgun(token, event string) string {
	at := fmt.Sprint(w.now.Unix())
	mac := hmac.New(sha256.New, []byte(mailgunKey))
	mac.Write([]byte(at + token))
	return fmt.Sprintf(`{"signature":{"timestamp":%q,"token":%q,"signature":%q},"event-data":%s}`, at, token, hex.EncodeToString(mac.Sum(nil)), event)
}

func (w *hookWorld) mailgunFailed() string {
	return fmt.Sprintf(`{"event":"failed","severity":"permanent","reason":"generic","recipient":"ann@example.net","delivery-status":{"code":550,"message":"5.1.1 no such user"},"message":{"headers":{"message-id":%q}}}`, strings.Trim(w.messageID(), "<>"))
}

// signedBySendGrid returns the header fields of a post.
func (w *hookWorld) signedBySendGrid(body string, at time.Time) []string {
	w.t.Helper()
	stamp := fmt.Sprint(at.Unix())
	digest := sha256.Sum256([]byte(stamp + body))
	signature, err := ecdsa.SignASN1(rand.Reader, w.sendgrid, digest[:])
	if err != nil {
		w.t.Fatal(err)
	}
	return []string{"X-Twilio-Email-Event-Webhook-Signature", base64.StdEncoding.EncodeToString(signature), "X-Twilio-Email-Event-Webhook-Timestamp", stamp}
}

func (w *hookWorld) sendGridBounce() string {
	return fmt.Sprintf(`[{"event":"delivered","smtp-id":"<x@y>"},{"event":"bounce","type":"bounce","email":"ann@example.net","status":"5.1.1","reason":"550 5.1.1 unknown user","smtp-id":%q}]`, w.messageID())
}

func basic(user, password string) []string {
	return []string{"Authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))}
}

func (w *hookWorld) postmark(kind string) string {
	body, err := json.Marshal(map[string]any{"RecordType": "Bounce", "ID": 7, "Type": kind, "Details": "smtp;550 5.1.1 no such user", "Email": "ann@example.net",
		"Content": "From: MAILER-DAEMON@pm.example\nTo: x@pm.example\nContent-Type: multipart/report; boundary=b\n\n--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: " + w.messageID() + "\n\n--b--\n"})
	if err != nil {
		w.t.Fatal(err)
	}
	return string(body)
}

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
