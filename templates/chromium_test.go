//go:build chromium

package templates_test

import (
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"publisher/templates"
)

// TestInChromium shows every mail and page as wide as a phone, as a desktop and in
// the dark. None may scroll sideways. Where PUBLISHER_SHOTS names a folder, the
// pictures are written there to be looked at:
//
//	PUBLISHER_SHOTS=/tmp/shots go test -tags chromium -run Chromium ./templates
func TestInChromium(t *testing.T) {
	pages := mails(t)
	maps.Copy(pages, webPages(t))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page, ok := pages[filepath.Base(r.URL.Path)]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		// Pictures that cannot come are what many readers see.
		w.Header().Set("Content-Security-Policy", "img-src 'none'")
		_, _ = w.Write([]byte(page))
	}))
	t.Cleanup(server.Close)
	browser := startChromium(t)
	for name := range pages {
		for _, look := range []struct {
			width  int64
			scheme string
		}{{320, "light"}, {600, "light"}, {600, "dark"}} {
			file := name + "-" + strconv.FormatInt(look.width, 10) + "-" + look.scheme + ".png"
			t.Run(file, func(t *testing.T) {
				var scroll int64
				var picture []byte
				err := chromedp.Run(browser,
					emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: look.scheme}}),
					chromedp.EmulateViewport(look.width, 800),
					chromedp.Navigate(server.URL+"/"+name),
					chromedp.Evaluate(`document.documentElement.scrollWidth`, &scroll),
					chromedp.FullScreenshot(&picture, 100),
				)
				if err != nil {
					t.Fatal(err)
				}
				if scroll > look.width {
					t.Errorf("%d pixels wide on a screen of %d", scroll, look.width)
				}
				keepPicture(t, file, picture)
			})
		}
	}
}

// mails are all samples as HTML, by name.
func mails(t *testing.T) map[string]string {
	t.Helper()
	set := load(t, "")
	pages := map[string]string{}
	for name, d := range map[string]*templates.Digest{
		"one": one(), "several": several(), "bare": bare(), "arabic": arabic(), "japanese": japanese(), "wide": wide(),
	} {
		pages[name] = digestHTML(t, set, d)
	}
	for name, n := range notices() {
		mail, err := set.Notice(n.kind, n.Notice)
		if err != nil {
			t.Fatal(err)
		}
		pages[name] = mail.HTML
	}
	return pages
}

// webPages are samples of the web server's pages, by name.
func webPages(t *testing.T) map[string]string {
	t.Helper()
	set := load(t, "")
	frame := templates.Frame{Site: site("en")}
	feeds := []templates.FeedLink{
		{Name: "RSS", URL: "https://blog.example/feed.xml", Type: "application/rss+xml"},
		{Name: "Atom", URL: "https://blog.example/atom.xml", Type: "application/atom+xml"},
	}
	long := "Donaudampfschifffahrtselektrizitätenhauptbetriebswerk and " + feeds[0].URL
	editions := []templates.EditionLink{{Number: 8, Subject: long, Date: day, Posts: 3}, {Number: 7, Subject: "Short", Date: day, Posts: 1}}
	cadences := []templates.Choice{{Value: "daily"}, {Value: "weekly", Chosen: true}, {Value: "every other fortnight"}}
	tags := []templates.Choice{{Value: "feeds", Label: "feeds", Chosen: true}, {Value: "mail", Label: "mail"}, {Value: "long", Label: "Rindfleischetikettierung"}}
	const address = "a-reader-with-a-long-name…@a-long-domain-name.example.com"
	out := map[string]string{}
	for name, data := range map[string]templates.Framed{
		"page-home":        &templates.HomePage{Frame: frame, Feeds: feeds},
		"page-feed":        &templates.FeedPage{Frame: frame, Title: frame.Site.Title, Feeds: feeds, Posts: []templates.FeedPost{{Title: long, URL: "https://blog.example/", Excerpt: long, Date: day}}},
		"page-archive":     &templates.ArchivePage{Frame: frame, Editions: editions},
		"page-unsubscribe": &templates.UnsubscribePage{Frame: frame, State: templates.Ask, Address: address, PreferencesURL: "/"},
		"page-own-feed":    &templates.OwnFeedPage{Frame: frame, URL: "/", Made: "https://news.example/feeds/abcdefghijklmnopqrstuvwxyz.xml", Count: 2, Since: day, UnsubscribeURL: "/", PreferencesURL: "/"},
		"page-preferences": &templates.PreferencesPage{Frame: frame, Address: address, Cadences: cadences, Tags: tags, UnsubscribeURL: "/", Saved: true},
		"page-message":     &templates.MessagePage{Frame: frame, Message: templates.BadLink},
	} {
		var b strings.Builder
		if err := set.Page(&b, name+".html", data); err != nil {
			t.Fatal(err)
		}
		out[name] = b.String()
	}
	return out
}

func startChromium(t *testing.T) context.Context {
	t.Helper()
	// Without a sandbox: root, as continuous integration often is, has none.
	allocator, cancel := chromedp.NewExecAllocator(t.Context(), append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox)...)
	t.Cleanup(cancel)
	browser, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	limited, cancel := context.WithTimeout(browser, 2*time.Minute)
	t.Cleanup(cancel)
	if err := chromedp.Run(limited); err != nil {
		t.Fatalf("starting Chromium: %v", err)
	}
	return limited
}

func keepPicture(t *testing.T, name string, png []byte) {
	t.Helper()
	dir := os.Getenv("PUBLISHER_SHOTS")
	if dir == "" {
		return
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), png, 0o644); err != nil {
		t.Fatal(err)
	}
}
