//go:build nginx

package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// nginx runs a real nginx with the configuration in docs/running.md.
func nginx(t *testing.T, upstream string) (address, dir string) {
	t.Helper()
	docs, err := os.ReadFile("../../docs/running.md")
	if err != nil {
		t.Fatal(err)
	}
	_, lines, _ := strings.Cut(string(docs), "```nginx\n")
	lines, _, found := strings.Cut(lines, "```\n")
	if !found {
		t.Fatal("docs/running.md has no lines for nginx")
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address = free.Addr().String()
	free.Close()
	dir = t.TempDir()
	for _, change := range [][2]string{{"listen 443 ssl", "listen " + address}, {"127.0.0.1:8080", upstream}, {"/var/log/nginx", dir}} {
		if !strings.Contains(lines, change[0]) {
			t.Fatalf("the lines for nginx have no %q", change[0])
		}
		lines = strings.ReplaceAll(lines, change[0], change[1])
	}
	config := "daemon off;\nmaster_process off;\npid " + dir + "/pid;\nerror_log " + dir + "/error.log;\nevents {}\nhttp {\n"
	for _, module := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		config += fmt.Sprintf("%s_temp_path %s/%s;\n", module, dir, module)
	}
	writeFile(t, filepath.Join(dir, "nginx.conf"), config+"access_log off;\n"+lines+"}\n")
	cmd := exec.Command("nginx", "-p", dir, "-c", filepath.Join(dir, "nginx.conf"))
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	})
	for deadline := time.Now().Add(patience); ; {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			conn.Close()
			return address, dir
		}
		if time.Now().After(deadline) {
			t.Fatal("nginx does not listen")
		}
	}
}

// However a link is written, nginx does not log its token, even if publisher does not answer.
func TestNginxLogsNoTokens(t *testing.T) {
	upstream := httptest.NewServer(http.NotFoundHandler())
	address, dir := nginx(t, strings.TrimPrefix(upstream.URL, "http://"))
	const token = "aebagbafaydqqcikbmga2dqpcaireeyuculbo"
	ask := func(method, path string) {
		t.Helper()
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: news.example.com\r\nReferer: https://news.example.com/unsubscribe/%s\r\nConnection: close\r\n\r\n", method, path, token)
		if _, err := io.Copy(io.Discard, conn); err != nil {
			t.Fatal(err)
		}
	}
	paths := []string{"/unsubscribe/TOKEN", "/preferences/TOKEN", "/unsubscribe/TOKEN/", "/unsubscribe/TOKEN=", "/unsubscribe/TOKEN?x=TOKEN", "/?x=TOKEN", "/unsubscribe//TOKEN",
		"//unsubscribe/TOKEN", "/a/../unsubscribe/TOKEN", "/./unsubscribe/TOKEN", "/%75nsubscribe/TOKEN", "/unsubscribe%2FTOKEN", "/unsubscribe/%61" + token[1:], "/UNSUBSCRIBE/TOKEN",
		"/news/unsubscribe/TOKEN", "/unsubscribe/TOKEN/TOKEN", "/unsubscribe/TOKEN/" + strings.Repeat("b", 40), "/unsubscribe/" + strings.ToUpper(token), "/%0A/unsubscribe/TOKEN",
		"/unsubscribe/%0ATOKEN", "/unsubscribe/%20TOKEN", "/unsubscribe/TOKEN%00", "/unsubscribe/TOKEN%ff", "/confirm/TOKEN", "/feeds/TOKEN.xml", "/unsubscribe/TOKEN#x", "/x%3F/unsubscribe/TOKEN",
		"http://news.example.com/unsubscribe/TOKEN", "/" + strings.Repeat("a/", 500) + "unsubscribe/TOKEN", "/" + strings.Repeat("a", 9000) + "/unsubscribe/TOKEN"}
	all := func() {
		for _, path := range paths {
			for _, method := range []string{"GET", "POST", "HEAD", "BREW"} {
				ask(method, strings.ReplaceAll(path, "TOKEN", token))
			}
		}
	}
	all()
	ask("GET", "/feed.xml")
	upstream.Close()
	all()
	logs, err := filepath.Glob(filepath.Join(dir, "*.log"))
	if err != nil || len(logs) != 2 { // ours, and what nginx says as it starts
		t.Fatalf("%q, %v", logs, err)
	}
	for _, file := range logs {
		name := filepath.Base(file)
		log, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(log)) {
			if lower := strings.ToLower(line); strings.Contains(lower, token) || strings.Contains(lower, token[1:]) {
				t.Errorf("%s: %.300s", name, line)
			}
		}
		if name == "publisher.log" && !strings.Contains(string(log), `"GET /feed.xml" 404`) {
			t.Errorf("the log does not have what it is for:\n%s", log)
		}
	}
}
