package feed_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"publisher/content/post"
	"publisher/feed"
	"publisher/internal/config"
	"publisher/internal/unprivileged"
)

// A post that would make a feed invalid is left out of all feeds, and affects no other post.
func TestValidate(t *testing.T) {
	for _, tt := range []struct {
		name  string
		edit  func(*feed.Item)
		wants string // in the reason
	}{
		{"no id", func(it *feed.Item) { it.ID = "" }, "no id"},
		{"id twice", func(it *feed.Item) { it.ID = "tag:blog.example.com,2024-03-04:newest" }, "same id as newest.md"},
		{"id is no URI", func(it *feed.Item) { it.ID = "42" }, "not a URI"},
		{"relative address", func(it *feed.Item) { it.Post.URL = "/bad/" }, "its address"},
		{"script for an address", func(it *feed.Item) { it.Post.URL = "javascript:alert(1)" }, "its address"},
		{"no date", func(it *feed.Item) { it.Post.Date = time.Time{} }, "date"},
		{"date too late", func(it *feed.Item) { it.Post.Date = time.Date(12024, 3, 1, 0, 0, 0, 0, time.UTC) }, "date"},
		{"language", func(it *feed.Item) { it.Post.Language = "english please" }, "BCP 47"},
		{"source", func(it *feed.Item) { it.Post.Source = "a friend" }, "its source"},
		{"picture", func(it *feed.Item) { it.Post.Image = "cover.jpg" }, "picture"},
		{"enclosure's address", func(it *feed.Item) { it.Post.Enclosure = &post.Enclosure{URL: "a.mp3", Type: "audio/mpeg"} }, "enclosure's address"},
		{"enclosure's type", func(it *feed.Item) { it.Post.Enclosure = &post.Enclosure{URL: "https://e.com/a.mp3", Type: "mp3"} }, "media type"},
		{"not rendered", func(it *feed.Item) { it.Post.Title = "fails" }, "no such shortcode"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg := testConfig(t)
			items := sample(cfg)
			bad := newItem(cfg, "bad", "2024-03-03T00:00:00Z", tags("feeds"), tt.edit)
			result, err := feed.Update(t.Context(), cfg, append(items, bad), func(ctx context.Context, p *post.Post) (*post.Rendering, error) {
				if p.Title == "fails" {
					return nil, errors.New("no such shortcode")
				}
				return render(ctx, p)
			}, feed.Previous{})
			if err != nil {
				t.Fatal(err)
			}
			if len(result.LeftOut) != 1 || result.LeftOut[0].Post != "bad.md" || !strings.Contains(result.LeftOut[0].Err.Error(), tt.wants) {
				t.Fatalf("left out %v; want bad.md, since %q", result.LeftOut, tt.wants)
			}
			after := files(t, cfg.Dir)
			for name, data := range after {
				if strings.Contains(data, "About bad") || strings.Contains(data, "First of bad.md") {
					t.Errorf("%s has the bad post in it", name)
				}
			}
			for _, name := range []string{"feed.xml", "atom.xml", "feed.json", "tags/feeds/feed.xml", "months/2024-03/atom.xml"} {
				if !strings.Contains(after["public/"+name], "First of newest.md") {
					t.Errorf("%s is without the good posts", name)
				}
			}
		})
	}
}

// A post that can no longer be shown stays in feeds as it was.
func TestLastGoodItemStays(t *testing.T) {
	cfg := testConfig(t)
	items := sample(cfg)
	earlier := mustUpdate(t, cfg, items, render, feed.Previous{})
	for name, breaks := range map[string]func(*post.Post) error{
		"cannot be rendered": func(*post.Post) error { return errors.New("too deep") },
		"has a bad address":  func(p *post.Post) error { p.URL = "/newest/"; return nil },
	} {
		t.Run(name, func(t *testing.T) {
			changed := sample(cfg)
			broken := *changed[4].Post
			broken.FileHash[0]++
			broken.Title = "Edited"
			err := breaks(&broken)
			changed[4].Post = &broken
			for _, round := range []string{"first", "second"} {
				result := mustUpdate(t, cfg, changed, func(ctx context.Context, p *post.Post) (*post.Rendering, error) {
					if p == &broken && err != nil {
						return nil, err
					}
					return render(ctx, p)
				}, feed.Previous{Documents: earlier.Documents})
				if len(result.LeftOut) != 1 {
					t.Fatalf("%s: left out %v", round, result.LeftOut)
				}
				for _, name := range []string{"feed.xml", "atom.xml", "feed.json", "tags/feeds/atom.xml"} {
					data := files(t, cfg.Dir)["public/"+name]
					if !strings.Contains(data, "First of newest.md") || strings.Contains(data, "Edited") {
						t.Errorf("%s: %s is without the item as it was", round, name)
					}
				}
				earlier = result
			}
		})
	}
}

func mustUpdate(t *testing.T, cfg *config.Config, items []feed.Item, render feed.Render, earlier feed.Previous) feed.Result {
	t.Helper()
	result, err := feed.Update(t.Context(), cfg, items, render, earlier)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func TestErrorInOneFeedDoesNotAffectOthers(t *testing.T) {
	cfg := testConfig(t)
	folder := filepath.Join(cfg.Dir, "public/tags/mail/feed.xml")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(cfg.Dir, "public/months"), []byte("a file"), 0o644); err != nil {
		t.Fatal(err)
	}
	result, err := feed.Update(t.Context(), cfg, sample(cfg), render, feed.Previous{})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		"public/tags/mail/feed.xml: a directory is in the way of this file",
		"public/months/2024-01/atom.xml: cannot create the folder", "a file is in the way of this folder",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error does not say %q:\n%v", want, err)
		}
	}
	if len(result.Written) != 27-1-9 {
		t.Errorf("wrote %d documents, want 17", len(result.Written))
	}
}

func TestReadOnlyFolder(t *testing.T) {
	unprivileged.Test(t, func(t *testing.T) {
		cfg := testConfig(t)
		if err := os.Chmod(cfg.Dir, 0o555); err != nil {
			t.Fatal(err)
		}
		_, err := feed.Update(t.Context(), cfg, sample(cfg), render, feed.Previous{})
		if err == nil || !strings.Contains(err.Error(), "let the user who runs publisher write there") {
			t.Errorf("error %v does not say what to do", err)
		}
	})
}

func TestTwoFeedsWithOneName(t *testing.T) {
	cfg := testConfig(t)
	cfg.Feeds.RSS = "feed.css"
	_, err := feed.Update(t.Context(), cfg, sample(cfg), render, feed.Previous{})
	if err == nil || !strings.Contains(err.Error(), "choose another name") {
		t.Errorf("error %v does not say what to do", err)
	}
}
