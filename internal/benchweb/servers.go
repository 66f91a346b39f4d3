package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// patience is how long a server may take to start.
const patience = 20 * time.Second

// server is a running server. All have the feed at the same path.
type server struct {
	name, addr string
	cmd        *exec.Cmd
}

const feedPath = "/feed.xml"

// makeSite writes a blog whose feed is of a usual size.
func makeSite(dir string) error {
	posts := filepath.Join(dir, "content", "posts")
	if err := os.MkdirAll(posts, 0o755); err != nil {
		return err
	}
	random := rand.New(rand.NewPCG(1, 2))
	words := make([]string, 4000)
	for i := range words {
		for range 2 + random.IntN(9) {
			words[i] += string("etaoinshrdlucmfwypvbgkjqxz"[min(random.IntN(26), random.IntN(26))])
		}
	}
	for post := range 20 {
		var text strings.Builder
		fmt.Fprintf(&text, "---\ntitle: Post %d\ndate: 2024-01-%02d\n---\n", post, post+1)
		for n := range 800 {
			text.WriteString(words[min(random.IntN(len(words)), random.IntN(len(words)), random.IntN(len(words)))])
			if n%80 == 79 {
				text.WriteString(".\n\n")
			} else {
				text.WriteString(" ")
			}
		}
		if err := os.WriteFile(filepath.Join(posts, fmt.Sprintf("post-%d.md", post)), []byte(text.String()), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func startPublisher(program, dir string) (*server, error) {
	addr, err := freeAddress()
	if err != nil {
		return nil, err
	}
	config := "site: {title: Notes, url: \"https://blog.example\"}\ncontent: {dir: content/posts}\nmail: {from: n@example.com}\n" +
		"server: {listen: \"" + addr + "\", url: \"http://" + addr + "\"}\n"
	if err := os.WriteFile(filepath.Join(dir, "config.yaml"), []byte(config), 0o644); err != nil {
		return nil, err
	}
	feeds := exec.Command(program, "feeds")
	feeds.Dir = dir
	if out, err := feeds.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("writing the feeds: %w\n%s", err, out)
	}
	cmd := exec.Command(program, "serve")
	cmd.Dir = dir
	s, err := start("publisher", addr, cmd)
	if err != nil {
		return nil, err
	}
	return s, s.waitForForms()
}

// waitForForms waits until all forms of the feed are in memory: they are made once.
func (s *server) waitForForms() error {
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		res, err := ask(s.addr, "Accept-Encoding", "br")
		if err != nil {
			return err
		}
		if res.Header.Get("Content-Encoding") == "br" {
			return nil
		}
		if time.Now().After(deadline) {
			return errors.New("the feed is not compressed by brotli")
		}
	}
}

// answer is a response as the bare handler sends it.
type answer struct {
	Header http.Header
	Body   []byte
}

// startBare starts a bare handler that sends what the server at addr does.
func startBare(dir, addr string) (*server, error) {
	var answers []answer
	for _, encoding := range []string{"identity", "gzip", "br"} {
		res, err := ask(addr, "Accept-Encoding", encoding)
		if err != nil {
			return nil, err
		}
		res.Header.Del("Date")
		res.Header.Del("Content-Length")
		answers = append(answers, answer{res.Header, res.body})
	}
	text, err := json.Marshal(answers)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "bare.json")
	if err := os.WriteFile(file, text, 0o644); err != nil {
		return nil, err
	}
	own, err := os.Executable()
	if err != nil {
		return nil, err
	}
	at, err := freeAddress()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(own, "-bare", file)
	cmd.Env = append(os.Environ(), "BENCHWEB_LISTEN="+at)
	return start("net/http, bare", at, cmd)
}

// serveBare is the least that a handler can do: it sets the headers, and sends the body from
// memory or 304.
func serveBare(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var answers []answer
	if err := json.Unmarshal(text, &answers); err != nil {
		return err
	}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a := answers[0]
		switch accepted := r.Header.Get("Accept-Encoding"); {
		case strings.Contains(accepted, "br"):
			a = answers[2]
		case strings.Contains(accepted, "gzip"):
			a = answers[1]
		}
		h := w.Header()
		same := r.Header.Get("If-None-Match") == a.Header["Etag"][0]
		for name, values := range a.Header {
			if same && (name == "Content-Type" || name == "Content-Encoding" || name == "Last-Modified" || name == "Accept-Ranges") {
				continue
			}
			h.Set(name, values[0])
		}
		if same {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		h.Set("Content-Length", strconv.Itoa(len(a.Body)))
		w.Write(a.Body) //nolint:errcheck // the client may have left
	})
	return http.ListenAndServe(os.Getenv("BENCHWEB_LISTEN"), handler)
}

// startNginx starts an nginx that serves the feed from the disk, compressed beforehand. It
// returns nil if nginx is not installed.
func startNginx(dir string) (*server, error) {
	program, err := exec.LookPath("nginx")
	if err != nil {
		return nil, nil
	}
	root := filepath.Join(dir, "nginx")
	if err := os.MkdirAll(root, 0o755); err != nil {
		return nil, err
	}
	feed, err := os.ReadFile(filepath.Join(dir, "public", "feed.xml"))
	if err != nil {
		return nil, err
	}
	file := filepath.Join(root, "feed.xml")
	if err := os.WriteFile(file, feed, 0o644); err != nil {
		return nil, err
	}
	if out, err := exec.Command("gzip", "-9", "-k", file).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("gzip: %w\n%s", err, out)
	}
	addr, err := freeAddress()
	if err != nil {
		return nil, err
	}
	config := "daemon off;\nworker_processes auto;\npid " + root + "/pid;\nerror_log stderr;\nevents { worker_connections 1024; }\nhttp {\n"
	for _, module := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		config += fmt.Sprintf("%s_temp_path %s/%s;\n", module, root, module)
	}
	config += "access_log off;\nsendfile on;\ntcp_nopush on;\nkeepalive_requests 1000000000;\ntypes { application/rss+xml xml; }\ngzip_static on;\n" +
		"server { listen " + addr + "; root " + root + "; }\n}\n"
	if os.Getuid() == 0 {
		config = "user root;\n" + config
	}
	if err := os.WriteFile(filepath.Join(root, "nginx.conf"), []byte(config), 0o644); err != nil {
		return nil, err
	}
	return start("nginx", addr, exec.Command(program, "-p", root, "-c", filepath.Join(root, "nginx.conf")))
}

// start starts a server and waits until it listens.
func start(name, addr string, cmd *exec.Cmd) (*server, error) {
	var said strings.Builder
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &server{name, addr, cmd}
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			return s, conn.Close()
		}
		if time.Now().After(deadline) {
			s.stop()
			return nil, fmt.Errorf("%s does not listen\n%s", name, said.String())
		}
	}
}

func (s *server) stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	_ = s.cmd.Wait()
}

type response struct {
	*http.Response
	body []byte
}

// ask asks for the feed. Headers are pairs of name and value.
func ask(addr string, headers ...string) (response, error) {
	req, err := http.NewRequest(http.MethodGet, "http://"+addr+feedPath, nil)
	if err != nil {
		return response{}, err
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	transport := &http.Transport{DisableCompression: true, DisableKeepAlives: true}
	res, err := transport.RoundTrip(req)
	if err != nil {
		return response{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode >= http.StatusBadRequest {
		err = errors.New(res.Status)
	}
	return response{res, body}, err
}
