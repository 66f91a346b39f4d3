package service_test

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"publisher/internal/config"
	"publisher/internal/ledger/sqlite"
	"publisher/internal/service"
)

// log is a buffer that can be read while others write to it.
type log struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// The daemon reports when it is ready and when it stops, holds the lock in between, and keeps
// its config if a new one is invalid.
func TestRun(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "config.yaml")
	write(t, file, "site: {url: https://example.com}\ncontent: {dir: posts}\nserver: {url: \"\"}\n")
	write(t, filepath.Join(dir, "posts/a.md"), "---\ntitle: A\ndate: 2026-01-01\n---\nWords.\n")

	socket := filepath.Join(dir, "notify")
	manager, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer manager.Close()
	env := func(name string) (string, bool) {
		return map[string]string{"NOTIFY_SOCKET": socket}[name], name == "NOTIFY_SOCKET"
	}

	logged := new(log)
	s := &service.Service{File: file, Load: func() (*config.Config, error) { return config.Load(file, env) },
		Lookup: env, Now: time.Now, Log: slog.New(slog.NewTextHandler(logged, nil)), Build: "test"}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()

	if got := state(t, manager); got != "READY=1" {
		t.Errorf("the service manager got %q", got)
	}
	if _, err := sqlite.TakeLock(t.Context(), "sqlite:"+filepath.Join(dir, "publisher.db"), "a test", time.Now()); err == nil {
		t.Error("the lock is free while the daemon runs")
	}
	write(t, file, "fedes: {}\n")
	await(t, logged, "the new config is invalid; keeping the running one")
	stop()
	if got := state(t, manager); got != "STOPPING=1" {
		t.Errorf("the service manager got %q", got)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if text := logged.String(); !strings.Contains(text, "no web server") || !strings.Contains(text, "stopped") {
		t.Errorf("the log lacks its start or its end:\n%s", text)
	}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// state reads the next state that the service manager is notified of.
func state(t *testing.T, manager *net.UnixConn) string {
	t.Helper()
	if err := manager.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 100)
	n, err := manager.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	return string(buf[:n])
}

func await(t *testing.T, logged *log, text string) {
	t.Helper()
	poll := time.NewTicker(5 * time.Millisecond)
	defer poll.Stop()
	for end := time.Now().Add(30 * time.Second); !strings.Contains(logged.String(), text); <-poll.C {
		if time.Now().After(end) {
			t.Fatalf("no %q in the log:\n%s", text, logged)
		}
	}
}
