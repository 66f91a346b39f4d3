package connlimit_test

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"publisher/internal/web/connlimit"
)

// watched is a listener that tells of the deadlines that its connections get.
type watched struct {
	net.Listener
	deadlines chan time.Time
}

func (l watched) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	return watchedConn{conn, l.deadlines}, err
}

type watchedConn struct {
	net.Conn
	deadlines chan time.Time
}

func (c watchedConn) SetWriteDeadline(t time.Time) error {
	c.deadlines <- t
	return c.Conn.SetWriteDeadline(t)
}

// connect returns both ends of a limited connection.
func connect(t *testing.T) (server, client net.Conn, deadlines chan time.Time) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	deadlines = make(chan time.Time, 100)
	limited := connlimit.New(watched{l, deadlines}, nil)
	t.Cleanup(func() { limited.Close() })
	if client, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	if server, err = limited.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	return server, client, deadlines
}

// much is more than what the system keeps of a connection.
const much = 32 << 20

// A later deadline costs nothing until the earlier one has passed, in the middle of a write or
// before it, and then counts.
func TestLaterDeadline(t *testing.T) {
	server, client, deadlines := connect(t)
	soon, late := time.Now().Add(50*time.Millisecond), time.Now().Add(time.Minute)
	for _, at := range []time.Time{soon, late} {
		if err := server.SetWriteDeadline(at); err != nil {
			t.Fatal(err)
		}
	}
	if got := <-deadlines; !got.Equal(soon) || len(deadlines) != 0 {
		t.Fatalf("the connection got %s and %d more", got, len(deadlines))
	}
	written := make(chan error, 1)
	go func() {
		n, err := server.Write(make([]byte, much))
		if err == nil && n != much {
			err = io.ErrShortWrite
		}
		written <- err
	}()
	if got := <-deadlines; !got.Equal(late) { // while the client does not read
		t.Errorf("the connection got %s", got)
	}
	if n, err := io.CopyN(io.Discard, client, much); err != nil {
		t.Errorf("the client got %d: %v", n, err)
	}
	if err := <-written; err != nil {
		t.Error(err)
	}
}

// A deadline that stands is kept, and so is one that is earlier than the one before.
func TestDeadlineIsKept(t *testing.T) {
	for name, set := range map[string][]time.Duration{"one": {50 * time.Millisecond}, "earlier": {time.Minute, 50 * time.Millisecond}, "past": {time.Minute, -time.Minute},
		"moved": {10 * time.Millisecond, 60 * time.Millisecond}} {
		t.Run(name, func(t *testing.T) {
			server, _, _ := connect(t)
			began := time.Now()
			for _, in := range set {
				if err := server.SetWriteDeadline(began.Add(in)); err != nil {
					t.Fatal(err)
				}
			}
			n, err := server.Write(make([]byte, much))
			if !errors.Is(err, os.ErrDeadlineExceeded) || n >= much {
				t.Errorf("wrote %d, %v", n, err)
			}
			if took := time.Since(began); took < set[len(set)-1] || took > 30*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
}

// Without a deadline a write waits, even if there was one that has passed.
func TestNoDeadline(t *testing.T) {
	server, client, deadlines := connect(t)
	for _, at := range []time.Time{time.Now().Add(-time.Second), {}} {
		if err := server.SetDeadline(at); err != nil {
			t.Fatal(err)
		}
	}
	go func() {
		<-deadlines
		<-deadlines
		io.Copy(io.Discard, client) //nolint:errcheck // it ends with the test
	}()
	if n, err := server.Write(make([]byte, much)); n != much || err != nil {
		t.Errorf("wrote %d, %v", n, err)
	}
}
