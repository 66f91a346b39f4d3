package feed_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mmcdole/gofeed"

	"publisher/content/post"
	"publisher/feed"
)

// A feed reader gets from each format what is in the posts.
func TestReadersSeeThePosts(t *testing.T) {
	cfg := testConfig(t)
	cfg.Feeds.Items = 10
	items := sample(cfg)
	mustWrite(t, cfg, items)
	type seen struct {
		ID, Title, Link, Date, Content string
		Tags, Authors, Enclosures      []string
	}
	var want []seen
	for _, it := range slices.Backward(items) {
		r, _ := render(t.Context(), it.Post)
		s := seen{ID: it.ID, Title: it.Post.Title, Date: it.Post.Date.UTC().String(), Content: r.HTML, Tags: it.Post.Tags, Authors: it.Post.Authors}
		u, _ := url.Parse(it.Post.URL)
		s.Link = u.String()
		if s.Authors == nil {
			s.Authors = []string{"Ada Lovelace"}
		}
		if it.Post.Enclosure != nil {
			s.Enclosures = []string{it.Post.Enclosure.URL}
		}
		want = append(want, s)
	}
	for _, name := range []string{"feed.xml", "atom.xml", "feed.json"} {
		t.Run(name, func(t *testing.T) {
			parsed, err := gofeed.NewParser().ParseString(read(t, cfg, name))
			if err != nil {
				t.Fatal(err)
			}
			var got []seen
			for _, it := range parsed.Items {
				s := seen{ID: it.GUID, Title: it.Title, Link: it.Link, Date: it.PublishedParsed.UTC().String(), Content: it.Content, Tags: it.Categories}
				for _, a := range it.Authors {
					s.Authors = append(s.Authors, a.Name)
				}
				if it.DublinCoreExt != nil { // of RSS's creators gofeed makes one author
					s.Authors = it.DublinCoreExt.Creator
				}
				if s.Authors == nil { // the feed's own speaks for them
					s.Authors = []string{parsed.Authors[0].Name}
				}
				for _, e := range it.Enclosures {
					s.Enclosures = append(s.Enclosures, e.URL)
				}
				got = append(got, s)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("posts and what gofeed reads (-want +got):\n%s", diff)
			}
			if parsed.FeedLink != "https://blog.example.com/"+name {
				t.Errorf("the feed says that it is %q", parsed.FeedLink)
			}
		})
	}
}

func TestExcerptOnly(t *testing.T) {
	cfg := testConfig(t)
	cfg.Feeds.Content = "excerpt"
	mustWrite(t, cfg, sample(cfg))
	for _, name := range []string{"feed.xml", "atom.xml", "feed.json"} {
		data := read(t, cfg, name)
		if strings.Contains(data, "Rest.") || !strings.Contains(data, "<p>First of newest.md.</p>") {
			t.Errorf("%s does not hold the excerpts alone:\n%s", name, data)
		}
	}
}

func TestTagFolders(t *testing.T) {
	for _, tt := range []struct {
		tags []string
		want []string
	}{
		{[]string{"Go", "go", "GO"}, []string{"go"}},
		{[]string{"Open Source", "Été", "日本語", "हिन्दी", "v1.2", "snake_case"}, []string{"open-source", "snake_case", "v1.2", "été", "हिन्दी", "日本語"}},
		{[]string{"C", "C++", "C#"}, []string{"c", "cplusplus", "csharp"}},
		{[]string{"a b", "a-b", "a/b"}, []string{"a-b", "a-b-c14cdd", "a-b-c8687a"}},
		{[]string{"..", ".", "/", "🎉", ""}, []string{"tag-5ec1f7", "tag-614629", "tag-8a5eda", "tag-cdb4ee"}},
		{[]string{"../../etc/passwd", `..\x`, ".git"}, []string{"etc-passwd", "git", "x"}},
		{[]string{"e\u0301", "\u00e9"}, []string{"é"}},
		{[]string{strings.Repeat("é", 300)}, []string{strings.Repeat("é", 60)}},
	} {
		cfg := testConfig(t)
		mustWrite(t, cfg, []feed.Item{newItem(cfg, "post", "2024-01-01T00:00:00Z", tags(tt.tags...))})
		entries, err := os.ReadDir(filepath.Join(cfg.Dir, "public/tags"))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range entries {
			got = append(got, e.Name())
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("folders of %q (-want +got):\n%s", tt.tags, diff)
		}
	}
}

// FuzzAnyPost checks that no post leads to XML or JSON that does not parse.
func FuzzAnyPost(f *testing.F) {
	f.Add("Title", "id", "https://example.com/", "<p>x</p>", "tag", "en", int64(1700000000))
	f.Add("\x00]]>\xff<b>", "tag:x,2024:\x01", "https://exämple.com/ü?q=ä b#%", "]]>\x0b<![CDATA[\r\n]]]]>\uffff", "../../..", "\x00", int64(-1<<62))
	f.Add("&amp;", "\u2028", "http://[::1]:80/%zz", "<?xml?>&#0;", ".", "x-y", int64(1<<40))
	cfg := testConfig(f)
	f.Fuzz(func(t *testing.T, title, id, address, html, tag, language string, seconds int64) {
		it := feed.Item{ID: id, Post: &post.Post{
			Path: title, Title: title, URL: address, Date: time.Unix(seconds, 0), Language: language,
			Tags: []string{tag, html}, Authors: []string{title, html}, Source: address, Image: address,
			Enclosure: &post.Enclosure{URL: address, Length: seconds, Type: language},
		}}
		safe := newItem(cfg, "safe", "2024-01-01T00:00:00Z", tags(tag), func(it *feed.Item) { it.Post.Title = title + "x"; it.Post.Authors = []string{html} })
		cfg := *cfg
		cfg.Dir = t.TempDir()
		hostile := func(context.Context, *post.Post) (*post.Rendering, error) {
			return &post.Rendering{HTML: html, ExcerptHTML: title, ExcerptText: tag}, nil
		}
		for _, items := range [][]feed.Item{{it}, {safe}} {
			_, err := feed.Update(t.Context(), &cfg, items, hostile, feed.Previous{})
			if err != nil && items[0].Post == safe.Post {
				t.Fatalf("a valid post was refused: %v", err)
			}
			given := len(title) + len(id) + len(address) + len(html) + len(tag) + len(language)
			for name, data := range files(t, cfg.Dir) {
				if len(data) > 10_000+100*given { // each is written a few times, with escapes of six bytes
					t.Fatalf("%s has %d bytes of %d", name, len(data), given)
				}
				if !strings.HasPrefix(name, "public/") {
					t.Fatalf("wrote outside feeds.dir: %s", name)
				}
				switch filepath.Ext(name) {
				case ".xml":
					if err := wellFormed(data); err != nil {
						t.Fatalf("%s: %v\n%s", name, err, data)
					}
				case ".json":
					if !json.Valid([]byte(data)) {
						t.Fatalf("%s is not JSON:\n%s", name, data)
					}
				}
			}
		}
		feed.TagURI(&cfg, it.Post)
	})
}

// BenchmarkBigBlog is 10,000 posts with 500 tags, and every archive.
func BenchmarkBigBlog(b *testing.B) {
	cfg := testConfig(b)
	cfg.Feeds.Items = 20
	var items []feed.Item
	for i := range 10_000 {
		date := at("2000-01-01T12:00:00Z").Add(time.Duration(i) * 22 * time.Hour)
		items = append(items, newItem(cfg, fmt.Sprint("post", i), date.Format(time.RFC3339),
			tags(fmt.Sprint("tag", i%500), fmt.Sprint("tag", i*7%500), fmt.Sprint("tag", i*13%500))))
	}
	body := strings.Repeat("<p>Some <em>words</em> of a post &amp; more.</p>\n", 100)
	big := func(context.Context, *post.Post) (*post.Rendering, error) {
		return &post.Rendering{HTML: strings.Clone(body), ExcerptHTML: body[:200], ExcerptText: "Some words"}, nil
	}
	b.ReportAllocs()
	for b.Loop() {
		cfg.Dir = b.TempDir()
		if _, err := feed.Update(b.Context(), cfg, items, big, feed.Previous{}); err != nil {
			b.Fatal(err)
		}
	}
}

// A mail address beside an author's name is not published.
func TestAuthorsWithAddresses(t *testing.T) {
	cfg := testConfig(t)
	mustWrite(t, cfg, []feed.Item{newItem(cfg, "one", "2024-01-01T00:00:00Z", func(it *feed.Item) {
		it.Post.Authors = []string{"Grace Hopper <grace@example.com>", `"Lovelace, Ada" <ada@example.org>`, "<3 Wall·E"}
	})})
	for _, name := range []string{"atom.xml", "feed.json"} { // of RSS gofeed reads the first creator only
		parsed, err := gofeed.NewParser().ParseString(read(t, cfg, name))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, author := range parsed.Items[0].Authors {
			got = append(got, author.Name+author.Email)
		}
		if diff := cmp.Diff([]string{"Grace Hopper", "Lovelace, Ada", "<3 Wall·E"}, got); diff != "" {
			t.Errorf("%s: authors (-want +got):\n%s", name, diff)
		}
	}
}
