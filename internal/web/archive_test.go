package web_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/web"
)

func TestEdition(t *testing.T) {
	const page = `<!DOCTYPE html><html lang="en"><title>Hello</title><p style="color:red">Hello`
	archive := &editions{html: page + strings.Repeat(" again", 500)}
	w := start(t, settings, func(o *web.Options) { o.Archive = archive })
	res := w.get("/archive/7")
	wantStatus(t, res, 200)
	if res.body != archive.html || res.Header.Get("Content-Type") != "text/html; charset=utf-8" {
		t.Errorf("%s:\n%.200s", res.Header.Get("Content-Type"), res.body)
	}
	packed := w.get("/archive/7", "Accept-Encoding", "gzip")
	if unpack(t, packed.body) != archive.html {
		t.Error("packed it is something else")
	}
	wantStatus(t, w.get("/archive/7", "If-None-Match", res.Header.Get("ETag")), 304)
	wantStatus(t, w.do("HEAD", "/archive/7", ""), 200)
	if n := archive.asked.Load(); n != 1 {
		t.Errorf("it was composed %d times", n)
	}
	archive.html = page
	w.now = w.now.Add(2 * time.Minute)
	if got := w.get("/archive/7").body; got != page {
		t.Errorf("after two minutes it is still the old one: %.100s", got)
	}
	for _, path := range []string{"/archive/8", "/archive/07", "/archive/-7", "/archive/0", "/archive/7/", "/archive/+7", "/archive/99999999999999999999", "/archive/x"} {
		wantStatus(t, w.get(path), 404)
	}
}

// However much is asked for, only so much of it is kept.
func TestMemoryIsBounded(t *testing.T) {
	w := start(t, settings, func(o *web.Options) { o.Archive = largeEditions{} })
	before := heap()
	for number := range 20 {
		res := httptest.NewRecorder()
		w.handler.ServeHTTP(res, httptest.NewRequest("HEAD", fmt.Sprintf("/archive/%d", number), nil))
		if res.Code != 200 {
			t.Fatalf("edition %d: %d", number, res.Code)
		}
	}
	if grown := heap() - before; grown > 40<<20 {
		t.Errorf("%d MB are held", grown>>20)
	}
	runtime.KeepAlive(w)
}

// largeEditions are of five megabytes each.
type largeEditions struct{}

func (largeEditions) Edition(context.Context, int64) ([]byte, bool, error) {
	return make([]byte, 5<<20), true, nil
}

// heap is how many bytes are in use.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// Beside editions the output folder may have files of its own under archive/.
func TestFilesUnderArchive(t *testing.T) {
	w := start(t, settings, func(o *web.Options) { o.Archive = &editions{html: "the edition"} })
	w.write("archive/7", "a file")
	w.write("archive/feed.xml", "<rss/>")
	w.write("archive/2024-01/feed.xml", "<rss>January</rss>")
	for path, want := range map[string]string{
		"/archive/7": "the edition", "/archive/feed.xml": "<rss/>", "/archive/2024-01/feed.xml": "<rss>January</rss>",
	} {
		if got := w.get(path).body; got != want {
			t.Errorf("%s is %q, want %q", path, got, want)
		}
	}
}

func TestEditionThatFails(t *testing.T) {
	archive := &editions{fault: errors.New("the disk is gone")}
	w := start(t, settings, func(o *web.Options) { o.Archive = archive })
	res := w.get("/archive/7")
	wantStatus(t, res, 500)
	if strings.Contains(res.body, "disk") {
		t.Error("the page tells why")
	}
	if !strings.Contains(w.log.String(), "the disk is gone") {
		t.Errorf("the log does not tell why: %s", w.log)
	}
	archive.fault, archive.html = nil, "back"
	if got := w.get("/archive/7").body; got != "back" {
		t.Errorf("the fault is remembered: %s", got)
	}
}

// Others get what a client had asked for that has left.
func TestEditionOutlivesItsClient(t *testing.T) {
	archive := &editions{html: "the edition"}
	w := start(t, settings, func(o *web.Options) { o.Archive = archive })
	left, leave := context.WithCancel(t.Context())
	leave()
	w.handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(left, "GET", "/archive/7", nil))
	if got := w.get("/archive/7").body; got != "the edition" || archive.asked.Load() != 1 {
		t.Errorf("got %q, composed %d times", got, archive.asked.Load())
	}
}

func TestArchiveList(t *testing.T) {
	w := start(t, strings.Replace(settings, "language: en", "language: de, timezone: Europe/Berlin", 1), nil)
	if page := w.get("/archive/").body; !strings.Contains(page, "Bisher ist keine Mail") {
		t.Errorf("an empty archive does not say so:\n%s", page)
	}
	for i, subject := range []string{"Erste", "Zweite & <b>", "Dritte"} {
		// Half past eleven at night in UTC is the next day in Berlin.
		e := ledger.Edition{Cadence: "daily", Subject: subject, Closed: day.AddDate(0, 0, i).Add(15*time.Hour + 30*time.Minute), Posts: []string{"a", "b"}}
		w.archive(&e)
	}
	w.now = w.now.Add(time.Hour)
	res := w.get("/archive/")
	wantStatus(t, res, 200)
	var at []int
	for _, wanted := range []string{
		`<a href="/archive/3">Dritte</a> <span class="muted">25. November 2026 · 2 neue Beiträge</span>`,
		`<a href="/archive/2">Zweite &amp; &lt;b&gt;</a>`,
		`<a href="/archive/1">Erste</a> <span class="muted">23. November 2026`,
	} {
		at = append(at, strings.Index(res.body, wanted))
	}
	if at[0] < 0 || at[1] < at[0] || at[2] < at[1] {
		t.Errorf("not all, or not newest first (%v):\n%s", at, res.body)
	}
}
