package web_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/mmcdole/gofeed"

	"publisher/internal/ledger"
	"publisher/internal/ledger/erasure"
	"publisher/internal/ledger/imports"
	"publisher/internal/ledger/mailtoken"
	"publisher/internal/ledger/passstate"
	"publisher/internal/ledger/signups"
)

// entry is an entry as feeds have it: a title, its day in May 2026, and tags.
func entry(title string, day int, tags ...string) string {
	categories := ""
	for _, tag := range tags {
		categories += fmt.Sprintf("<category term=%q></category>", tag)
	}
	return fmt.Sprintf(`<entry><title>%[1]s</title><id>tag:%[1]s</id><published>2026-05-%02[2]dT00:00:00Z</published><updated>2026-05-%02[2]dT00:00:00Z</updated>`+
		`<link href="https://blog.example/%[1]s/"></link>%[3]s<content type="html"><![CDATA[<p>All of %[1]s.</p>]]></content></entry>`, title, day, categories)
}

func atom(entries ...string) string {
	return `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<feed xmlns="http://www.w3.org/2005/Atom" xmlns:media="http://search.yahoo.com/mrss/"><title>T</title>` +
		strings.Join(entries, "") + "</feed>\n"
}

var ownAddress = regexp.MustCompile(`>(http://localhost:8080)(/feeds/[a-z2-7]{26}\.xml)<`)

// link returns the path of a subscriber's own link.
func (w *world) link(p mailtoken.Purpose, id int64) string {
	path := "/preferences/"
	if p == mailtoken.Unsubscribe {
		path = "/unsubscribe/"
	}
	return path + w.tokens.Link(p, id)
}

// makeFeed presses the button that makes a feed of the subscriber's own, and returns its path.
func (w *world) makeFeed(id int64) string {
	w.t.Helper()
	page := w.post(w.link(mailtoken.Preferences, id)+"/feed", "feed=make")
	m := ownAddress.FindStringSubmatch(page.body)
	if m == nil {
		w.t.Fatalf("the page has no address:\n%s", page.body)
	}
	return m[2]
}

// titles returns the titles in a feed, in its order.
func titles(t *testing.T, document string) string {
	t.Helper()
	parsed, err := gofeed.NewParser().ParseString(document)
	if err != nil {
		t.Fatalf("%v:\n%s", err, document)
	}
	var all []string
	for _, item := range parsed.Items {
		if item.Content != "<p>All of "+item.Title+".</p>" {
			t.Errorf("%s: %s", item.Title, item.Content)
		}
		all = append(all, item.Title)
	}
	return strings.Join(all, " ")
}

func TestOwnFeed(t *testing.T) {
	w := start(t, settings+"feeds: {items: 3}\n", nil)
	w.write("atom.xml", atom(entry("d", 9, "Go"), entry("c", 8), entry("b", 7, "Rust")))
	w.write("tags/go/atom.xml", atom(entry("d", 9, "Go"), entry("a", 1, "go")))
	if err := passstate.SaveFeedNames(t.Context(), w.ledger, passstate.FeedNames{Folders: map[string]map[string]string{"": {"go": "go"}}}); err != nil {
		t.Fatal(err)
	}
	id := w.subscribe(imports.Row{Email: "ada@example.com"})
	preferences := w.link(mailtoken.Preferences, id)
	wantStatus(t, w.get(preferences+"/feed"), 200)
	if page := w.get(preferences); !strings.Contains(page.body, `<a href="`+preferences+`/feed">Read in a feed reader instead</a>`) {
		t.Errorf("the preferences page does not offer it:\n%s", page.body)
	}

	path := w.makeFeed(id)
	res := w.get(path, "Accept", "application/atom+xml")
	wantStatus(t, res, 200)
	if got := titles(t, res.body); got != "d c b" {
		t.Errorf("without tags: %s", got)
	}
	for name, want := range map[string]string{"Content-Type": "application/atom+xml; charset=utf-8", "X-Robots-Tag": "noindex, nofollow",
		"Cache-Control": "private, max-age=300", "Referrer-Policy": "no-referrer"} {
		if got := res.Header.Get(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	wantStatus(t, w.get(path, "If-None-Match", res.Header.Get("ETag")), 304)
	if !strings.Contains(res.body, `<link href="http://localhost:8080`+path+`" rel="self"`) {
		t.Errorf("its own address is not in it:\n%s", res.body)
	}

	// It follows the choice, and new posts, within a minute.
	tags := []string{"GO"}
	if _, err := w.ledger.SetPreferences(t.Context(), "ada@example.com", ledger.Choice{Tags: &tags}, "weekly", w.now); err != nil {
		t.Fatal(err)
	}
	if got := titles(t, w.get(path).body); got != "d a" {
		t.Errorf("with a tag: %s", got)
	}
	w.write("atom.xml", atom(entry("e", 10, "go"), entry("d", 9, "Go"), entry("c", 8)))
	w.now = w.now.Add(2 * time.Minute)
	if got := titles(t, w.get(path).body); got != "e d a" {
		t.Errorf("after a new post: %s", got)
	}

	// It goes on when the mail ends, is forgotten by nobody but its reader, and can be ended.
	w.post(w.link(mailtoken.Unsubscribe, id), "List-Unsubscribe=One-Click")
	wantStatus(t, w.get(path), 200)
	second := w.makeFeed(id)
	wantStatus(t, w.get(second), 200)
	ended := w.post(preferences+"/feed", "feed=end")
	wantStatus(t, ended, 200)
	for _, path := range []string{path, second, "/feeds/aaaaaaaaaaaaaaaaaaaaaaaaaa.xml", "/feeds/.xml", "/feeds/x", "/feeds/"} {
		wantStatus(t, w.get(path), 404)
	}
	secret := strings.TrimSuffix(strings.TrimPrefix(path, "/feeds/"), ".xml")
	if log := w.log.String(); strings.Contains(log, secret) || strings.Contains(log, "ada@example.com") {
		t.Errorf("the log has the secret or the address:\n%s", log)
	}
}

// There are only so many addresses, and only for those who can have one.
func TestOwnFeedsAreLimited(t *testing.T) {
	w := start(t, settings, nil)
	id := w.subscribe(imports.Row{Email: "ada@example.com"})
	preferences := w.link(mailtoken.Preferences, id)
	for range signups.MaxOwnFeeds {
		w.makeFeed(id)
	}
	page := w.post(preferences+"/feed", "feed=make")
	if ownAddress.MatchString(page.body) || !strings.Contains(page.body, "as many addresses as possible") {
		t.Errorf("one more is made:\n%s", page.body)
	}
	wantStatus(t, w.post(preferences+"/feed", "feed=other"), 400)

	// Who is erased has none any more.
	eve := w.subscribe(imports.Row{Email: "eve@example.com"})
	path := w.makeFeed(eve)
	wantStatus(t, w.get(path), 200)
	if _, err := erasure.Erase(t.Context(), w.ledger, []string{"eve@example.com"}, w.now); err != nil {
		t.Fatal(err)
	}
	wantStatus(t, w.get(path), 404)
	wantStatus(t, w.post(w.link(mailtoken.Unsubscribe, id)+"/feed", "feed=make"), 404)
	wantStatus(t, w.get(strings.Replace(preferences, "/preferences/", "/preferences/x", 1)+"/feed"), 404)
	if _, err := w.ledger.SetStatus(t.Context(), "ada@example.com", ledger.Removed, "weekly", w.now); err != nil {
		t.Fatal(err)
	}
	wantStatus(t, w.get(preferences+"/feed"), 404)
	wantStatus(t, w.post(preferences+"/feed", "feed=make"), 404)

	// Without Atom feeds there is nothing to make it from; a folder of that name is served.
	w = start(t, settings+"feeds: {atom: \"\"}\n", nil)
	w.write("feeds/mine.xml", "<x/>")
	wantStatus(t, w.get("/feeds/mine.xml"), 200)
	wantStatus(t, w.get(w.link(mailtoken.Preferences, w.subscribe(imports.Row{Email: "bob@example.com"}))+"/feed"), 404)
}

// In several languages it is made from the documents of the reader's own, and without feeds of tags
// from the months.
func TestOwnFeedByLanguageAndMonth(t *testing.T) {
	w := start(t, settings+"languages: {es: {title: Notas}}\nfeeds: {tags: false, items: 3}\n", nil)
	w.write("es/atom.xml", atom(entry("uno", 9, "go")))
	w.write("es/months/2026-11/atom.xml", atom(entry("dos", 5, "x")))
	w.write("es/months/2026-05/atom.xml", atom(entry("uno", 9, "go"), entry("tres", 4, "go")))
	w.write("es/months/2026-04/atom.xml", "<broken")
	w.write("atom.xml", atom(entry("one", 9, "go")))
	id := w.subscribe(imports.Row{Email: "eva@example.com"})
	language, tags := "es", []string{"go"}
	if _, err := w.ledger.SetPreferences(t.Context(), "eva@example.com", ledger.Choice{Language: &language, Tags: &tags}, "weekly", w.now); err != nil {
		t.Fatal(err)
	}
	path := w.makeFeed(id)
	wantStatus(t, w.get(path), 500) // a document of ours that cannot be read
	w.write("es/months/2026-04/atom.xml", atom())
	res := w.get(path)
	if got := titles(t, res.body); got != "uno tres" || !strings.Contains(res.body, "<title>Notas: go</title>") {
		t.Errorf("%s\n%s", got, res.body)
	}
}
