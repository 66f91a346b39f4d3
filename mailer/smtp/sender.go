// Package smtp delivers messages over one SMTP server. A Sender keeps several connections
// busy with the jobs of a Queue: over each, the body of one message, the dot and the
// envelope of the next travel together (RFC 2920), so that the steady state is one round
// trip per message. Between two messages the result of the first and the intent to send
// the second are one commit of the queue, made before a byte of the second body goes out;
// so whatever breaks, at most one delivery per open connection is uncertain.
package smtp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"publisher/internal/config"
	"publisher/mailer/address"
	"publisher/mailer/dkim"
	"publisher/mailer/message"
)

// Sender delivers over one SMTP server. Its limits hold for all that is sent by it,
// and it is safe for concurrent use.
type Sender struct {
	cfg      config.SMTP
	addr     string // host:port
	hello    string
	tls      *tls.Config
	limiter  *RateLimiter
	throttle *throttle
	signer   *dkim.Signer  // nil: nothing is signed
	pause    time.Duration // before the first new attempt after a failed connection
	grace    time.Duration // for what is under way when delivery is to stop
}

// NewSender checks the settings; it opens no connection yet. hello is this
// machine's name as the server is told it, "" for the host name.
func NewSender(cfg config.SMTP, hello string) (*Sender, error) {
	switch {
	case cfg.Host == "":
		return nil, errors.New("mail.smtp.host is missing")
	case cfg.Timeout <= 0:
		return nil, errors.New("mail.smtp.timeout: want a time, like 10m")
	case strings.ContainsFunc(hello, func(r rune) bool { return r <= ' ' || r >= 0x7f }):
		return nil, fmt.Errorf("%q is not a host name for EHLO", hello)
	}
	cfg.Host = strings.Trim(cfg.Host, "[]")
	cfg.Connections = max(1, cfg.Connections)
	return &Sender{
		cfg: cfg, addr: joinHostPort(cfg.Host, cfg.Port), hello: helloName(hello),
		tls:     &tls.Config{ServerName: cfg.Host, MinVersion: tls.VersionTLS12},
		limiter: NewRateLimiter(cfg.Rate, time.Now), throttle: newThrottle(cfg.Connections),
		pause: time.Second, grace: defaultGrace,
	}, nil
}

// helloName falls back to the host name where it is a full one, else to an address
// literal (RFC 5321 §4.1.4).
func helloName(name string) string {
	if name != "" {
		return name
	}
	if host, err := os.Hostname(); err == nil && strings.Contains(host, ".") && net.ParseIP(host) == nil && address.IsASCII(host) {
		return host
	}
	return "[127.0.0.1]"
}

// Sign has every message signed from now on. It is not to be called once something
// is being sent.
func (s *Sender) Sign(signer *dkim.Signer) { s.signer = signer }

// Limiter is what keeps to mail.smtp.rate, so that its State can outlive the
// process.
func (s *Sender) RateLimiter() *RateLimiter { return s.limiter }

// Server is where it delivers, host:port.
func (s *Sender) Server() string { return s.addr }

// Connections is how many the server bears, as its replies told: all those of
// mail.smtp.connections unless it asked for less.
func (s *Sender) Connections() int { return s.throttle.limit() }

// Restrict begins with as many connections as an earlier Sender to the same server
// ended with. It is not to be called once something is being sent.
func (s *Sender) Restrict(connections int) { s.throttle.restore(connections) }

// Check connects, negotiates TLS, logs in and leaves. What fails is a
// *ConnectError.
func (s *Sender) Check(ctx context.Context) error {
	session, err := s.connect(ctx)
	if err != nil {
		return err
	}
	defer session.deadline.watch()()
	session.quit()
	return nil
}

// RefusedError tells how a message that Send was given ended, if it was not sent.
type RefusedError struct{ Outcome }

func (e *RefusedError) Error() string {
	return fmt.Sprintf("the mail to %s is %s: %s", e.Job.To, e.Verdict, e.Words())
}

// Send delivers one message outside any queue. A message that the server did not
// take is a *RefusedError.
func (s *Sender) Send(ctx context.Context, returnPath, to string, mail []byte) error {
	q := &single{job: &Job{ReturnPath: returnPath, To: to, Size: len(message.Stuff(mail)), Append: func(dst []byte) []byte { return append(dst, mail...) }}}
	if err := s.Deliver(ctx, q); q.outcome == nil && err != nil {
		return err
	}
	if q.outcome.Verdict != Sent {
		return &RefusedError{*q.outcome}
	}
	return nil
}

// single is a queue of one.
type single struct {
	mu      sync.Mutex
	job     *Job
	outcome *Outcome
}

func (q *single) Next(context.Context) (*Job, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	job := q.job
	if job == nil {
		return nil, io.EOF
	}
	q.job = nil
	return job, nil
}

func (q *single) Commit(_ context.Context, done *Outcome, _ *Job) (bool, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if done != nil {
		q.outcome = done
	}
	return true, nil
}
