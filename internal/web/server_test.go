package web_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/web"
)

// brief are time-outs that a test can wait for.
var brief = web.Timeouts{
	Header: 100 * time.Millisecond, Read: 100 * time.Millisecond, Write: time.Second,
	Idle: 100 * time.Millisecond, Grace: 300 * time.Millisecond,
}

// patience is when a test gives up.
const patience = 20 * time.Second

// serve runs a Server until stop is called, which returns what Serve did.
func serve(t *testing.T, handler http.Handler, timeouts web.Timeouts) (addr string, stop func() error) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- (&web.Server{Handler: handler, Timeouts: timeouts}).Serve(ctx, listener) }()
	stop = func() error {
		cancel()
		select {
		case err := <-done:
			return err
		case <-time.After(patience):
			return errors.New("Serve does not return")
		}
	}
	return listener.Addr().String(), stop
}

func dial(t testing.TB, addr string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return conn
}

// wantClosed reads until the server ends the connection.
func wantClosed(t *testing.T, conn net.Conn) string {
	t.Helper()
	answer, err := io.ReadAll(conn)
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		t.Fatal("the connection stays open")
	}
	return string(answer)
}

func TestSlowClients(t *testing.T) {
	w := start(t, settings, nil)
	link := unsubscribeLink(w, ledger.Active)
	addr, stop := serve(t, w.handler, brief)
	for _, test := range []struct{ name, send, answer string }{
		{"nothing comes", "", ""},
		{"the request line breaks off", "GET / HT", ""},
		{"headers never end", "GET /healthz HTTP/1.1\r\nHost: a\r\nX-A: b\r\n", ""},
		{"a body breaks off", "POST " + link + " HTTP/1.1\r\nHost: a\r\nContent-Length: 26\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\nList-Unsub", "HTTP/1.1 408"},
		{"no further request comes", "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200"},
	} {
		conn := dial(t, addr)
		if _, err := io.WriteString(conn, test.send); err != nil {
			t.Fatal(err)
		}
		if answer := wantClosed(t, conn); !strings.HasPrefix(answer, test.answer) {
			t.Errorf("%s: got %.100q", test.name, answer)
		}
	}
	wantSubscription(t, w, ledger.Active)
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// A client that does not read what it asked for is given up.
func TestClientThatDoesNotRead(t *testing.T) {
	ended := make(chan error, 1)
	addr, stop := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for chunk := make([]byte, 1<<20); ; {
			if _, err := w.Write(chunk); err != nil {
				ended <- err
				return
			}
		}
	}), brief)
	conn := dial(t, addr)
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	select {
	case <-ended:
	case <-time.After(patience):
		t.Error("the server writes on")
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// A large file may take longer than the time-out for pages.
func TestLargeFileForSlowReader(t *testing.T) {
	w := start(t, settings, nil)
	w.write("talk.mp3", strings.Repeat("0123456789abcdef", 2<<20)) // more than kernels buffer
	addr, stop := serve(t, w.handler, brief)
	conn := dial(t, addr)
	if _, err := io.WriteString(conn, "GET /talk.mp3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	pause := time.NewTimer(brief.Write * 3 / 2)
	<-pause.C // a reader that stops for longer than pages may take
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if n, err := io.Copy(io.Discard, res.Body); n != 32<<20 || err != nil {
		t.Errorf("%d bytes arrived, %v", n, err)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

func TestLargeHeaders(t *testing.T) {
	addr, stop := serve(t, http.NotFoundHandler(), web.Timeouts{})
	conn := dial(t, addr)
	go fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: a\r\nX-A: %s\r\n\r\n", strings.Repeat("a", 1<<20))
	if answer := wantClosed(t, conn); answer != "" && !strings.HasPrefix(answer, "HTTP/1.1 431") {
		t.Errorf("got %.100q", answer)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

func TestStopLetsRequestsFinish(t *testing.T) {
	begun, finish := make(chan bool), make(chan bool)
	addr, stop := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(begun)
		<-finish
		fmt.Fprint(w, r.Context().Err())
	}), web.Timeouts{Grace: patience})
	conn := dial(t, addr)
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	<-begun
	stopped := make(chan error, 1)
	go func() { stopped <- stop() }()
	// Once the port is closed the server is stopping.
	for {
		probe, err := net.Dial("tcp", addr)
		if err != nil {
			break
		}
		probe.Close()
	}
	select {
	case err := <-stopped:
		t.Fatalf("stopped with a request in flight: %v", err)
	default:
	}
	close(finish)
	if answer := wantClosed(t, conn); !strings.HasSuffix(answer, "<nil>") {
		t.Errorf("got %q", answer)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

func TestStopDoesNotWaitForEver(t *testing.T) {
	begun, ended := make(chan bool), make(chan bool)
	addr, stop := serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(begun)
		<-r.Context().Done()
		close(ended)
	}), web.Timeouts{Grace: 100 * time.Millisecond})
	conn := dial(t, addr)
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	<-begun
	if err := stop(); err != nil {
		t.Error(err)
	}
	select {
	case <-ended:
	case <-time.After(patience):
		t.Error("the request is not told to end")
	}
}

func TestListenerThatFails(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	err = (&web.Server{Handler: http.NotFoundHandler()}).Serve(t.Context(), listener)
	if err == nil || !strings.Contains(err.Error(), listener.Addr().String()) {
		t.Errorf("got %v, want an error that names the address", err)
	}
}
