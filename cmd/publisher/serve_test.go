package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"publisher/internal/smtptest"
)

// served is the real program, serving a blog of its own.
type served struct {
	t   *testing.T
	dir string
	cmd *exec.Cmd
	// command is what launch starts next, unless it is nil.
	command *exec.Cmd
	env     []string // beside this process's
	base    string   // address of its web server
	lines   chan map[string]any
}

// patience limits the wait for something that another process does.
const patience = 30 * time.Second

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// newServed writes a blog, which start serves.
func newServed(t *testing.T, config, subscribers string) *served {
	t.Helper()
	s := &served{t: t, dir: t.TempDir()}
	s.write("config.yaml", "site: {url: https://blog.example.com}\ncontent: {dir: posts}\nserver: {listen: 127.0.0.1:0, url: https://news.example.com}\n"+config)
	s.write("posts/old.md", "---\ntitle: Old\ndate: 2020-01-01\n---\nOld.\n")
	s.write("list.csv", subscribers)
	return s
}

func (s *served) write(name, text string) {
	s.t.Helper()
	writeFile(s.t, filepath.Join(s.dir, name), text)
}

func (s *served) start() {
	s.t.Helper()
	s.launch()
	s.base = s.await("serving", nil)["address"].(string)
}

// launch starts the program without waiting for anything.
func (s *served) launch() {
	s.t.Helper()
	s.cmd = s.command
	if s.command = nil; s.cmd == nil {
		s.cmd = exec.Command("publisher", "serve", "--log-format", "json")
	}
	s.cmd.Dir, s.cmd.Env = s.dir, append(os.Environ(), s.env...)
	logs, err := s.cmd.StderrPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { s.cmd.Process.Kill() })
	s.lines = make(chan map[string]any, 10000)
	go func() {
		defer close(s.lines)
		for scanner := bufio.NewScanner(logs); scanner.Scan(); {
			line := map[string]any{}
			if json.Unmarshal(scanner.Bytes(), &line) != nil {
				line["msg"] = scanner.Text()
			}
			s.lines <- line
		}
	}()
}

// await reads the log until a line has this message and, if a function is given, satisfies it.
func (s *served) await(msg string, pleases func(map[string]any) bool) map[string]any {
	s.t.Helper()
	timeout := time.After(patience)
	var seen []string
	for {
		select {
		case line, ok := <-s.lines:
			if !ok {
				s.t.Fatalf("the program ended before it logged %q; it logged %s", msg, strings.Join(seen, "\n"))
			}
			if line["msg"] == msg && (pleases == nil || pleases(line)) {
				return line
			}
			seen = append(seen, fmt.Sprint(line))
		case <-timeout:
			s.t.Fatalf("no %q in the log, but %s", msg, strings.Join(seen, "\n"))
		}
	}
}

func (s *served) terminate() {
	s.t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Fatal(err)
	}
}

// stop sends SIGTERM and waits for the end.
func (s *served) stop() {
	s.t.Helper()
	s.terminate()
	s.ends()
}

// ends expects exit code 0 within ten seconds, and no error in the log.
func (s *served) ends() {
	s.t.Helper()
	done := make(chan error, 1)
	go func() {
		for line := range s.lines {
			if line["level"] == "ERROR" {
				s.t.Errorf("an orderly stop logs %v", line)
			}
		}
		done <- s.cmd.Wait()
	}()
	select {
	case err := <-done:
		if err != nil {
			s.t.Errorf("after SIGTERM: %v", err)
		}
	case <-time.After(10 * time.Second):
		s.t.Error("not ended ten seconds after SIGTERM")
	}
}

func (s *served) get(path string) (*http.Response, string) {
	s.t.Helper()
	r, err := http.Get(s.base + path)
	if err != nil {
		s.t.Fatal(err)
	}
	return r, s.body(r)
}

func (s *served) body(r *http.Response) string {
	s.t.Helper()
	defer r.Body.Close()
	data, err := io.ReadAll(r.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(data)
}

func (s *served) status(address string) string {
	s.t.Helper()
	cmd := exec.Command("publisher", "subscribers", "list", "--json")
	cmd.Dir = s.dir
	out, err := cmd.Output()
	if err != nil {
		s.t.Fatal(err)
	}
	var list []struct{ Email, Status string }
	if err := json.Unmarshal(out, &list); err != nil {
		s.t.Fatal(err)
	}
	for _, sub := range list {
		if sub.Email == address {
			return sub.Status
		}
	}
	return ""
}

var unsubscribeHeader = regexp.MustCompile(`List-Unsubscribe: <https://news\.example\.com(/unsubscribe/[a-z2-7]+)>`)

// From a new post to a feed, a mail, and a link in it that works.
func TestServe(t *testing.T) {
	t.Parallel()
	testServe(t, "")
}

// testServe serves a blog whose config has that in addition.
func testServe(t *testing.T, config string) {
	s := newServed(t, "digest: {default: immediate, settle: 0s}\nsubscribers: {file: list.csv}\n"+config, "email\nada@example.com\n")
	s.start()
	s.await("feeds", nil)
	before, _ := s.get("/feed.xml")
	s.write("posts/new.md", "---\ntitle: Hot off the press\ndate: 2026-01-01\n---\nRead all about it.\n")
	s.await("edition", func(line map[string]any) bool { return line["sent"] == 1.0 })
	after, text := s.get("/feed.xml")
	if !strings.Contains(text, "Hot off the press") || before.Header.Get("ETag") == after.Header.Get("ETag") {
		t.Errorf("the feed has not changed: %s", text)
	}
	if r, text := s.get("/healthz"); r.StatusCode != http.StatusOK {
		t.Errorf("/healthz: %d %s", r.StatusCode, text)
	}
	if _, text := s.get("/archive/1"); !strings.Contains(text, "Hot off the press") || strings.Contains(text, "/unsubscribe/") {
		t.Errorf("/archive/1 is not the edition without own links: %s", text)
	}

	files, err := filepath.Glob(filepath.Join(s.dir, "outbox/*ada@example.com.eml"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%d mails, want one: %v", len(files), err)
	}
	message, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	link := unsubscribeHeader.FindSubmatch(message)
	if link == nil || !strings.Contains(string(message), "List-Unsubscribe-Post: List-Unsubscribe=One-Click") {
		t.Fatalf("no one-click unsubscribe in\n%s", message)
	}
	if r, _ := s.get(string(link[1])); r.StatusCode != http.StatusOK || s.status("ada@example.com") != "active" {
		t.Errorf("GET: %d, and the subscription is %s", r.StatusCode, s.status("ada@example.com"))
	}
	r, err := http.PostForm(s.base+string(link[1]), url.Values{"List-Unsubscribe": {"One-Click"}})
	if err != nil {
		t.Fatal(err)
	}
	if s.body(r); r.StatusCode != http.StatusOK || s.status("ada@example.com") != "unsubscribed" {
		t.Errorf("one click: %d, and the subscription is %s", r.StatusCode, s.status("ada@example.com"))
	}

	cmd := exec.Command("publisher", "run")
	cmd.Dir = s.dir
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != exitLocked || !strings.Contains(string(out), "publisher serve") {
		t.Errorf("run beside serve: %v: %s", err, out)
	}
	s.stop()
}

// An invalid config is not loaded. A valid one is, when it changes or on SIGHUP.
func TestServeReloads(t *testing.T) {
	t.Parallel()
	s := newServed(t, "", "")
	s.start()
	s.await("feeds", nil)
	good, err := os.ReadFile(filepath.Join(s.dir, "config.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	s.write("config.yaml", string(good)+"fedes: {}\n")
	refused := s.await("the new config is invalid; keeping the running one", nil)
	if text := fmt.Sprint(refused["error"]); !strings.Contains(text, `config.yaml:4:1: unknown key "fedes"`) {
		t.Errorf("the log does not say why: %s", text)
	}
	s.get("/feed.xml")
	s.write("config.yaml", strings.Replace(string(good), "url: https://blog.example.com", "url: https://blog.example.com, title: Renamed", 1))
	s.base = s.await("serving", nil)["address"].(string)
	s.await("feeds", nil)
	if _, text := s.get("/feed.xml"); !strings.Contains(text, "Renamed") {
		t.Errorf("the new title is not in the feed: %s", text)
	}
	if err := s.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	s.base = s.await("serving", nil)["address"].(string)
	s.get("/healthz")
	s.stop()
}

// gate is an SMTP server that accepts messages only as fast as the test lets it.
type gate struct {
	*smtptest.Server
	pass    chan struct{} // one value lets one message in; closed: all
	waiting chan struct{} // told when a message waits
}

func startGate(t *testing.T) *gate {
	t.Helper()
	g := &gate{pass: make(chan struct{}), waiting: make(chan struct{}, 1)}
	g.Server = smtptest.Start(t, smtptest.Options{Script: func(e smtptest.Event) string {
		if e.Verb == "DOT" {
			select {
			case g.waiting <- struct{}{}:
			default:
			}
			select {
			case <-g.pass:
			case <-t.Context().Done():
				return smtptest.Close
			}
		}
		return ""
	}})
	return g
}

// If the daemon is stopped in the middle of an edition, it completes messages in flight and
// continues after a restart, with nobody missed and nobody mailed twice. While mail goes out, an
// edit and a new post are in the feed at once.
func TestServeStoppedMidEdition(t *testing.T) {
	t.Parallel()
	g := startGate(t)
	const people = 300
	list := "email\n"
	for i := range people {
		list += fmt.Sprintf("u%d@example.com\n", i)
	}
	s := newServed(t, "digest: {default: immediate, settle: 0s, start: 2020-01-01}\nsubscribers: {file: list.csv}\n"+
		"mail: {from: news@example.com, smtp: {host: 127.0.0.1, port: "+strconv.Itoa(g.Port())+", tls: none, connections: 4}}\n", list)
	s.start()
	<-g.waiting
	s.write("posts/second.md", "---\ntitle: Second thoughts\ndate: 2026-01-01\n---\nWritten while mail went out.\n")
	s.await("feeds", func(line map[string]any) bool { return line["written"].(float64) > 0 })
	s.await("feeds", nil)
	if _, text := s.get("/feed.xml"); !strings.Contains(text, "Second thoughts") {
		t.Error("the new post is not in the feed while mail goes out")
	}
	for range people / 3 {
		g.pass <- struct{}{}
	}
	s.terminate()
	s.await("stopping", nil)
	close(g.pass)
	s.ends()
	if n := len(g.Accepted()); n == people {
		t.Errorf("all %d were mailed before the stop: nothing was shown", n)
	}

	s.start()
	s.await("edition", func(line map[string]any) bool { return line["edition"] == 1.0 })
	s.await("edition", func(line map[string]any) bool { return line["edition"] == 2.0 })
	s.stop()
	accepted := g.Accepted()
	for i := range people {
		if n := accepted[fmt.Sprintf("u%d@example.com", i)]; n != 2 {
			t.Errorf("u%d got %d mails, want one of each edition", i, n)
		}
	}
}

// The log names a line only if a warning is about one.
func TestServeWarnsOfFiles(t *testing.T) {
	t.Parallel()
	s := newServed(t, "digest: {intro: words.md}\n", "")
	s.write("posts/undated.md", "---\ntitle: Undated\n---\nWords.\n")
	s.launch()
	lines := map[string]any{}
	for len(lines) < 2 {
		line := <-s.lines
		if line == nil {
			t.Fatal("the program ended")
		}
		if file, ok := line["file"].(string); ok {
			lines[file] = line["line"]
		}
	}
	if lines["words.md"] != nil || lines["posts/undated.md"] == nil {
		t.Errorf("the lines are %v", lines)
	}
	s.stop()
}
