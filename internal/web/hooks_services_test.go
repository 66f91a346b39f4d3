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
	"fmt"
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
