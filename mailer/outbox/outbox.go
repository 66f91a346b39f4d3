// Package outbox is the built-in mail catcher: an SMTP server on this machine that writes mail to
// files instead of delivering it.
package outbox

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net"
	"net/mail"
	"os"
	"path/filepath"
	"strings"

	"github.com/emersion/go-smtp"
	"github.com/gofrs/flock"

	"publisher/internal/config"
	"publisher/mailer/refusal"
)

// Catcher is an SMTP server on the loopback address that writes each message to an .eml file.
type Catcher struct {
	server   *smtp.Server
	listener net.Listener
	port     int
	done     chan error
}

// Start listens on a free port of 127.0.0.1 and writes to dir, which is created for the
// first message. It removes incomplete files of catchers that died.
func Start(dir string) (*Catcher, error) {
	sweepIncoming(dir)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("starting the built-in catcher: %w", err)
	}
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &caught{dir: dir}, nil }))
	server.Domain = "localhost"
	server.EnableSMTPUTF8 = true
	server.ErrorLog = log.New(io.Discard, "", 0) // clients that leave without QUIT are no news
	c := &Catcher{server: server, listener: listener, port: listener.Addr().(*net.TCPAddr).Port, done: make(chan error, 1)}
	go func() { c.done <- server.Serve(listener) }()
	return c, nil
}

// SMTP returns settings for sending to the catcher.
func (c *Catcher) SMTP(cfg config.SMTP) config.SMTP {
	cfg.Host, cfg.Port, cfg.TLS = "127.0.0.1", c.port, "none"
	cfg.Username, cfg.Password, cfg.Auth, cfg.Rate = "", "", "none", nil
	return cfg
}

// Close ends all connections. It can be called more than once.
func (c *Catcher) Close() error {
	err := c.server.Close()
	if errors.Is(err, smtp.ErrServerClosed) {
		return nil
	}
	// The server knows of the listener only once Serve has begun.
	if closed := c.listener.Close(); !errors.Is(closed, net.ErrClosed) {
		err = errors.Join(err, closed)
	}
	if served := <-c.done; !errors.Is(served, net.ErrClosed) {
		err = errors.Join(err, served)
	}
	if err != nil {
		return fmt.Errorf("stopping the built-in catcher: %w", err)
	}
	return nil
}

// caught is a connection to the catcher.
type caught struct {
	dir, from string
	to        []string
}

func (s *caught) Reset()        { s.from, s.to = "", nil }
func (s *caught) Logout() error { return nil }

func (s *caught) Mail(from string, _ *smtp.MailOptions) error {
	s.from = from
	return nil
}

func (s *caught) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = append(s.to, to)
	return nil
}

// Data writes the message once for each recipient. If it cannot, it refuses the message
// temporarily, so that the delivery is deferred and not lost.
func (s *caught) Data(r io.Reader) error {
	message, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	for _, to := range s.to {
		if err := s.file(to, message); err != nil {
			return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: refusal.OneLine("the outbox cannot be written: " + err.Error())}
		}
	}
	return nil
}

// file writes to a temporary file and renames it, so that no file is ever incomplete. Only the
// owner can read folder and files, since whoever reads a mail can unsubscribe its recipient. The
// first lines are those that a mailbox adds at delivery (RFC 5321 §4.4, RFC 9228).
func (s *caught) file(to string, message []byte) error {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return err
	}
	f, lock, err := createIncoming(s.dir)
	if err != nil {
		return err
	}
	defer lock.Unlock()
	defer os.Remove(f.Name()) // gone already where all went well
	_, err = fmt.Fprintf(f, "Return-Path: <%s>\r\nDelivered-To: %s\r\n%s", s.from, to, message)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), filepath.Join(s.dir, fileName(to, message)))
}

// incoming is how the names of files that are being written begin.
const incoming = ".incoming-"

// createIncoming creates a file and locks it while it is written. The lock ends with the
// process, so a file without one is abandoned.
func createIncoming(dir string) (*os.File, *flock.Flock, error) {
	for {
		f, err := os.CreateTemp(dir, incoming+"*")
		if err != nil {
			return nil, nil, err
		}
		lock := flock.New(f.Name(), flock.SetFlag(os.O_RDWR))
		taken, err := lock.TryLock()
		if _, gone := os.Lstat(f.Name()); gone == nil && (taken || err != nil && !errors.Is(err, fs.ErrNotExist)) {
			return f, lock, nil // where files cannot be locked none is swept
		}
		// Another catcher has just taken it for one that was left.
		lock.Unlock()
		f.Close()
	}
}

// sweepIncoming removes abandoned files. One that cannot be removed does no harm.
func sweepIncoming(dir string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, entry := range entries {
		if !strings.HasPrefix(entry.Name(), incoming) || !entry.Type().IsRegular() {
			continue
		}
		file := filepath.Join(dir, entry.Name())
		lock := flock.New(file, flock.SetFlag(os.O_RDWR))
		if taken, err := lock.TryLock(); err == nil && taken {
			os.Remove(file)
			lock.Unlock()
		}
	}
}

// fileName returns a name made from Message-ID and recipient, so that a delivery that is sent
// again replaces the first one.
func fileName(to string, message []byte) string {
	id := ""
	if parsed, err := mail.ReadMessage(bytes.NewReader(message)); err == nil {
		id, _, _ = strings.Cut(strings.Trim(parsed.Header.Get("Message-Id"), "<> "), "@")
	}
	if id == "" {
		sum := sha256.Sum256(message)
		id = hex.EncodeToString(sum[:8])
	}
	const longest = 180
	name := id + "-" + to
	safe := strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("@+-_.", r) {
			return r
		}
		return '_'
	}, name)
	safe = strings.TrimLeft(safe, ".")
	if safe != name || len(safe) > longest {
		sum := sha256.Sum256([]byte(name)) // keeps apart what now looks alike
		safe = safe[:min(len(safe), longest)] + "-" + hex.EncodeToString(sum[:4])
	}
	return safe + ".eml"
}
