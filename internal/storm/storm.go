package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"publisher/internal/smtptest"
)

// patience is how long the program may take to start, and the edition to arrive when the rest
// is over.
const patience = 2 * time.Minute

// storm is what happens at once.
type storm struct {
	program              string
	recipients           int
	held, polls, signups int
	lasts, within        time.Duration
}

// run makes a blog with subscribers in a folder of its own, starts the program, and floods it
// until the edition has arrived and the time is over.
func (s storm) run() (r report, err error) {
	if s.program, err = filepath.Abs(s.program); err != nil {
		return r, err
	}
	dir, err := os.MkdirTemp("", "storm-")
	if err != nil {
		return r, err
	}
	defer os.RemoveAll(dir)
	sink, err := smtptest.Listen("127.0.0.1:0", smtptest.Options{})
	if err != nil {
		return r, err
	}
	defer sink.Close()
	addr, err := s.makeSite(dir, sink.Port())
	if err != nil {
		return r, err
	}
	daemon, err := s.serve(dir, addr)
	if err != nil {
		return r, err
	}
	defer func() {
		_ = daemon.Process.Signal(syscall.SIGTERM)
		_ = daemon.Wait()
	}()
	if err := write(dir, "content/posts/storm.md", "---\ntitle: The storm\ndate: 2024-01-02\n---\nIt is here.\n"); err != nil {
		return r, err
	}
	r = s.flood(addr, sink)
	r.memory = peakMemory(daemon.Process.Pid)
	r.count(sink.Accepted(), s.recipients)
	return r, nil
}

// flood does everything at once. Beside the program, a bare handler in this process is polled,
// which tells how busy the machine is.
func (s storm) flood(addr string, sink *smtptest.Server) (r report) {
	bare := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer bare.Close()
	ctx, stop := context.WithTimeout(context.Background(), s.lasts)
	defer stop()
	holder := &holder{addr: addr}
	wait := holder.start(ctx, s.held)
	var group sync.WaitGroup
	group.Go(func() { r.polls = poll(ctx, addr, s.polls) })
	group.Go(func() { r.bare = poll(ctx, bare.Listener.Addr().String(), s.polls) })
	group.Go(func() { r.signups = signUp(ctx, addr, s.signups) })
	group.Wait()
	wait()
	r.reopened = holder.reopened.Load()
	// The edition may take longer than the rest.
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if edition, _ := split(sink.Accepted()); len(edition) >= s.recipients {
			break
		}
	}
	return r
}

// makeSite writes the blog and imports its subscribers. It returns where the program will
// listen.
func (s storm) makeSite(dir string, port int) (addr string, err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	addr = listener.Addr().String()
	listener.Close()
	files := map[string]string{
		"config.yaml": fmt.Sprintf(`site: {title: Storm, url: "https://blog.example"}
digest: {cadences: {immediate: ""}, default: immediate, settle: 0s}
mail:
  from: Storm <news@example.com>
  smtp: {host: 127.0.0.1, port: %d, tls: none}
server: {listen: "%s", url: "http://%s"}
`, port, addr, addr),
		"content/posts/first.md": "---\ntitle: First\ndate: 2024-01-01\n---\n" + strings.Repeat("Some words of a sentence that goes on for a while.\n", 200),
	}
	var list strings.Builder
	list.WriteString("email\n")
	for n := range s.recipients {
		fmt.Fprintf(&list, "%s%d@example.net\n", readerPrefix, n)
	}
	files["list.csv"] = list.String()
	for name, text := range files {
		if err := write(dir, name, text); err != nil {
			return "", err
		}
	}
	for _, args := range [][]string{{"run"}, {"subscribers", "import", "list.csv"}} {
		cmd := exec.Command(s.program, args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			return "", fmt.Errorf("publisher %s: %w\n%s", strings.Join(args, " "), err, out)
		}
	}
	return addr, nil
}

func write(dir, name, text string) error {
	file := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, []byte(text), 0o644)
}

// serve starts the daemon and waits until it listens.
func (s storm) serve(dir, addr string) (*exec.Cmd, error) {
	cmd := exec.Command(s.program, "serve")
	cmd.Dir = dir
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd.Stderr = log
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			return cmd, conn.Close()
		}
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	said, _ := os.ReadFile(log.Name())
	return nil, errors.New("publisher serve does not listen:\n" + string(said))
}
