package main

import (
	"bytes"
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"publisher/internal/ledger/passstate"
	"publisher/internal/ledger/sqlite"
)

func (s *served) signal(sig os.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		s.t.Fatal(err)
	}
}

// A SIGHUP that arrives while the program's packages are being initialized, long before main, does
// not end it.
func TestServeHangupBeforeMain(t *testing.T) {
	t.Parallel()
	s := newServed(t, "", "")
	s.env = []string{"GODEBUG=inittrace=1"}
	s.launch()
	for line := range s.lines {
		text, _ := line["msg"].(string)
		if strings.HasPrefix(text, "init github.com/alecthomas/chroma/v2/lexers ") {
			t.Fatal("most of the initialization is done before SIGHUP is caught")
		}
		if strings.HasPrefix(text, "init publisher/internal/earlysignal ") {
			s.signal(syscall.SIGHUP)
			break
		}
	}
	s.await("serving", nil)
	s.stop()
}

// A reload while a message is in flight waits for the server's reply. Until then nothing else is
// started, the web server answers, and another change of the config is not forgotten.
func TestServeReloadCutsNothingOff(t *testing.T) {
	t.Parallel()
	g := startGate(t)
	s := newServed(t, "digest: {default: immediate, settle: 0s, start: 2020-01-01}\nsubscribers: {file: list.csv}\n"+
		"mail: {from: news@example.com, smtp: {host: 127.0.0.1, port: "+strconv.Itoa(g.Port())+", tls: none, connections: 1}}\n",
		"email\nada@example.com\nbob@example.com\ncleo@example.com\n")
	s.start()
	config := filepath.Join(s.dir, "config.yaml")
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	titled := func(title string) {
		s.write("config.yaml", strings.Replace(string(text), "blog.example.com}", "blog.example.com, title: "+title+"}", 1))
	}
	<-g.waiting
	titled("First")
	s.await("reloading", nil)
	if r, text := s.get("/healthz"); r.StatusCode != http.StatusOK {
		t.Errorf("/healthz while a reload waits: %d %s", r.StatusCode, text)
	}
	titled("Second")
	s.await("reloading again", nil)
	s.get("/healthz")
	g.pass <- struct{}{}
	s.base = s.await("serving", nil)["address"].(string)
	s.await("feeds", nil)
	if _, text := s.get("/feed.xml"); !strings.Contains(text, "<title>Second</title>") {
		t.Errorf("the last config is not the one that runs: %s", text)
	}
	<-g.waiting
	close(g.pass)
	s.await("edition", func(line map[string]any) bool { return line["edition"] == 1.0 && line["deferred"] == 0.0 })
	s.stop()
	for who, n := range g.Accepted() {
		if n != 1 {
			t.Errorf("%s got %d mails", who, n)
		}
	}
	if len(g.Accepted()) != 3 {
		t.Errorf("%d of 3 got the mail", len(g.Accepted()))
	}
}

// SIGTERM works while a reload waits for a server that does not reply.
func TestServeStoppedWhileReloading(t *testing.T) {
	t.Parallel() // the grace period is long
	g := startGate(t)
	defer close(g.pass)
	s := newServed(t, "digest: {default: immediate, settle: 0s, start: 2020-01-01}\nsubscribers: {file: list.csv}\n"+
		"mail: {from: news@example.com, smtp: {host: 127.0.0.1, port: "+strconv.Itoa(g.Port())+", tls: none}}\n", "email\nada@example.com\n")
	s.start()
	<-g.waiting
	s.signal(syscall.SIGHUP)
	s.await("reloading", nil)
	s.stop()
}

// endless returns a post that takes minutes to render.
func endless() string {
	row := "|" + strings.Repeat("a|", 2000) + "\n"
	return "---\ntitle: Endless\ndate: 2026-01-01\n---\n" + row + strings.ReplaceAll(row, "a", "-") + strings.Repeat(row, 9<<20/len(row))
}

// rendering waits until the pass in the folder has scanned the tree, and renders.
func rendering(t *testing.T, dir string) {
	t.Helper()
	poll := time.NewTicker(5 * time.Millisecond)
	defer poll.Stop()
	dsn := "sqlite:" + filepath.Join(dir, "publisher.db")
	for end := time.Now().Add(patience); time.Now().Before(end); <-poll.C {
		if _, err := os.Stat(filepath.Join(dir, "publisher.db")); err != nil {
			continue
		}
		l, err := sqlite.OpenCopy(t.Context(), dsn)
		if err != nil {
			continue // it is being made
		}
		scan, err := passstate.LoadScanSnapshot(t.Context(), l)
		if closed := l.Close(); err == nil && closed == nil && scan != nil {
			return
		}
	}
	t.Fatal("the tree was not scanned")
}

// SIGTERM does not wait for a post that takes minutes to render.
func TestStoppedWhileRendering(t *testing.T) {
	t.Parallel()
	t.Run("serve", func(t *testing.T) {
		s := newServed(t, "", "")
		s.write("posts/endless.md", endless())
		s.start()
		rendering(t, s.dir)
		began := time.Now()
		s.stop()
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("it took %v", took)
		}
	})
	t.Run("run", func(t *testing.T) {
		s := newServed(t, "", "")
		s.write("posts/endless.md", endless())
		cmd := exec.Command("publisher", "run")
		cmd.Dir = s.dir
		var out bytes.Buffer
		cmd.Stderr = &out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		rendering(t, s.dir)
		began := time.Now()
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		var exit *exec.ExitError
		if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != exitFailed || strings.Count(out.String(), "\n") != 1 {
			t.Errorf("interrupted, it ends with %v: %s", err, out.String())
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

// The daemon notifies systemd when it is ready and when it stops.
func TestServeTellsTheServiceManager(t *testing.T) {
	t.Parallel()
	s := newServed(t, "", "")
	socket := filepath.Join(s.dir, "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	told := func(want string) {
		t.Helper()
		state := make([]byte, 100)
		if n, err := conn.Read(state); err != nil || string(state[:n]) != want {
			t.Fatalf("it is told %q, want %q: %v", state[:n], want, err)
		}
	}
	s.env = []string{"NOTIFY_SOCKET=" + socket}
	s.start()
	told("READY=1")
	s.stop()
	told("STOPPING=1")
}
