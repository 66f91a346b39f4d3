package feed_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"publisher/content/post"
	"publisher/feed"
	"publisher/internal/config"
)

// renders returns a Render that records for which posts it is called. All depend on the same.
func renders(asked map[string]bool, on post.Dependencies) feed.Render {
	var mu sync.Mutex
	return func(ctx context.Context, p *post.Post) (*post.Rendering, error) {
		mu.Lock()
		asked[p.Path] = true
		mu.Unlock()
		r, err := render(ctx, p)
		r.Dependencies.Files, r.Dependencies.Incomplete = on.Files, on.Incomplete
		return r, err
	}
}

// updateFeeds updates the feeds after an earlier update and returns what was rendered.
func updateFeeds(t *testing.T, cfg *config.Config, items []feed.Item, earlier feed.Result, build string, on post.Dependencies) (feed.Result, map[string]bool) {
	t.Helper()
	asked := map[string]bool{}
	result, err := feed.Update(t.Context(), cfg, items, renders(asked, on), feed.Previous{Documents: earlier.Documents, Build: build,
		Dependencies: earlier.Dependencies, Start: time.Now().Add(time.Minute)})
	if err != nil {
		t.Fatal(err)
	}
	return result, asked
}

func TestUpdateBuildsOnlyWhatAChangeAffects(t *testing.T) {
	all := map[string]bool{"oldest.md": true, "old.md": true, "episode.md": true, "été.md": true, "newest.md": true}
	pictures := post.Dependencies{Files: []string{"incremental_test.go", "none.png"}}
	nothing, anything := post.Dependencies{}, post.Dependencies{Incomplete: true}
	for name, tt := range map[string]struct {
		on     post.Dependencies
		change func(cfg *config.Config, items []feed.Item) []feed.Item
		build  string
		wants  map[string]bool // rendered
	}{
		"nothing": {nothing, func(_ *config.Config, items []feed.Item) []feed.Item { return items }, "", map[string]bool{}},
		"an edit": {pictures, func(_ *config.Config, items []feed.Item) []feed.Item {
			items[0].Post.FileHash[0]++ // January's, the only one with its tag
			return items
		}, "", map[string]bool{"oldest.md": true}},
		"a new post": {nothing, func(cfg *config.Config, items []feed.Item) []feed.Item {
			return append(items, newItem(cfg, "back-dated", "2024-01-10T09:00:00Z"))
		}, "", map[string]bool{"back-dated.md": true}}, // and not the other of that month
		"an edit of one of many": {pictures, func(_ *config.Config, items []feed.Item) []feed.Item {
			items[2].Post.FileHash[0]++
			return items
		}, "", map[string]bool{"episode.md": true}},
		"a tag more": {nothing, func(_ *config.Config, items []feed.Item) []feed.Item {
			items[0].Post.Tags = append(items[0].Post.Tags, "feeds")
			return items
		}, "", map[string]bool{"oldest.md": true}},
		"a post gone": {nothing, func(_ *config.Config, items []feed.Item) []feed.Item {
			return items[:len(items)-1]
		}, "", map[string]bool{}},
		"posts that depend on anything": {anything, func(_ *config.Config, items []feed.Item) []feed.Item { return items }, "", all},
		"another version":               {nothing, func(_ *config.Config, items []feed.Item) []feed.Item { return items }, "2", all},
		"a setting": {nothing, func(cfg *config.Config, items []feed.Item) []feed.Item {
			cfg.Site.Title = "Renamed"
			return items
		}, "", all},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := testConfig(t)
			items := sample(cfg)
			first, _ := updateFeeds(t, cfg, items, feed.Result{}, "", tt.on)
			items = tt.change(cfg, items)
			second, asked := updateFeeds(t, cfg, items, first, tt.build, tt.on)
			if diff := cmp.Diff(tt.wants, asked); diff != "" {
				t.Errorf("rendered (-want +got):\n%s", diff)
			}
			if n := len(second.Written) + second.Unchanged; n != len(second.Documents)-1 {
				t.Errorf("%d feeds are accounted for, of %d", n, len(second.Documents)-1)
			}
			// What was left alone is what would have been made.
			fresh := *cfg
			fresh.Dir = t.TempDir()
			mustWrite(t, &fresh, items)
			if diff := cmp.Diff(files(t, fresh.Dir), files(t, cfg.Dir)); diff != "" {
				t.Errorf("a fresh write differs (-fresh +updated):\n%s", diff)
			}
		})
	}
}

// A document that is not as it was written is built again.
func TestUpdateReplacesChangedDocuments(t *testing.T) {
	cfg := testConfig(t)
	items := sample(cfg)
	first, _ := updateFeeds(t, cfg, items, feed.Result{}, "", post.Dependencies{})
	if err := os.Remove(filepath.Join(cfg.Dir, "public/tags/mail/feed.json")); err != nil {
		t.Fatal(err)
	}
	var known []feed.Document
	for _, doc := range first.Documents {
		if doc.Path != "public/tags/mail/feed.json" {
			known = append(known, doc)
		}
	}
	second, _ := updateFeeds(t, cfg, items, feed.Result{Documents: known}, "", post.Dependencies{})
	if diff := cmp.Diff([]string{"public/tags/mail/feed.json"}, second.Written); diff != "" {
		t.Errorf("written (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(first.Documents, second.Documents); diff != "" {
		t.Errorf("documents (-first +second):\n%s", diff)
	}
}

// Temporary files of a killed pass are removed when its feeds are built again.
func TestUpdateSweepsAfterAKilledPass(t *testing.T) {
	cfg := testConfig(t)
	items := sample(cfg)
	left := []string{"public/.feed.xml.1.publisher-tmp", "public/tags/mail/.atom.xml.2.publisher-tmp"}
	for _, name := range left {
		file := filepath.Join(cfg.Dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte("<rss"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	updateFeeds(t, cfg, items, feed.Result{}, "", post.Dependencies{})
	for _, name := range left {
		if _, err := os.Stat(filepath.Join(cfg.Dir, name)); err == nil {
			t.Errorf("%s is still there", name)
		}
	}
}

// A file that all posts depend on has changed.
func TestUpdateRendersWhatDependsOnWhatHasChanged(t *testing.T) {
	cfg := testConfig(t)
	items := sample(cfg)
	picture := filepath.Join(cfg.Dir, "picture.png")
	on := post.Dependencies{Files: []string{picture}}
	first, _ := updateFeeds(t, cfg, items, feed.Result{}, "", on)
	if err := os.WriteFile(picture, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	_, asked := updateFeeds(t, cfg, items, first, "", on)
	if len(asked) != len(items) {
		t.Errorf("%d of %d posts were rendered", len(asked), len(items))
	}
}
