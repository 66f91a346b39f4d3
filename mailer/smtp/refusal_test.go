package smtp

import (
	"bufio"
	"strings"
	"testing"

	"publisher/mailer/refusal"
	"publisher/mailer/refusal/refusaltest"
)

func TestWhomARefusalIsAbout(t *testing.T) {
	stages := map[string]stage{"CONNECT": toMAIL, "MAIL": toMAIL, "RCPT": toRCPT, "DATA": toDATA, "BODY": toBody}
	abouts := map[string]refusal.About{"mailbox": refusal.AboutMailbox, "transient": refusal.AboutTransient, "us": refusal.AboutUs, "unclear": refusal.Unclear}
	job := &Job{ReturnPath: "bounces+token@blog.example.org", To: "reader@example.net"}
	for _, c := range refusaltest.Cases(t) {
		if c.Where == "DSN" {
			continue
		}
		rep, err := readReply(bufio.NewReader(strings.NewReader(strings.ReplaceAll(c.Text, "\n", "\r\n") + "\r\n")))
		if err != nil {
			t.Errorf("%s: %v", c.Text, err)
			continue
		}
		at, ok := stages[c.Where]
		if !ok {
			t.Fatalf("no stage %q", c.Where)
		}
		if got, want := rep.About(at, job), abouts[c.About]; got != want {
			t.Errorf("%s, %s\n\tis %v, want %v", c.Where, c.Text, got, want)
		}
	}
}

func TestSlowDown(t *testing.T) {
	for _, test := range []struct {
		line               string
		slow, again, ended bool // asks for less; the message is welcome at once; no more for hours
		verdict            Verdict
	}{
		{"250 ok", false, false, false, Sent},
		{"450 4.2.0 busy", false, false, false, Temporary},
		{"450 4.7.1 x", true, false, false, Temporary},
		{"451 4.7.500 Server busy. Please try again later", true, false, false, Temporary},
		{"450 4.7.1 <a@example.com>: Recipient address rejected: Greylisted", false, false, false, Temporary},
		{"421 x", true, false, false, Temporary},
		{"421 4.7.0 too many connections from your host", true, true, false, Temporary},
		{"421 Service unavailable, concurrency limit reached", true, true, false, Temporary},
		{"452 4.3.1 Insufficient system storage", true, false, false, Temporary},
		{"452 4.2.2 The recipient's inbox is out of storage space", false, false, false, Temporary},
		{"454 x", true, false, false, Temporary},
		{"454 Throttling failure: Maximum sending rate exceeded.", true, true, false, Temporary},
		{"454 Throttling failure: Daily message quota exceeded.", true, false, true, Temporary},
		{"432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded", true, true, false, Temporary},
		{"432 4.3.2 Concurrent connections limit exceeded", true, true, false, Temporary},
		{"432 4.3.2 STOREDRV.Deliver; recipient thread limit exceeded", true, false, false, Temporary},
		{"432 4.7.12 a password transition is needed", true, false, false, Temporary},
		{"450 4.4.5 congested", true, false, true, Temporary},
		{"550 5.4.5 Daily user sending limit exceeded", true, false, true, Temporary},
		{"550 5.3.2 system is not accepting mail", true, false, false, Permanent},
		{"450 4.2.1 The user you are trying to contact is receiving mail at a rate that prevents more", true, false, false, Temporary},
		{"450 4.2.1 Peak SMTP relay limit exceeded for this customer", true, false, true, Temporary},
		{"451 too many concurrent SMTP sessions", true, true, false, Temporary},
		{"451 rate limit exceeded", true, true, false, Temporary},
		{"451 rate limit exceeded, 500 messages per hour", true, false, true, Temporary},
		{"550 Domain has exceeded the max emails per hour (5/5) allowed", true, false, true, Temporary},
		{"450 4.7.1 Error: too much mail from 192.0.2.1", true, true, false, Temporary},
		{"451 4.7.1 Greylisted, slow down", false, false, false, Temporary},
		{"554 5.7.0 too many connections", true, true, false, Temporary},
		{"550 5.1.1 no such user", false, false, false, Permanent},
		{"550 5.7.1 looks like spam", false, false, false, Permanent},
		{"550 5.2.1 The user you are trying to contact is receiving mail at a rate that prevents more", true, false, false, Temporary},
		{"552 5.3.4 Message size exceeded the maximum", false, false, false, Permanent},
		{"552 5.2.2 Mailbox exceeded the maximum number of messages", false, false, false, Permanent},
		{"552 5.2.2 mailbox full", false, false, false, Permanent},
	} {
		rep, err := readReply(bufio.NewReader(strings.NewReader(test.line + "\r\n")))
		if err != nil {
			t.Fatal(err)
		}
		if rep.slowDown() != test.slow || rep.crowded() != test.again || rep.exhausted() != test.ended || rep.verdict() != test.verdict {
			t.Errorf("%s: slow down %v, again %v, ended %v, %v", test.line, rep.slowDown(), rep.crowded(), rep.exhausted(), rep.verdict())
		}
	}
}
