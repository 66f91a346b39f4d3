package smtp

import (
	"context"
	"fmt"
	"html/template"
	"io"
	"net/mail"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"publisher/internal/config"
	"publisher/internal/smtptest"
	"publisher/mailer/message"
	"publisher/templates"
)

// countQueue hands out n jobs of one message and records nothing.
type countQueue struct {
	mu   sync.Mutex
	n    int
	made *message.Message
	sent int
}

func (q *countQueue) Next(context.Context) (*Job, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.n == 0 {
		return nil, io.EOF
	}
	q.n--
	r := message.Recipient{
		Name: "Ada", Address: fmt.Sprintf("r%d@example.com", q.n), MessageID: fmt.Sprintf("7.%d", q.n),
		UnsubscribeURL: "https://news.example.com/unsubscribe/abcdefghijklmnopqrstuvwxyz234567", PreferencesURL: "https://news.example.com/preferences/abcdefghijklmnopqrstuvwxyz234567",
	}
	return &Job{ReturnPath: "bounces@example.com", To: r.Address, Append: func(dst []byte) []byte { return q.made.Append(dst, r) }}, nil
}

func (q *countQueue) Commit(_ context.Context, done *Outcome, _ *Job) (bool, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if done != nil && done.Verdict == Sent {
		q.sent++
	}
	return true, nil
}

// benchMessage is a digest of three posts.
func benchMessage(b *testing.B) *message.Message {
	b.Helper()
	set, err := templates.Load("", "", nil)
	if err != nil {
		b.Fatal(err)
	}
	cfg := config.Default()
	cfg.Site = config.Site{Title: "Ten thousand meters", URL: &url.URL{Scheme: "https", Host: "blog.example.com"}, Language: "en", Timezone: time.UTC}
	cfg.Mail.From = &mail.Address{Address: "news@example.com"}
	post := templates.Post{Title: "A post", URL: "https://blog.example.com/post/", Date: time.Unix(0, 0),
		Excerpt: template.HTML(strings.Repeat("<p>A sentence of the post with a <a href=\"https://example.com/\">link</a>, é and 日本. Another one.</p>\n", 4))}
	m, err := message.Compose(cfg, set, &templates.Digest{
		Site:   templates.Site{Title: "Ten thousand meters", URL: "https://blog.example.com", Language: "en", Location: time.UTC},
		Number: 7, Cadence: "weekly", Date: time.Unix(0, 0), Posts: []templates.Post{post, post, post}, PostalAddress: "1 Example Street",
	}, time.Unix(0, 0))
	if err != nil {
		b.Fatal(err)
	}
	return m
}

func benchmarkDeliver(b *testing.B, delay time.Duration) {
	m := benchMessage(b)
	server := smtptest.Start(b, smtptest.Options{Script: func(e smtptest.Event) string {
		if e.Verb == "DOT" {
			time.Sleep(delay)
		}
		return ""
	}})
	sender, err := NewSender(config.SMTP{Host: "127.0.0.1", Port: server.Port(), TLS: "none", Connections: 20, Timeout: time.Minute}, "")
	if err != nil {
		b.Fatal(err)
	}
	q := &countQueue{n: b.N, made: m}
	want := b.N
	b.SetBytes(int64(len(m.Append(nil, message.Recipient{Address: "x@example.com"}))))
	b.ReportAllocs()
	b.ResetTimer()
	if err := sender.Deliver(b.Context(), q); err != nil {
		b.Fatal(err)
	}
	if q.sent != want {
		b.Fatalf("%d of %d sent", q.sent, want)
	}
	b.ReportMetric(float64(want)/b.Elapsed().Seconds(), "mails/s")
}

// Twenty connections to a sink on this machine.
func BenchmarkDeliver(b *testing.B) { benchmarkDeliver(b, 0) }

// The limit is 20 connections by 20 replies a second.
func BenchmarkDeliver50ms(b *testing.B) { benchmarkDeliver(b, 50*time.Millisecond) }
