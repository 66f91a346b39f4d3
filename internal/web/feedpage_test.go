package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/mmcdole/gofeed"
)

const (
	browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"

	rssSample = `<?xml version="1.0"?><rss version="2.0"><channel><title>Notes: pens</title><link>https://blog.example/</link>
<item><title>A &lt;b&gt; in HTML</title><link>https://blog.example/b/</link><pubDate>Sun, 22 Nov 2026 07:00:00 +0000</pubDate>
<description><![CDATA[<p>What <em>bold</em> does.</p><script>alert(1)</script>]]></description></item></channel></rss>`
	jsonSample = `{"version":"https://jsonfeed.org/version/1.1","title":"Notes: pens","items":[
{"id":"1","url":"https://blog.example/b/","title":"A <b> in HTML","content_html":"<p>What bold does.</p>","date_published":"2026-11-22T07:00:00Z"}]}`
	atomSample = `<feed xmlns="http://www.w3.org/2005/Atom"><title>Notes: pens</title><id>a:b</id><updated>2026-11-22T07:00:00Z</updated>
<entry><title>A &lt;b&gt; in HTML</title><id>a:c</id><link href="https://blog.example/b/"/><updated>2026-11-22T07:00:00Z</updated></entry></feed>`
)

func TestFeedAsAPage(t *testing.T) {
	w := start(t, settings, nil)
	for name, body := range map[string]string{"tags/pens/feed.xml": rssSample, "feed.json": jsonSample, "tags/pens/atom.xml": atomSample} {
		w.write(name, body)
		page := w.get("/"+name, "Accept", browser)
		if got := page.Header.Get("Content-Type"); got != "text/html; charset=utf-8" {
			t.Errorf("%s: %s", name, got)
			continue
		}
		checkMarkup(t, page.body, "en")
		folder := strings.TrimRight(name, "abcdefghijklmnopqrstuvwxyz.")
		for _, wanted := range []string{"<h1>Notes: pens</h1>", `<a href="https://blog.example/b/">A &lt;b&gt; in HTML</a>`, "November 22, 2026",
			"https://blog.example/" + folder + "feed.xml", "https://blog.example/" + folder + "atom.xml", "a feed reader"} {
			if !strings.Contains(page.body, wanted) {
				t.Errorf("%s: no %s in\n%s", name, wanted, page.body)
			}
		}
		if strings.Contains(page.body, "<script") {
			t.Errorf("%s: a script came through", name)
		}
		raw := w.get("/" + name)
		if raw.body != body {
			t.Errorf("%s: a reader gets\n%s", name, raw.body)
		}
		if page.Header.Get("ETag") == raw.Header.Get("ETag") {
			t.Error("page and feed have the same entity tag")
		}
		for _, response := range []response{page, raw} {
			if !strings.Contains(strings.Join(response.Header.Values("Vary"), ","), "Accept") {
				t.Errorf("%s: caches would mix page and feed up: %v", name, response.Header)
			}
		}
		if again := w.get("/"+name, "Accept", browser, "If-None-Match", page.Header.Get("ETag")); again.StatusCode != http.StatusNotModified {
			t.Errorf("%s: the page again: %s", name, again.Status)
		}
	}
}

func TestWhoGetsThePage(t *testing.T) {
	w := start(t, settings, nil)
	w.write("feed.xml", rssSample)
	tests := map[string]struct {
		accept string
		page   bool
	}{
		"nothing said":     {"", false},
		"anything":         {"*/*", false},
		"Firefox":          {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true},
		"Chrome":           {browser, true},
		"Miniflux":         {"application/xml, application/atom+xml, application/rss+xml, application/rdf+xml, application/feed+json, text/html, */*;q=0.9", false},
		"feedparser":       {"application/atom+xml,application/rdf+xml,application/rss+xml,application/x-netcdf,application/xml;q=0.9,text/xml;q=0.2,*/*;q=0.1", false},
		"only HTML":        {"text/html", true},
		"HTML not at all":  {"text/html;q=0, */*", false},
		"HTML or anything": {"text/html, */*", false},
		"nonsense":         {"text/html;q=x;;, ,/", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := w.get("/feed.xml", "Accept", test.accept)
			if page := strings.HasPrefix(got.Header.Get("Content-Type"), "text/html"); page != test.page {
				t.Errorf("page: %v", page)
			}
			if _, err := gofeed.NewParser().ParseString(got.body); (err == nil) == test.page {
				t.Errorf("reading it as a feed: %v", err)
			}
		})
	}
}

// A file under a feed's name that is none is sent as it is, to anybody.
func TestNoFeedNoPage(t *testing.T) {
	w := start(t, settings, nil)
	for _, body := range []string{"", "<rss", "{", "plain text", "<html></html>"} {
		w.write("feed.xml", body)
		if got := w.get("/feed.xml", "Accept", browser); got.StatusCode != http.StatusOK || got.body != body {
			t.Errorf("%q came as %s %q", body, got.Status, got.body)
		}
	}
}
