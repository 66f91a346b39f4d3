// Package mailer makes digests into MIME messages and delivers them by SMTP.
package mailer

import (
	"context"
	"errors"
	"time"

	"publisher/config"
	"publisher/templates"
)

var errTODO = errors.New("todo")

// Message is one digest composed and MIME-encoded once, with gaps where each
// recipient's own parts go.
type Message struct {
	Subject           string
	HTMLSize          int // octets of the decoded HTML part
	Full, Brief, More int // posts with excerpt, as one-line links, behind "and N more"
}

// Recipient is what differs from one message of a digest to the next.
type Recipient struct {
	Name, Address string
	MessageID     string // without the angle brackets
	// UnsubscribeURL and PreferencesURL go into the body; "" leaves them out.
	UnsubscribeURL, PreferencesURL string
	// UnsubscribeMailto is "mailto:…" for List-Unsubscribe; "" for none.
	UnsubscribeMailto string
}

// Compose renders the digest into text and HTML that fit digest.max_bytes
// (excerpts shrink, then posts become one-line links, then "and N more") and
// encodes both. d's Posts are all posts of the set, newest first, with full excerpts.
func Compose(cfg *config.Config, set *templates.Set, d *templates.Digest, date time.Time) (*Message, error) {
	return nil, errTODO
}

// Append appends the message to r, header first, lines ended by CRLF, 7-bit only.
func (m *Message) Append(dst []byte, r Recipient) []byte { return dst }

// HTML and Text are the decoded parts for one recipient.
func (m *Message) HTML(r Recipient) string { return "" }
func (m *Message) Text(r Recipient) string { return "" }

// ExcerptText makes the text part's version of an excerpt.
func ExcerptText(html string) string { return "" }

// Job is one message to deliver.
type Job struct {
	ReturnPath string
	To         string
	// Append appends the whole message to dst.
	Append func(dst []byte) []byte
	// Ref is the queue's own record; the mailer does not look at it.
	Ref any
}

// Verdict is how an attempt ended.
type Verdict int

const (
	Sent      Verdict = iota
	Temporary         // 4xx, or a connection fault before the body was complete
	Permanent         // 5xx
	Uncertain         // the connection broke after the body, before the reply
)

// Outcome is how one job ended.
type Outcome struct {
	Job     *Job
	Verdict Verdict
	// AddressRefused tells a refusal of the recipient's address (5.1.x, 5.2.1, a bare
	// 550 to RCPT) from one of the message.
	AddressRefused bool
	Code           int    // SMTP reply code; 0 for a connection fault
	Enhanced       string // RFC 3463, such as "5.1.1"; "" for none
	Reply          string // the server's words, one line, or the fault's
}

// Queue hands out jobs and writes down what becomes of them. Its methods are
// called by many connections at once.
type Queue interface {
	// Next returns the next job, or io.EOF. Nothing is written down yet.
	Next(ctx context.Context) (*Job, error)
	// Commit writes down, durably and in one step, how done ended and that next's
	// body is about to go out; either may be nil. False: next must not be sent.
	Commit(ctx context.Context, done *Outcome, next *Job) (bool, error)
}

// Sender delivers over one SMTP server.
type Sender struct{}

// NewSender checks the settings; it opens no connection yet.
func NewSender(cfg config.SMTP, hello string) (*Sender, error) { return nil, errTODO }

// Deliver keeps up to cfg.Connections connections busy until the queue is empty.
// Where the server cannot be reached, refuses the log-in or the like, it returns a
// *ConnectError and the jobs not yet tried stay with the queue. When ctx ends, what is in flight
// is finished and committed first.
func (s *Sender) Deliver(ctx context.Context, q Queue) error { return errTODO }

// Send delivers one message outside any queue.
func (s *Sender) Send(ctx context.Context, returnPath, to string, message []byte) error {
	return errTODO
}

// Check connects, negotiates TLS, logs in and leaves.
func (s *Sender) Check(ctx context.Context) error { return errTODO }

// Catcher is an SMTP server on loopback that files each message as an .eml.
type Catcher struct{}

// StartCatcher listens on a free port of 127.0.0.1 and files into dir.
func StartCatcher(dir string) (*Catcher, error) { return nil, errTODO }

// SMTP is the settings that reach the catcher.
func (c *Catcher) SMTP(cfg config.SMTP) config.SMTP { return cfg }

func (c *Catcher) Close() error { return errTODO }
