package mailbox

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"

	"publisher/internal/hint"
)

const (
	// maxOverhead is how many octets a server may send for a command, beside mails.
	maxOverhead = 1 << 20
	// maxError is how much of a server's words is shown.
	maxError = 300
)

// Error means that the mailbox cannot be used. Its text does not contain the password.
type Error struct {
	Mailbox string
	Err     error
}

func (e *Error) Error() string {
	return fmt.Sprintf("the mailbox of %s cannot be read: %v", e.Mailbox, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }

// session is an open mailbox.
type session struct {
	options  Options
	ctx      context.Context
	stop     func() bool
	conn     *limitedConn
	client   *imapclient.Client
	broken   bool
	readOnly bool
	validity uint32
	count    uint32 // of mails
}

// open connects, logs in and opens the folder.
func open(ctx context.Context, o Options, readOnly bool) (*session, error) {
	s := &session{options: o, ctx: ctx}
	address := net.JoinHostPort(o.Mailbox.Host, strconv.Itoa(o.Mailbox.Port))
	conn, err := (&net.Dialer{Timeout: 30 * time.Second}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, hint.With(s.fail(err), "check host and port in mail.bounces")
	}
	s.conn = &limitedConn{Conn: conn, silence: cmp.Or(o.Silence, 2*time.Minute)}
	s.conn.left.Store(maxOverhead)
	s.stop = context.AfterFunc(ctx, func() { _ = conn.Close() }) // wakes what waits for the server
	var stream net.Conn = s.conn
	if o.Mailbox.TLS {
		secured := tls.Client(stream, s.tlsConfig())
		if err := secured.HandshakeContext(ctx); err != nil {
			s.stop()
			conn.Close()
			return nil, hint.With(s.fail(err), "check that the server's certificate is valid for the host in mail.bounces, and that it uses TLS from the start at this port")
		}
		stream = secured
	}
	s.client = imapclient.New(&guardedConn{Conn: stream, literal: -1}, nil)
	if err := s.begin(readOnly); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *session) tlsConfig() *tls.Config {
	c := &tls.Config{}
	if s.options.TLS != nil {
		c = s.options.TLS.Clone()
	}
	c.ServerName, c.MinVersion, c.NextProtos = s.options.Mailbox.Host, tls.VersionTLS12, []string{"imap"}
	return c
}

// begin logs in and opens the folder.
func (s *session) begin(readOnly bool) error {
	if err := s.client.WaitGreeting(); err != nil {
		return s.fail(fmt.Errorf("greeting: %w", err))
	}
	user, password := s.options.Mailbox.Username, s.options.Mailbox.Password
	var err error
	if s.client.Caps().Has(imap.AuthCap(sasl.Plain)) {
		err = s.client.Authenticate(sasl.NewPlainClient("", user, password))
	} else {
		err = s.client.Login(user, password).Wait()
	}
	if err != nil {
		return hint.With(s.fail(fmt.Errorf("login: %w", err)), "check user and password in mail.bounces")
	}
	s.readOnly = readOnly
	if err := s.selectFolder(); err != nil {
		return hint.With(err, "check the folder in mail.bounces")
	}
	return nil
}

// selectFolder opens the folder, or counts its mails anew.
func (s *session) selectFolder() error {
	s.conn.allow(maxOverhead)
	selected, err := s.client.Select(s.options.Mailbox.Folder, &imap.SelectOptions{ReadOnly: s.readOnly}).Wait()
	if err != nil {
		return s.fail(fmt.Errorf("opening the folder: %w", err))
	}
	s.validity, s.count = selected.UIDValidity, selected.NumMessages
	return nil
}

// close ends the session. A server that does not answer is left alone.
func (s *session) close() {
	s.conn.allow(maxOverhead)
	s.conn.hurry(5 * time.Second)
	if s.ctx.Err() == nil && !s.broken {
		_ = s.client.Logout().Wait()
	}
	s.stop()
	_ = s.client.Close()
}

// fail returns an error of the server or the connection as a *Error.
func (s *session) fail(err error) error {
	var refused *imap.Error
	s.broken = s.broken || !errors.As(err, &refused)
	if cause := context.Cause(s.ctx); cause != nil && !errors.Is(err, cause) {
		err = fmt.Errorf("%w (%v)", cause, err)
	}
	text, _, _ := strings.Cut(err.Error(), "\n")
	if password := s.options.Mailbox.Password; strings.Contains(text, password) {
		text = strings.ReplaceAll(text, password, "…")
	}
	if len(text) > maxError {
		text = strings.ToValidUTF8(text[:maxError], "") + "…"
	}
	return &Error{Mailbox: s.options.Mailbox.Name(), Err: &shownError{text, err}}
}

// shownError is an error whose text is fit to be shown.
type shownError struct {
	text string
	err  error
}

func (e *shownError) Error() string { return e.text }
func (e *shownError) Unwrap() error { return e.err }

// list returns the UIDs of at most n mails behind the first skip ones, in ascending order.
func (s *session) list(skip, n int) ([]imap.UID, error) {
	last := min(uint32(skip+n), s.count)
	if last <= uint32(skip) {
		return nil, nil
	}
	s.conn.allow(maxOverhead)
	set := imap.SeqSet{}
	set.AddRange(uint32(skip+1), last)
	cmd := s.client.Fetch(set, &imap.FetchOptions{UID: true})
	var uids []imap.UID
	for msg := cmd.Next(); msg != nil; msg = cmd.Next() {
		for item := msg.Next(); item != nil; item = msg.Next() {
			if uid, ok := item.(imapclient.FetchItemDataUID); ok && len(uids) < n {
				uids = append(uids, uid.UID)
			}
		}
	}
	if err := cmd.Close(); err != nil {
		return nil, s.fail(fmt.Errorf("listing the mails: %w", err))
	}
	slices.Sort(uids)
	return slices.Compact(uids), nil
}

// fetch calls each with the beginning of each mail that the server sends, one at a time. It
// ends at the first error of each, which it returns as it is.
func (s *session) fetch(uids []imap.UID, each func(imap.UID, []byte) error) error {
	s.conn.allow(maxMail + maxOverhead)
	body := &imap.FetchItemBodySection{Peek: true, Partial: &imap.SectionPartial{Size: maxMail}}
	cmd := s.client.Fetch(imap.UIDSetNum(uids...), &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{body}})
	var mail bytes.Buffer
	for msg := cmd.Next(); msg != nil; msg = cmd.Next() {
		uid, whole, err := readMessage(msg, body, &mail)
		if err != nil {
			// cmd.Close would read on beside the client, which has given up too.
			s.broken = true
			s.conn.Close()
			return s.fail(fmt.Errorf("reading the mails: %w", err))
		}
		s.conn.allow(maxMail + maxOverhead) // for the next one
		if !whole {
			continue
		}
		if err := each(uid, mail.Bytes()); err != nil {
			// The rest is not wanted, and may be long.
			s.broken = true
			s.conn.Close()
			_ = cmd.Close()
			return err
		}
	}
	if err := cmd.Close(); err != nil {
		return s.fail(fmt.Errorf("reading the mails: %w", err))
	}
	return nil
}

// readMessage reads one message of a FETCH into mail. It reports false if it is not there. After
// an error nothing more can be read.
func readMessage(msg *imapclient.FetchMessageData, body *imap.FetchItemBodySection, mail *bytes.Buffer) (uid imap.UID, whole bool, err error) {
	mail.Reset()
	for item := msg.Next(); item != nil; item = msg.Next() {
		switch item := item.(type) {
		case imapclient.FetchItemDataUID:
			uid = item.UID
		case imapclient.FetchItemDataBodySection:
			if item.Literal == nil || whole || !item.MatchCommand(body) {
				continue
			}
			size := item.Literal.Size()
			if _, err := io.CopyN(mail, item.Literal, min(size, maxMail)); err == io.EOF {
				return uid, false, io.ErrUnexpectedEOF
			} else if err != nil {
				return uid, false, err
			}
			whole = true
		}
	}
	return uid, whole && uid != 0, nil
}

// limitedConn limits how much the server may send, and for how long it may be silent. It
// ignores the deadlines for reading that the client sets, which has none between commands.
type limitedConn struct {
	net.Conn
	silence time.Duration
	hurried atomic.Bool
	left    atomic.Int64
}

var errTooMuch = errors.New("the server sends more than it was asked for")

func (c *limitedConn) allow(n int64) { c.left.Store(n) }

// hurry limits everything from now on.
func (c *limitedConn) hurry(within time.Duration) {
	c.hurried.Store(true)
	_ = c.Conn.SetDeadline(time.Now().Add(within))
}

func (c *limitedConn) Read(p []byte) (int, error) {
	if c.left.Load() <= 0 {
		return 0, errTooMuch
	}
	if !c.hurried.Load() {
		if err := c.Conn.SetReadDeadline(time.Now().Add(c.silence)); err != nil {
			return 0, err
		}
	}
	n, err := c.Conn.Read(p)
	c.left.Add(-int64(n))
	return n, err
}

func (c *limitedConn) SetDeadline(time.Time) error     { return nil }
func (c *limitedConn) SetReadDeadline(time.Time) error { return nil }
