package publish

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"

	"publisher/internal/ledger"
	"publisher/internal/ledger/signups"
	"publisher/internal/ledger/sqlite"
)

// imapMailbox is an IMAP server with the mailbox of mail.bounces.
type imapMailbox struct {
	t       *testing.T
	user    *imapmemserver.User
	url     string
	mu      sync.Mutex
	visited chan struct{}
}

func newMailbox(t *testing.T) *imapMailbox {
	t.Helper()
	b := &imapMailbox{t: t, user: imapmemserver.NewUser("news", "secret"), visited: make(chan struct{}, 100)}
	if err := b.user.Create("INBOX", nil); err != nil {
		t.Fatal(err)
	}
	memory := imapmemserver.New()
	memory.AddUser(b.user)
	server := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return memory.NewSession(), nil, nil
		},
		Caps: imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapMove: {}}, InsecureAuth: true, Logger: log.New(io.Discard, "", 0),
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	b.url = fmt.Sprintf("imap://news:secret@127.0.0.1:%d/INBOX", l.Addr().(*net.TCPAddr).Port)
	return b
}

type mailText struct{ *bytes.Reader }

func (m mailText) Size() int64 { return m.Reader.Size() }

func (b *imapMailbox) put(text string) {
	b.t.Helper()
	if _, err := b.user.Append("INBOX", mailText{bytes.NewReader([]byte(text))}, &imap.AppendOptions{}); err != nil {
		b.t.Fatal(err)
	}
}

// count returns the number of mails in a folder.
func (b *imapMailbox) count(folder string) int {
	b.t.Helper()
	status, err := b.user.Status(folder, &imap.StatusOptions{NumMessages: true})
	if err != nil {
		b.t.Fatal(err)
	}
	return int(*status.NumMessages)
}

func bounceTo(l *ledger.Ledger, subscriber int64) (string, error) {
	tokens, err := l.Tokens(context.Background())
	if err != nil {
		return "", err
	}
	return "From: MAILER-DAEMON@mx.example\r\nTo: bounces+" + tokens.ReturnPath(subscriber, 1) + "@blog.example\r\n" +
		"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n" +
		"Reporting-MTA: dns; mx\r\n\r\nFinal-Recipient: rfc822; x@example.net\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b--\r\n", nil
}

// Each run reads the mailbox; what it says twice counts once. A mailbox that cannot be read is
// an error, and mail goes out.
func TestRunReadsTheMailbox(t *testing.T) {
	box := newMailbox(t)
	b := newBlog(t, fmt.Sprintf("digest: {default: immediate, settle: 0s}\nserver: {url: \"\"}\nmail: {from: news@blog.example, bounce_to: bounces@blog.example, bounces: %q}\n", box.url),
		time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC))
	b.run()
	b.subscribe("ann@example.net,immediate", "ben@example.net,immediate")
	b.now = b.now.Add(time.Hour)
	b.post("First")
	b.run()
	l, err := sqlite.Open(t.Context(), DSN(b.cfg))
	if err != nil {
		t.Fatal(err)
	}
	ann, err := l.Subscriber(t.Context(), "ann@example.net")
	if err != nil {
		t.Fatal(err)
	}
	mail, err := bounceTo(l, ann.ID)
	l.Close()
	if err != nil {
		t.Fatal(err)
	}
	box.put(mail)
	box.put(mail)
	box.put("From: cid@example.net\r\nTo: bounces+subscribe@blog.example\r\n\r\nPlease.\r\n")
	box.put("no mail")
	warnings := b.run().Warnings
	if len(warnings) != 1 || !strings.Contains(warnings[0].Message, "not a mail; ignored") {
		t.Errorf("the warnings are %v", warnings)
	}
	if in, read := box.count("INBOX"), box.count("publisher"); in != 0 || read != 4 {
		t.Errorf("%d mails are in INBOX, %d in publisher", in, read)
	}
	b.wantStatus("ann@example.net", ledger.Bounced)
	b.wantStatus("ben@example.net", ledger.Active)
	if got := b.received("cid@example.net"); len(got) != 1 {
		t.Errorf("cid got %q", got)
	}
	if err := box.user.Delete("INBOX"); err != nil {
		t.Fatal(err)
	}
	b.now = b.now.Add(time.Hour)
	b.post("Second")
	report, err := b.publisher().Run(t.Context(), "run")
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Errors) != 1 || !strings.Contains(report.Errors[0], "mail.bounces: the mailbox of news at 127.0.0.1, folder INBOX cannot be read: opening the folder") ||
		strings.Contains(report.Errors[0], "secret") {
		t.Errorf("the errors are %q", report.Errors)
	}
	if got := b.received("ben@example.net"); len(got) != 2 {
		t.Errorf("ben got %q", got)
	}
}

func (b *blog) wantStatus(email string, want ledger.Status) {
	b.t.Helper()
	l, err := sqlite.Open(b.t.Context(), DSN(b.cfg))
	if err != nil {
		b.t.Fatal(err)
	}
	defer l.Close()
	s, err := l.Subscriber(b.t.Context(), email)
	if err != nil || s == nil || s.Status != want {
		b.t.Errorf("%s is %+v, %v; want %s", email, s, err, want)
	}
}

// A daemon reads the mailbox when it starts and every five minutes, beside its passes.
func TestDaemonReadsTheMailbox(t *testing.T) {
	box := newMailbox(t)
	start := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	b := newBlog(t, fmt.Sprintf("server: {url: \"\"}\nmail: {from: news@blog.example, bounce_to: bounces@blog.example, bounces: %q}\n", box.url), start)
	l, err := sqlite.Open(t.Context(), DSN(b.cfg))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	d := New(b.cfg, Options{Now: func() time.Time { return start }, Build: "test"}).Daemon(l, DaemonOptions{
		Wait: func(ctx context.Context, until time.Time, changed <-chan struct{}) error {
			if changed == nil { // the mailbox's pause; the passes have a channel
				if got := until.Sub(start); got != 5*time.Minute {
					t.Errorf("the next look at the mailbox is after %v", got)
				}
				box.mu.Lock()
				defer box.mu.Unlock()
				box.visited <- struct{}{}
				if len(box.visited) == 1 {
					box.put("From: ann@example.net\r\nTo: bounces+subscribe@blog.example\r\n\r\nPlease.\r\n")
					return nil
				}
				cancel()
				return ctx.Err()
			}
			<-ctx.Done()
			return ctx.Err()
		}})
	if err := d.Run(ctx, make(chan struct{})); err != nil {
		t.Fatal(err)
	}
	if n := box.count("publisher"); n != 1 {
		t.Errorf("%d mails were read", n)
	}
	if _, err := signups.Handle(t.Context(), l, 10, start); err != nil {
		t.Error(err)
	}
	n := 0
	for range signups.AllPending(t.Context(), l, start) {
		n++
	}
	if n != 1 {
		t.Errorf("%d sign-ups", n)
	}
}
