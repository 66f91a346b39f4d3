package smtptest_test

import (
	"net/smtp"
	"strconv"
	"testing"

	"publisher/internal/smtptest"
)

// A server accepts, refuses and remembers what its script says.
func TestServer(t *testing.T) {
	server := smtptest.Start(t, smtptest.Options{Record: true, Script: func(e smtptest.Event) string {
		if e.Verb == "RCPT" && e.Arg == "later@example.net" && e.Tries == 0 {
			return "450 later"
		}
		return ""
	}})
	send := func(to string) error {
		return smtp.SendMail("127.0.0.1:"+strconv.Itoa(server.Port()), nil, "a@example.com", []string{to}, []byte("Subject: x\r\n\r\n.dot\r\n"))
	}
	if err := send("now@example.net"); err != nil {
		t.Error(err)
	}
	if err := send("later@example.net"); err == nil {
		t.Error("the first try was accepted")
	}
	if err := send("later@example.net"); err != nil {
		t.Error(err)
	}
	if n := server.Accepted(); n["now@example.net"] != 1 || n["later@example.net"] != 1 || server.Total() != 2 {
		t.Errorf("accepted %v", n)
	}
	if got := server.Messages()["now@example.net"]; got != "Subject: x\r\n\r\n.dot\r\n" {
		t.Errorf("received %q", got)
	}
	if got := server.Verbs(1); got != "CONNECT EHLO MAIL RCPT DATA BODY DOT QUIT" {
		t.Errorf("the client did %s", got)
	}
}
