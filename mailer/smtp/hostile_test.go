package smtp

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"publisher/internal/config"
	"publisher/internal/smtptest"
	"publisher/mailer/refusal"
)

// hostileTimeout is mail.smtp.timeout towards servers that never come to an end.
const hostileTimeout = 300 * time.Millisecond

// startHostile runs a server that does with each connection what talk does.
func startHostile(t *testing.T, talk func(net.Conn, *bufio.Reader)) config.SMTP {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				talk(conn, bufio.NewReader(conn))
			}()
		}
	}()
	return config.SMTP{Host: "127.0.0.1", Port: listener.Addr().(*net.TCPAddr).Port, TLS: "none", Auth: "auto", Connections: 1, Timeout: hostileTimeout}
}

// endless writes a text again and again until the client has had enough.
func endless(text string) func(net.Conn) {
	return func(conn net.Conn) {
		text := strings.Repeat(text, 1+32<<10/len(text))
		for {
			if _, err := io.WriteString(conn, text); err != nil {
				return
			}
		}
	}
}

// trickle writes one byte after the other, slowly, until the client has had enough.
func trickle(text string) func(net.Conn) {
	return func(conn net.Conn) {
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for i := 0; ; i++ {
			if _, err := conn.Write([]byte{text[i%len(text)]}); err != nil {
				return
			}
			<-tick.C
		}
	}
}

func sends(text string) func(net.Conn) {
	return func(conn net.Conn) { _, _ = io.WriteString(conn, text) }
}

// badReplies are what a server may say where a reply is due, none of them a reply that
// means anything.
func badReplies() map[string]func(net.Conn) {
	return map[string]func(net.Conn){
		"endless line":             endless("x"),
		"endless reply":            endless("250-more\r\n"),
		"endless shortest lines":   endless("250-\r\n"),
		"endless empty lines":      endless("\r\n"),
		"endless NULs":             endless("\x00"),
		"endless CRs":              endless("\r"),
		"endless LFs":              endless("\n"),
		"line of 70,000 bytes":     sends("250 " + strings.Repeat("y", 70_000) + "\r\n"),
		"reply of 70,000 bytes":    sends(strings.Repeat("250-"+strings.Repeat("y", 66)+"\r\n", 1000) + "250 ok\r\n"),
		"trickled line":            trickle("250 x"),
		"trickled reply":           trickle("250-x\r\n"),
		"trickled NULs":            trickle("\x00"),
		"silence":                  func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) },
		"half a line":              sends("25"),
		"no line":                  sends(""),
		"empty line":               sends("\r\n"),
		"1xx":                      sends("150 wait\r\n"),
		"6xx":                      sends("650 more than permanent\r\n"),
		"000":                      sends("000 nothing\r\n"),
		"999":                      sends("999 all\r\n"),
		"two digits":               sends("25 ok\r\n"),
		"four digits":              sends("2500 ok\r\n"),
		"letters":                  sends("OK fine\r\n"),
		"sign before the code":     sends("+25 ok\r\n"),
		"space before the code":    sends(" 250 ok\r\n"),
		"other digits":             sends("２５０ ok\r\n"),
		"no space after the code":  sends("250ok\r\n"),
		"tab after the code":       sends("250\tok\r\n"),
		"NUL after the code":       sends("250\x00ok\r\n"),
		"codes that differ":        sends("250-one\r\n550 two\r\n"),
		"escape sequences":         sends("\x1b[2J250 ok\r\n"),
		"an answer of HTTP":        sends("HTTP/1.1 400 Bad Request\r\n\r\n"),
		"a record of TLS":          sends("\x15\x03\x01\x00\x02\x02\x46"),
		"the end, in the middle":   sends("250-one\r\n"),
		"3xx where none is wanted": sends("399 odd\r\n"),
	}
}

// Whatever a server says instead of a greeting or an answer to EHLO, it is given up on,
// in time and without growing.
func TestHostileGreeting(t *testing.T) {
	for name, bad := range badReplies() {
		for _, at := range []string{"greeting", "EHLO", "AUTH"} {
			if at == "AUTH" && name == "3xx where none is wanted" {
				continue
			}
			t.Run(at+" "+name, func(t *testing.T) {
				t.Parallel()
				cfg := startHostile(t, func(conn net.Conn, r *bufio.Reader) {
					if at == "greeting" {
						bad(conn)
						return
					}
					sends("220 mail.example.com\r\n")(conn)
					_, _ = r.ReadString('\n')
					if at == "EHLO" {
						bad(conn)
						return
					}
					sends("250-mail.example.com\r\n250 AUTH PLAIN\r\n")(conn)
					_, _ = r.ReadString('\n')
					bad(conn)
				})
				cfg.Username, cfg.Password = "ada", "secret"
				began := time.Now()
				err := newTestSender(t, cfg).Check(t.Context())
				if err == nil {
					t.Fatal("taken for an SMTP server that can be used")
				}
				if took := time.Since(began); took > time.Minute {
					t.Errorf("it took %v", took)
				}
				if len(err.Error()) > 2*refusal.MaxReplyText {
					t.Errorf("an error of %d bytes", len(err.Error()))
				}
			})
		}
	}
}

// Whatever it says instead of the replies to a message, nothing counts as sent, nobody
// is blamed for it, and the delivery ends.
func TestHostileReplies(t *testing.T) {
	for name, bad := range badReplies() {
		for _, at := range []string{"MAIL", "RCPT", "DATA", "."} {
			for _, offers := range []string{"PIPELINING", "HELP"} {
				t.Run(strings.Join([]string{at, offers, name}, " "), func(t *testing.T) {
					t.Parallel()
					cfg := startHostile(t, func(conn net.Conn, r *bufio.Reader) { answerUntil(conn, r, at, offers, bad) })
					q := newQueue(t, "a@example.org")
					sender := newTestSender(t, cfg)
					began := time.Now()
					_ = sender.Deliver(t.Context(), q) // that it ends matters, and what it noted
					if took := time.Since(began); took > time.Minute {
						t.Errorf("it took %v", took)
					}
					o := q.outcomes["a@example.org"]
					if o == nil {
						return
					}
					if o.Verdict == Sent || o.Verdict == Permanent || o.About == refusal.AboutMailbox || len(o.Reply) > 2000 {
						t.Errorf("%v, about %v: %.200q", o.Verdict, o.About, o.Reply)
					}
				})
			}
		}
	}
}

// answerUntil is an SMTP server until a command comes.
func answerUntil(conn net.Conn, r *bufio.Reader, at, offers string, bad func(net.Conn)) {
	sends("220 mail.example.com\r\n")(conn)
	body := false
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		verb, _, _ := strings.Cut(strings.TrimRight(line, "\r\n"), " ")
		verb, _, _ = strings.Cut(verb, ":")
		switch {
		case body && verb != ".":
			continue
		case verb == at:
			bad(conn)
			return
		case verb == "EHLO":
			sends("250-mail.example.com\r\n250 " + offers + "\r\n")(conn)
		case verb == "DATA":
			body = true
			sends("354 go on\r\n")(conn)
		default:
			body = false
			sends("250 ok\r\n")(conn)
		}
	}
}

// Long and odd replies that are replies are taken, and cut.
func TestOddButValid(t *testing.T) {
	long := strings.Repeat("250-"+strings.Repeat("n", 50)+"\r\n", 1000) + "250 2.0.0 ok\r\n"
	for name, reply := range map[string]string{
		"long":            long,
		"code alone":      "250\r\n",
		"LF alone":        "250 ok\n",
		"NULs in words":   "250 o\x00k\x00\r\n",
		"bytes":           "250 \xff\xfe\x9b\r\n",
		"escape sequence": "250 \x1b[2J\x1b]0;x\x07\u202e\r\n",
		"CR in words":     "250 a\rb\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := startScripted(t, func(e smtptest.Event) string {
				if e.Verb == "DOT" {
					return strings.TrimSuffix(reply, "\r\n")
				}
				return ""
			}, "PIPELINING")
			q := newQueue(t, "a@example.org", "b@example.org")
			if err := newTestSender(t, server.config()).Deliver(t.Context(), q); err != nil {
				t.Fatal(err)
			}
			for to, o := range q.outcomes {
				if o.Verdict != Sent || len(o.Reply) > refusal.MaxReplyText || strings.ContainsFunc(o.Reply, func(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 }) {
					t.Errorf("%s: %v, %q", to, o.Verdict, o.Reply)
				}
			}
		})
	}
}

// A server may name ten thousand extensions, and not a million.
func TestManyExtensions(t *testing.T) {
	for _, test := range []struct {
		lines int
		fault string
	}{{10_000, ""}, {1_000_000, "it sent more than 262144 bytes before the login"}} {
		t.Run(fmt.Sprint(test.lines), func(t *testing.T) {
			t.Parallel()
			cfg := startHostile(t, func(conn net.Conn, r *bufio.Reader) {
				var offers strings.Builder
				for i := range test.lines {
					fmt.Fprintf(&offers, "250-X%d\r\n", i)
				}
				answerUntil(conn, r, "EHLO", "", func(conn net.Conn) {
					sends(offers.String() + "250 HELP\r\n")(conn)
					_, _ = r.ReadString('\n')
					sends("221 bye\r\n")(conn)
				})
			})
			cfg.Timeout = 20 * time.Second
			err := newTestSender(t, cfg).Check(t.Context())
			if (err == nil) != (test.fault == "") || err != nil && !strings.Contains(err.Error(), test.fault) {
				t.Error(err)
			}
		})
	}
}

// A server that keeps silent at QUIT holds nobody up, however long replies may take.
func TestQuitDoesNotWait(t *testing.T) {
	for name, script := range map[string]func(smtptest.Event) string{
		"silent": func(e smtptest.Event) string { return map[string]string{"QUIT": smtptest.Silent}[e.Verb] },
		"silent after a refusal": func(e smtptest.Event) string { // the lone dot before QUIT waits, too
			return map[string]string{"RCPT": "550 5.1.1 no", "DOT": smtptest.Silent, "QUIT": smtptest.Silent}[e.Verb]
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := startScripted(t, script, "PIPELINING")
			cfg := server.config()
			cfg.Timeout = 10 * time.Minute
			began := time.Now()
			if err := newTestSender(t, cfg).Deliver(t.Context(), newQueue(t, "a@example.org")); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(began); took < quitWait/2 || took > 7*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
}

// A log-in that is refused by a server which then keeps silent ends as soon.
func TestRefusedLoginDoesNotWait(t *testing.T) {
	t.Parallel()
	cfg := startHostile(t, func(conn net.Conn, r *bufio.Reader) {
		sends("220 mail.example.com\r\n")(conn)
		_, _ = r.ReadString('\n')
		sends("250-mail.example.com\r\n250 AUTH PLAIN\r\n")(conn)
		_, _ = r.ReadString('\n')
		sends("535 5.7.8 no\r\n")(conn)
		_, _ = io.Copy(io.Discard, r)
	})
	cfg.Username, cfg.Password, cfg.Timeout = "ada", "secret", 10*time.Minute
	began := time.Now()
	err := newTestSender(t, cfg).Check(t.Context())
	if err == nil || !strings.Contains(err.Error(), "refused the login: 535 5.7.8 no") {
		t.Error(err)
	}
	if took := time.Since(began); took > 7*time.Second {
		t.Errorf("it took %v", took)
	}
}

// scramServer answers AUTH with a challenge for the client's nonce.
func scramServer(challenge func(nonce string) []string) func(net.Conn, *bufio.Reader) {
	return func(conn net.Conn, r *bufio.Reader) {
		sends("220 mail.example.com\r\n")(conn)
		_, _ = r.ReadString('\n')
		sends("250-mail.example.com\r\n250 AUTH SCRAM-SHA-256\r\n")(conn)
		_, _ = r.ReadString('\n') // AUTH SCRAM-SHA-256
		sends("334 \r\n")(conn)
		line, _ := r.ReadString('\n')
		first, _ := base64.StdEncoding.DecodeString(strings.TrimSpace(line))
		_, nonce, _ := strings.Cut(string(first), "r=")
		for _, text := range challenge(nonce) {
			sends("334 " + base64.StdEncoding.EncodeToString([]byte(text)) + "\r\n")(conn)
			if line, err := r.ReadString('\n'); err != nil || line == "*\r\n" {
				sends("501 canceled\r\n")(conn)
				return
			}
		}
		sends("535 5.7.8 no\r\n")(conn)
	}
}

// The server says how often a password is hashed; more than a second's work is not done.
func TestScramIterations(t *testing.T) {
	const salt = ",s=c2FsdA=="
	for _, test := range []struct {
		name, rest, want string
	}{
		{"usual", salt + ",i=4096", "535 5.7.8 no"},
		{"most", salt + ",i=1000000", "535 5.7.8 no"},
		{"one too many", salt + ",i=1000001", "asks for 1000001 SCRAM iterations; the limit is 1000000"},
		{"billions", salt + ",i=2147483647", "asks for 2147483647"},
		{"beyond numbers", salt + ",i=99999999999999999999", "is not a number"},
		{"plus", salt + ",i=+1000000000", "asks for 1000000000"},
		{"leading zeros", salt + ",i=0002000000", "asks for 2000000"},
		{"none", salt + ",i=0", "is not a number"},
		{"negative", salt + ",i=-1", "is not a number"},
		{"words", salt + ",i=many", "is not a number"},
		{"empty", salt + ",i=", "is not a number"},
		{"hexadecimal", salt + ",i=0xffffffff", "is not a number"},
		{"missing", salt, "has no iteration count"},
		{"two, the second high", salt + ",i=4096,i=2000000000", "asks for 2000000000"},
		{"two, the first high", salt + ",i=2000000000,i=4096", "asks for 2000000000"},
		{"before the salt", ",i=2000000000" + salt, "asks for 2000000000"},
		{"in an extension", salt + ",i=4096,x=i=2000000000", "535 5.7.8 no"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			cfg := startHostile(t, scramServer(func(nonce string) []string { return []string{"r=" + nonce + "server" + test.rest} }))
			cfg.Username, cfg.Password, cfg.Timeout = "ada", "secret", 20*time.Second
			err := newTestSender(t, cfg).Check(t.Context())
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want %q", err, test.want)
			}
		})
	}
}

// The work is asked for once, and a log-in has few steps.
func TestScramIsAskedOnce(t *testing.T) {
	t.Parallel()
	cfg := startHostile(t, scramServer(func(nonce string) []string {
		first := "r=" + nonce + "server,s=c2FsdA==,i=4096"
		return []string{first, first}
	}))
	cfg.Username, cfg.Password, cfg.Timeout = "ada", "secret", 20*time.Second
	if err := newTestSender(t, cfg).Check(t.Context()); err == nil || !strings.Contains(err.Error(), "proof of the password twice") {
		t.Error(err)
	}
	cfg = startHostile(t, scramServer(func(string) []string { return make([]string, 1000) }))
	cfg.Username, cfg.Password, cfg.Timeout = "ada", "secret", 20*time.Second
	if err := newTestSender(t, cfg).Check(t.Context()); err == nil || !strings.Contains(err.Error(), "did not end the login") {
		t.Error(err)
	}
}

// Who took the offer of STARTTLS away wants the password; that is said before how to do
// without encryption.
func TestMissingSTARTTLSNamesTheAttack(t *testing.T) {
	server := startScripted(t, nil, "AUTH PLAIN")
	cfg := server.config()
	cfg.TLS, cfg.Username, cfg.Password = "starttls", "ada", "secret"
	err := newTestSender(t, cfg).Check(t.Context())
	if err == nil {
		t.Fatal("it was used without encryption")
	}
	attack, none := strings.Index(err.Error(), "an attacker may have removed the offer"), strings.Index(err.Error(), "tls: none")
	if attack < 0 || none < attack {
		t.Error(err)
	}
	if strings.Contains(server.Verbs(1), "AUTH") {
		t.Error("the password was sent")
	}
}
