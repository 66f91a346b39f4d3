package main

import (
	"errors"
	"io"
	"net"
	"net/mail"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"github.com/rogpeppe/go-internal/testscript"
)

// smtpd plain|locked|spam|roomy|small|modest DIR starts an SMTP server on a free port, without
// STARTTLS, that files what it takes in DIR; with locked it refuses every log-in, with
// spam every message, with roomy no recipient; small takes messages of 3,000 octets,
// modest of 30,000. The script's SMTP_PORT is set to its port.
func smtpd(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: smtpd plain|locked|spam|roomy|small|modest DIR")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	seen := new(sync.Map)
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) {
		return &sessionTo{dir: ts.MkAbs(args[1]), locked: args[0] == "locked", spam: args[0] == "spam", roomy: args[0] == "roomy", seen: seen}, nil
	}))
	server.Domain = "localhost"
	server.MaxMessageBytes = map[string]int64{"small": 3000, "modest": 30_000}[args[0]]
	server.AllowInsecureAuth = true
	server.ErrorLog = quiet{}
	go server.Serve(listener)
	ts.Defer(func() { server.Close() })
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	ts.Setenv("SMTP_PORT", port)
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

type sessionTo struct {
	dir    string
	locked bool
	spam   bool
	roomy  bool
	seen   *sync.Map
}

func (s *sessionTo) AuthMechanisms() []string {
	if s.locked {
		return []string{sasl.Plain}
	}
	return nil
}

func (s *sessionTo) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, _, _ string) error { return errors.New("no such user here") }), nil
}

func (s *sessionTo) Mail(string, *smtp.MailOptions) error { return nil }

// Rcpt refuses gone@… for good, odd@… in words that prove nothing, and busy@… for now, and
// grey…@… for now when it is first tried after the server was started.
func (s *sessionTo) Rcpt(to string, _ *smtp.RcptOptions) error {
	_, known := s.seen.LoadOrStore(to, true)
	switch {
	case s.roomy:
	case strings.HasPrefix(to, "odd@"):
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.NoEnhancedCode, Message: "no"}
	case strings.HasPrefix(to, "grey") && !known:
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "greylisted"}
	case strings.HasPrefix(to, "gone@"):
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such mailbox"}
	case strings.HasPrefix(to, "busy@"):
		return &smtp.SMTPError{Code: 450, EnhancedCode: smtp.EnhancedCode{4, 2, 1}, Message: "try later"}
	}
	return nil
}

func (s *sessionTo) Reset()        {}
func (s *sessionTo) Logout() error { return nil }

func (s *sessionTo) Data(r io.Reader) error {
	if s.spam {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "looks like spam"}
	}
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(s.dir, "*.eml")
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err = io.Copy(f, r); err != nil { // the client left in the middle
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// delivered DIR N counts what a server of smtpd filed.
func delivered(ts *testscript.TestScript, neg bool, args []string) {
	files, err := filepath.Glob(ts.MkAbs(args[0] + "/*.eml"))
	ts.Check(err)
	if want := args[1]; (strconv.Itoa(len(files)) == want) == neg {
		ts.Fatalf("%d messages in %s, want %s", len(files), args[0], want)
	}
}

// received DIR ADDRESS N TEXT wants N messages to the address, among those that a server
// of smtpd filed, that have the text.
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
