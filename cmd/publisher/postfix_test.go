//go:build postfix

package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/mail"
	"net/smtp"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/emersion/go-msgauth/dkim"
)

// TestPostfix publishes through a real mail system: submission with STARTTLS and a login, delivery
// to a Maildir, immediate refusals and later bounces, which come back through an alias or in a
// Maildir, mails that ask to unsubscribe, and a log that resolves uncertain deliveries.
func TestPostfix(t *testing.T) {
	m := startMailSystem(t)
	t.Run("piped", func(t *testing.T) {
		b := m.blog(t, "piped")
		b.send(1)
		await(t, "the bounce through the alias", func() bool { return b.status("cid@far.test") == "bounced" })
		b.delivered()
		b.askToLeave("piped.test")
		await(t, "the unsubscribe mail through the alias", func() bool { return b.status("ann@readers.test") == "unsubscribed" })
	})
	t.Run("kept", func(t *testing.T) {
		b := m.blog(t, "kept")
		b.send(1)
		await(t, "the bounce in the Maildir", func() bool { return len(m.maildir(t, "bounces")) == 1 })
		if got := b.status("cid@far.test"); got != "active" {
			t.Errorf("before the pass that reads the bounce cid is %s", got)
		}
		b.askToLeave("kept.test")
		await(t, "the unsubscribe mail in the Maildir", func() bool { return len(m.maildir(t, "bounces")) == 2 })
		b.must("run")
		for email, want := range map[string]string{"cid@far.test": "bounced", "ann@readers.test": "unsubscribed"} {
			if got := b.status(email); got != want {
				t.Errorf("%s is %s, want %s", email, got, want)
			}
		}
	})
	t.Run("IMAP", func(t *testing.T) { testIMAP(t, m) })
	t.Run("faults", func(t *testing.T) {
		b := m.blog(t, "faults")
		b.env = []string{"SMTP_PASSWORD=" + m.Password} // and no certificate
		b.fails("run", "certificate")
		b.env = []string{"SMTP_PASSWORD=wrong", "SSL_CERT_FILE=" + filepath.Join(m.Dir, "cert.pem")}
		b.fails("run", "535 5.7.8")
	})
	// A return path that the server does not know is refused as an unknown user, for each
	// recipient. That is not about anyone on the list.
	t.Run("unknown sender", func(t *testing.T) {
		b := m.blog(t, "sender")
		b.edit(fmt.Sprintf("port: %d, tls: starttls, username: news", m.Submission), fmt.Sprintf("port: %d, tls: none", m.MX))
		b.edit("bounce_to: bounces@kept.test", "bounce_to: nowhere@kept.test")
		b.must("subscribers", "remove", "cid@far.test")
		b.fails("run", "Sender address rejected: User unknown")
		for _, email := range []string{"ann@readers.test", "bob@readers.test"} {
			if got := b.status(email); got != "active" {
				t.Errorf("%s is %s", email, got)
			}
		}
		b.edit("bounce_to: nowhere@kept.test", "bounce_to: bounces@kept.test")
		b.must("run")
		b.received()
		if got := b.status("bob@readers.test"); got != "bounced" {
			t.Errorf("bob has no mailbox and is %s", got)
		}
		b.says("restored bob@readers.test", "subscribers", "restore", "--edition", "1")
		b.says("restored on", "explain", "bob@readers.test")
	})
	t.Run("uncertain", func(t *testing.T) {
		b := m.blog(t, "uncertain")
		cut := startCut(t, m.address(m.MX))
		b.edit(fmt.Sprintf("port: %d, tls: starttls, username: news", m.Submission), fmt.Sprintf("port: %d, tls: none, timeout: 5s", cut))
		b.must("subscribers", "remove", "bob@readers.test")
		b.must("subscribers", "remove", "cid@far.test")
		b.fails("run", "")
		b.says("1 uncertain", "editions", "show", "1")
		log := filepath.Join(m.Dir, "postfix.log")
		await(t, "Postfix's log of it", func() bool {
			return strings.Contains(b.must("reconcile", "--maillog", log), "1 were sent, 0 will be sent again, 0 are still uncertain")
		})
		b.says("1 recipients: 1 sent", "editions", "show", "1")
		b.must("run")
	})
}

// testIMAP reads what comes back from Dovecot: a bounce, a mail that unsubscribes, a request to
// subscribe and the answer to its confirmation.
func testIMAP(t *testing.T, m *mailSystem) {
	b := m.blog(t, "imap")
	b.must("check", "--online")
	b.send(1)
	await(t, "the bounce in the mailbox", func() bool { return len(m.maildir(t, "box")) == 1 })
	b.askToLeave("imap.test")
	m.send(t, "ann@readers.test", "bounces+subscribe@imap.test", "hello")
	m.send(t, "ann@readers.test", "bounces@imap.test", "words")
	await(t, "the mails in the mailbox", func() bool { return len(m.maildir(t, "box")) == 4 })
	if err := os.RemoveAll(filepath.Join(m.Dir, "mail", "ann")); err != nil {
		t.Fatal(err)
	}
	b.must("run")
	for email, want := range map[string]string{"cid@far.test": "bounced", "ann@readers.test": "unsubscribed"} {
		if got := b.status(email); got != want {
			t.Errorf("%s is %s, want %s", email, got, want)
		}
	}
	for folder, want := range map[string]int{"box": 0, "box/.publisher": 4} {
		if files, err := filepath.Glob(filepath.Join(m.Dir, "mail", folder, "[nc]*", "*")); err != nil || len(files) != want {
			t.Errorf("%d mails are in %s, %v; want %d", len(files), folder, err, want)
		}
	}
	_, confirmation := b.received()
	to := confirmation.Header.Get("Reply-To")
	if !strings.HasPrefix(to, "bounces+c.") {
		t.Fatalf("answers go to %s", to)
	}
	m.send(t, "ann@readers.test", to, "Re: confirms")
	await(t, "the answer in the mailbox", func() bool { return len(m.maildir(t, "box")) == 1 })
	b.must("run")
	if got := b.status("ann@readers.test"); got != "active" {
		t.Errorf("after the answer ann is %s", got)
	}
	b.env[0] = "SMTP_PASSWORD=wrong"
	b.fails("run", "check user and password in mail.bounces")
	b.edit("/INBOX", "/Missing")
	b.env[0] = "SMTP_PASSWORD=" + m.Password
	b.fails("run", "check the folder in mail.bounces")
	if out, err := b.run("check", "--online"); err == nil || strings.Contains(out, m.Password) {
		t.Errorf("check --online: %v\n%s", err, out)
	}
}

// send sends a mail as a person's mail program does.
func (m *mailSystem) send(t *testing.T, from, to, subject string) {
	t.Helper()
	text := fmt.Sprintf("From: %s\r\nTo: %s\r\nSubject: %s\r\n\r\nWords.\r\n", from, to, subject)
	if err := smtp.SendMail(m.address(m.MX), nil, from, []string{to}, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

// blog is a blog whose mails go through a mail system.
type blog struct {
	t    *testing.T
	m    *mailSystem
	dir  string
	env  []string
	dkim string // the DNS record
}

// blog returns a blog with three subscribers: ann has a mailbox; bob has none, and the server says
// so at once; cid has none, and the server finds out later.
func (m *mailSystem) blog(t *testing.T, name string) *blog {
	t.Helper()
	b := &blog{t: t, m: m, dir: filepath.Join(m.Dir, name), env: []string{"SMTP_PASSWORD=" + m.Password, "SSL_CERT_FILE=" + filepath.Join(m.Dir, "cert.pem")}}
	domain := "kept.test"
	switch name {
	case "piped":
		domain = "piped.test"
	case "imap":
		domain = "imap.test"
	}
	if err := os.RemoveAll(filepath.Join(m.Dir, "mail", "ann")); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(b.dir, "content/posts"), 0o755); err != nil {
		t.Fatal(err)
	}
	b.write("content/posts/a.md", "---\ntitle: Grüße aus Köln\ndate: 2024-01-01\n---\nWords, and a line of\n.\na dot alone.\n")
	b.write("list.csv", "email,name\nann@readers.test,Ann\nbob@readers.test,Bob\ncid@far.test,Cid\n")
	b.write("config.yaml", fmt.Sprintf(`site: {title: Blog, url: https://news.test}
digest: {cadences: {immediate: ""}, default: immediate, start: 2020-01-01, settle: 0s}
server: {url: https://news.test}
mail:
  from: The Blog <news@news.test>
  bounce_to: bounces@%s
  bounces: %q
  uncertain: hold
  dkim: [{domain: news.test, selector: s1, key_file: dkim-s1.pem}]
  smtp: {host: localhost, port: %d, tls: starttls, username: news, password: "${SMTP_PASSWORD:-}"}
`, domain, map[string]string{"kept": "maildir:../mail/bounces", "imap": fmt.Sprintf("imaps://news:${SMTP_PASSWORD}@localhost:%d/INBOX", m.IMAP)}[name], m.Submission))
	if err := filepath.WalkDir(b.dir, func(path string, _ os.DirEntry, err error) error {
		return errors.Join(err, os.Chown(path, nobody, nobody))
	}); err != nil {
		t.Fatal(err)
	}
	b.dkim = b.must("dkim", "generate")
	b.must("subscribers", "import", "list.csv")
	return b
}

func (b *blog) write(name, text string) {
	b.t.Helper()
	if err := os.WriteFile(filepath.Join(b.dir, name), []byte(text), 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// edit replaces a part of config.yaml.
func (b *blog) edit(old, with string) {
	b.t.Helper()
	text, err := os.ReadFile(filepath.Join(b.dir, "config.yaml"))
	if err != nil || !strings.Contains(string(text), old) {
		b.t.Fatalf("config.yaml has no %q: %v", old, err)
	}
	b.write("config.yaml", strings.Replace(string(text), old, with, 1))
}

// run runs the program as the blog's owner.
func (b *blog) run(args ...string) (string, error) {
	cmd := exec.Command(b.m.publisher, args...)
	cmd.Dir = b.dir
	cmd.Env = append([]string{"HOME=" + b.dir, "PATH=" + os.Getenv("PATH")}, b.env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (b *blog) must(args ...string) string {
	b.t.Helper()
	out, err := b.run(args...)
	if err != nil {
		b.t.Fatalf("publisher %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

func (b *blog) says(want string, args ...string) {
	b.t.Helper()
	if out := b.must(args...); !strings.Contains(out, want) {
		b.t.Errorf("publisher %s does not say %q:\n%s", strings.Join(args, " "), want, out)
	}
}

// fails expects exit code 1 and an explanation.
func (b *blog) fails(command, want string) {
	b.t.Helper()
	out, err := b.run(command)
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != exitFailed || !strings.Contains(out, want) {
		b.t.Errorf("publisher %s: %v, and no %q in:\n%s", command, err, want, out)
	}
}

// status returns a subscriber's status, from the list.
func (b *blog) status(email string) string {
	b.t.Helper()
	for line := range strings.Lines(b.must("subscribers", "export", "-")) {
		if columns := strings.Split(line, ","); columns[0] == email {
			return columns[2]
		}
	}
	b.t.Fatalf("no subscriber %s", email)
	return ""
}

// send publishes to the three. Ann's and cid's mails are accepted, bob's is refused.
func (b *blog) send(edition int) {
	b.t.Helper()
	b.says("sent to 2 of 3", "run")
	b.says("failed bob@readers.test", "editions", "show", fmt.Sprint(edition))
	if got := b.status("bob@readers.test"); got != "bounced" {
		b.t.Errorf("bob has no mailbox and is %s", got)
	}
}

// received returns the mail that ann got.
func (b *blog) received() (text string, m *mail.Message) {
	b.t.Helper()
	await(b.t, "the mail in ann's Maildir", func() bool { return len(b.m.maildir(b.t, "ann")) > 0 })
	mails := b.m.maildir(b.t, "ann")
	if len(mails) != 1 {
		b.t.Errorf("ann got %d mails", len(mails))
	}
	m, err := mail.ReadMessage(strings.NewReader(mails[0]))
	if err != nil {
		b.t.Fatal(err)
	}
	return mails[0], m
}

// delivered checks the mail that ann got.
func (b *blog) delivered() {
	b.t.Helper()
	text, m := b.received()
	for name, want := range map[string]string{
		"Return-Path": "<bounces+", "Received": "with ESMTPSA", "From": `"The Blog" <news@news.test>`, "To": `"Ann" <ann@readers.test>`,
		"Message-Id": "@news.test>", "Auto-Submitted": "auto-generated", "List-Unsubscribe": "https://news.test/unsubscribe/",
		"List-Unsubscribe-Post": "List-Unsubscribe=One-Click", "List-Id": "<", "Mime-Version": "1.0",
	} {
		if got := m.Header.Get(name); !strings.Contains(got, want) {
			b.t.Errorf("%s: %q has no %q", name, got, want)
		}
	}
	b.signed(text)
}

func (b *blog) signed(text string) {
	b.t.Helper()
	lookup := func(name string) ([]string, error) {
		if name != "s1._domainkey.news.test" {
			return nil, fmt.Errorf("no record %s", name)
		}
		var record strings.Builder // the quoted strings of the zone's line
		for i, part := range strings.Split(b.dkim, `"`) {
			if i%2 == 1 {
				record.WriteString(part)
			}
		}
		return []string{record.String()}, nil
	}
	all, err := dkim.VerifyWithOptions(strings.NewReader(text), &dkim.VerifyOptions{LookupTXT: lookup})
	if err != nil || len(all) != 1 || all[0].Err != nil {
		b.t.Fatalf("DKIM: %v, %+v", err, all)
	}
	for _, name := range []string{"from", "list-unsubscribe", "list-unsubscribe-post"} {
		if !strings.Contains(strings.ToLower(strings.Join(all[0].HeaderKeys, " ")), name) {
			b.t.Errorf("%s is not signed: %v", name, all[0].HeaderKeys)
		}
	}
}

// askToLeave sends the mail that ann's List-Unsubscribe asks for, as her mail program would.
func (b *blog) askToLeave(domain string) {
	b.t.Helper()
	_, m := b.received()
	for _, field := range strings.Split(m.Header.Get("List-Unsubscribe"), ",") {
		u, err := url.Parse(strings.Trim(field, " <>"))
		if err != nil || u.Scheme != "mailto" {
			continue
		}
		if !strings.HasSuffix(u.Opaque, "@"+domain) {
			b.t.Errorf("unsubscribe mails go to %s", u.Opaque)
		}
		text := fmt.Sprintf("From: ann@readers.test\r\nTo: %s\r\nSubject: %s\r\n\r\n", u.Opaque, u.Query().Get("subject"))
		if err := smtp.SendMail(b.m.address(b.m.MX), nil, "ann@readers.test", []string{u.Opaque}, []byte(text)); err != nil {
			b.t.Fatal(err)
		}
		return
	}
	b.t.Errorf("no mailto in %q", m.Header.Get("List-Unsubscribe"))
}

// startCut starts a proxy of a mail server that breaks the connection when the server says that it
// has accepted a message.
func startCut(t *testing.T, server string) (port int) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			go cutOff(client, server)
		}
	}()
	return l.Addr().(*net.TCPAddr).Port
}

func cutOff(client net.Conn, server string) {
	defer client.Close()
	upstream, err := net.Dial("tcp", server)
	if err != nil {
		return
	}
	defer upstream.Close()
	go io.Copy(upstream, client)
	buffer := make([]byte, 4096)
	for {
		n, err := upstream.Read(buffer)
		if err != nil || strings.Contains(string(buffer[:n]), "queued as") {
			return
		}
		if _, err := client.Write(buffer[:n]); err != nil {
			return
		}
	}
}
