package web_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"publisher/internal/web"
)

// counts returns what the ledger has of readers, in lines.
func (w *world) counts() string {
	w.t.Helper()
	w.handler.(*web.Handler).SaveReaders(w.t.Context())
	rows, err := w.ledger.FeedReaders(w.t.Context(), "")
	if err != nil {
		w.t.Fatal(err)
	}
	var b strings.Builder
	for _, r := range rows {
		fmt.Fprintf(&b, "%s %s %q %d\n", r.Day, r.Feed, r.Service, r.Readers)
	}
	return b.String()
}

// Who fetches feeds is counted, by the address in front of the proxy.
func TestReadersAreCounted(t *testing.T) {
	w := start(t, settings, nil)
	for _, name := range []string{"feed.xml", "tags/go/atom.xml", "months/2026-11/feed.xml", "about.txt"} {
		w.write(name, "<feed/>")
	}
	reader := func(path, agent, from string, more ...string) response {
		return w.get(path, append([]string{"User-Agent", agent, "X-Forwarded-For", from, "Accept", "application/atom+xml"}, more...)...)
	}
	tag := reader("/feed.xml", "NetNewsWire/6", "192.0.2.1").Header.Get("ETag")
	wantStatus(t, reader("/feed.xml", "NetNewsWire/6", "192.0.2.1", "If-None-Match", tag), 304)
	wantStatus(t, reader("/feed.xml", "NetNewsWire/6", "192.0.2.2", "If-None-Match", tag), 304)
	reader("/feed.xml", "NetNewsWire/6", "192.0.2.9, 192.0.2.1") // the first is made up
	reader("/feed.xml", "Vienna/3", "192.0.2.1")                 // another program behind the same router
	reader("/feed.xml", "Feedbin feed-id:1 - 142 subscribers", "192.0.2.3")
	reader("/feed.xml", "Feedbin feed-id:1 - 140 subscribers", "192.0.2.3")
	reader("/tags/go/atom.xml", "Feedly/1.0 (7 subscribers)", "192.0.2.4")
	// None of these is a reader.
	reader("/feed.xml", "Mozilla/5.0 (compatible; Googlebot/2.1)", "192.0.2.5")
	wantStatus(t, reader("/nothing/feed.xml", "NetNewsWire/6", "192.0.2.6"), 404)
	reader("/months/2026-11/feed.xml", "NetNewsWire/6", "192.0.2.6")
	reader("/about.txt", "NetNewsWire/6", "192.0.2.6")
	w.get("/feed.xml", "User-Agent", "Mozilla/5.0 Firefox", "Accept", "text/html")
	w.do("HEAD", "/feed.xml", "")
	want := `2026-11-22 feed.xml "" 3
2026-11-22 feed.xml "Feedbin" 142
2026-11-22 tags/go/atom.xml "Feedly" 7
`
	if got := w.counts(); got != want {
		t.Errorf("counted\n%swant\n%s", got, want)
	}
	// Tomorrow counts anew.
	w.now = w.now.Add(24 * time.Hour)
	reader("/feed.xml", "NetNewsWire/6", "192.0.2.1")
	if got := w.counts(); got != want+"2026-11-23 feed.xml \"\" 1\n" {
		t.Errorf("counted\n%s", got)
	}
	if log := w.log.String(); strings.Contains(log, "192.0.2.") {
		t.Errorf("an address is in the log:\n%s", log)
	}
}

// A server that stops saves its counts, and one that starts again on the same day does not count
// anybody twice.
func TestReadersAcrossRestarts(t *testing.T) {
	w := start(t, settings, nil)
	w.write("feed.xml", "<feed/>")
	for range 2 {
		var options web.Options
		second := start(t, settings, func(o *web.Options) {
			o.Config.Dir, o.Ledger = w.dir[:len(w.dir)-len("/public")], w.ledger
			options = *o
		})
		addr, stop := serve(t, second.handler, brief)
		for n := range 3 {
			req, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+addr+"/feed.xml", nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("User-Agent", fmt.Sprintf("Reader/%d", n))
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, res.Body)
			res.Body.Close()
		}
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		rows, err := options.Ledger.FeedReaders(t.Context(), "")
		if err != nil || len(rows) != 1 || rows[0].Readers != 3 {
			t.Fatalf("%v, %+v", err, rows)
		}
	}
}
