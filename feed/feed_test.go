package feed_test

import (
	"context"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"publisher/content/post"
	"publisher/feed"
	"publisher/internal/config"
)

var update = flag.Bool("update", false, "write the golden files in testdata anew")

func testConfig(t testing.TB) *config.Config {
	t.Helper()
	cfg := config.Default()
	cfg.Dir = t.TempDir()
	cfg.Site = config.Site{
		Title:       "Notes & Queries",
		URL:         &url.URL{Scheme: "https", Host: "blog.example.com"},
		Description: "On feeds, mail and <publishing>",
		Language:    "en",
		Timezone:    time.FixedZone("CET", 3600),
		Author:      config.Author{Name: "Ada Lovelace", Email: "ada@example.com"},
		Logo:        "https://blog.example.com/logo.png",
	}
	cfg.Feeds.Items = 3
	cfg.Feeds.Hubs = []string{"https://hub.example.com/"}
	return cfg
}

func at(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

// newItem returns a plain post that edit changes.
func newItem(cfg *config.Config, name, date string, edit ...func(*feed.Item)) feed.Item {
	post := &post.Post{
		Path:     name + ".md",
		URL:      "https://blog.example.com/" + name + "/",
		Title:    "About " + name,
		Date:     at(date),
		Language: "en",
	}
	it := feed.Item{Post: post, ID: feed.TagURI(cfg, post), Updated: post.Date}
	for _, e := range edit {
		e(&it)
	}
	return it
}

func tags(names ...string) func(*feed.Item) {
	return func(it *feed.Item) { it.Post.Tags = names }
}

func render(_ context.Context, p *post.Post) (*post.Rendering, error) {
	return &post.Rendering{
		HTML:         "<p>First of " + p.Path + ".</p>\n<pre><code>a &lt; b ]]&gt; c</code></pre>\n<p>Rest.</p>",
		ExcerptHTML:  "<p>First of " + p.Path + ".</p>",
		ExcerptText:  "First of " + p.Path + ".",
		Dependencies: post.Dependencies{FileHash: p.FileHash},
	}, nil
}

// sample returns posts with everything that posts may have, over three months.
func sample(cfg *config.Config) []feed.Item {
	return []feed.Item{
		newItem(cfg, "oldest", "2024-01-15T09:00:00+01:00", tags("mail")),
		newItem(cfg, "old", "2024-02-01T00:30:00+01:00", tags("Feeds", "C++"), func(it *feed.Item) {
			it.Post.Source = "https://elsewhere.example.org/first"
		}),
		newItem(cfg, "episode", "2024-03-02T10:00:00Z", tags("feeds", "C#"), func(it *feed.Item) {
			it.Post.Enclosure = &post.Enclosure{URL: "https://blog.example.com/episode.mp3", Length: 12345, Type: "audio/mpeg"}
			it.Post.Authors = []string{"Grace Hopper", "Ada Lovelace"}
		}),
		newItem(cfg, "été", "2024-03-03T10:00:00Z", tags("Été à Paris"), func(it *feed.Item) {
			it.Post.Title = `Tom & Jerry's "fête": 1 < 2`
			it.Post.Language = "fr"
			it.Post.Image = "https://blog.example.com/été.jpg"
		}),
		newItem(cfg, "newest", "2024-03-04T10:00:00Z", tags("feeds"), func(it *feed.Item) {
			it.Updated = at("2024-03-05T08:00:00Z")
		}),
	}
}

func mustWrite(t *testing.T, cfg *config.Config, items []feed.Item) feed.Result {
	t.Helper()
	result, err := feed.Update(t.Context(), cfg, items, render, feed.Previous{})
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		rel, _ := filepath.Rel(dir, path)
		all[filepath.ToSlash(rel)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func read(t *testing.T, cfg *config.Config, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(cfg.Path(cfg.Feeds.Dir), name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func wellFormed(data string) error {
	d := xml.NewDecoder(strings.NewReader(data))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func TestGolden(t *testing.T) {
	cfg := testConfig(t)
	mustWrite(t, cfg, sample(cfg))
	golden(t, "testdata/golden", files(t, cfg.Path(cfg.Feeds.Dir)))
}

func golden(t *testing.T, dir string, got map[string]string) {
	t.Helper()
	if *update {
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		for name, data := range got {
			file := filepath.Join(dir, name)
			if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(data), 0o644)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if diff := cmp.Diff(files(t, dir), got); diff != "" {
		t.Errorf("the documents differ from %s (-want +got); if rightly so, run with -update:\n%s", dir, diff)
	}
}

func TestBytesDependOnlyOnPosts(t *testing.T) {
	cfg := testConfig(t)
	mustWrite(t, cfg, sample(cfg))
	want := files(t, cfg.Path(cfg.Feeds.Dir))

	other := testConfig(t)
	items := sample(other)
	for i, j := 0, len(items)-1; i < j; i, j = i+1, j-1 {
		items[i], items[j] = items[j], items[i]
	}
	for i := range items {
		items[i].Updated = items[i].Updated.In(time.FixedZone("", -7*3600))
	}
	mustWrite(t, other, items)
	if diff := cmp.Diff(want, files(t, other.Path(other.Feeds.Dir))); diff != "" {
		t.Errorf("another order and zone of the input changed the output (-want +got):\n%s", diff)
	}
}

func TestWriteTouchesOnlyWhatChanged(t *testing.T) {
	cfg := testConfig(t)
	items := sample(cfg)
	first := mustWrite(t, cfg, items)
	if len(first.Written) != 3*9 || first.Unchanged != 0 {
		t.Errorf("the first write: %d written, %d unchanged; want 27 (site, 3 months, 5 tags) and 0", len(first.Written), first.Unchanged)
	}
	long := at("2020-01-01T00:00:00Z")
	for name := range files(t, cfg.Dir) {
		if err := os.Chtimes(filepath.Join(cfg.Dir, name), long, long); err != nil {
			t.Fatal(err)
		}
	}
	again := mustWrite(t, cfg, items)
	if len(again.Written) != 0 || again.Unchanged != 27 {
		t.Errorf("the second write: %v written, %d unchanged; want none and 27", again.Written, again.Unchanged)
	}

	items[0].Post.Title = "Mended" // January's, and not among the newest three
	third := mustWrite(t, cfg, items)
	want := []string{
		"public/months/2024-01/atom.xml", "public/months/2024-01/feed.json", "public/months/2024-01/feed.xml",
		"public/tags/mail/atom.xml", "public/tags/mail/feed.json", "public/tags/mail/feed.xml",
	}
	if diff := cmp.Diff(want, third.Written); diff != "" {
		t.Errorf("written after one post's title was mended (-want +got):\n%s", diff)
	}
	for name := range files(t, cfg.Dir) {
		info, err := os.Stat(filepath.Join(cfg.Dir, name))
		if err != nil {
			t.Fatal(err)
		}
		touched := !info.ModTime().Equal(long)
		if changed := strings.Contains(strings.Join(want, " "), name); touched != changed {
			t.Errorf("%s: touched %v, changed %v", name, touched, changed)
		}
		if info.Mode().Perm() != 0o644 {
			t.Errorf("%s has mode %v", name, info.Mode())
		}
	}
}

func TestPreviewWritesNothing(t *testing.T) {
	cfg := testConfig(t)
	result, err := feed.Preview(t.Context(), cfg, sample(cfg), render, feed.Memory{})
	if err != nil {
		t.Fatal(err)
	}
	if len(result.Written) != 27 {
		t.Errorf("Preview would write %d documents, want 27", len(result.Written))
	}
	if got := files(t, cfg.Dir); len(got) > 0 {
		t.Errorf("Preview left files: %v", got)
	}
}

func TestEachPostIsRenderedOnce(t *testing.T) {
	cfg := testConfig(t)
	cfg.Feeds.Items = 2
	cfg.Feeds.Archive = false
	cfg.Feeds.Tags = false
	items := sample(cfg)
	for _, tt := range []struct {
		name          string
		tags, archive bool
		want          int
	}{
		{"only the newest", false, false, 2},
		{"every post is in an archive", true, true, 5},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg.Feeds.Tags, cfg.Feeds.Archive = tt.tags, tt.archive
			rendered := make(chan string, 100)
			counting := func(ctx context.Context, p *post.Post) (*post.Rendering, error) {
				rendered <- p.Path
				return render(ctx, p)
			}
			if _, err := feed.Preview(t.Context(), cfg, items, counting, feed.Memory{}); err != nil {
				t.Fatal(err)
			}
			if len(rendered) != tt.want {
				t.Errorf("rendered %d times, want %d", len(rendered), tt.want)
			}
		})
	}
}

func TestCanceledUpdate(t *testing.T) {
	cfg := testConfig(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := feed.Update(ctx, cfg, sample(cfg), render, feed.Previous{})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
	if got := files(t, filepath.Join(cfg.Dir)); len(got) > 1 {
		t.Errorf("a canceled update wrote %d files", len(got))
	}
}

func TestTagURI(t *testing.T) {
	cfg := testConfig(t)
	for _, tt := range []struct{ host, path, date, want string }{
		{"blog.example.com", "posts/first.md", "2024-01-15T09:00:00Z", "tag:blog.example.com,2024-01-15:posts/first"},
		{"blog.example.com", "posts/v1.2.md", "2024-01-15T09:00:00Z", "tag:blog.example.com,2024-01-15:posts/v1.2"},
		{"blog.example.com", "late.md", "2024-01-15T23:30:00-05:00", "tag:blog.example.com,2024-01-15:late"},
		{"Blog.Example.COM:8080", "a b/été#1.md", "0999-01-15T09:00:00Z", "tag:blog.example.com,0999-01-15:a%20b/%C3%A9t%C3%A9%231"},
		{"bücher.example", "x.md", "2024-01-15T09:00:00Z", "tag:xn--bcher-kva.example,2024-01-15:x"},
		{"[::1]", ".md", "2024-01-15T09:00:00Z", "tag:--1,2024-01-15:.md"},
	} {
		cfg.Site.URL = &url.URL{Scheme: "https", Host: tt.host}
		if got := feed.TagURI(cfg, &post.Post{Path: tt.path, Date: at(tt.date)}); got != tt.want {
			t.Errorf("TagURI of %s at %s: %s, want %s", tt.path, tt.host, got, tt.want)
		}
	}
}

func ExampleTagURI() {
	cfg := config.Default()
	cfg.Site.URL = &url.URL{Scheme: "https", Host: "example.com"}
	fmt.Println(feed.TagURI(cfg, &post.Post{Path: "2024/hello.md", Date: time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)}))
	// Output: tag:example.com,2024-05-01:2024/hello
}

// A note has no title, and a photo no text: what each format requires is there.
func TestNotesAndPhotos(t *testing.T) {
	cfg := testConfig(t)
	note := newItem(cfg, "note", "2024-03-03T00:00:00Z", func(it *feed.Item) { it.Post.Title = "" })
	photo := newItem(cfg, "photo", "2024-03-02T00:00:00Z", func(it *feed.Item) { it.Post.Image = "https://blog.example.com/a b.jpg" })
	bare := newItem(cfg, "bare", "2024-03-01T00:00:00Z")
	_, err := feed.Update(t.Context(), cfg, []feed.Item{note, photo, bare}, func(ctx context.Context, p *post.Post) (*post.Rendering, error) {
		if p == note.Post {
			return render(ctx, p)
		}
		return &post.Rendering{}, nil
	}, feed.Previous{})
	if err != nil {
		t.Fatal(err)
	}
	picture, link := `<p><img src="https://blog.example.com/a%20b.jpg" alt=""/></p>`, `<p><a href="https://blog.example.com/bare/">About bare</a></p>`
	all := files(t, cfg.Dir)
	for name, want := range map[string][]string{
		"public/feed.xml":  {"<item>\n      <link>https://blog.example.com/note/</link>", "<description><![CDATA[" + picture, "<description><![CDATA[" + link},
		"public/atom.xml":  {"<title>First of note.md.</title>", "<![CDATA[" + picture, "<![CDATA[" + link},
		"public/feed.json": {`"content_html":"<p><img src=\"https://blog.example.com/a%20b.jpg\"`, `"content_html":"<p><a href=\"https://blog.example.com/bare/\"`},
	} {
		for _, text := range want {
			if !strings.Contains(all[name], text) {
				t.Errorf("%s is without %s:\n%s", name, text, all[name])
			}
		}
	}
	if strings.Contains(all["public/feed.json"], `"title":""`) {
		t.Error("JSON Feed has an empty title")
	}
}

// The id of an Atom feed never changes, nor does the folder of a tag, even while no post has the
// tag.
func TestMemory(t *testing.T) {
	cfg := testConfig(t)
	write := func(memory feed.Memory, items ...feed.Item) feed.Result {
		t.Helper()
		result, err := feed.Update(t.Context(), cfg, items, render, feed.Previous{Memory: memory})
		if err != nil {
			t.Fatal(err)
		}
		return result
	}
	first := newItem(cfg, "first", "2024-01-01T00:00:00Z", tags("Node JS", "go"))
	second := newItem(cfg, "second", "2024-01-02T00:00:00Z", tags("node-js", "Node.js", "Go"))
	one := write(feed.Memory{}, first)
	if len(one.Clashes) > 0 {
		t.Errorf("clashes %v of one spelling", one.Clashes)
	}
	cfg.Site.URL.Host, cfg.Feeds.Atom = "moved.example", "feed.atom"
	two := write(one.Memory, second, first)
	want := []feed.Clash{{Tag: "node-js", Dir: "tags/node-js-087b3d", Owner: "node js", Taken: "tags/node-js", Earlier: true}}
	if diff := cmp.Diff(want, two.Clashes); diff != "" {
		t.Errorf("clashes (-want +got):\n%s", diff)
	}
	atOnce := write(feed.Memory{}, newItem(cfg, "third", "2024-01-03T00:00:00Z", tags("a/b", "A B")))
	want = []feed.Clash{{Tag: "a/b", Dir: "tags/a-b-c14cdd", Owner: "a b", Taken: "tags/a-b-c8687a"}}
	if diff := cmp.Diff(want, atOnce.Clashes); diff != "" {
		t.Errorf("clashes of tags that come at once (-want +got):\n%s", diff)
	}
	three := write(two.Memory, second)
	if diff := cmp.Diff(two.Memory, three.Memory); diff != "" {
		t.Errorf("memory (-with +without the first post):\n%s", diff)
	}
	all := files(t, cfg.Dir)
	for name, id := range map[string]string{
		"feed.atom": "atom.xml", "months/2024-01/feed.atom": "atom.xml", "tags/go/feed.atom": "tags/go/atom.xml",
		"tags/node-js-087b3d/feed.atom": "tags/node-js-087b3d/feed.atom", // was first seen after the move
	} {
		host := "https://blog.example.com/"
		if strings.HasSuffix(id, "feed.atom") {
			host = "https://moved.example/"
		}
		if want := "<id>" + host + id + "</id>"; !strings.Contains(all["public/"+name], want) {
			t.Errorf("%s is without %s", name, want)
		}
	}
}
