package publish

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mmcdole/gofeed"

	"publisher/internal/publish/report"
)

// testHub is a WebSub hub according to the Recommendation: it verifies subscribers, fetches the
// feeds that it is notified of, and distributes them.
type testHub struct {
	t      *testing.T
	server *httptest.Server

	mu        sync.Mutex
	broken    int                 // answers 503 to so many publishers
	callbacks map[string][]string // by topic
	told      []string            // topics, in order
	refused   int
}

func newTestHub(t *testing.T) *testHub {
	h := &testHub{t: t, callbacks: map[string][]string{}}
	h.server = httptest.NewServer(h)
	t.Cleanup(h.server.Close)
	return h
}

func (h *testHub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	topic := r.FormValue("hub.topic")
	switch r.PostFormValue("hub.mode") {
	case "subscribe":
		h.subscribe(w, r.PostFormValue("hub.callback"), topic)
	case "publish":
		if h.broken > 0 {
			h.broken--
			h.refused++
			http.Error(w, "out of order", http.StatusServiceUnavailable)
			return
		}
		h.told = append(h.told, topic)
		h.distribute(w, r.PostFormValue("hub.url"))
	default:
		http.Error(w, "no such mode", http.StatusBadRequest)
	}
}

// subscribe verifies the subscriber's intent (§5.3).
func (h *testHub) subscribe(w http.ResponseWriter, callback, topic string) {
	query := url.Values{"hub.mode": {"subscribe"}, "hub.topic": {topic}, "hub.challenge": {"riddle"}, "hub.lease_seconds": {"60"}}
	_, body := fetch(h.t, callback+"?"+query.Encode())
	if string(body) != "riddle" {
		http.Error(w, "not verified", http.StatusNotFound)
		return
	}
	h.callbacks[topic] = append(h.callbacks[topic], callback)
	w.WriteHeader(http.StatusAccepted)
}

// distribute fetches the topic and sends it to its subscribers (§7).
func (h *testHub) distribute(w http.ResponseWriter, topic string) {
	mediaType, content := fetch(h.t, topic)
	for _, callback := range h.callbacks[topic] {
		response, err := http.Post(callback, mediaType, bytes.NewReader(content))
		if err != nil {
			h.t.Error(err)
			continue
		}
		response.Body.Close()
	}
	w.WriteHeader(http.StatusNoContent)
}

// took returns what the hub was notified of since the last call, and how often it refused.
func (h *testHub) took() (told []string, refused int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	told, refused = h.told, h.refused
	h.told, h.refused = nil, 0
	return told, refused
}

func fetch(t *testing.T, address string) (mediaType string, body []byte) {
	response, err := http.Get(address)
	if err != nil {
		t.Error(err)
		return "", nil
	}
	defer response.Body.Close()
	if body, err = io.ReadAll(response.Body); err != nil || response.StatusCode != http.StatusOK {
		t.Errorf("%s: %s %v", address, response.Status, err)
	}
	return response.Header.Get("Content-Type"), body
}

// testReader subscribes to feeds and keeps what is pushed.
type testReader struct {
	server *httptest.Server
	mu     sync.Mutex
	pushed []string
}

func newTestReader(t *testing.T) *testReader {
	r := &testReader{}
	r.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if request.Method == http.MethodGet {
			io.WriteString(w, request.FormValue("hub.challenge")) //nolint:errcheck
			return
		}
		body, _ := io.ReadAll(request.Body)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.pushed = append(r.pushed, string(body))
	}))
	t.Cleanup(r.server.Close)
	return r
}

// subscribe finds hub and topic in a feed, as §4 says, and subscribes.
func (r *testReader) subscribe(t *testing.T, feed string) {
	_, body := fetch(t, feed)
	var document struct {
		Links []struct {
			Rel  string `xml:"rel,attr"`
			Href string `xml:"href,attr"`
		} `xml:"link"`
	}
	if err := xml.Unmarshal(body, &document); err != nil {
		t.Fatal(err)
	}
	links := map[string]string{}
	for _, link := range document.Links {
		links[link.Rel] = link.Href
	}
	response, err := http.PostForm(links["hub"], url.Values{"hub.mode": {"subscribe"}, "hub.callback": {r.server.URL}, "hub.topic": {links["self"]}})
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusAccepted {
		t.Fatal(response.Status)
	}
}

// newPushedBlog is a blog that a web server publishes and hubs distribute.
func newPushedBlog(t *testing.T, hubs ...*testHub) (b *blog, site string) {
	start := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	b = newBlog(t, "", start)
	server := httptest.NewServer(http.FileServer(http.Dir(filepath.Join(b.dir, "public"))))
	t.Cleanup(server.Close)
	var addresses []string
	for _, h := range hubs {
		addresses = append(addresses, h.server.URL+"/")
	}
	b.write("config.yaml", fmt.Sprintf("site: {url: %s}\ncontent: {dir: posts}\nfeeds: {hubs: [%s]}\n", server.URL, strings.Join(addresses, ", ")))
	b.load()
	return b, server.URL
}

func (b *blog) run() *report.Pass {
	b.t.Helper()
	report, err := b.publisher().Run(b.t.Context(), "run")
	if err != nil || len(report.Errors) > 0 {
		b.t.Fatal(err, report.Errors)
	}
	return report
}

func TestHubPushesWhatChanged(t *testing.T) {
	hub, reader := newTestHub(t), newTestReader(t)
	b, site := newPushedBlog(t, hub)
	b.run()
	site3 := []string{site + "/atom.xml", site + "/feed.json", site + "/feed.xml"}
	if told, _ := hub.took(); !cmp.Equal(site3, told) {
		t.Errorf("told at first: %s", told)
	}
	reader.subscribe(t, site+"/atom.xml")
	b.run()
	if told, _ := hub.took(); len(told) > 0 {
		t.Errorf("told of nothing new: %s", told)
	}

	b.write("posts/new.md", "---\ntitle: New\ndate: 2026-05-30\ntags: [pens]\n---\nNew.\n")
	b.now = b.now.Add(time.Hour)
	b.run()
	want := []string{site + "/atom.xml", site + "/feed.json", site + "/feed.xml",
		site + "/tags/pens/atom.xml", site + "/tags/pens/feed.json", site + "/tags/pens/feed.xml"}
	if told, _ := hub.took(); !cmp.Equal(want, told) {
		t.Errorf("told of (-want +got):\n%s", cmp.Diff(want, told))
	}
	if len(reader.pushed) != 1 {
		t.Fatalf("%d pushes, want 1", len(reader.pushed))
	}
	if diff := cmp.Diff(readFile(t, filepath.Join(b.dir, "public/atom.xml")), reader.pushed[0]); diff != "" {
		t.Errorf("pushed (-file +push):\n%s", diff)
	}
	if feed, err := gofeed.NewParser().ParseString(reader.pushed[0]); err != nil || feed.Items[0].Title != "New" {
		t.Error(err, "the new post is not in what was pushed")
	}
}

// A hub that fails delays neither the pass nor the other hub, and is notified of everything
// later, across restarts; the pauses between attempts grow.
func TestHubThatFails(t *testing.T) {
	broken, sound := newTestHub(t), newTestHub(t)
	b, _ := newPushedBlog(t, broken, sound)
	broken.broken = 3
	var attempts []string
	for minute := range 12 {
		report := b.run() // a Publisher of its own: what it knows, the ledger knows
		told, refused := broken.took()
		if refused+len(told) > 0 {
			attempts = append(attempts, fmt.Sprintf("minute %d: told %d, refused %d", minute, len(told), refused))
		}
		if warned := len(report.Warnings) > 0; warned != (refused > 0) {
			t.Errorf("minute %d: refused %d, warnings %v", minute, refused, report.Warnings)
		}
		if report.Unfinished() {
			t.Errorf("minute %d: a hub is no reason to exit 1", minute)
		}
		b.now = b.now.Add(time.Minute)
	}
	want := []string{"minute 0: told 0, refused 1", "minute 1: told 0, refused 1", "minute 3: told 0, refused 1", "minute 7: told 3, refused 0"}
	if diff := cmp.Diff(want, attempts); diff != "" {
		t.Errorf("attempts (-want +got):\n%s", diff)
	}
	if told, _ := sound.took(); len(told) != 3 {
		t.Errorf("the sound hub was told of %s", told)
	}
}

// The daemon wakes for the retry.
func TestDaemonTriesAHubAgain(t *testing.T) {
	hub := newTestHub(t)
	b, _ := newPushedBlog(t, hub)
	hub.broken = 2
	b.serve(b.now.Add(time.Hour))
	if told, refused := hub.took(); len(told) != 3 || refused != 2 {
		t.Errorf("told of %s, refused %d", told, refused)
	}
}

// Plan and check notify no hub, and a hub that does not respond is a warning.
func TestOnlyPassesNotifyHubs(t *testing.T) {
	hub := newTestHub(t)
	b, _ := newPushedBlog(t, hub)
	if _, err := b.publisher().Plan(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := b.publisher().Check(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	if told, _ := hub.took(); len(told) > 0 {
		t.Errorf("told of %s", told)
	}
	if _, err := os.Stat(filepath.Join(b.dir, "public")); err == nil {
		t.Error("plan wrote feeds")
	}
	hub.server.Close()
	if report := b.run(); len(report.Warnings) != 1 || !strings.Contains(report.Warnings[0].Message, "connection refused") {
		t.Errorf("warnings %v", report.Warnings)
	}
}
