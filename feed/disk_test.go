package feed_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mmcdole/gofeed"
)

// A reader at full speed sees only whole feeds through a thousand rewrites.
func TestReaderNeverSeesABrokenFeed(t *testing.T) {
	cfg := testConfig(t)
	cfg.Feeds.Tags, cfg.Feeds.Archive, cfg.Feeds.Hubs = false, false, nil
	cfg.Feeds.Atom, cfg.Feeds.JSON = "", ""
	items := sample(cfg)
	mustWrite(t, cfg, items)
	file := filepath.Join(cfg.Dir, "public/feed.xml")

	done, reads := make(chan struct{}), make(chan int)
	go func() {
		n := 0
		defer func() { reads <- n }()
		for {
			select {
			case <-done:
				return
			default:
			}
			data, err := os.ReadFile(file)
			if err != nil {
				t.Errorf("read %d: %v", n, err)
				return
			}
			if err := wellFormed(string(data)); err != nil || !strings.HasSuffix(string(data), "</rss>\n") {
				t.Errorf("read %d: a broken feed of %d octets: %v", n, len(data), err)
				return
			}
			n++
		}
	}()
	for i := range 1000 {
		items[4].Post.Title = "Newest, " + strings.Repeat("again ", i%50+1)
		if got := mustWrite(t, cfg, items); len(got.Written) != 1 {
			t.Fatalf("rewrite %d wrote %v", i, got.Written)
		}
	}
	close(done)
	if n := <-reads; n == 0 {
		t.Error("nothing was read meanwhile")
	}
	if left := files(t, cfg.Dir); len(left) != 2 {
		t.Errorf("%d files are left, want feed.xml and feed.css", len(left))
	}
}

// No other update is running, so all temporary files are left over.
func TestTemporaryFilesAreRemoved(t *testing.T) {
	cfg := testConfig(t)
	dir := filepath.Join(cfg.Dir, "public")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	for name, age := range map[string]time.Duration{
		".feed.xml.1.publisher-tmp": 24 * time.Hour,
		".feed.xml.2.publisher-tmp": 0,
		".feed.xml.bak":             24 * time.Hour,
	} {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte("<rss"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(file, now.Add(-age), now.Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	mustWrite(t, cfg, sample(cfg))
	got := files(t, dir)
	for name, stays := range map[string]bool{".feed.xml.1.publisher-tmp": false, ".feed.xml.2.publisher-tmp": false, ".feed.xml.bak": true} {
		if _, ok := got[name]; ok != stays {
			t.Errorf("%s is there: %v, want %v", name, ok, stays)
		}
	}
}

func TestStylesheet(t *testing.T) {
	cfg := testConfig(t)
	file := filepath.Join(cfg.Dir, "public/feed.css")
	mustWrite(t, cfg, sample(cfg))
	ours, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(read(t, cfg, "tags/feeds/atom.xml"), `href="../../feed.css"`) {
		t.Error("a tag's feed does not find the style sheet")
	}
	for _, tt := range []struct{ name, lies, want string }{
		{"an older one of ours is renewed", strings.SplitAfter(string(ours), "\n")[0] + "rss {}", string(ours)},
		{"the owner's own stays", "rss { color: red }", "rss { color: red }"},
	} {
		if err := os.WriteFile(file, []byte(tt.lies), 0o644); err != nil {
			t.Fatal(err)
		}
		mustWrite(t, cfg, sample(cfg))
		if got := read(t, cfg, "feed.css"); got != tt.want {
			t.Errorf("%s: got %q", tt.name, got)
		}
	}
}

func TestEmptyBlog(t *testing.T) {
	cfg := testConfig(t)
	mustWrite(t, cfg, nil)
	for _, name := range []string{"feed.xml", "atom.xml", "feed.json"} {
		parsed, err := gofeed.NewParser().ParseString(read(t, cfg, name))
		if err != nil || parsed.Title != cfg.Site.Title || len(parsed.Items) != 0 {
			t.Errorf("%s: %v, %v", name, parsed, err)
		}
	}
	if !strings.Contains(read(t, cfg, "feed.json"), `"items": []`) {
		t.Error("feed.json lacks its items")
	}
}
