package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"
	"unicode"

	"publisher/internal/ledger/mailtoken"
	"publisher/internal/ledger/sqlite"
)

// mailbox is a blog whose only subscriber received an edition, and the mail that comes back.
type mailbox struct {
	t      *testing.T
	dir    string
	now    time.Time
	ledger string
	path   string // the token of the return path
	id     string // the Message-ID
	link   string // the token of the unsubscribe link
}

func newMailbox(t *testing.T) *mailbox {
	t.Helper()
	m := &mailbox{t: t, dir: t.TempDir(), now: time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)}
	m.ledger = "sqlite:" + filepath.Join(m.dir, "publisher.db")
	writeFile(t, filepath.Join(m.dir, "config.yaml"), "site: {url: https://blog.example.com}\ncontent: {dir: posts}\n"+
		"digest: {default: immediate, settle: 0s, start: 2026-01-01}\nmail: {from: news@example.com, bounce_to: bounces@example.com}\n")
	writeFile(t, filepath.Join(m.dir, "posts/a.md"), "---\ntitle: A\ndate: 2026-05-01\n---\nWords.\n")
	m.must("subscribers", "add", "ada@example.com")
	m.must("run")
	l, err := sqlite.Open(t.Context(), m.ledger)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	tokens, err := l.Tokens(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	m.path, m.id, m.link = tokens.ReturnPath(1, 1), tokens.MessageID(1, 1), tokens.Link(mailtoken.Unsubscribe, 1)
	return m
}

// copy returns a copy of the mailbox in a folder of its own.
func (m *mailbox) copy(t *testing.T) *mailbox {
	t.Helper()
	c := *m
	c.t, c.dir = t, filepath.Join(t.TempDir(), "blog")
	if err := os.CopyFS(c.dir, os.DirFS(m.dir)); err != nil {
		t.Fatal(err)
	}
	c.ledger = "sqlite:" + filepath.Join(c.dir, "publisher.db")
	return &c
}

// run runs the program with a mail on stdin.
func (m *mailbox) run(stdin io.Reader, args ...string) (code int, stdout, stderr string) {
	m.t.Helper()
	var out, err bytes.Buffer
	code = run(context.Background(), append([]string{"--config", filepath.Join(m.dir, "config.yaml")}, args...),
		system{stdin: stdin, stdout: &out, stderr: &err, lookup: func(string) (string, bool) { return "", false }, now: func() time.Time { return m.now }})
	return code, out.String(), err.String()
}

func (m *mailbox) must(args ...string) string {
	m.t.Helper()
	code, stdout, stderr := m.run(strings.NewReader(""), args...)
	if code != exitDone {
		m.t.Fatalf("%v: exit %d\n%s%s", args, code, stdout, stderr)
	}
	return stdout
}

func (m *mailbox) wantStatus(what, status string) {
	m.t.Helper()
	if list := m.must("subscribers", "list"); !strings.Contains(list, status) {
		m.t.Errorf("%s: want %s, have %s", what, status, list)
	}
}

// wantPrintable fails if text contains anything that controls a terminal.
func wantPrintable(t *testing.T, what, text string) {
	t.Helper()
	for _, r := range text {
		if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == unicode.ReplacementChar) {
			t.Errorf("%s: %q is printed: %q", what, r, text)
			return
		}
	}
	if strings.Contains(text, "goroutine") || strings.Contains(text, ".go:") {
		t.Errorf("%s: a stack trace is printed: %q", what, text)
	}
}

// report returns a DSN with these fields for the recipient.
func (m *mailbox) report(to, fields string) string {
	return "From: MAILER-DAEMON@mx.example.net\nTo: " + to + "\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n" +
		"--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; ada@example.com\nAction: failed\n" + fields + "\n\n--b--\n"
}

// Input that is not a mail, or not one of ours, is ignored with exit code 0, and nothing of it
// is printed.
func TestBounceIgnoresGarbage(t *testing.T) {
	t.Parallel()
	m := newMailbox(t)
	deep := "From: x@example.net\nSubject: hello\n"
	for range 2000 {
		deep += "Content-Type: multipart/mixed; boundary=b\n\n--b\n"
	}
	ours, err := filepath.Glob(filepath.Join(m.dir, "outbox/*.eml"))
	if err != nil || len(ours) != 1 {
		t.Fatalf("%v, %v", ours, err)
	}
	own, err := os.ReadFile(ours[0])
	if err != nil {
		t.Fatal(err)
	}
	const escape = "\x1b]0;PWNED\x07\x1b[2J"
	for name, mail := range map[string]string{
		"nothing":                 "",
		"an empty line":           "\n",
		"many empty lines":        strings.Repeat("\r\n", 1000),
		"a word":                  "nothing",
		"binary":                  string(bytes.Repeat([]byte{0x7f, 'E', 'L', 'F', 0, 1, 2, 0xff, 0xfe}, 1000)),
		"NULs":                    strings.Repeat("\x00", 5000),
		"escapes in a bad line":   "From: x\n" + escape + " bad line " + strings.Repeat("A", 2000) + "\n\nx",
		"escapes first":           escape + "\n\n",
		"escapes in the From":     "From: " + escape + "\nSubject: " + escape + "\n\n" + escape + "\n",
		"C1 and bidi":             "From: x\n\u0085\u009b31m\u202e\u2066 bad\n\n",
		"an mbox line alone":      "From MAILER-DAEMON Mon Jun  1 12:00:00 2026\n",
		"an mbox line, endless":   "From " + strings.Repeat("x", 2<<20),
		"a body without a header": "\nUser unknown 550 5.1.1\n",
		"a header without an end": "From: x@example.net",
		"one endless line":        strings.Repeat("a", 3<<20),
		"one endless field":       "Subject: " + strings.Repeat("a", 3<<20),
		"many fields":             strings.Repeat("X-A: b\n", 300000),
		"many continued lines":    "X-A: b\n" + strings.Repeat(" c\n", 500000) + "\n",
		"a continued line first":  " From: x\n\n",
		"a colon first":           ": x\n\n",
		"UTF-16":                  "\xff\xfeF\x00r\x00o\x00m\x00:\x00 \x00x\x00\n\x00\n\x00",
		"deep MIME":               deep,
		"a boundary of nothing":   "From: x@example.net\nContent-Type: multipart/mixed; boundary=\"\"\n\n--\n--\n----\n",
		"no boundary":             "From: x@example.net\nContent-Type: multipart/report\n\nx\n",
		"parts without end":       "From: x@example.net\nContent-Type: multipart/mixed; boundary=b\n\n" + strings.Repeat("--b\n\nx\n", 100000),
		"broken base64":           "From: MAILER-DAEMON@x\nContent-Type: text/plain\nContent-Transfer-Encoding: base64\n\n!!!!not base64=\n",
		"broken quoted-printable": "From: MAILER-DAEMON@x\nContent-Transfer-Encoding: quoted-printable\n\n=ZZ=\n=",
		"unknown encoding":        "From: MAILER-DAEMON@x\nContent-Transfer-Encoding: x-rot13\n\nHfre haxabja\n",
		"unknown charset":         "From: MAILER-DAEMON@x\nContent-Type: text/plain; charset=x-klingon\n\nnuqneH\n",
		"a broken content type":   "From: MAILER-DAEMON@x\nContent-Type: ;;;=\"\n\nx\n",
		"an auto-reply":           "From: ada@example.com\nTo: bounces+" + m.path + "@example.com\nAuto-Submitted: auto-replied\nSubject: Away\n\n550 5.1.1 user unknown\n",
		"an auto-reply of nobody": "Return-Path: <>\nFrom: ada@example.com\nSubject: Out of office\n\nuser unknown\n",
		"a challenge":             "From: ada@example.com\nTo: bounces+" + m.path + "@example.com\nSubject: Please confirm that you are human\n\nClick here.\n",
		"our own mail":            string(own),
		"our own mail, forwarded": "From: ada@example.com\nTo: bounces+" + m.path + "@example.com\nContent-Type: multipart/mixed; boundary=q\n\n--q\nContent-Type: message/rfc822\n\n" + string(own) + "\n--q--\n",
		"our own mail, in a loop": "Return-Path: <bounces+" + m.path + "@example.com>\nDelivered-To: bounces+" + m.path + "@example.com\n" + string(own),
		"a delay":                 strings.Replace(m.report("bounces+"+m.path+"@example.com", "Status: 4.4.1"), "Action: failed", "Action: delayed", 1),
		"a receipt":               strings.Replace(m.report("bounces+"+m.path+"@example.com", "Status: 2.0.0"), "Action: failed", "Action: delivered", 1),
		"another's report":        m.report("bounces@example.com", "Status: 5.1.1"),
		"a forged token":          m.report("bounces+"+strings.Repeat("a", len(m.path))+"@example.com", "Status: 5.1.1"),
		"half a token":            m.report("bounces+"+m.path[:len(m.path)-1]+"@example.com", "Status: 5.1.1"),
		"a token and more":        m.report("bounces+"+m.path+"a@example.com", "Status: 5.1.1"),
		"a token of another kind": m.report("bounces+"+m.link+"@example.com", "Status: 5.1.1"),
		"unsubscribe nobody":      "From: ada@example.com\nSubject: unsubscribe me please\n\n",
		"unsubscribe by a path":   "From: ada@example.com\nSubject: unsubscribe " + m.path + "\n\n",
		"a header of base64":      "Subject: =?utf-8?b?" + base64.StdEncoding.EncodeToString([]byte(escape)) + "?=\nFrom: MAILER-DAEMON@x\n\n" + escape + "\n",
	} {
		began := time.Now()
		code, stdout, stderr := m.run(strings.NewReader(mail), "bounce")
		if code != exitDone || !strings.Contains(stdout, "ignored") || stderr != "" {
			t.Errorf("%s: exit %d, %q, %q", name, code, stdout, stderr)
		}
		wantPrintable(t, name, stdout+stderr)
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%s: took %v", name, took)
		}
	}
	m.wantStatus("after all of it", "active")
}

// Text quoted from a report is printed without anything that controls a terminal.
func TestBounceShowsReasonsSafely(t *testing.T) {
	t.Parallel()
	sent := newMailbox(t)
	for name, words := range map[string]string{
		"escapes":      "550 5.7.1 \x1b]0;PWNED\x07\x1b[2J spam",
		"C1":           "550 5.7.1 \u009b2J spam",
		"bidi":         "550 5.7.1 \u202egpj.exe\u2066 spam",
		"NULs":         "550 5.7.1 \x00\x00 spam",
		"not UTF-8":    "550 5.7.1 \xff\xfe spam",
		"endless":      "550 5.7.1 " + strings.Repeat("spam ", 100000),
		"backspaces":   "550 5.7.1 good\b\b\b\bspam",
		"many returns": "550 5.7.1 a\rb\rc spam",
	} {
		m := sent.copy(t)
		mail := m.report("bounces+"+m.path+"@example.com", "Status: 5.7.1\nDiagnostic-Code: smtp; "+words)
		code, stdout, stderr := m.run(strings.NewReader(mail), "bounce")
		if code != exitDone || !strings.Contains(stdout, "spam") || len(stdout) > 1000 {
			t.Errorf("%s: exit %d, %.2000q %q", name, code, stdout, stderr)
		}
		wantPrintable(t, name, strings.ReplaceAll(stdout+stderr, string(unicode.ReplacementChar), "?"))
	}
}

// Each kind of proof, through the command.
func TestBounceByProof(t *testing.T) {
	t.Parallel()
	sent := newMailbox(t)
	for name, tt := range map[string]struct {
		mail   func(*mailbox) string
		days   int // since the edition
		want   string
		stdout string
	}{
		"a return path":          {func(m *mailbox) string { return m.report("bounces+"+m.path+"@example.com", "Status: 5.1.1") }, 1, "bounced", "ended as bounced"},
		"a return path, 30 days": {func(m *mailbox) string { return m.report("bounces+"+m.path+"@example.com", "Status: 5.1.1") }, 30, "bounced", "ended as bounced"},
		"a return path, 31 days": {func(m *mailbox) string { return m.report("bounces+"+m.path+"@example.com", "Status: 5.1.1") }, 31, "active", "more than 30 days ago"},
		"an mbox line": {func(m *mailbox) string {
			return "From MAILER-DAEMON Mon Jun  1 12:00:00 2026\n" + m.report("bounces+"+m.path+"@example.com", "Status: 5.1.1")
		}, 1, "bounced", "bounced"},
		"CR LF": {func(m *mailbox) string {
			return strings.ReplaceAll(m.report("bounces+"+m.path+"@example.com", "Status: 5.1.1"), "\n", "\r\n")
		}, 1, "bounced", "bounced"},
		"100 MB behind it": {func(m *mailbox) string {
			return m.report("bounces+"+m.path+"@example.com", "Status: 5.1.1") + strings.Repeat("x", 100<<20)
		}, 1, "bounced", "bounced"},
		"a Message-ID":          {func(m *mailbox) string { return m.quoting("Message-ID: <" + m.id + "@x>") }, 1, "unsubscribed", "ended as unsubscribed"},
		"a Message-ID, 31 days": {func(m *mailbox) string { return m.quoting("Message-ID: <" + m.id + "@x>") }, 31, "active", "more than 30 days ago"},
		"a link":                {func(m *mailbox) string { return m.quoting("List-Unsubscribe: <https://x/unsubscribe/" + m.link + ">") }, 1, "unsubscribed", "ended as unsubscribed"},
		"a mailto link": {func(m *mailbox) string {
			return m.quoting("List-Unsubscribe: <mailto:bounces@x?subject=unsubscribe%20" + m.link + ">")
		}, 1, "unsubscribed", "ended as unsubscribed"},
		"a quoted return path":     {func(m *mailbox) string { return m.quoting("Return-Path: <bounces+" + m.path + "@x>") }, 1, "bounced", "ended as bounced"},
		"a complaint":              {func(m *mailbox) string { return m.complaint("Original-Mail-From: <bounces+" + m.path + "@x>") }, 400, "complained", "ended as complained"},
		"a complaint, weak":        {func(m *mailbox) string { return m.complaint("Message-ID: <" + m.id + "@x>") }, 400, "unsubscribed", "ended as unsubscribed"},
		"a mail that unsubscribes": {func(m *mailbox) string { return "From: ada@example.com\nSubject: unsubscribe " + m.link + "\n\n" }, 400, "unsubscribed", "ended as unsubscribed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := sent.copy(t)
			m.now = m.now.Add(time.Duration(tt.days) * 24 * time.Hour)
			code, stdout, stderr := m.run(strings.NewReader(tt.mail(m)), "bounce")
			if code != exitDone || !strings.Contains(stdout, tt.stdout) {
				t.Errorf("exit %d, %q, %q", code, stdout, stderr)
			}
			m.wantStatus(name, tt.want)
			if name == "a Message-ID" {
				if said := m.must("explain", "ada@example.com"); !strings.Contains(said, "by edition 1") {
					t.Errorf("explain does not say what ended it: %s", said)
				}
			}
			// The owner's removal is the end, whatever comes afterwards.
			m.must("subscribers", "remove", "ada@example.com")
			m.run(strings.NewReader(tt.mail(m)), "bounce")
			m.wantStatus("after the removal", "unsubscribed")
		})
	}
}

// quoting returns a bounce that only the quoted header of our mail identifies.
func (m *mailbox) quoting(header string) string {
	return strings.Replace(m.report("bounces@example.com", "Status: 5.1.1"), "\n\n--b--\n", "\n\n--b\nContent-Type: text/rfc822-headers\n\n"+header+"\n\n--b--\n", 1)
}

func (m *mailbox) complaint(field string) string {
	return "From: fbl@example.net\nContent-Type: multipart/report; report-type=feedback-report; boundary=b\n\n--b\nContent-Type: message/feedback-report\n\n" +
		"Feedback-Type: abuse\n" + field + "\n\n--b\nContent-Type: text/rfc822-headers\n\n" + field + "\n\n--b--\n"
}

// The command fails only if a retry helps.
func TestBounceFails(t *testing.T) {
	t.Parallel()
	m := newMailbox(t)
	mail := m.report("bounces+"+m.path+"@example.com", "Status: 5.1.1")
	code, _, stderr := m.run(io.MultiReader(strings.NewReader(mail), iotest.ErrReader(errors.New("the pipe broke"))), "bounce")
	if code != exitFailed || !strings.Contains(stderr, "reading the mail: the pipe broke") {
		t.Errorf("a mail that breaks off: exit %d, %q", code, stderr)
	}
	m.wantStatus("a mail that broke off", "active")
	config := filepath.Join(m.dir, "config.yaml")
	if err := os.Rename(config, config+".away"); err != nil {
		t.Fatal(err)
	}
	if code, _, _ := m.run(strings.NewReader(mail), "bounce"); code == exitDone {
		t.Error("without a config a report counts as read")
	}
	if code, stdout, _ := m.run(strings.NewReader("nothing"), "bounce"); code != exitDone || stdout != "not a mail, ignored\n" {
		t.Errorf("without a config nonsense: exit %d, %q", code, stdout)
	}
	if err := os.Rename(config+".away", config); err != nil {
		t.Fatal(err)
	}
	// Once it can be read, it takes effect.
	if code, _, stderr := m.run(strings.NewReader(mail), "bounce"); code != exitDone {
		t.Errorf("exit %d, %q", code, stderr)
	}
	m.wantStatus("tried again", "bounced")
}
