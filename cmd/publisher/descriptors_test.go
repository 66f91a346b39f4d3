//go:build unix

package main

import (
	"io"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"testing"
)

// If few files may be open, half-open connections leave enough of them for the ledger and the
// feeds.
func TestServeWithFewDescriptors(t *testing.T) {
	t.Parallel()
	s := newServed(t, "", "email\nada@example.com\n")
	s.start()
	s.stop()
	s.command = exec.Command("sh", "-c", "ulimit -n 120; exec publisher serve --log-format json")
	s.start()
	s.await("feeds", nil)
	for range 300 {
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.base, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\n") // the server may have closed it
	}
	http.DefaultClient.CloseIdleConnections()
	if r, text := s.get("/feed.xml"); r.StatusCode != http.StatusOK {
		t.Errorf("a feed: %d %s", r.StatusCode, text)
	}
	if r, text := s.get("/archive/"); r.StatusCode != http.StatusOK {
		t.Errorf("a page: %d %s", r.StatusCode, text)
	}
	s.stop()
}
