package publish

import (
	"context"
	"fmt"
	"io"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/mailtoken"
	"publisher/internal/ledger/signups"
	"publisher/internal/publish/report"
	"publisher/internal/smtptest"
)

// signUp stores requests to subscribe, as the form does.
func (b *blog) signUp(l *ledger.Ledger, how string, addresses ...string) error {
	var all []signups.Signup
	for _, address := range addresses {
		all = append(all, signups.Signup{Email: address, Name: "Stranger", How: how, At: b.now, Request: mailtoken.NewSecret(),
			Wording: ledger.Wording{Language: "en", Text: "Mail me"}})
	}
	return signups.Add(b.t.Context(), l, all...)
}

// filed returns the header and the text part of each mail in the outbox for an address, oldest
// first, and empties the outbox.
func (b *blog) filed(address string) (headers []mail.Header, texts []string) {
	b.t.Helper()
	files, err := filepath.Glob(filepath.Join(b.dir, "outbox", "*"+address+".eml"))
	if err != nil {
		b.t.Fatal(err)
	}
	for _, file := range files {
		m, err := mail.ReadMessage(strings.NewReader(readFile(b.t, file)))
		if err != nil {
			b.t.Fatal(err)
		}
		_, text := readMail(b.t, file)
		headers, texts = append(headers, m.Header), append(texts, strings.ReplaceAll(text, "\r\n", "\n"))
	}
	if err := os.RemoveAll(filepath.Join(b.dir, "outbox")); err != nil {
		b.t.Fatal(err)
	}
	return headers, texts
}

var confirmLink = regexp.MustCompile(`https://news\.example\.com/confirm/([a-z2-7]{26})\s`)

// A pass of cron's asks those who signed up to confirm, welcomes those who did, and tells who is
// subscribed already; nothing that the form said is in the mail.
func TestNoticesOfAPass(t *testing.T) {
	b := newBlog(t, `digest: {settle: 0s, default: daily}
server: {url: "https://news.example.com"}
mail: {from: Blog <news@example.com>, bounce_to: bounces@example.com, reply_to: me@example.com}
`, time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC))
	b.run()
	b.withLedger(func(l *ledger.Ledger) error { return b.signUp(l, signups.ByForm, "ada@example.net") })
	if r := b.run(); r.Notices == nil || *r.Notices != (report.Notices{Sent: 1}) || r.Unfinished() || !r.Outbox {
		t.Errorf("report %+v", r)
	}
	headers, texts := b.filed("ada@example.net")
	if len(texts) != 1 {
		t.Fatalf("%d mails", len(texts))
	}
	link := confirmLink.FindStringSubmatch(texts[0])
	if link == nil {
		t.Fatalf("no link in\n%s", texts[0])
	}
	h := headers[0]
	subject := regexp.MustCompile(`^\d{3} \d{3} confirms blog\.example\.com$`).FindString(h.Get("Subject"))
	if subject == "" || !strings.Contains(texts[0], "\n    "+subject[:7]+"\n") {
		t.Errorf("subject %q, and the text\n%s", h.Get("Subject"), texts[0])
	}
	for name, want := range map[string]string{"To": "ada@example.net", "Reply-To": "bounces+c." + link[1] + "@example.com", "Auto-Submitted": "auto-generated",
		"Return-Path": "<bounces@example.com>", "List-Unsubscribe": "", "List-Id": ""} {
		if got := h.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if strings.Contains(texts[0], "Stranger") {
		t.Errorf("the mail names what a stranger typed:\n%s", texts[0])
	}

	b.withLedger(func(l *ledger.Ledger) error {
		s, err := signups.ConfirmToken(t.Context(), l, link[1], "link", signups.ConfirmOptions{DefaultCadence: "daily", Welcome: true, Now: b.now})
		if s == nil {
			t.Error("the link does not confirm")
		}
		return err
	})
	b.run()
	headers, texts = b.filed("ada@example.net")
	if len(texts) != 1 || !strings.Contains(texts[0], "It comes once a day") || !strings.Contains(texts[0], "June 2, 2026") {
		t.Fatalf("welcomed by\n%s", texts)
	}
	if got := headers[0].Get("List-Unsubscribe"); !strings.HasPrefix(got, "<https://news.example.com/unsubscribe/") || headers[0].Get("Reply-To") != "me@example.com" {
		t.Errorf("List-Unsubscribe: %s, Reply-To: %s", got, headers[0].Get("Reply-To"))
	}

	b.withLedger(func(l *ledger.Ledger) error { return b.signUp(l, signups.ByForm, "ADA@example.net") })
	b.run()
	if _, texts = b.filed("ada@example.net"); len(texts) != 1 || !strings.Contains(texts[0], "already") || !strings.Contains(texts[0], "https://news.example.com/preferences/") {
		t.Errorf("told by\n%s", texts)
	}
	if r := b.run(); r.Notices != nil {
		t.Errorf("a quiet pass reports %+v", r.Notices)
	}
}

// Without a web server a reply confirms, and there is neither a link nor a code; who leaves by
// mail is told that it worked.
func TestNoticeWithoutWeb(t *testing.T) {
	b := newBlog(t, `server: {url: ""}
mail: {from: Blog <news@example.com>, bounce_to: bounces@example.com, bounces: "maildir:inbox"}
`, time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC))
	for _, dir := range []string{"new", "cur", "tmp"} {
		if err := os.MkdirAll(filepath.Join(b.dir, "inbox", dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	b.withLedger(func(l *ledger.Ledger) error { return b.signUp(l, signups.ByMail, "ada@example.net") })
	b.run()
	headers, texts := b.filed("ada@example.net")
	if len(texts) != 1 || strings.Contains(texts[0], "/confirm/") || !strings.Contains(texts[0], "Just reply to this mail") {
		t.Fatalf("asked by\n%s", texts)
	}
	if to, subject := headers[0].Get("Reply-To"), headers[0].Get("Subject"); !strings.HasPrefix(to, "bounces+c.") || !strings.Contains(subject, "please confirm") {
		t.Errorf("Reply-To: %s, Subject: %s", to, subject)
	}

	b.withLedger(func(l *ledger.Ledger) error {
		secret, _, _ := strings.Cut(strings.TrimPrefix(headers[0].Get("Reply-To"), "bounces+c."), "@")
		_, err := signups.ConfirmToken(t.Context(), l, secret, "reply", signups.ConfirmOptions{DefaultCadence: "weekly", Welcome: true, Now: b.now})
		return err
	})
	b.run()
	headers, texts = b.filed("ada@example.net")
	leave := regexp.MustCompile(`^<mailto:bounces@example\.com\?subject=unsubscribe%20([a-z2-7]+)>$`).FindStringSubmatch(headers[0].Get("List-Unsubscribe"))
	if leave == nil {
		t.Fatalf("List-Unsubscribe: %s\n%s", headers[0].Get("List-Unsubscribe"), texts)
	}
	b.write("inbox/new/1", "From: ada@example.net\nTo: bounces@example.com\nSubject: unsubscribe "+leave[1]+"\n\n")
	b.run()
	if _, texts = b.filed("ada@example.net"); len(texts) != 1 || !strings.Contains(texts[0], "mailto:bounces+subscribe@example.com") {
		t.Errorf("told by\n%s", texts)
	}
}

// sink is a mail server that keeps what it accepted, and when.
type sink struct {
	*smtptest.Server
	mu     sync.Mutex
	order  []string
	times  []time.Time
	onMail func(n int, to string) // before the server replies
}

func startSink(t *testing.T, o smtptest.Options) *sink {
	s := &sink{}
	script := o.Script
	o.Script = func(e smtptest.Event) string {
		if e.Verb == "ACCEPTED" {
			s.mu.Lock()
			s.order, s.times = append(s.order, e.Arg), append(s.times, time.Now())
			n, onMail := len(s.order), s.onMail
			s.mu.Unlock()
			if onMail != nil {
				onMail(n, e.Arg)
			}
		}
		if script != nil {
			return script(e)
		}
		return ""
	}
	s.Server = smtptest.Start(t, o)
	return s
}

// A confirmation overtakes a long edition under a rate, which holds for both together.
func TestConfirmationOvertakes(t *testing.T) {
	const all, rate = 160, 40
	b := newBlog(t, "", time.Now())
	server := startSink(t, smtptest.Options{})
	b.write("config.yaml", fmt.Sprintf(`site: {url: https://blog.example.com}
content: {dir: posts}
digest: {default: immediate, settle: 0s, start: 2026-01-01}
mail: {from: news@example.com, bounce_to: bounces@example.com, smtp: {host: 127.0.0.1, port: %d, tls: none, connections: 4, rate: %d/s}}
`, server.Port(), rate))
	b.load()
	var lines []string
	for i := range all {
		lines = append(lines, fmt.Sprintf("r%d@example.com,immediate", i))
	}
	b.subscribe(lines...)
	b.run()
	b.write("posts/new.md", "---\ntitle: New\ndate: 2026-05-20\n---\nWords.\n")

	b.withLedger(func(l *ledger.Ledger) error {
		daemon := New(b.cfg, Options{Build: "test"}).Daemon(l, DaemonOptions{})
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		defer stop()
		server.onMail = func(n int, to string) {
			if n == 60 {
				if err := b.signUp(l, signups.ByForm, "ada@example.net", "ben@example.net"); err != nil {
					t.Error(err)
				}
				daemon.Wake()
			}
			if n == all+2 {
				stop()
			}
		}
		return daemon.Run(ctx, nil)
	})
	server.mu.Lock()
	defer server.mu.Unlock()
	for _, to := range []string{"ada@example.net", "ben@example.net"} {
		if at := slices.Index(server.order, to); at < 0 || at > 60+rate {
			t.Errorf("%s is number %d of %d", to, at, len(server.order))
		}
	}
	if n := len(server.order); n != all+2 {
		t.Errorf("%d mails", n)
	}
	for i := rate; i < len(server.times); i++ {
		if d := server.times[i].Sub(server.times[i-rate]); d < time.Second {
			t.Errorf("mails %d to %d came within %v", i-rate, i, d)
		}
	}
}

// Without anything else to do, the daemon sends a confirmation at once: it waits neither for the
// next look at the tree nor for the reply to another mail.
func TestConfirmationAlone(t *testing.T) {
	b := newBlog(t, "", time.Now())
	var signUp func(address string)
	ben := make(chan struct{})
	server := startSink(t, smtptest.Options{Script: func(e smtptest.Event) string {
		if e.Verb == "DOT" && e.Arg == "ada@example.net" {
			signUp("ben@example.net")
			select {
			case <-ben:
			case <-time.After(20 * time.Second):
				t.Error("a mail waits for the reply to another one")
			}
		}
		return ""
	}})
	b.write("config.yaml", fmt.Sprintf(`site: {url: https://blog.example.com}
content: {dir: posts}
mail: {from: news@example.com, smtp: {host: 127.0.0.1, port: %d, tls: none, connections: 2}}
`, server.Port()))
	b.load()
	b.withLedger(func(l *ledger.Ledger) error {
		daemon := New(b.cfg, Options{Build: "test"}).Daemon(l, DaemonOptions{Every: time.Hour, Poll: time.Hour})
		signUp = func(address string) {
			if err := b.signUp(l, signups.ByForm, address); err != nil {
				t.Error(err)
			}
			daemon.Wake()
		}
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		defer stop()
		server.onMail = func(_ int, to string) {
			if to == "ben@example.net" {
				close(ben)
			} else {
				stop()
			}
		}
		daemon.mailed = func(time.Time) { go signUp("ada@example.net") } // after the only survey
		return daemon.Run(ctx, nil)
	})
	if want := []string{"ben@example.net", "ada@example.net"}; !slices.Equal(server.order, want) {
		t.Errorf("mails to %v, want %v", server.order, want)
	}
}

// What the server refuses for now is tried again later, with fresh tokens and the same
// Message-ID; what it refuses for good marks nobody and stops no edition.
func TestNoticesRefused(t *testing.T) {
	b := newBlog(t, "", time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC))
	var mu sync.Mutex
	busy := true
	server := smtptest.Start(t, smtptest.Options{Record: true, Script: func(e smtptest.Event) string {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case e.Verb == "DOT" && e.Arg == "ada@example.net" && busy:
			return "451 4.3.0 later"
		case e.Verb == "RCPT" && strings.HasPrefix(e.Arg, "nobody"):
			return "550 5.1.1 no such user"
		}
		return ""
	}})
	b.write("config.yaml", fmt.Sprintf(`site: {url: https://blog.example.com}
content: {dir: posts}
digest: {default: immediate, settle: 0s, start: 2026-01-01}
server: {url: "https://news.example.com"}
mail: {from: news@example.com, smtp: {host: 127.0.0.1, port: %d, tls: none, connections: 1}}
`, server.Port()))
	b.load()
	b.subscribe("reader@example.com,immediate", "other@example.com,immediate")
	b.run()
	b.write("posts/new.md", "---\ntitle: New\ndate: 2026-05-20\n---\nWords.\n")
	b.withLedger(func(l *ledger.Ledger) error {
		asked := []string{"ada@example.net"}
		for i := range 30 {
			asked = append(asked, fmt.Sprintf("nobody%d@example.net", i))
		}
		return b.signUp(l, signups.ByForm, asked...)
	})
	r := b.run()
	if r.Notices == nil || *r.Notices != (report.Notices{Deferred: 1, Failed: 30}) || r.Unfinished() {
		t.Errorf("report %+v, errors %v", r.Notices, r.Errors)
	}
	if len(r.Editions) != 1 || r.Editions[0].Sent != 2 {
		t.Errorf("editions %+v", r.Editions)
	}
	if r = b.run(); r.Notices != nil {
		t.Errorf("tried again at once: %+v", r.Notices)
	}
	mu.Lock()
	busy = false
	mu.Unlock()
	b.now = b.now.Add(2 * time.Minute)
	if r = b.run(); r.Notices == nil || r.Notices.Sent != 1 {
		t.Errorf("report %+v", r.Notices)
	}
	body, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(server.Messages()["ada@example.net"])))
	if err != nil {
		t.Fatal(err)
	}
	link := confirmLink.FindSubmatch(body)
	if link == nil {
		t.Fatalf("no link in\n%s", body)
	}
	b.withLedger(func(l *ledger.Ledger) error {
		c, err := signups.FindConfirmable(t.Context(), l, string(link[1]), b.now)
		if c == nil {
			t.Error("the link of the second attempt does not work")
		}
		return err
	})
}

// While the mail server cannot be reached, a run says so once, and the notice stays due.
func TestNoticesUnreachable(t *testing.T) {
	b := newBlog(t, "", time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC))
	gone, err := smtptest.Listen("127.0.0.1:0", smtptest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	port := gone.Port()
	gone.Close()
	b.write("config.yaml", fmt.Sprintf(`site: {url: https://blog.example.com}
content: {dir: posts}
mail: {from: news@example.com, smtp: {host: 127.0.0.1, port: %d, tls: none}}
`, port))
	b.load()
	b.withLedger(func(l *ledger.Ledger) error { return b.signUp(l, signups.ByForm, "ada@example.net") })
	r, err := b.publisher().Run(t.Context(), "run")
	if err != nil || len(r.Errors) != 1 || !r.Unfinished() || r.Notices != nil {
		t.Fatalf("%v, errors %q, notices %+v", err, r.Errors, r.Notices)
	}
	server, err := smtptest.Listen(fmt.Sprintf("127.0.0.1:%d", port), smtptest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	b.run()
	if n := server.Accepted()["ada@example.net"]; n != 1 {
		t.Errorf("%d mails", n)
	}
}
