package web_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"publisher/internal/config"
	"publisher/internal/ledger"
	"publisher/internal/ledger/imports"
	"publisher/internal/ledger/mailtoken"
	"publisher/internal/ledger/sqlite"
	"publisher/internal/web"
	"publisher/templates"
)

var day = time.Date(2026, time.November, 22, 8, 0, 0, 0, time.UTC)

const settings = `
site: {title: Notes on feeds, url: "https://blog.example", description: About small things, language: en}
digest: {default: weekly}
`

// world is a web server with all that it serves.
type world struct {
	t       testing.TB
	url     string
	dir     string // the output folder
	ledger  *ledger.Ledger
	tokens  *mailtoken.Codec
	log     *logBuffer
	level   *slog.LevelVar
	handler http.Handler
	now     time.Time
}

// start runs a server on a real socket. change may alter the options.
func start(t testing.TB, yaml string, change func(*web.Options)) *world {
	t.Helper()
	w := &world{t: t, log: new(logBuffer), level: new(slog.LevelVar), now: day}
	cfg, err := config.Parse("config.yaml", []byte(yaml), func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatal(err)
	}
	cfg.Dir = t.TempDir()
	w.dir = filepath.Join(cfg.Dir, "public")
	w.ledger, err = sqlite.Open(t.Context(), "sqlite:"+filepath.Join(cfg.Dir, "publisher.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.ledger.Close() })
	if w.tokens, err = w.ledger.Tokens(t.Context()); err != nil {
		t.Fatal(err)
	}
	set, err := templates.Load("", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	options := web.Options{
		Config: cfg, Ledger: w.ledger, Templates: set, Archive: &editions{},
		Now: func() time.Time { return w.now },
		Log: slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: w.level})),
	}
	if change != nil {
		change(&options)
	}
	w.handler = web.New(options)
	server := httptest.NewServer(w.handler)
	t.Cleanup(server.Close)
	w.url = server.URL
	return w
}

// editions is an archive of one edition, number 7.
type editions struct {
	asked atomic.Int64
	html  string
	fault error
}

func (e *editions) Edition(ctx context.Context, number int64) ([]byte, bool, error) {
	e.asked.Add(1)
	switch {
	case ctx.Err() != nil:
		return nil, false, ctx.Err()
	case e.fault != nil:
		return nil, false, e.fault
	case number == 13:
		panic("a fault in composing")
	case number != 7:
		return nil, false, nil
	}
	return []byte(e.html), true, nil
}

// write puts a file into the output folder that is old enough to be remembered.
func (w *world) write(name, content string) {
	w.t.Helper()
	file := filepath.Join(w.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
		w.t.Fatal(err)
	}
	if err := os.Chtimes(file, day, day); err != nil {
		w.t.Fatal(err)
	}
}

// logBuffer is read while requests may still be logged.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// subscribe adds a subscriber and returns the id.
func (w *world) subscribe(row imports.Row) int64 {
	w.t.Helper()
	rows := func(yield func(imports.Row, error) bool) { yield(row, nil) }
	if _, err := imports.Run(w.t.Context(), w.ledger, rows, imports.Options{DefaultCadence: "weekly", Now: day}); err != nil {
		w.t.Fatal(err)
	}
	return w.subscriber(row.Email).ID
}

func (w *world) subscriber(email string) *ledger.Subscriber {
	w.t.Helper()
	s, err := w.ledger.Subscriber(w.t.Context(), email)
	if err != nil || s == nil {
		w.t.Fatalf("subscriber %s: %v, %v", email, s, err)
	}
	return s
}

type response struct {
	*http.Response
	body string
}

// do sends a request as it stands: nothing is followed, unpacked or added.
// Headers are pairs of name and value.
func (w *world) do(method, path, body string, headers ...string) response {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.url+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	transport := &http.Transport{DisableCompression: true, DisableKeepAlives: true, ExpectContinueTimeout: time.Minute}
	res, err := transport.RoundTrip(req)
	if err != nil {
		w.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer res.Body.Close()
	read, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatalf("%s %s: %v", method, path, err)
	}
	return response{res, string(read)}
}

func (w *world) get(path string, headers ...string) response {
	w.t.Helper()
	return w.do(http.MethodGet, path, "", headers...)
}

// post sends a form as a browser does.
func (w *world) post(path, form string) response {
	w.t.Helper()
	return w.do(http.MethodPost, path, form, "Content-Type", "application/x-www-form-urlencoded")
}

func wantStatus(t *testing.T, res response, status int) {
	t.Helper()
	if res.StatusCode != status {
		t.Fatalf("%s %s: %s, want %d\n%s", res.Request.Method, res.Request.URL.Path, res.Status, status, res.body)
	}
}

func TestHealth(t *testing.T) {
	var fault error
	w := start(t, settings, func(o *web.Options) { o.Healthy = func() error { return fault } })
	if res := w.get("/healthz"); res.StatusCode != 200 || res.body != "ok\n" {
		t.Errorf("%s %q", res.Status, res.body)
	}
	fault = errors.New("the last pass failed")
	if res := w.get("/healthz"); res.StatusCode != 503 || res.body != "the last pass failed\n" {
		t.Errorf("%s %q", res.Status, res.body)
	}
	w.write("healthz", "a file of that name")
	if res := w.get("/healthz"); strings.Contains(res.body, "file") {
		t.Error("a file stands in the way of /healthz")
	}
}

func TestHeaders(t *testing.T) {
	w := start(t, settings, func(o *web.Options) { o.Archive = &editions{html: "<p>Hello"} })
	w.write("feed.xml", "<rss/>")
	id := w.subscribe(imports.Row{Email: "ann@example.com"})
	same := map[string]string{
		"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer",
		"Cross-Origin-Opener-Policy": "same-origin",
	}
	for _, test := range []struct {
		method, path        string
		status              int
		cache, robots, cors string
		policy              string // a part of it
	}{
		{"GET", "/", 200, "public, max-age=60", "", "", "form-action 'self'"},
		{"GET", "/healthz", 200, "no-store", "", "", ""},
		{"GET", "/feed.xml", 200, "public, max-age=300", "", "*", "style-src 'self' 'unsafe-inline' https://blog.example;"},
		{"GET", "/archive/7", 200, "public, max-age=60", "", "", "img-src 'self' https: data: https://blog.example;"},
		{"GET", "/archive/", 200, "public, max-age=60", "", "", ""},
		{"GET", "/missing", 404, "no-store", "", "", ""},
		{"POST", "/feed.xml", 405, "", "", "", ""},
		{"GET", "/unsubscribe/" + w.tokens.Link(mailtoken.Unsubscribe, id), 200, "no-store", "noindex, nofollow", "", "form-action 'self'"},
		{"GET", "/preferences/" + w.tokens.Link(mailtoken.Preferences, id), 200, "no-store", "noindex, nofollow", "", ""},
		{"GET", "/unsubscribe/nobody", 404, "no-store", "noindex, nofollow", "", ""},
	} {
		res := w.do(test.method, test.path, "")
		wantStatus(t, res, test.status)
		for name, want := range same {
			if got := res.Header.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", test.path, name, got, want)
			}
		}
		got := []string{res.Header.Get("Cache-Control"), res.Header.Get("X-Robots-Tag"), res.Header.Get("Access-Control-Allow-Origin")}
		if diff := cmp.Diff([]string{test.cache, test.robots, test.cors}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.path, diff)
		}
		policy := res.Header.Get("Content-Security-Policy")
		if !strings.HasPrefix(policy, "default-src 'none'; ") || !strings.Contains(policy, "frame-ancestors 'none'") ||
			strings.Contains(policy, "script-src") || !strings.Contains(policy, test.policy) {
			t.Errorf("%s: policy %q", test.path, policy)
		}
		if res.Header.Get("Set-Cookie") != "" {
			t.Errorf("%s sets a cookie", test.path)
		}
	}
}

func TestMethods(t *testing.T) {
	w := start(t, settings, nil)
	for _, test := range []struct{ method, path, allow string }{
		{"DELETE", "/", "GET, HEAD"},
		{"POST", "/healthz", "GET, HEAD"},
		{"PUT", "/feed.xml", "GET, HEAD"},
		{"PATCH", "/unsubscribe/x", "GET, HEAD, POST"},
		{"BREW", "/preferences/x", "GET, HEAD, POST"},
		{"OPTIONS", "/archive/", "GET, HEAD"},
	} {
		res := w.do(test.method, test.path, "")
		wantStatus(t, res, 405)
		if got := res.Header.Get("Allow"); got != test.allow {
			t.Errorf("%s %s: Allow is %q, want %q", test.method, test.path, got, test.allow)
		}
	}
}

func TestAPanicEndsOneRequestOnly(t *testing.T) {
	w := start(t, settings, nil)
	res := w.get("/archive/13")
	wantStatus(t, res, 500)
	if strings.Contains(res.body, "composing") || strings.Contains(res.body, "goroutine") {
		t.Errorf("the page tells what happened:\n%s", res.body)
	}
	if !strings.Contains(res.body, "Something went wrong") {
		t.Errorf("the page does not say that something went wrong:\n%s", res.body)
	}
	if log := w.log.String(); !strings.Contains(log, "a fault in composing") || !strings.Contains(log, "archive.go") {
		t.Errorf("the log does not tell where: %s", log)
	}
	wantStatus(t, w.get("/healthz"), 200)
}

func TestLogHasNoTokensAndNoAddresses(t *testing.T) {
	w := start(t, settings, nil)
	w.level.Set(slog.LevelDebug)
	id := w.subscribe(imports.Row{Email: "ann@example.com"})
	token := w.tokens.Link(mailtoken.Unsubscribe, id)
	// Not over a socket: there the answer may come before the log is written.
	handle := func(method, body string, status int) {
		req := httptest.NewRequest(method, "/unsubscribe/"+token, strings.NewReader(body))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		res := httptest.NewRecorder()
		w.handler.ServeHTTP(res, req)
		if res.Code != status {
			t.Errorf("%s: %d, want %d", method, res.Code, status)
		}
	}
	handle("GET", "", 200)
	handle("POST", "List-Unsubscribe=One-Click", 200)
	handle("POST", "undo=1", 200)
	w.ledger.Close()
	handle("POST", "List-Unsubscribe=One-Click", 500)
	log := w.log.String()
	for _, secret := range []string{token, "ann@", "example.com"} {
		if strings.Contains(log, secret) {
			t.Errorf("the log has %q:\n%s", secret, log)
		}
	}
	for _, wanted := range []string{`route="GET /unsubscribe/{token...}" status=200`, `route="POST /unsubscribe/{token...}" status=500`, "level=ERROR"} {
		if !strings.Contains(log, wanted) {
			t.Errorf("the log has no %q:\n%s", wanted, log)
		}
	}
}

// A proxy may hand on the path of server.url or take it off.
func TestPathOfServerURL(t *testing.T) {
	w := start(t, settings+"server: {url: \"https://blog.example/news\"}\n", nil)
	w.write("feed.xml", "<rss/>")
	for _, path := range []string{"/news/feed.xml", "/feed.xml", "/news/archive/", "/archive/", "/news/"} {
		wantStatus(t, w.get(path), 200)
	}
	for path, to := range map[string]string{"/news": "/news/", "/news/archive": "/news/archive/", "/archive": "/news/archive/"} {
		res := w.get(path)
		wantStatus(t, res, 301)
		if got := res.Header.Get("Location"); got != to {
			t.Errorf("%s leads to %s, want %s", path, got, to)
		}
	}
	if home := w.get("/").body; !strings.Contains(home, `href="/news/feed.xml"`) || !strings.Contains(home, `href="/news/archive/"`) {
		t.Errorf("links lack the path:\n%s", home)
	}
	id := w.subscribe(imports.Row{Email: "ann@example.com"})
	token := w.tokens.Link(mailtoken.Unsubscribe, id)
	if page := w.get("/news/unsubscribe/" + token).body; !strings.Contains(page, `action="/news/unsubscribe/`+token+`"`) {
		t.Errorf("the form lacks the path:\n%s", page)
	}
}
