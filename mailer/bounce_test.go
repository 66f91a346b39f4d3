package mailer

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// report is a DSN as Postfix writes it, of one recipient's fields.
func report(fields string) string {
	return crlf(`From: MAILER-DAEMON@mx.example.net (Mail Delivery System)
To: bounces+token@example.com
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net
X-Postfix-Queue-ID: 4711

Final-Recipient: rfc822; ann@example.net
` + fields + `

--b
Content-Type: message/rfc822

Return-Path: <bounces+token@example.com>
From: news@example.com
Message-ID: <1.2.abc@example.com>
List-Unsubscribe: <https://example.com/unsubscribe/tok>,
 <mailto:bounces@example.com?subject=unsubscribe%20tok>

hello
--b--
`)
}

func crlf(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }

func TestReadReturned(t *testing.T) {
	for name, c := range map[string]struct {
		mail   string
		kind   Return
		status string
		reason string // a part of it
	}{
		"unknown user":   {report("Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1\n    no such user"), HardBounce, "5.1.1", "550 5.1.1 no such user"},
		"piped":          {"From MAILER-DAEMON  Sun Nov 22 18:57:36 2026\n" + report("Action: failed\nStatus: 5.1.1"), HardBounce, "5.1.1", ""},
		"disabled":       {report("Action: failed\nStatus: 5.2.1"), HardBounce, "5.2.1", "5.2.1"},
		"mailbox full":   {report("Action: failed\nStatus: 5.2.2\nDiagnostic-Code: smtp; 552 full"), SoftBounce, "5.2.2", "552 full"},
		"given up":       {report("Action: failed\nStatus: 4.4.7"), SoftBounce, "4.4.7", ""},
		"policy":         {report("Action: failed\nStatus: 5.7.1\nDiagnostic-Code: smtp; 550 spam"), Refused, "5.7.1", ""},
		"vague code":     {report("Action: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; 550 User unknown"), HardBounce, "5.0.0", "User unknown"},
		"vague entirely": {report("Action: failed\nStatus: 5.0.0"), SoftBounce, "5.0.0", ""},
		"delayed":        {report("Action: delayed\nStatus: 4.4.1"), Ignored, "", ""},
		"delivered":      {report("Action: delivered\nStatus: 2.0.0"), Ignored, "", ""},
		"complaint": {crlf("From: feedback@isp.example\nTo: abuse@example.com\nContent-Type: multipart/report; report-type=feedback-report; boundary=b\n\n" +
			"--b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nUser-Agent: X/1\nVersion: 1\nOriginal-Mail-From: <bounces+token@example.com>\n\n" +
			"--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: <1.2.abc@example.com>\n\n--b--\n"), Complaint, "", "abuse"},
		"not spam": {crlf("From: feedback@isp.example\nContent-Type: multipart/report; report-type=feedback-report; boundary=b\n\n" +
			"--b\nContent-Type: message/feedback-report\n\nFeedback-Type: not-spam\n\n--b--\n"), Ignored, "", ""},
		"unsubscribe": {crlf("From: Ann <ann@example.net>\nSubject: unsubscribe tok\n\n"), OptOut, "", ""},
		"exim": {crlf("From: Mail Delivery System <Mailer-Daemon@mx.example.net>\nX-Failed-Recipients: ann@example.net\nSubject: Mail delivery failed\n\n" +
			"  ann@example.net\n    Unrouteable address\n\nReturn-path: <bounces+token@example.com>\nMessage-Id: <1.2.abc@example.com>\n"), HardBounce, "", "Unrouteable address"},
		"qmail": {crlf("From: MAILER-DAEMON@mx.example.net\nSubject: failure notice\n\nHi. This is the qmail-send program.\n\n<ann@example.net>:\n" +
			"192.0.2.1 does not like recipient.\nRemote host said: 550 5.1.1 sorry\n"), HardBounce, "5.1.1", "550 5.1.1 sorry"},
		"over quota": {crlf("From: postmaster@mx.example.net\nSubject: Undeliverable\n\nThe mailbox is full, mailbox unavailable.\n"), SoftBounce, "", "mailbox is full"},
		"spam wall":  {crlf("From: postmaster@mx.example.net\nSubject: Undeliverable\n\nYour message looks like spam.\n"), Refused, "", "spam"},
		"qmail's codes": {crlf("From: MAILER-DAEMON@mx.example.net\nSubject: failure notice\n\n<ann@example.net>:\nThe folder is over its size. (#5.2.2)\n"),
			SoftBounce, "5.2.2", "(#5.2.2)"},
		"in HTML": {crlf("From: MAILER-DAEMON@mx.example.net\nContent-Type: text/html\n\n<p>&lt;ann@example.net&gt;<br><b>550&nbsp;5.1.1</b> User&nbsp;unknown</p>\n"),
			HardBounce, "5.1.1", "550 5.1.1 User unknown"},
		"empty return path": {crlf("Return-Path: <>\nFrom: noreply@mx.example.net\nSubject: Mail could not be delivered\n\n550 mailbox unavailable\n"),
			HardBounce, "", "550 mailbox unavailable"},
		"Exim's delay": {crlf("From: Mail Delivery System <Mailer-Daemon@mx.example.net>\nSubject: Warning: message 1abc delayed 24 hours\n\n" +
			"A message that you sent has not yet been delivered.\n  ann@example.net\n    Delay reason: mailbox is full\n"), Ignored, "", ""},
		"Outlook.com's complaint": {crlf("From: staff@hotmail.com\nSubject: complaint about message from 192.0.2.1\nContent-Type: multipart/mixed; boundary=b\n\n" +
			"--b\nContent-Type: message/rfc822\n\nReturn-Path: <bounces+token@example.com>\n\nhello\n--b--\n"), Complaint, "", "junk"},
		"vacation of nobody": {crlf("Return-Path: <>\nFrom: Ann, postmaster no more <ann@example.net>\nSubject: Automatic reply\n\nMy mailbox is temporarily full.\n"), Ignored, "", ""},
		"vacation":           {crlf("From: Ann <ann@example.net>\nAuto-Submitted: auto-replied\nSubject: Away\n\nThe user unknown to you does not exist here this week.\n"), Ignored, "", ""},
		"a person":           {crlf("From: Ann <ann@example.net>\nSubject: Nice post\n\nThanks!\n"), Ignored, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ReadReturned(strings.NewReader(c.mail))
			if err != nil {
				t.Fatal(err)
			}
			if got.Kind != c.kind || got.Status != c.status || !strings.Contains(got.Reason, c.reason) {
				t.Errorf("got %v %q %q, want %v %q %q", got.Kind, got.Status, got.Reason, c.kind, c.status, c.reason)
			}
		})
	}
}

func TestReadReturnedFindsTokens(t *testing.T) {
	got, err := ReadReturned(strings.NewReader(report("Action: failed\nStatus: 5.1.1")))
	if err != nil {
		t.Fatal(err)
	}
	want := &Returned{Kind: HardBounce, Status: "5.1.1", Reason: "5.1.1",
		Addresses: []string{"bounces+token@example.com", "<bounces+token@example.com>"}, MessageIDs: []string{"<1.2.abc@example.com>"},
		Links: []string{"<https://example.com/unsubscribe/tok>, <mailto:bounces@example.com?subject=unsubscribe%20tok>"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestReadReturnedRefusesNonsense(t *testing.T) {
	for _, text := range []string{"", "\r\n", "no mail\r\n"} {
		if got, err := ReadReturned(strings.NewReader(text)); err == nil {
			t.Errorf("%q: got %+v", text, got)
		}
	}
}

func FuzzReadReturned(f *testing.F) {
	f.Add(report("Action: failed\nStatus: 5.1.1"))
	f.Add(crlf("From: MAILER-DAEMON\nContent-Type: multipart/mixed; boundary=\n\n>Message-ID: x\n550-5.1.1 x\n"))
	f.Add("Subject: unsubscribe =?utf-8?q?x?=\r\nContent-Transfer-Encoding: x\r\n\r\n")
	f.Fuzz(func(t *testing.T, mail string) {
		got, err := ReadReturned(strings.NewReader(mail))
		if err != nil {
			return
		}
		if len(got.Reason) > 2*maxReason || strings.ContainsAny(got.Reason, "\r\n") {
			t.Errorf("a reason that does not fit on a line: %q", got.Reason)
		}
	})
}
