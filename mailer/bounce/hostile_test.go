//go:build unix

package bounce

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"testing/iotest"
)

// hostileReports are a megabyte of one thing each.
func hostileReports() map[string]string {
	fill := func(piece string) string { return strings.Repeat(piece, maxMail/len(piece)) }
	const bounce = "From: MAILER-DAEMON@x\nSubject: failure notice\n"
	const dsn = "From: MAILER-DAEMON@x\nContent-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\n"
	const quoted = "From: MAILER-DAEMON@x\nContent-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/rfc822\n\n"
	return map[string]string{
		"comments in To":            "To: " + fill("(") + "\n\n",
		"closed comments in To":     "To: " + fill("()") + "\n\n",
		"addresses in To":           "To: " + fill("a@b,") + "\n\n",
		"quotes in To":              "To: " + fill("\"a\" ") + "\n\n",
		"groups in To":              "To: " + fill("a:;") + "\n\n",
		"encoded words in Subject":  "Subject: " + fill("=?utf-8?q?a?= ") + "\n\n",
		"half encoded words":        "Subject: " + fill("=?utf-8?q?") + "\n\n",
		"words in Subject":          "Subject: " + fill("unsubscribe ") + "\n\n",
		"X-Failed-Recipients":       "X-Failed-Recipients: " + fill("a ") + "\n\n",
		"parameters":                "Content-Type: text/plain" + fill("; a=b") + "\n\n",
		"continued parameters":      "Content-Type: text/plain" + fill("; a*0=b") + "\n\n",
		"fields":                    fill("a: b\n") + "\n",
		"continued lines":           "a: b\n" + fill(" c\n") + "\n",
		"continued status":          dsn + "Status: 5.1.1\n" + fill(" c\n"),
		"continued tabs":            dsn + "Status: 5.1.1\n" + fill("\tc\n"),
		"groups of status":          dsn + fill("Action: failed\n\n"),
		"recipients":                dsn + fill("Final-Recipient: rfc822; a\n"),
		"a long diagnosis":          dsn + "Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; " + fill("550 5.1.1 "),
		"digits":                    dsn + "Action: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; " + fill("5"),
		"dots":                      dsn + "Action: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; " + fill("5.5."),
		"starts of numbers":         dsn + "Action: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; " + fill("=5"),
		"quoted header":             quoted + fill("Message-ID: <1.1.a@x>\n"),
		"quoted links":              quoted + "List-Unsubscribe: " + fill("<a>,"),
		"quoted angle brackets":     quoted + fill(">"),
		"paragraphs":                bounce + "\n" + fill("a\n\n"),
		"lines":                     bounce + "\n" + fill("a\n"),
		"one line":                  bounce + "\n" + fill("a"),
		"header-like lines":         bounce + "\n" + fill("a: b\n"),
		"header-like, then text":    bounce + "\n" + fill("Received: a\nx\n"),
		"replies":                   bounce + "\n" + fill("550 \n\n"),
		"refusals":                  bounce + "\n" + fill("user unknown\n\n"),
		"delays":                    bounce + "\n" + fill("will keep tryin"),
		"announcements":             bounce + "\n" + fill("below this line is a cop\n"),
		"decoration":                bounce + "\n" + fill("-=_*\n"),
		"HTML tags":                 bounce + "Content-Type: text/html\n\n" + fill("<p>"),
		"half a tag":                bounce + "Content-Type: text/html\n\n<a " + fill("a=b "),
		"HTML comments":             bounce + "Content-Type: text/html\n\n" + fill("<!--"),
		"HTML entities":             bounce + "Content-Type: text/html\n\n" + fill("&"),
		"base64":                    bounce + "Content-Transfer-Encoding: base64\n\n" + fill("YQ==\n"),
		"quoted-printable":          bounce + "Content-Transfer-Encoding: quoted-printable\n\n" + fill("=\n"),
		"boundaries":                "From: x\nContent-Type: multipart/mixed; boundary=b\n\n" + fill("--b\n"),
		"half boundaries":           "From: x\nContent-Type: multipart/mixed; boundary=bbbbbbbbbbbbbbbbbbbbbbbbbbbb\n\n" + fill("--bbbbbbbbbbbb\n"),
		"a long boundary":           "From: x\nContent-Type: multipart/mixed; boundary=" + strings.Repeat("-", 60000) + "\n\n" + fill("-\n"),
		"parts in parts":            "From: x\n" + fill("Content-Type: multipart/mixed; boundary=b\n\n--b\n"),
		"messages in messages":      "From: x\n" + fill("Content-Type: message/rfc822\n\n"),
		"invalid UTF-8":             bounce + "\n" + fill("\xff\xfe "),
		"charset that takes longer": bounce + "Content-Type: text/plain; charset=iso-2022-jp\n\n" + fill("\x1b$B"),
		"NULs":                      bounce + "\n" + fill("\x00"),
		"carriage returns":          bounce + "\n" + fill("\r"),
	}
}

// A hostile report is read, or is not a mail. What that costs is bounded by the processor
// time of a process of its own: each takes half a second at most, and one that grows with
// the square of its length hours.
func TestHostileReports(t *testing.T) {
	if os.Getenv(inChild) == "" {
		child := exec.Command("sh", "-c", `ulimit -t 300 && exec "$0" -test.run='^TestHostileReports$'`, os.Args[0])
		child.Env = append(os.Environ(), inChild+"=1")
		if out, err := child.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	for name, mail := range hostileReports() {
		t.Run(name, func(t *testing.T) {
			got, err := Read(strings.NewReader(mail))
			if _, nonsense := errors.AsType[*NotMailError](err); err != nil && !nonsense {
				t.Error(err)
			}
			if got != nil && len(got.Reason) > maxReason {
				t.Errorf("a reason of %d octets", len(got.Reason))
			}
		})
	}
}

const inChild = "PUBLISHER_TEST_IN_CHILD"

func BenchmarkHostileReports(b *testing.B) {
	for name, mail := range hostileReports() {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(mail)))
			for b.Loop() {
				_, _ = Read(strings.NewReader(mail))
			}
		})
	}
}

// All of what is piped is read, and a pipe that breaks is told from the end of a mail.
func TestReadsToTheEnd(t *testing.T) {
	rest := &counting{r: io.LimitReader(zeros{}, 100<<20)}
	if _, err := Read(io.MultiReader(strings.NewReader("From: x\n\n"), rest)); err != nil || rest.n != 100<<20 {
		t.Errorf("%d octets are read, %v", rest.n, err)
	}
	endless := &counting{r: zeros{}}
	if _, err := Read(io.MultiReader(strings.NewReader("From: x\n\n"), endless)); err != nil || endless.n > 2*maxDrained {
		t.Errorf("%d octets are read of what never ends, %v", endless.n, err)
	}
	fault := errors.New("the pipe broke")
	for name, before := range map[string]string{
		"at once": "", "in the header": "From: x\nSub", "in the body": "From: MAILER-DAEMON@x\n\n550 5.1.1 no such user\n", "in nonsense": "nonsense",
		"in a part":   "Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\nAction: failed\nStatus: 5.1.1\n",
		"far behind":  "From: x\n\n" + strings.Repeat("x", 3<<20),
		"in the mbox": "From MAILER-DAEMON",
	} {
		if got, err := Read(io.MultiReader(strings.NewReader(before), iotest.ErrReader(fault))); !errors.Is(err, fault) || got != nil {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

type counting struct {
	r io.Reader
	n int
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += n
	return n, err
}
