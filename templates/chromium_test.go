//go:build chromium

package templates_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"publisher/templates"
)

// TestInChromium shows every mail as wide as a phone, as a desktop and in the
// dark. None may scroll sideways. Where PUBLISHER_SHOTS names a folder, the
// pictures are written there to be looked at:
//
//	PUBLISHER_SHOTS=/tmp/shots go test -tags chromium -run Chromium ./templates
func TestInChromium(t *testing.T) {
	pages := mails(t)
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
	for _, kind := range []templates.Kind{templates.Confirm, templates.Welcome, templates.Goodbye} {
		mail, err := set.Notice(kind, notice())
		if err != nil {
			t.Fatal(err)
		}
		pages[string(kind)] = mail.HTML
	}
	return pages
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
