// Package smtp delivers messages over one SMTP server. A Sender keeps several connections
// busy with the jobs of a Queue: over each, the body of one message, the dot and the
// envelope of the next are sent together (RFC 2920), so that the steady state is one round
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

// Sender delivers over one SMTP server. Its limits apply to everything that it sends. It is
// safe for concurrent use.
type Sender struct {
	cfg      config.SMTP
	addr     string // host:port
	hello    string
	tls      *tls.Config
	rates    *RateLimiter
	limiter  Limiter // rates, unless another one was set
	throttle *throttle
	signer   *dkim.Signer  // nil: nothing is signed
	pause    time.Duration // before the first new attempt after a failed connection
	grace    time.Duration // for what is under way when delivery is to stop
	observer Observer      // nil: nobody
}

// Observer is told what happens, by many goroutines at once.
type Observer interface {
	// Connected says that a connection begins, or ends.
	Connected(begins bool)
	// Replied says how long the server took to reply to a message.
	Replied(took time.Duration)
}

// Observe has an observer told. It must be called before anything is sent.
func (s *Sender) Observe(o Observer) { s.observer = o }

func (s *Sender) noteConnected(begins bool) {
	if s.observer != nil {
		s.observer.Connected(begins)
	}
}

// NewSender checks the settings. It does not open a connection. hello is the name that this
// machine gives to the server, or "" for the host name.
func NewSender(cfg config.SMTP, hello string) (*Sender, error) {
	switch {
	case cfg.Host == "":
		return nil, errors.New("mail.smtp.host is missing")
	case cfg.Timeout <= 0:
		return nil, errors.New("mail.smtp.timeout: must be a duration like 10m")
	case strings.ContainsFunc(hello, func(r rune) bool { return r <= ' ' || r >= 0x7f }):
		return nil, fmt.Errorf("%q is not a host name for EHLO", hello)
	}
	cfg.Host = strings.Trim(cfg.Host, "[]")
	cfg.Connections = max(1, cfg.Connections)
	rates := NewRateLimiter(cfg.Rate, time.Now)
	return &Sender{
		cfg: cfg, addr: joinHostPort(cfg.Host, cfg.Port), hello: helloName(hello),
		tls:   &tls.Config{ServerName: cfg.Host, MinVersion: tls.VersionTLS12},
		rates: rates, limiter: rates, throttle: newThrottle(cfg.Connections),
		pause: time.Second, grace: defaultGrace,
	}, nil
}

// helloName returns the host name if it is fully qualified, else an address literal (RFC 5321
// §4.1.4).
func helloName(name string) string {
	if name != "" {
		return name
	}
	if host, err := os.Hostname(); err == nil && strings.Contains(host, ".") && net.ParseIP(host) == nil && address.IsASCII(host) {
		return host
	}
	return "[127.0.0.1]"
}

// Sign makes the sender sign every message from now on. It must not be called during Deliver.
func (s *Sender) Sign(signer *dkim.Signer) { s.signer = signer }

// RateLimiter returns the sender's own limiter for mail.smtp.rate, whose State can outlive the
// process.
func (s *Sender) RateLimiter() *RateLimiter { return s.rates }

// Limit replaces the sender's own limiter by one for all that send at the same rate. It must not be
// called during Deliver.
func (s *Sender) Limit(l Limiter) { s.limiter = l }

// Server returns the address of the server, host:port.
func (s *Sender) Server() string { return s.addr }

// Connections returns how many connections the server accepts, by its replies so far:
// mail.smtp.connections unless it asked for fewer.
func (s *Sender) Connections() int { return s.throttle.limit() }

// Restrict makes the sender start with as many connections as an earlier Sender to the same
// server ended with. It must be called before anything is sent.
func (s *Sender) Restrict(connections int) { s.throttle.restore(connections) }

// Check connects, negotiates TLS, logs in and quits. It returns a *ConnectError.
func (s *Sender) Check(ctx context.Context) error {
	session, err := s.connect(ctx)
	if err != nil {
		return err
	}
	defer session.deadline.watch()()
	session.quit()
	return nil
}

// RefusedError is the result of Send if the message was not sent.
type RefusedError struct{ Outcome }

func (e *RefusedError) Error() string {
	return fmt.Sprintf("the mail to %s is %s: %s", e.Job.To, e.Verdict, e.Words())
}

// Send delivers one message without a queue. If the server did not accept it, the error is a
// *RefusedError.
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

// single is a queue of one job.
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
