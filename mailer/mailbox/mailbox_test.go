package mailbox_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
	"github.com/google/go-cmp/cmp"

	"publisher/internal/config"
	"publisher/mailer/mailbox"
)

const password = "correct-horse"

// server is an IMAP server with the mailbox of one user.
type server struct {
	t    *testing.T
	user *imapmemserver.User
	addr *net.TCPAddr
}

func newServer(t *testing.T, caps ...imap.Cap) *server {
	t.Helper()
	set := imap.CapSet{imap.CapIMAP4rev1: {}}
	for _, c := range caps {
		set[c] = struct{}{}
	}
	s := &server{t: t, user: imapmemserver.NewUser("news", password)}
	s.must(s.user.Create("INBOX", nil))
	memory := imapmemserver.New()
	memory.AddUser(s.user)
	imapd := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return memory.NewSession(), nil, nil
		},
		Caps: set, InsecureAuth: true, Logger: log.New(io.Discard, "", 0),
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	s.must(err)
	s.addr = l.Addr().(*net.TCPAddr)
	go imapd.Serve(l)
	t.Cleanup(func() { imapd.Close() })
	return s
}

func (s *server) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *server) options() mailbox.Options { return optionsFor(s.addr) }

func optionsFor(addr *net.TCPAddr) mailbox.Options {
	return mailbox.Options{Mailbox: config.Mailbox{Host: "127.0.0.1", Port: addr.Port, Username: "news", Password: password, Folder: "INBOX"}}
}

// add appends mails, whose subjects are their names.
func (s *server) add(names ...string) {
	s.t.Helper()
	for _, name := range names {
		_, err := s.user.Append("INBOX", literal{bytes.NewReader([]byte("Subject: " + name + "\r\n\r\nWords.\r\n"))}, &imap.AppendOptions{})
		s.must(err)
	}
}

type literal struct{ *bytes.Reader }

func (l literal) Size() int64 { return l.Reader.Size() }

// subjects returns those of the mails in a folder.
func (s *server) subjects(folder string) (subjects []string) {
	s.t.Helper()
	client, err := imapclient.DialInsecure(s.addr.String(), nil)
	s.must(err)
	defer client.Close()
	s.must(client.Login("news", password).Wait())
	open, err := client.Select(folder, nil).Wait()
	s.must(err)
	if open.NumMessages == 0 {
		return nil
	}
	all := imap.SeqSet{}
	all.AddRange(1, 0)
	mails, err := client.Fetch(all, &imap.FetchOptions{Envelope: true}).Collect()
	s.must(err)
	for _, m := range mails {
		subjects = append(subjects, m.Envelope.Subject)
	}
	return subjects
}

// memory is a Store.
type memory struct {
	at    mailbox.Position
	saved int
}

func (m *memory) Position(context.Context) (mailbox.Position, error) { return m.at, nil }
func (m *memory) SetPosition(_ context.Context, at mailbox.Position) error {
	m.at, m.saved = at, m.saved+1
	return nil
}

// taker remembers the subjects of the mails that it took.
type taker struct{ subjects []string }

func (k *taker) take(_ context.Context, r io.Reader) (bool, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return false, err
	}
	line, _, _ := strings.Cut(string(text), "\r\n")
	k.subjects = append(k.subjects, strings.TrimPrefix(line, "Subject: "))
	return true, nil
}

func names(from, to int) (all []string) {
	for i := from; i <= to; i++ {
		all = append(all, fmt.Sprintf("mail %03d", i))
	}
	return all
}

func wantSubjects(t *testing.T, what string, got, want []string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// Each mail is read once and moved, whatever the server can.
func TestRead(t *testing.T) {
	for name, caps := range map[string][]imap.Cap{
		"IMAP4rev2": {imap.CapIMAP4rev2},
		"MOVE":      {imap.CapMove, imap.CapUIDPlus},
		"UIDPLUS":   {imap.CapUIDPlus},
		"IMAP4rev1": {},
		"NAMESPACE": {imap.CapNamespace, imap.CapMove},
	} {
		t.Run(name, func(t *testing.T) {
			s, at, k := newServer(t, caps...), &memory{}, &taker{}
			s.add(names(1, 120)...)
			n, err := mailbox.Read(t.Context(), s.options(), at, k.take)
			if n != 120 || err != nil {
				t.Fatalf("read %d, %v", n, err)
			}
			wantSubjects(t, "taken", k.subjects, names(1, 120))
			wantSubjects(t, "left", s.subjects("INBOX"), nil)
			wantSubjects(t, "moved", s.subjects("publisher"), names(1, 120))
			s.add(names(121, 121)...)
			if n, err := mailbox.Read(t.Context(), s.options(), at, k.take); n != 1 || err != nil {
				t.Errorf("the second reading: %d, %v", n, err)
			}
			if n, err := mailbox.Read(t.Context(), s.options(), at, k.take); n != 0 || err != nil {
				t.Errorf("the third reading: %d, %v", n, err)
			}
			wantSubjects(t, "moved", s.subjects("publisher"), names(1, 121))
		})
	}
}

// A mail that cannot be handled stays, and those before it do not come again.
func TestReadStopsAtAnError(t *testing.T) {
	s, at, k := newServer(t, imap.CapMove), &memory{}, &taker{}
	s.add(names(1, 10)...)
	locked := errors.New("the ledger is locked")
	_, err := mailbox.Read(t.Context(), s.options(), at, func(ctx context.Context, r io.Reader) (bool, error) {
		if len(k.subjects) == 4 {
			return false, locked
		}
		return k.take(ctx, r)
	})
	if !errors.Is(err, locked) {
		t.Errorf("the error is %v", err)
	}
	if n, err := mailbox.Read(t.Context(), s.options(), at, k.take); n != 6 || err != nil {
		t.Errorf("the second reading: %d, %v", n, err)
	}
	wantSubjects(t, "taken", k.subjects, names(1, 10))
	wantSubjects(t, "moved", s.subjects("publisher"), names(1, 10))
}

// Of a mail that is larger than what is read, the beginning is.
func TestLargeMail(t *testing.T) {
	s, at := newServer(t, imap.CapMove), &memory{}
	_, err := s.user.Append("INBOX", literal{bytes.NewReader(append([]byte("Subject: large\r\n\r\n"), bytes.Repeat([]byte("x"), 5<<20)...))}, &imap.AppendOptions{})
	s.must(err)
	s.add("small")
	var sizes []int
	n, err := mailbox.Read(t.Context(), s.options(), at, func(_ context.Context, r io.Reader) (bool, error) {
		text, err := io.ReadAll(r)
		sizes = append(sizes, len(text))
		return false, err
	})
	if n != 2 || err != nil || sizes[0] != 1<<20 || sizes[1] >= 100 {
		t.Errorf("read %d, %v, %d octets", n, err, sizes)
	}
}

// A mailbox whose UIDs mean something else now is read from its beginning.
func TestValidityChanges(t *testing.T) {
	s, at, k := newServer(t, imap.CapMove), &memory{}, &taker{}
	s.add(names(1, 3)...)
	if _, err := mailbox.Read(t.Context(), s.options(), at, k.take); err != nil {
		t.Fatal(err)
	}
	before := at.at
	s.must(s.user.Delete("INBOX"))
	s.must(s.user.Create("INBOX", nil))
	s.add(names(4, 5)...)
	if n, err := mailbox.Read(t.Context(), s.options(), at, k.take); n != 2 || err != nil {
		t.Fatalf("read %d, %v", n, err)
	}
	wantSubjects(t, "taken", k.subjects, names(1, 5))
	if before.UID != 3 || at.at.Validity == before.Validity || at.at.UID != 2 {
		t.Errorf("the position was %+v and is %+v", before, at.at)
	}
}

// Wherever the connection breaks, each mail is taken once, in the end all are, and moved.
func TestConnectionBreaks(t *testing.T) {
	for name, caps := range map[string][]imap.Cap{"MOVE": {imap.CapMove, imap.CapUIDPlus}, "COPY": {imap.CapUIDPlus}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for after := int64(1); after < 12000; after += 311 {
				s, at, k := newServer(t, caps...), &memory{}, &taker{}
				s.add(names(1, 60)...)
				p := newProxy(t, s.addr)
				p.after.Store(after)
				broken := 0
				for range 60 {
					_, err := mailbox.Read(t.Context(), optionsFor(p.addr), at, k.take)
					if err == nil {
						break
					}
					if broken++; !strings.HasPrefix(err.Error(), "the mailbox of news at 127.0.0.1, folder INBOX cannot be read: ") || strings.Contains(err.Error(), "goroutine") {
						t.Fatalf("after %d octets: %v", after, err)
					}
					p.after.Store(after + int64(broken)*700) // so that it comes to an end
				}
				wantSubjects(t, fmt.Sprintf("taken where it breaks after %d octets, %d times", after, broken), k.subjects, names(1, 60))
				wantSubjects(t, "left", s.subjects("INBOX"), nil)
				if got := s.subjects("publisher"); name == "MOVE" {
					wantSubjects(t, "moved", got, names(1, 60))
				} else if len(got) < 60 { // a copy may be there twice
					t.Errorf("%d copies", len(got))
				}
				if t.Failed() {
					return
				}
			}
		})
	}
}

// proxy passes on so many octets of a server, and breaks the connection.
type proxy struct {
	addr  *net.TCPAddr
	after atomic.Int64
}

func newProxy(t *testing.T, server *net.TCPAddr) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	p := &proxy{addr: l.Addr().(*net.TCPAddr)}
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer client.Close()
				upstream, err := net.DialTCP("tcp", nil, server)
				if err != nil {
					return
				}
				defer upstream.Close()
				go io.Copy(upstream, client)
				_, _ = io.CopyN(client, upstream, p.after.Load())
			}()
		}
	}()
	return p
}

func TestLogIn(t *testing.T) {
	s := newServer(t)
	s.add("mail")
	if err := mailbox.LogIn(t.Context(), s.options()); err != nil {
		t.Error(err)
	}
	wrong := s.options()
	wrong.Mailbox.Password = "battery-staple"
	if err := mailbox.LogIn(t.Context(), wrong); err == nil || !strings.Contains(err.Error(), "login: ") || !strings.Contains(err.Error(), "check user and password in mail.bounces") {
		t.Errorf("a wrong password: %v", err)
	}
	missing := s.options()
	missing.Mailbox.Folder = "Bounces"
	if err := mailbox.LogIn(t.Context(), missing); err == nil || !strings.Contains(err.Error(), "check the folder in mail.bounces") {
		t.Errorf("a folder that is not there: %v", err)
	}
	wantSubjects(t, "left", s.subjects("INBOX"), []string{"mail"})
}
