package smtp

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"publisher/internal/hint"
	"publisher/mailer/refusal"

	"github.com/wneessen/go-mail/smtp"
)

const (
	dialTimeout = 30 * time.Second
	// loginTimeout is for greeting, TLS and log-in together.
	loginTimeout = time.Minute
	// maxGreeting is how many octets, including TLS, a server may send before the login is done.
	maxGreeting = 256 << 10
)

// ConnectError reports that no connection could be established, so that nothing was sent
// over it, or that the server accepts no more messages for now.
type ConnectError struct {
	Addr string // host:port
	// AuthFailed means that the server refused the login, so that a retry is useless.
	AuthFailed bool
	// Hint is what to do, or "".
	Hint string
	Err  error
}

func (e *ConnectError) Error() string { return e.withHint().Error() }

// Lines returns what failed and, on a line of its own, the hint.
func (e *ConnectError) Lines() []string { return hint.Lines(e.withHint()) }

func (e *ConnectError) withHint() error {
	what := "cannot be used"
	if e.AuthFailed {
		what = "refused the login"
	}
	err := fmt.Errorf("the mail server %s %s: %w", e.Addr, what, e.Err)
	if e.Hint == "" {
		return err
	}
	return hint.With(err, "%s", e.Hint)
}

func (e *ConnectError) Unwrap() error { return e.Err }

// connect dials, negotiates TLS and logs in. It does the steps of go-mail's
// Client.DialToSMTPClientWithContext one by one with the same smtp.Client, because that says
// only in words which step failed, and then leaves the connection open.
func (s *Sender) connect(ctx context.Context) (*session, *ConnectError) {
	conn, err := (&net.Dialer{Timeout: dialTimeout}).DialContext(ctx, "tcp", s.addr)
	if err != nil {
		return nil, s.connectError(err)
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() }) // wakes what waits for the server
	defer stop()
	client, err := s.greet(conn)
	if err != nil {
		_ = conn.Close() // the error that led here says more
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return nil, s.connectError(err)
	}
	pipelining, _ := client.Extension("PIPELINING")
	smtputf8, _ := client.Extension("SMTPUTF8")
	sizes, most := client.Extension("SIZE")
	return &session{
		client: client, addr: s.addr, signer: s.signer, observer: s.observer, pipelining: pipelining, smtputf8: smtputf8,
		sizes: sizes, max: maxSize(most),
		deadline: &deadline{client: client, timeout: s.cfg.Timeout, grace: s.grace, ctx: ctx, holds: s.limiter.Holds},
	}, nil
}

// greet does everything between connecting and the first envelope.
func (s *Sender) greet(conn net.Conn) (*smtp.Client, error) {
	if err := conn.SetDeadline(time.Now().Add(min(loginTimeout, s.cfg.Timeout))); err != nil {
		return nil, err
	}
	capped := &cappedConn{Conn: conn}
	capped.left.Store(maxGreeting)
	var stream net.Conn = capped
	if s.cfg.TLS == "implicit" {
		stream = tls.Client(stream, s.tls)
	}
	client, err := smtp.NewClient(stream, s.cfg.Host)
	if err != nil {
		return nil, fmt.Errorf("greeting: %w", err)
	}
	if err := client.Hello(s.hello); err != nil {
		return nil, fmt.Errorf("EHLO: %w", err)
	}
	if s.cfg.TLS == "starttls" {
		if offered, _ := client.Extension("STARTTLS"); !offered {
			return nil, errNoSTARTTLS
		}
		if err := client.StartTLS(s.tls); err != nil {
			return nil, fmt.Errorf("STARTTLS: %w", err)
		}
	}
	if err := s.logIn(client, conn, conn.RemoteAddr()); err != nil {
		return nil, &loginError{err}
	}
	capped.left.Store(-1)
	return client, nil
}

var (
	errNoSTARTTLS    = errors.New("it does not offer STARTTLS")
	errNoAUTH        = errors.New("it does not offer AUTH")
	errLongGreeting  = fmt.Errorf("%w: it sent more than %d bytes before the login", errMalformedReply, maxGreeting)
	errPlainPassword = errors.New("without TLS the password would cross the network in the open")
)

type loginError struct{ error }

func (e *loginError) Unwrap() error { return e.error }

// logIn uses mail.smtp.auth, or for auto the first mechanism that the server offers. Over TLS
// the plain ones work on every server.
func (s *Sender) logIn(client *smtp.Client, conn net.Conn, remote net.Addr) error {
	if s.cfg.Username == "" || s.cfg.Auth == "none" {
		return nil
	}
	encrypted := s.cfg.TLS != "none"
	if !encrypted && !isLoopback(remote) {
		return errPlainPassword
	}
	ok, offered := client.Extension("AUTH")
	if !ok {
		return errNoAUTH
	}
	mechanisms := strings.Fields(strings.ToUpper(offered))
	for _, name := range []string{"PLAIN", "LOGIN", "SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5"} {
		if wanted := strings.ToUpper(s.cfg.Auth); wanted != "AUTO" && wanted != name {
			continue
		}
		for _, mechanism := range mechanisms {
			if mechanism == name {
				return authenticate(client, conn, s.mechanism(name), &smtp.ServerInfo{Name: s.cfg.Host, TLS: encrypted, Auth: mechanisms})
			}
		}
	}
	return fmt.Errorf("it only offers AUTH %s", offered)
}

func (s *Sender) mechanism(name string) smtp.Auth {
	user, password := s.cfg.Username, s.cfg.Password
	// logIn has checked that the connection is encrypted or local.
	const allowPlain = true
	switch name {
	case "PLAIN":
		return smtp.PlainAuth("", user, password, s.cfg.Host, allowPlain)
	case "LOGIN":
		return smtp.LoginAuth(user, password, s.cfg.Host, allowPlain)
	case "SCRAM-SHA-256":
		return &boundedScram{Auth: smtp.ScramSHA256Auth(user, password)}
	case "SCRAM-SHA-1":
		return &boundedScram{Auth: smtp.ScramSHA1Auth(user, password)}
	}
	return smtp.CRAMMD5Auth(user, password)
}

func isLoopback(addr net.Addr) bool {
	tcp, ok := addr.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

// connectError returns an error that says in plain words what went wrong, and what to do.
func (s *Sender) connectError(err error) *ConnectError {
	e := &ConnectError{Addr: s.addr, Err: err}
	var (
		login    *loginError
		rep      *textproto.Error
		op       *net.OpError
		dns      *net.DNSError
		record   tls.RecordHeaderError
		cert     *tls.CertificateVerificationError
		hostname x509.HostnameError
	)
	if errors.As(err, &rep) {
		e.Err = fmt.Errorf("%d %s", rep.Code, refusal.OneLine(rep.Msg)) // textproto quotes it
	} else if text := err.Error(); len(text) > refusal.MaxReplyText { // textproto quotes everything it received
		e.Err = &shortenedError{err}
	}
	switch {
	case errors.As(err, &login) && rep != nil:
		e.AuthFailed = rep.Code/100 == 5
		e.Hint = "check mail.smtp.username and mail.smtp.password"
	case errors.Is(err, errPlainPassword):
		e.Hint = "set mail.smtp.tls to starttls or implicit"
	case errors.As(err, &login):
		e.Hint = "check mail.smtp.auth, mail.smtp.tls and mail.smtp.username"
	case errors.Is(err, errNoSTARTTLS):
		e.Hint = "an attacker may have removed the offer to read the mail and the password: try mail.smtp.tls: implicit with port 465, or ask the server's operator; " +
			"only if it is known not to support encryption, as on this machine, set mail.smtp.tls: none"
	case errors.As(err, &hostname):
		e.Hint = "mail.smtp.host must be a name in the server's certificate"
	case errors.As(err, &cert):
		e.Hint = "the server's certificate must be valid for " + s.cfg.Host
	case errors.As(err, &record):
		e.Hint = "it does not use TLS from the start; set mail.smtp.tls: starttls"
	case errors.As(err, &dns):
		e.Hint = "check mail.smtp.host"
	case errors.As(err, &op) && op.Op == "dial":
		e.Err = op.Err
		e.Hint = "check mail.smtp.host and mail.smtp.port"
	case errors.Is(err, os.ErrDeadlineExceeded) && s.cfg.TLS != "implicit":
		e.Err = errors.New("the server did not respond")
		e.Hint = "if it expects TLS from the start, as on port 465, set mail.smtp.tls: implicit"
	case errors.Is(err, io.EOF):
		e.Err = fmt.Errorf("it closed the connection: %w", err)
	}
	return e
}

// shortenedError is an error with its text cut.
type shortenedError struct{ error }

func (e *shortenedError) Error() string {
	return strings.ToValidUTF8(e.error.Error()[:refusal.MaxReplyText], "") + "…"
}

func (e *shortenedError) Unwrap() error { return e.error }

// cappedConn limits how much a server can send before the login is done; afterwards readReply
// does. A negative rest means no limit.
type cappedConn struct {
	net.Conn
	left atomic.Int64
}

func (c *cappedConn) Read(p []byte) (int, error) {
	left := c.left.Load()
	if left == 0 {
		return 0, errLongGreeting
	}
	if left > 0 {
		p = p[:min(int64(len(p)), left)]
	}
	n, err := c.Conn.Read(p)
	if left > 0 {
		c.left.Add(-int64(n))
	}
	return n, err
}

func joinHostPort(host string, port int) string {
	return net.JoinHostPort(strings.Trim(host, "[]"), strconv.Itoa(port))
}
