package main

import (
	"net/mail"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"publisher/internal/smtptest"
)

// smtpd plain|locked|spam|roomy|small|modest DIR starts an SMTP server on a free port that
// writes what it accepts to DIR. locked refuses every login, spam every message, roomy no
// recipient; small accepts messages of 3,000 octets, modest of 30,000. The script's
// SMTP_PORT is set to its port.
func smtpd(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: smtpd plain|locked|spam|roomy|small|modest DIR")
	}
	o := smtptest.Options{Keywords: []string{"PIPELINING"}, Script: refuse, Dir: ts.MkAbs(args[1])}
	switch args[0] {
	case "locked":
		o.Keywords, o.Script = append(o.Keywords, "AUTH PLAIN"), reply("AUTH", "535 5.7.8 no such user here")
	case "spam":
		o.Script = reply("DOT", "550 5.7.1 looks like spam")
	case "roomy":
		o.Script = nil
	case "small", "modest":
		o.MaxOctets = map[string]int64{"small": 3000, "modest": 30_000}[args[0]]
	}
	server, err := smtptest.Listen("127.0.0.1:0", o)
	ts.Check(err)
	ts.Defer(server.Close)
	ts.Setenv("SMTP_PORT", strconv.Itoa(server.Port()))
}

func reply(verb, reply string) func(smtptest.Event) string {
	return func(e smtptest.Event) string {
		if e.Verb == verb {
			return reply
		}
		return ""
	}
}

// refuse refuses gone@… for good, odd@… in words that prove nothing, busy@… for now, and
// grey…@… for now at the first try after the server was started.
func refuse(e smtptest.Event) string {
	switch to := e.Arg; {
	case e.Verb != "RCPT":
	case strings.HasPrefix(to, "odd@"):
		return "550 no"
	case strings.HasPrefix(to, "grey") && e.Tries == 0:
		return "451 4.7.1 greylisted"
	case strings.HasPrefix(to, "gone@"):
		return "550 5.1.1 no such mailbox"
	case strings.HasPrefix(to, "busy@"):
		return "450 4.2.1 try later"
	}
	return ""
}

// delivered DIR N expects N messages in the directory of an smtpd.
func delivered(ts *testscript.TestScript, neg bool, args []string) {
	files, err := filepath.Glob(ts.MkAbs(args[0] + "/*.eml"))
	ts.Check(err)
	if want := args[1]; (strconv.Itoa(len(files)) == want) == neg {
		ts.Fatalf("%d messages in %s, want %s", len(files), args[0], want)
	}
}

// received DIR ADDRESS N TEXT expects N messages to the address that contain the text, in the
// directory of an smtpd.
func received(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 4 {
		ts.Fatalf("usage: received DIR ADDRESS N TEXT")
	}
	files, err := filepath.Glob(ts.MkAbs(args[0] + "/*.eml"))
	ts.Check(err)
	n := 0
	for _, file := range files {
		source := ts.ReadFile(file)
		m, err := mail.ReadMessage(strings.NewReader(source))
		ts.Check(err)
		if strings.Contains(m.Header.Get("To"), args[1]) && strings.Contains(source, args[3]) {
			n++
		}
	}
	if strconv.Itoa(n) != args[2] {
		ts.Fatalf("%d messages to %s have %q, want %s", n, args[1], args[3], args[2])
	}
}
