package feed_test

import (
	"bytes"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/mmcdole/gofeed"

	"publisher/feed"
	"publisher/internal/config"
)

const selected = `<?xml version="1.0" encoding="UTF-8"?>
<?xml-stylesheet type="text/css" href="feed.css"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en" xmlns:media="http://search.yahoo.com/mrss/">
  <title>T</title>
  <entry xml:lang="de">
    <title>One</title><id>tag:1</id><published>2026-05-01T00:00:00Z</published><updated>2026-05-03T00:00:00Z</updated>
    <category term="Go"></category>
    <content type="html"><![CDATA[<p>Not <entry>]]></content>
    <media:thumbnail url="https://example.com/a.png"></media:thumbnail>
  </entry>
  <author><name>A</name></author>
  <entry>
    <title>Two</title><id>tag:2</id><published>2026-05-02T00:00:00Z</published><updated>2026-05-02T00:00:00Z</updated>
    <category term="É"></category><category term="rust"></category>
  </entry>
</feed>
`

func TestSelection(t *testing.T) {
	entries, err := feed.Entries([]byte(selected))
	if err != nil || len(entries) != 2 {
		t.Fatalf("%v, %+v", err, entries)
	}
	one, two := entries[0], entries[1]
	if !strings.HasPrefix(string(one.XML), `<entry xml:lang="de">`) || !strings.HasSuffix(string(one.XML), "</entry>") {
		t.Errorf("the entry is %s", one.XML)
	}
	for _, c := range []struct {
		e    feed.Entry
		tags []string
		want bool
	}{{one, nil, true}, {one, []string{"go"}, true}, {one, []string{"rust"}, false}, {two, []string{"x", "e\u0301"}, true}} {
		if got := c.e.HasTag(c.tags); got != c.want {
			t.Errorf("%s %q: %t", c.e.ID, c.tags, got)
		}
	}
	newest := feed.NewestEntries([]feed.Entry{one, two, one}, 5)
	if len(newest) != 2 || newest[0].ID != "tag:2" || len(feed.NewestEntries(entries, 1)) != 1 {
		t.Errorf("%+v", newest)
	}
	document := feed.Selection{ID: "urn:x", Self: "https://news.example.com/feeds/a.xml", Entries: newest, Tags: []string{"<Go>"}, Depth: 1,
		Site: config.Site{Title: "A & B", Language: "en", URL: &url.URL{Scheme: "https", Host: "example.com", Path: "/"}}}.Document()
	parsed, err := gofeed.NewParser().Parse(bytes.NewReader(document))
	if err != nil {
		t.Fatalf("%v:\n%s", err, document)
	}
	if parsed.Title != "A & B: <Go>" || parsed.FeedLink != "https://news.example.com/feeds/a.xml" || len(parsed.Items) != 2 || parsed.Items[1].Content != "<p>Not <entry>" ||
		!parsed.UpdatedParsed.Equal(time.Date(2026, 5, 3, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("%+v\n%s", parsed, document)
	}
	again, err := feed.Entries(document)
	if err != nil || len(again) != 2 || !bytes.Equal(again[1].XML, one.XML) {
		t.Errorf("read again: %v, %+v", err, again)
	}
	if empty, err := feed.Entries(feed.Selection{ID: "urn:x", Site: config.Site{Title: "T", URL: &url.URL{Scheme: "https", Host: "example.com", Path: "/"}}}.Document()); err != nil || len(empty) != 0 {
		t.Errorf("an empty one: %v, %v", err, empty)
	}
}

func FuzzEntries(f *testing.F) {
	for _, seed := range []string{selected, "<feed/>", "<rss/>", "", "<feed xmlns='http://www.w3.org/2005/Atom'><entry>", selected[:500]} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, document string) {
		entries, err := feed.Entries([]byte(document))
		if err != nil && entries != nil {
			t.Error("entries and an error")
		}
		for _, e := range entries {
			if !strings.HasPrefix(string(e.XML), "<") || !strings.HasSuffix(string(e.XML), ">") {
				t.Errorf("%q", e.XML)
			}
		}
	})
}
