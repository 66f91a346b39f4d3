package connlimit_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"testing"
	"time"

	"publisher/internal/web/connlimit"
)

// fromOneNetwork says that all connections come from one network.
type fromOneNetwork struct{ net.Listener }

func (l fromOneNetwork) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	return remote{conn}, err
}

type remote struct{ net.Conn }

func (remote) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.MustParseAddrPort("203.0.113.1:4711"))
}

// An answered connection counts as old as its answer: it is closed before those that came later,
// and after those that came before and have asked for nothing.
func TestIdleConnectionsAreClosedInTheirOrder(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	limited, idle := connlimit.New(fromOneNetwork{l}, nil), make(chan struct{}, 1)
	server := &http.Server{Handler: http.NotFoundHandler(), ConnState: func(conn net.Conn, state http.ConnState) {
		limited.Track(conn, state)
		if state == http.StateIdle {
			idle <- struct{}{}
		}
	}}
	go server.Serve(limited) //nolint:errcheck // it ends with the test
	t.Cleanup(func() { server.Close() })
	hold := func() net.Conn {
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		return conn
	}
	before, answered := hold(), hold()
	if _, err := io.WriteString(answered, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(answered), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		t.Fatal(err)
	}
	<-idle
	var after []net.Conn
	for range 98 {
		after = append(after, hold())
	}
	hold()
	wantClosed(t, before)
	wantOpen(t, answered)
	hold()
	wantClosed(t, answered)
	for _, conn := range after {
		wantOpen(t, conn)
	}
}

func wantClosed(t *testing.T, conn net.Conn) {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if n, err := conn.Read(make([]byte, 1)); n != 0 || err == nil || isTimeout(err) {
		t.Errorf("the connection is open: %d, %v", n, err)
	}
}

func wantOpen(t *testing.T, conn net.Conn) {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if n, err := conn.Read(make([]byte, 1)); n != 0 || !isTimeout(err) {
		t.Errorf("the connection is closed: %d, %v", n, err)
	}
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}
