package bounce

import (
	"strings"
	"testing"

	"publisher/mailer/refusal"

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
		kind   Kind
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
		"callout":        {report("Action: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; 550-Verification failed for <bounces@example.com>\n 550-No Such User Here\n 550 Sender verify failed"), Refused, "5.0.0", "Sender verify failed"},
		"callout to us":  {report("Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 <bounces+token@example.com>: no such user"), Refused, "5.1.1", "no such user"},
		"recipient rate": {report("Action: failed\nStatus: 5.2.1\nDiagnostic-Code: smtp; 550 5.2.1 the user gets mail at a rate that prevents more of it"), SoftBounce, "5.2.1", "rate"},
		"our rate":       {report("Action: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; 550 example.com has exceeded the max emails per hour"), Refused, "5.0.0", "per hour"},
		"IronPort":       {report("Action: failed\nStatus: 5.1.0\nDiagnostic-Code: smtp; 5.1.0 - Unknown address error 550-'5.7.1 refused' (delivery attempts: 0)"), Refused, "5.1.0", "550-'5.7.1 refused'"},
		"Exchange":       {report("Action: failed\nStatus: 5.0.0\nX-Supplementary-Info: <mx.example.net #5.1.1 smtp;550 5.1.1 no\n such user>"), HardBounce, "5.0.0", "no such user"},
		"no such domain": {report("Action: failed\nStatus: 5.4.4"), HardBounce, "5.4.4", ""},
		"other address":  {report("Action: failed\nStatus: 5.1.0\nDiagnostic-Code: smtp; 550 #5.1.0 Address rejected"), SoftBounce, "5.1.0", ""},
		"told in text":   {strings.Replace(report("Action: failed\nStatus: 5.0.0"), "could not be delivered.", "could not be delivered.\r\n\r\nann@example.net: user unknown", 1), HardBounce, "5.0.0", "user unknown"},
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
		"a person":           {crlf("From: Ann <ann@example.net>\nSubject: Nice post\n\nThanks!\n"), Written, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Read(strings.NewReader(c.mail))
			if err != nil {
				t.Fatal(err)
			}
			if got.Kind != c.kind || got.Status != c.status || !strings.Contains(got.Reason, c.reason) {
				t.Errorf("got %v %q %q, want %v %q %q", got.Kind, got.Status, got.Reason, c.kind, c.status, c.reason)
			}
		})
	}
}

// ourMail is a returned mail whose words would end a subscription if they were believed.
const ourMail = `Return-Path: <bounces+token@example.com>
From: "News" <news@example.com>
To: ann@example.net
Subject: What 550 5.1.1 means: user unknown
Message-ID: <1.2.abc@example.com>
MIME-Version: 1.0

Servers say "550 5.1.1 no such user" where a mailbox does not exist, and 554 5.7.1 for spam.

550 5.1.1 User unknown
`

// What our own mail says is never what became of it.
func TestReadReturnedStopsAtTheCopy(t *testing.T) {
	const qmail = "From: MAILER-DAEMON@mx.example.net\nTo: bounces+token@example.com\nSubject: failure notice\n\nHi. This is the qmail-send program.\n\n<ann@example.net>:\n"
	quoted := "> " + strings.ReplaceAll(ourMail, "\n", "\n> ")
	part := func(kind, text string) string { return "--b\nContent-Type: " + kind + "\n\n" + text + "\n" }
	mixed := "From: MAILER-DAEMON@mx.example.net\nTo: bounces+token@example.com\nSubject: Undeliverable\nContent-Type: multipart/mixed; boundary=b\n\n"
	expired := "I'm not going to try again; this message has been in the queue too long.\n\n"
	for name, c := range map[string]struct {
		mail string
		kind Kind
	}{
		"qmail":                {qmail + expired + "--- Below this line is a copy of the message.\n\n" + ourMail, SoftBounce},
		"qmail's headers":      {qmail + expired + "--- Enclosed are the original headers of the message.\n\n" + ourMail, SoftBounce},
		"Exim":                 {qmail + expired + "------ This is a copy of the message, including all the headers. ------\n\n" + ourMail, SoftBounce},
		"Gmail":                {qmail + expired + "----- Original message -----\n\n" + ourMail, SoftBounce},
		"Gmail's headers":      {qmail + expired + "   ----- Message header follows -----\n\n" + ourMail, SoftBounce},
		"sendmail":             {qmail + expired + "   ----- Unsent message follows -----\n" + ourMail, SoftBounce},
		"Exchange":             {qmail + expired + "Original message headers:\n\n" + ourMail, SoftBounce},
		"MIME in text":         {qmail + expired + "Content-Type: message/rfc822\n\n" + ourMail, SoftBounce},
		"in German":            {qmail + expired + "--- Kopie der Nachricht ---\n" + ourMail, SoftBounce},
		"unannounced":          {qmail + expired + ourMail, SoftBounce},
		"quoted":               {qmail + expired + quoted, SoftBounce},
		"its subject":          {qmail + expired + "  Subject: 550 5.1.1 User unknown\n", SoftBounce},
		"attached":             {mixed + part("text/plain", expired) + part("message/rfc822", ourMail) + "--b--\n", SoftBounce},
		"attached headers":     {mixed + part("text/plain", expired) + part("text/rfc822-headers", ourMail) + "--b--\n", SoftBounce},
		"behind it":            {mixed + part("text/plain", expired) + part("message/rfc822", ourMail) + part("text/plain", "550 5.1.1 User unknown\n") + "--b--\n", SoftBounce},
		"nothing but the copy": {qmail + "\n--- Below this line is a copy of the message.\n\n" + ourMail, Ignored},
		"after a real reason":  {qmail + "192.0.2.1 does not like recipient.\nRemote host said: 550 5.1.1 no mailbox here\n\n--- Below this line is a copy of the message.\n\n" + ourMail, HardBounce},
		"a summary before":     {qmail + "Your message\n  To: ann@example.net\n  From: news@example.com\n  Subject: spam policy\n\ncould not be delivered: 550 5.1.1 no such user\n", HardBounce},
		"a report":             {strings.ReplaceAll(strings.Replace(report("Action: failed\nStatus: 4.4.7"), "hello", ourMail, 1), "\r\n", "\n"), SoftBounce},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Read(strings.NewReader(crlf(c.mail)))
			if err != nil {
				t.Fatal(err)
			}
			if got.Kind != c.kind {
				t.Errorf("got %v (%s), want %v", got.Kind, got.Reason, c.kind)
			}
			if strings.Contains(c.mail, "Message-ID: <1.2.abc@example.com>") && len(got.MessageIDs) == 0 {
				t.Error("the copy's Message-ID was not found")
			}
		})
	}
}

func TestReadReturnedFindsTokens(t *testing.T) {
	got, err := Read(strings.NewReader(report("Action: failed\nStatus: 5.1.1")))
	if err != nil {
		t.Fatal(err)
	}
	want := &Report{Kind: HardBounce, About: refusal.AboutMailbox, Status: "5.1.1", Reason: "5.1.1",
		Addresses: []string{"bounces+token@example.com", "<bounces+token@example.com>"}, MessageIDs: []string{"<1.2.abc@example.com>"},
		Links: []string{"<https://example.com/unsubscribe/tok>, <mailto:bounces@example.com?subject=unsubscribe%20tok>"}, To: []string{"bounces+token@example.com"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestReadReturnedRefusesNonsense(t *testing.T) {
	for _, text := range []string{"", "\r\n", "no mail\r\n"} {
		if got, err := Read(strings.NewReader(text)); err == nil {
			t.Errorf("%q: got %+v", text, got)
		}
	}
}

func FuzzReadReturned(f *testing.F) {
	f.Add(report("Action: failed\nStatus: 5.1.1"))
	f.Add(crlf("From: MAILER-DAEMON\nContent-Type: multipart/mixed; boundary=\n\n>Message-ID: x\n550-5.1.1 x\n"))
	f.Add("Subject: unsubscribe =?utf-8?q?x?=\r\nContent-Transfer-Encoding: x\r\n\r\n")
	f.Add(crlf("From: MAILER-DAEMON@x\nX-Failed-Recipients: a@b\n\nsaid: 550-'5.7.1 no'\n--- Below this line is a copy of the message.\n\n" + ourMail))
	f.Add(report("Action: failed\nStatus: 5.0.0\nX-Supplementary-Info: <a #5.1.1 smtp;550 5.1.1 <>>"))
	f.Fuzz(func(t *testing.T, mail string) {
		got, err := Read(strings.NewReader(mail))
		if err != nil {
			return
		}
		if len(got.Reason) > 2*maxReason || strings.ContainsAny(got.Reason, "\r\n") {
			t.Errorf("a reason that does not fit on a line: %q", got.Reason)
		}
	})
}

// Whatever stands in the copy of our own mail, it does not change what the bounce means.
func FuzzTheCopySaysNothing(f *testing.F) {
	f.Add(ourMail)
	f.Add("550 5.1.1 User unknown\r\n\r\n550-'5.7.1 spam'\r\n")
	f.Add("will be retried\n--- Below this line is a copy of the message.\n\n<a@b>: mailbox full")
	f.Fuzz(func(t *testing.T, text string) {
		mail := "From: MAILER-DAEMON@mx.example.net\r\nSubject: failure notice\r\n\r\n<ann@example.net>:\r\nthis message has been in the queue too long.\r\n\r\n" +
			"--- Below this line is a copy of the message.\r\n\r\n" + text
		got, err := Read(strings.NewReader(mail))
		if err != nil {
			t.Fatal(err)
		}
		if got.Kind != SoftBounce || !strings.Contains(got.Reason, "queue too long") {
			t.Errorf("%q makes it a %v: %s", text, got.Kind, got.Reason)
		}
	})
}
