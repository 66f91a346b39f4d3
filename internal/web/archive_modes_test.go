package web_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/mmcdole/gofeed"

	"publisher/internal/ledger"
	"publisher/internal/ledger/passstate"
	"publisher/internal/web"
)

// sample is the web version of an edition as it is stored.
const sample = `<!DOCTYPE html>
<html lang="en"><head><title>%s</title>
</head>
<body><div role="main"><h1>%s</h1></div>
</body>
</html>
`

// storedPages are the web versions in a ledger.
type storedPages struct{ *ledger.Ledger }

func (p storedPages) Edition(ctx context.Context, number int64) ([]byte, bool, error) {
	packed, err := p.ArchivedPage(ctx, number)
	if err != nil || packed == nil {
		return nil, false, err
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, false, err
	}
	page, err := io.ReadAll(z)
	return page, true, err
}

// archive closes an edition that has a web version.
func (w *world) archive(e *ledger.Edition) {
	w.t.Helper()
	if err := w.ledger.CloseEditions(w.t.Context(), e); err != nil {
		w.t.Fatal(err)
	}
	var page bytes.Buffer
	z := gzip.NewWriter(&page)
	fmt.Fprintf(z, sample, e.Subject, e.Subject)
	if err := z.Close(); err != nil {
		w.t.Fatal(err)
	}
	if err := w.ledger.SaveArchivedPage(w.t.Context(), e.Number, page.Bytes()); err != nil {
		w.t.Fatal(err)
	}
}

// startArchive starts a server with weekly editions 1, 3 and 4, and a daily one, 2, over two
// years.
func startArchive(t *testing.T, yaml string) *world {
	t.Helper()
	w := start(t, settings+yaml, func(o *web.Options) { o.Archive = storedPages{o.Ledger} })
	if err := w.ledger.SavePosts(t.Context(), []ledger.Post{
		{ID: "a", Path: "a.md", URL: "https://blog.example/a/", Title: "Harbors & <b>", FirstSeen: day, Stage: ledger.Known, Date: day},
		{ID: "b", Path: "b.md", URL: "https://blog.example/b/", FirstSeen: day, Stage: ledger.Known, Date: day},
	}); err != nil {
		t.Fatal(err)
	}
	for i, e := range []ledger.Edition{
		{Cadence: "weekly", Subject: "First", Posts: []string{"a"}},
		{Cadence: "daily", Subject: "Between\x01", Posts: []string{"b"}},
		{Cadence: "weekly", Subject: "Tom & <Jerry>", Posts: []string{"b", "a"}},
		{Cadence: "weekly", Subject: "Last", Posts: []string{"a"}},
	} {
		e.Closed = day.AddDate(0, i, 0)
		w.archive(&e)
	}
	// Those without a web version, and those that nobody received, are not in the archive.
	bare := &ledger.Edition{Cadence: "weekly", Subject: "Bare", Closed: day.AddDate(0, 5, 0), Posts: []string{"a"}}
	if err := w.ledger.CloseEditions(t.Context(), bare); err != nil {
		t.Fatal(err)
	}
	canceled := &ledger.Edition{Cadence: "weekly", Subject: "Canceled", Closed: day.AddDate(0, 6, 0), Posts: []string{"a"}}
	w.archive(canceled)
	if _, err := w.ledger.CancelEdition(t.Context(), canceled.Number, ledger.Audience{}, day); err != nil {
		t.Fatal(err)
	}
	return w
}

func TestPublicArchive(t *testing.T) {
	w := startArchive(t, "server: {url: \"https://news.example/n\"}\n")
	page := w.get("/archive/").body
	checkMarkup(t, page, "en")
	wantAll(t, page, `<h2 id="year-2027">2027</h2>`, `<a href="#year-2026">2026</a>`, `href="/n/archive/atom.xml"`, `href="/n/archive/4">Last`)
	for _, unwanted := range []string{"Bare", "Canceled"} {
		if strings.Contains(page, unwanted) {
			t.Errorf("the archive lists %s", unwanted)
		}
	}
	for path, want := range map[string][2]string{
		"/archive/1": {"", "/n/archive/3"}, "/archive/2": {"", ""}, "/archive/3": {"/n/archive/1", "/n/archive/4"}, "/archive/4": {"/n/archive/3", ""},
	} {
		res := w.get(path)
		wantStatus(t, res, 200)
		for i, text := range []string{`<a rel="prev" href="`, `<a rel="next" href="`} {
			_, rest, found := strings.Cut(res.body, text)
			address, _, _ := strings.Cut(rest, `"`)
			if found != (want[i] != "") || found && address != want[i] {
				t.Errorf("%s: %s%s, want %q", path, text, address, want[i])
			}
		}
		head, body, _ := strings.Cut(res.body, "</head>")
		if !strings.Contains(head, `href="/n/archive/atom.xml"`) || !strings.Contains(body, `<a href="/n/archive/">`) || strings.Contains(head, "robots") || res.Header.Get("X-Robots-Tag") != "" {
			t.Errorf("%s:\n%s", path, res.body)
		}
	}
	wantStatus(t, w.get("/archive/9"), 404)
	wantAll(t, w.get("/").body, `href="/n/archive/"`, "Last")
}

// An edition that appears later is on all pages within a second, not only where it is the newer one
// of the last. What has not changed is not made or sent again.
func TestNewerEdition(t *testing.T) {
	w := startArchive(t, "")
	paths := []string{"/archive/4", "/archive/", "/archive/atom.xml", "/"}
	tags := map[string]string{}
	for _, path := range paths {
		tags[path] = w.get(path).Header.Get("ETag")
	}
	w.now = w.now.Add(59 * time.Second)
	for _, path := range paths {
		wantStatus(t, w.get(path, "If-None-Match", tags[path]), 304)
	}
	w.archive(&ledger.Edition{Cadence: "weekly", Subject: "Newest", Closed: day.AddDate(0, 8, 0), Posts: []string{"a"}})
	w.now = w.now.Add(time.Second)
	for path, want := range map[string]string{"/archive/4": `rel="next" href="/archive/7"`, "/archive/": "Newest", "/archive/atom.xml": "Newest", "/": "Newest"} {
		res := w.get(path, "If-None-Match", tags[path])
		wantStatus(t, res, 200)
		wantAll(t, res.body, want)
	}
}

func TestArchiveFeed(t *testing.T) {
	w := startArchive(t, "server: {url: \"https://news.example/n\"}\nfeeds: {items: 3}\n")
	w.write("archive/atom.xml", "a file of that name")
	res := w.get("/archive/atom.xml")
	wantStatus(t, res, 200)
	if got := res.Header.Get("Content-Type"); got != "application/atom+xml; charset=utf-8" {
		t.Errorf("it is %s", got)
	}
	feed, err := gofeed.NewParser().ParseString(res.body)
	if err != nil {
		t.Fatalf("%v\n%s", err, res.body)
	}
	var got []string
	for _, item := range feed.Items {
		got = append(got, item.Title+" "+item.Link+" "+item.GUID+" "+item.Published+" "+item.Description)
	}
	want := []string{
		"Last https://news.example/n/archive/4 tag:blog.example,2027-02-22:archive/4 2027-02-22T08:00:00Z <ul><li>Harbors &amp; &lt;b&gt;</li></ul>",
		"Tom & <Jerry> https://news.example/n/archive/3 tag:blog.example,2027-01-22:archive/3 2027-01-22T08:00:00Z <ul><li>Harbors &amp; &lt;b&gt;</li></ul>",
		"Between https://news.example/n/archive/2 tag:blog.example,2026-12-22:archive/2 2026-12-22T08:00:00Z ",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if feed.Title != "Notes on feeds" || feed.Link != "https://news.example/n/archive/" || feed.FeedLink != "https://news.example/n/archive/atom.xml" {
		t.Errorf("%s, %s, %s", feed.Title, feed.Link, feed.FeedLink)
	}
	for _, headers := range [][2]string{{"If-None-Match", res.Header.Get("ETag")}, {"If-Modified-Since", res.Header.Get("Last-Modified")}} {
		wantStatus(t, w.get("/archive/atom.xml", headers[0], headers[1]), 304)
	}
	wantStatus(t, w.do("HEAD", "/n/archive/atom.xml", ""), 200)
}

// An empty feed has changed last when there could first have been an edition.
func TestEmptyArchiveFeed(t *testing.T) {
	w := start(t, settings, nil)
	wantStatus(t, w.get("/archive/atom.xml"), 404)
	if err := passstate.SetFirstPass(t.Context(), w.ledger, day.Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		res := w.get("/archive/atom.xml")
		wantStatus(t, res, 200)
		if feed, err := gofeed.NewParser().ParseString(res.body); err != nil || len(feed.Items) != 0 || feed.Updated != "2026-11-22T07:00:00Z" {
			t.Errorf("%v\n%s", err, res.body)
		}
		if got := res.Header.Get("Last-Modified"); got != "Sun, 22 Nov 2026 07:00:00 GMT" {
			t.Errorf("Last-Modified: %s", got)
		}
		w.now = w.now.AddDate(0, 1, 0)
	}
}

func TestArchiveThatIsNotPublic(t *testing.T) {
	for mode, edition := range map[string]int{"unlisted": 200, "off": 404} {
		t.Run(mode, func(t *testing.T) {
			w := startArchive(t, "server: {archive: "+mode+"}\n")
			for _, path := range []string{"/archive", "/archive/", "/archive/atom.xml", "/archive/9"} {
				wantStatus(t, w.get(path), 404)
			}
			res := w.get("/archive/3")
			wantStatus(t, res, edition)
			if edition == 200 && (res.Header.Get("X-Robots-Tag") != "noindex" || !strings.Contains(res.body, `<meta name="robots" content="noindex">`)) {
				t.Errorf("search engines are let in: %v\n%s", res.Header, res.body)
			}
			for _, path := range []string{"/archive/3", "/", "/missing"} {
				if page := w.get(path).body; strings.Contains(page, "/archive/") {
					t.Errorf("%s leads to the archive:\n%s", path, page)
				}
			}
			// The feeds of months are files.
			w.write("archive/2024-01/feed.xml", "<rss/>")
			wantStatus(t, w.get("/archive/2024-01/feed.xml"), 200)
		})
	}
}
