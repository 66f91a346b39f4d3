package smtp

import (
	"cmp"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"publisher/internal/config"
	"publisher/internal/smtptest"
	"publisher/mailer/refusal"
)

// mailbox is a go-smtp backend that takes mail from whoever has logged in as ada.
type mailbox struct {
	mechanisms []string
	messages   chan string
}

type mailboxSession struct {
	*mailbox
	in bool
}

func (m *mailbox) NewSession(*smtp.Conn) (smtp.Session, error) {
	return &mailboxSession{mailbox: m, in: len(m.mechanisms) == 0}, nil
}

func (s *mailboxSession) AuthMechanisms() []string { return s.mechanisms }

func (s *mailboxSession) Auth(mech string) (sasl.Server, error) {
	check := func(user, password string) error {
		if user != "ada" || password != "secret" {
			return &smtp.SMTPError{Code: 535, EnhancedCode: smtp.EnhancedCode{5, 7, 8}, Message: "wrong password, Ada"}
		}
		s.in = true
		return nil
	}
	if mech == "PLAIN" {
		return sasl.NewPlainServer(func(_, user, password string) error { return check(user, password) }), nil
	}
	return &loginServer{check: check}, nil
}

// loginServer is the LOGIN mechanism, which go-sasl has for clients only.
type loginServer struct {
	check func(user, password string) error
	step  int
	user  string
}

func (l *loginServer) Next(response []byte) (challenge []byte, done bool, err error) {
	l.step++
	switch l.step {
	case 1:
		return []byte("Username:"), false, nil
	case 2:
		l.user = string(response)
		return []byte("Password:"), false, nil
	}
	return nil, true, l.check(l.user, string(response))
}

func (s *mailboxSession) Reset()        {}
func (s *mailboxSession) Logout() error { return nil }
func (s *mailboxSession) Mail(string, *smtp.MailOptions) error {
	if !s.in {
		return smtp.ErrAuthRequired
	}
	return nil
}
func (s *mailboxSession) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (s *mailboxSession) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	s.messages <- string(b)
	return err
}

type mailServer struct {
	mailbox
	port  int
	roots *x509.CertPool
}

// startMailServer runs a real server; tlsMode is how it offers TLS.
func startMailServer(t testing.TB, tlsMode string, mechanisms ...string) *mailServer {
	t.Helper()
	s := &mailServer{mailbox: mailbox{mechanisms: mechanisms, messages: make(chan string, 10)}}
	server := smtp.NewServer(&s.mailbox)
	server.Domain = "mail.example.com"
	server.AllowInsecureAuth = true
	server.ErrorLog = log.New(io.Discard, "", 0)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.port = listener.Addr().(*net.TCPAddr).Port
	var cert tls.Certificate
	cert, s.roots = selfSigned(t)
	serverTLS := &tls.Config{Certificates: []tls.Certificate{cert}}
	switch tlsMode {
	case "starttls":
		server.TLSConfig = serverTLS
	case "implicit":
		listener = tls.NewListener(listener, serverTLS)
	}
	go server.Serve(listener)
	t.Cleanup(func() { server.Close() })
	return s
}

func selfSigned(t testing.TB) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}

func (s *mailServer) sender(t *testing.T, tlsMode, auth, user, password string) *Sender {
	t.Helper()
	sender, err := NewSender(config.SMTP{
		Host: "localhost", Port: s.port, TLS: tlsMode, Auth: auth, Username: user, Password: password,
		Connections: 2, Timeout: 5 * time.Second,
	}, "client.example.com")
	if err != nil {
		t.Fatal(err)
	}
	sender.tls.RootCAs = s.roots
	return sender
}

func TestSend(t *testing.T) {
	for _, test := range []struct{ tls, auth, offered string }{
		{"none", "auto", ""}, {"starttls", "auto", "PLAIN"}, {"implicit", "auto", "PLAIN"}, {"starttls", "auto", "LOGIN"},
		{"starttls", "login", "PLAIN LOGIN"}, {"starttls", "plain", "LOGIN PLAIN"}, {"none", "plain", "PLAIN"},
	} {
		t.Run(test.tls+" "+test.auth+" "+test.offered, func(t *testing.T) {
			server := startMailServer(t, test.tls, strings.Fields(test.offered)...)
			user := ""
			if test.offered != "" {
				user = "ada"
			}
			sender := server.sender(t, test.tls, test.auth, user, "secret")
			if err := sender.Check(t.Context()); err != nil {
				t.Fatal(err)
			}
			message := "Subject: x\r\n\r\n.\r\n..two\r\nend\r\n"
			if err := sender.Send(t.Context(), "", "bob@example.com", []byte(message)); err != nil {
				t.Fatal(err)
			}
			if got := <-server.messages; got != message {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestSendMendsLineEnds(t *testing.T) {
	server := startMailServer(t, "none")
	if err := server.sender(t, "none", "auto", "", "").Send(t.Context(), "", "bob@example.com", []byte("Subject: x\n\na\r.\rb\n.\nc")); err != nil {
		t.Fatal(err)
	}
	if got, want := <-server.messages, "Subject: x\r\n\r\na\r\n.\r\nb\r\n.\r\nc\r\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestSendRefused(t *testing.T) {
	server := startScripted(t, on("RCPT", "", "550 5.1.1 <x@example.com>: no such user"), "PIPELINING")
	err := newTestSender(t, server.config()).Send(t.Context(), "", "x@example.com", []byte("Subject: x\r\n\r\nx\r\n"))
	var refused *RefusedError
	if !errors.As(err, &refused) || refused.About != refusal.AboutMailbox {
		t.Fatalf("got error %v", err)
	}
	if want := "the mail to x@example.com is failed: 550 5.1.1 <x@example.com>: no such user"; err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
}

func TestConnectErrors(t *testing.T) {
	refusing, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := refusing.Addr().(*net.TCPAddr).Port
	refusing.Close()
	plain, starttls := startMailServer(t, "none", "PLAIN"), startMailServer(t, "starttls", "PLAIN")
	silent := startScripted(t, on("CONNECT", "", smtptest.Hang))
	busy := startScripted(t, on("CONNECT", "", "554 5.7.1 your kind is not welcome"+smtptest.ThenClose))
	chatty := startScripted(t, on("CONNECT", "", strings.Repeat("220-hello\r\n", 1<<18)))
	for _, test := range []struct {
		name                      string
		port                      int
		host, tls, auth, password string
		roots                     *x509.CertPool
		want                      []string
		authFailed                bool
		timeout                   time.Duration // a minute where none is given
	}{
		{name: "nobody there", port: nobody, tls: "none", want: []string{"connection refused", "check mail.smtp.host and mail.smtp.port"}},
		{name: "no STARTTLS", port: plain.port, tls: "starttls", want: []string{"does not offer STARTTLS", "mail.smtp.tls: none"}},
		{name: "no TLS from the start", port: plain.port, tls: "implicit", want: []string{"mail.smtp.tls: starttls"}},
		{name: "unknown authority", port: starttls.port, tls: "starttls", want: []string{"certificate"}},
		{name: "wrong name", port: starttls.port, host: "127.0.0.1", tls: "starttls", roots: starttls.roots, want: []string{"certificate", "mail.smtp.host"}},
		{name: "wrong password", port: starttls.port, tls: "starttls", password: "guess", roots: starttls.roots, authFailed: true,
			want: []string{"refused the login", "535", "wrong password, Ada", "mail.smtp.password"}},
		{name: "mechanism not offered", port: starttls.port, tls: "starttls", auth: "cram-md5", password: "secret", roots: starttls.roots,
			want: []string{"only offers AUTH PLAIN", "mail.smtp.auth"}},
		{name: "no greeting", port: silent.config().Port, tls: "none", want: []string{"the server did not respond"}, timeout: 300 * time.Millisecond},
		{name: "refused at once", port: busy.config().Port, tls: "none", want: []string{"554 5.7.1 your kind is not welcome"}},
		{name: "endless greeting", port: chatty.config().Port, tls: "none", want: []string{"not SMTP"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			cfg := config.SMTP{Host: "localhost", Port: test.port, TLS: test.tls, Auth: "auto", Connections: 1, Timeout: cmp.Or(test.timeout, time.Minute)}
			if test.host != "" {
				cfg.Host = test.host
			}
			if test.auth != "" {
				cfg.Auth = test.auth
			}
			if test.password != "" {
				cfg.Username, cfg.Password = "ada", test.password
			}
			sender := newTestSender(t, cfg)
			sender.tls.RootCAs = test.roots
			q := newQueue(t, abc...)
			err := sender.Deliver(t.Context(), q)
			var failed *ConnectError
			if !errors.As(err, &failed) {
				t.Fatalf("got error %v, want a ConnectError", err)
			}
			if failed.AuthFailed != test.authFailed {
				t.Errorf("AuthFailed is %v", failed.AuthFailed)
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
			if strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "guess") {
				t.Errorf("%q tells the password", err)
			}
			if q.commits > 0 {
				t.Error("something was committed without a connection")
			}
		})
	}
}

func TestNoPasswordInTheOpen(t *testing.T) {
	s := newTestSender(t, config.SMTP{Host: "mail.example.com", Port: 587, TLS: "none", Auth: "plain", Username: "ada", Password: "secret", Timeout: time.Second})
	err := s.logIn(nil, nil, &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1)})
	if !errors.Is(err, errPlainPassword) {
		t.Errorf("got error %v", err)
	}
}

func TestNewSenderRefusesBadSettings(t *testing.T) {
	for name, cfg := range map[string]config.SMTP{
		"no host":    {Timeout: time.Second},
		"no timeout": {Host: "localhost"},
	} {
		if _, err := NewSender(cfg, ""); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := NewSender(config.SMTP{Host: "localhost", Timeout: time.Second}, "x\r\nRSET"); err == nil {
		t.Error("a host name with a line break: no error")
	}
}
