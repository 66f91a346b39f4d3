package mailer

import (
	"bufio"
	"os"
	"strings"
	"testing"
	"time"
)

// refusalCase is a line of testdata/refusals.txt.
type refusalCase struct {
	about About
	where string
	text  string
}

func refusalCases(t testing.TB) []refusalCase {
	t.Helper()
	data, err := os.ReadFile("testdata/refusals.txt")
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]About{"mailbox": AboutMailbox, "transient": AboutTransient, "us": AboutUs, "unclear": Unclear}
	var cases []refusalCase
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, rest, _ := strings.Cut(line, " ")
		where, text, _ := strings.Cut(rest, " ")
		about, ok := names[name]
		if !ok || text == "" {
			t.Fatalf("not a case: %q", line)
		}
		cases = append(cases, refusalCase{about, where, strings.ReplaceAll(text, `\n`, "\n")})
	}
	return cases
}

func TestWhomARefusalIsAbout(t *testing.T) {
	stages := map[string]stage{"CONNECT": toMAIL, "MAIL": toMAIL, "RCPT": toRCPT, "DATA": toDATA, "BODY": toBody}
	job := &Job{ReturnPath: "bounces+token@blog.example.org", To: "reader@example.net"}
	cases := refusalCases(t)
	if len(cases) < 120 {
		t.Errorf("only %d cases", len(cases))
	}
	for _, c := range cases {
		if c.where == "DSN" {
			checkReport(t, c)
			continue
		}
		rep, err := readReply(bufio.NewReader(strings.NewReader(crlf(c.text) + "\r\n")))
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		at, ok := stages[c.where]
		if !ok {
			t.Fatalf("no stage %q", c.where)
		}
		if got := rep.about(at, job); got != c.about {
			t.Errorf("%s, %s\n\tis %v, want %v", c.where, c.text, got, c.about)
		}
	}
}

// checkReport reads a report with the case's fields.
func checkReport(t *testing.T, c refusalCase) {
	t.Helper()
	status, diagnostic, _ := strings.Cut(c.text, "; ")
	mail := strings.Replace(report("Action: failed\n"+status+"\n"+diagnostic), "bounces+token@example.com", "bounces+token@blog.example.org", 1)
	got, err := ReadReturned(strings.NewReader(mail))
	if err != nil {
		t.Fatal(err)
	}
	want := map[About]Return{AboutMailbox: HardBounce, AboutTransient: SoftBounce, AboutUs: Refused, Unclear: SoftBounce}[c.about]
	if got.Kind != want || got.About != c.about {
		t.Errorf("%s\n\tis a %v, %v, want a %v, %v", c.text, got.Kind, got.About, want, c.about)
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

// What a refusal says may be of any bytes, and costs no more than its length.
func TestLongRefusals(t *testing.T) {
	for _, piece := range []string{"user ", "unknown ", "<", "5.1.1 ", "550-", "a@b ", "é", "\xff", "rate limit", "no such ", "x."} {
		start := time.Now()
		refusal{code: 550, text: strings.Repeat(piece, 1<<20), sender: "a@b.example", recipients: []string{"c@d.example"}}.about()
		findReply(strings.Repeat(piece, 1<<16))
		beforeCopy(strings.Repeat(piece+"\n", 1<<16))
		if d := time.Since(start); d > 10*time.Second {
			t.Errorf("%q takes %v", piece, d)
		}
	}
}

func FuzzRefusal(f *testing.F) {
	for _, c := range refusalCases(f) {
		f.Add(550, "5.1.1", c.text)
	}
	f.Fuzz(func(t *testing.T, code int, enhanced, text string) {
		r := refusal{code: code, enhanced: enhanced, text: text, sender: "a@b.example", recipients: []string{"c@d.example"}}
		about, byWords := r.about()
		if _ = about.String(); about == AboutMailbox && r.passing() {
			t.Errorf("%q is %v for now", text, about)
		}
		words := plainWords(text)
		if !strings.HasPrefix(words, " ") || !strings.HasSuffix(words, " ") || strings.Contains(words, "  ") {
			t.Errorf("%q became %q", text, words)
		}
		if upper, _ := (refusal{code: code, enhanced: enhanced, text: "sender " + text}).about(); upper == AboutMailbox && !byWords {
			t.Errorf("%q is about the mailbox although it speaks of the sender", text)
		}
	})
}
